"""A file that a browser sends with a form: multipart/form-data, read without a package and within limits."""

import re
from typing import Final

from fastapi import Request

from agents.web.gate import MOST_REQUEST_BYTES, body_of
from agents.web.problems import ProblemError

MULTIPART: Final = "multipart/form-data"
_MOST_PARTS: Final = 20
_BOUNDARY: Final = re.compile(r'boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?')
_NAME: Final = re.compile(rb'[;\s]name="([^"\r\n]{1,50})"')


async def parts_of_form(request: Request) -> dict[str, bytes]:
    """The content of each field by its name; of several of one name the last. Raises ProblemError."""
    kind = request.headers.get("content-type", "")
    found = _BOUNDARY.search(kind)
    if not kind.lower().startswith(MULTIPART) or found is None:
        raise ProblemError("MEDIA_TYPE")
    raw = b"\r\n" + await body_of(request, MOST_REQUEST_BYTES)
    pieces = raw.split(b"\r\n--" + found[1].encode())
    if len(pieces) < 3 or len(pieces) > _MOST_PARTS or not pieces[-1].startswith(b"--"):
        raise ProblemError("MEDIA_TYPE")
    fields: dict[str, bytes] = {}
    for piece in pieces[1:-1]:
        head, separator, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not separator or name is None:
            raise ProblemError("MEDIA_TYPE")
        fields[name[1].decode("ascii", errors="replace")] = content
    return fields
