"""Photos and scans in forms: read apart from the other fields, kept as papers, and what is wrong with one in a word.

A file's name is never kept: it may hold a person's.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, BinaryIO, Final, NamedTuple

from fastapi import Request, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from agents.web.gate import call, gateway_of, media_type_of, parts_of
from agents.web.pages.forms import FORM_TYPE, MOST_FIELDS, MOST_FORM_BYTES, Form, form_of
from agents.web.problems import ProblemError
from pipeline.access.principals import Principal
from pipeline.operations.front_office import FrontOffice
from pipeline.operations.paper_room import PaperRefused, begin_paper
from pipeline.operations.papers import MOST_BYTES, put_paper
from pipeline.store.paper_book import Paper

UPLOAD_TYPE: Final = "multipart/form-data"
MOST_FILES: Final = 10
MOST_UPLOAD_BYTES: Final = 42_000_000  # ten photos of a phone, or four papers of 10 MB
MOST_READ_BYTES: Final = 200_000_000  # thrown away, so that a browser reads the answer instead of a broken connection
UPLOAD_SECONDS: Final = 300.0  # 42 MB over a line of 1.1 Mbit/s
_PART_BYTES: Final = 64 * 1024
# ISO/IEC 14496-12: a box `ftyp` with the brand of the format; these are of HEIF (ISO/IEC 23008-12) as phones write it.
_HEIF: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_FAULT_OF: Final = {"PAPER_KIND": "no_picture", "PAPER_UNSAFE": "unsafe"}


class FileFault(Exception):
    """`code`: too_many, too_big, heic, no_picture, unsafe or too_much; a text of the pages."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Uploaded(NamedTuple):
    form: Form
    files: list[UploadFile]


@asynccontextmanager
async def uploaded_form(request: Request, most_field_bytes: int = MOST_FORM_BYTES) -> AsyncIterator[Uploaded]:
    """A form with or without files. Raises ProblemError (MEDIA_TYPE, SLOW, AWAY), FileFault (too_much)."""
    media_type = media_type_of(request)
    if media_type == FORM_TYPE:
        yield Uploaded(await form_of(request), [])
        return
    if media_type != UPLOAD_TYPE:
        raise ProblemError("MEDIA_TYPE")
    gateway = gateway_of(request)
    if gateway.uploads.locked():
        raise ProblemError("AWAY", {"Retry-After": "5"})
    async with gateway.uploads:
        found = await _parsed(request, most_field_bytes)
        try:
            fields = [(name, value) for name, value in found.multi_items() if isinstance(value, str)]
            lists: dict[str, list[str]] = {}
            for name, value in fields:
                lists.setdefault(name, []).append(value)
            files = [one for _, one in found.multi_items() if not isinstance(one, str) and one.filename]
            yield Uploaded(Form(dict(fields), lists), files)
        finally:
            await found.close()


async def _parsed(request: Request, most_field_bytes: int) -> Any:
    parser = MultiPartParser(
        request.headers, _parts(request), max_files=MOST_FIELDS, max_fields=MOST_FIELDS, max_part_size=most_field_bytes
    )
    try:
        return await parser.parse()
    except (MultiPartException, KeyError):  # KeyError: no boundary
        raise ProblemError("MEDIA_TYPE") from None
    except ProblemError as error:
        if error.problem.code != "LENGTH":
            raise
        await _thrown_away(request)
        raise FileFault("too_much") from None


async def _parts(request: Request) -> AsyncGenerator[bytes, None]:
    async for part in parts_of(request, MOST_UPLOAD_BYTES, UPLOAD_SECONDS):
        yield part


async def _thrown_away(request: Request) -> None:
    """Raises ProblemError (LENGTH) where it does not end."""
    read = 0
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            async for part in request.stream():
                read += len(part)
                if read > MOST_READ_BYTES:
                    raise ProblemError("LENGTH", {"Connection": "close"})
    except TimeoutError:
        raise ProblemError("SLOW", {"Connection": "close"}) from None


async def kept_papers(request: Request, principal: Principal, files: Sequence[UploadFile]) -> list[Paper]:
    """The papers of these files. All are looked at before the first is kept. Raises FileFault, NotReady, Transient."""
    if len(files) > MOST_FILES:
        raise FileFault("too_many")
    for file in files:
        head = await file.read(16)
        await file.seek(0)
        if (file.size or 0) > MOST_BYTES:
            raise FileFault("too_big")
        if head[4:8] == b"ftyp" and head[8:12] in _HEIF:
            raise FileFault("heic")
    try:
        return [await call(request, _kept, principal, file.file) for file in files]
    except PaperRefused as refused:
        raise FileFault(_FAULT_OF.get(refused.reason, "no_picture")) from None


def _kept(front: FrontOffice, principal: Principal, file: BinaryIO) -> Paper:
    found = hashlib.sha256()
    while part := file.read(_PART_BYTES):
        found.update(part)
    digest = found.hexdigest()
    file.seek(0)
    upload = begin_paper(front, principal, digest)
    try:
        while part := file.read(_PART_BYTES):
            upload.write(part)
        return put_paper(front, principal, digest, upload)[0]
    finally:
        upload.close()
