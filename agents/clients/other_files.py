"""Recognises files that hold no JSON lines by how they begin, and says what to do with each. Pure."""

import codecs
import re
from typing import Final

HEAD_BYTES: Final = 2_048
_EVENTS: Final = "one CloudEvents document a line"
_OFFICE: Final = (b"[Content_Types].xml", b"xl/", b"word/")
_ZIP: Final = b"PK\x03\x04"
_UTF_8: Final = "save it as UTF-8, or pass what `iconv -f {name} -t UTF-8` makes of it on standard input"
_PACKED: Final = "unpack it first, or pass what `{tool} -dc` prints on standard input"
# The longest first: UTF-32 begins as UTF-16 does.
_BEGINNINGS: Final = tuple(
    (beginning, f"is {kind}; {advice}")
    for beginning, kind, advice in (
        (codecs.BOM_UTF32_LE, "text in UTF-32", _UTF_8.format(name="UTF-32")),
        (codecs.BOM_UTF32_BE, "text in UTF-32", _UTF_8.format(name="UTF-32")),
        (codecs.BOM_UTF16_LE, "text in UTF-16", _UTF_8.format(name="UTF-16")),
        (codecs.BOM_UTF16_BE, "text in UTF-16", _UTF_8.format(name="UTF-16")),
        (b"\x1f\x8b", "compressed (gzip)", _PACKED.format(tool="gzip")),
        (b"BZh", "compressed (bzip2)", _PACKED.format(tool="bzip2")),
        (b"\xfd7zXZ\x00", "compressed (xz)", _PACKED.format(tool="xz")),
        (b"\x28\xb5\x2f\xfd", "compressed (zstd)", _PACKED.format(tool="zstd")),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel or Word file", f"write what it holds as events, {_EVENTS}"),
        (b"%PDF-", "a PDF", f"write what it holds as events, {_EVENTS}"),
        (b"SQLite format 3\x00", "a database", f"give a file of events, {_EVENTS}"),
        (b"<", "XML or HTML", f"write what it holds as events, {_EVENTS}"),
        (b"[", "a JSON array", "of a list, write each on a line of its own, as `jq -c '.[]'` does"),
    )
)
_WITHOUT_MARK: Final = {b"{\x00": "UTF-16LE", b"\x00{": "UTF-16BE", b"[\x00": "UTF-16LE", b"\x00[": "UTF-16BE"}
_COLUMNS: Final = re.compile(rb"[^{}\[\]]*(?:,[^{}\[\]]*,|;[^{}\[\]]*;|\t[^{}\[\]]*\t)[^{}\[\]]*")


def other_kind(head: bytes) -> str | None:
    """What a file is that begins so, and what to do with it, as the end of a sentence; None: it may hold events."""
    if head.startswith(_ZIP):
        if any(name in head for name in _OFFICE):
            return f"is an Excel or Word file; write what it holds as events, {_EVENTS}"
        return "is a ZIP archive; unpack it, and give the files in it"
    for beginning, sentence in _BEGINNINGS:
        if head.startswith(beginning):
            return sentence
    if name := _WITHOUT_MARK.get(head[:2]):
        return f"is text in {name}; {_UTF_8.format(name=name)}"
    if _COLUMNS.fullmatch(head.partition(b"\n")[0]):
        return f"looks like a table (CSV); write each row as an event, {_EVENTS}"
    return None
