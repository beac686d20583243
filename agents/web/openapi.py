"""The OpenAPI 3.1 document, made of the routes and of what is described beside them (`agents.web.describing`)."""

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from agents.web.describing import Described, Shape, Words, description_of, shaped
from agents.web.problems import MEDIA_TYPE
from pipeline.explain import Language
from schemas.bundle import Bundle, Schema
from schemas.field_rules import NO_NIK

_STRING: Final[Schema] = {"type": "string"}
PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "RFC 9457. It never repeats what was sent.",
    "required": ["type", "title", "status", "code", "detail"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "pattern": "^urn:santunan:problem:[a-z0-9-]+$"},
        "title": _STRING,
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$"},
        "detail": {"type": "string", "description": "what to do now"},
        "errors": {
            "type": "array",
            "description": "one entry a fault: where, and how to mend it",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body"},
                    "parameter": _STRING,
                    "header": _STRING,
                    "detail": _STRING,
                },
            },
        },
    },
}
HEADERS: Final[Mapping[str, Schema]] = {
    "Content-Language": {"type": "string", "enum": ["id", "en"]},
    "ETag": _STRING,
    "Location": {"type": "string", "description": "the address of what this made, or to go to"},
    "Content-Disposition": {"type": "string", "description": "attachment, with a name for the file"},
    "Set-Cookie": {"type": "string"},
    "Idempotent-Replayed": {"type": "string", "const": "true"},
    "Retry-After": {"type": "integer", "minimum": 1, "description": "seconds"},
    "WWW-Authenticate": {"type": "string"},
}
_HEADERS_OF: Final = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}
KEY: Final[Words] = (
    "nomor Anda sendiri untuk laporan ini; sama bila dikirim ulang",
    "an id of your own for this report; the same one when it is sent again",
)
_KEY_SCHEMA: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 128, "pattern": f"{NO_NIK}[ -~]*$"}
PARAMETERS: Final[Mapping[str, Words]] = {
    "after": (
        "`cursor` dari jawaban sebelumnya; pada satu klaim: revisi terakhir yang sudah dibaca",
        "`cursor` of the answer before; of one claim: the last revision that was read",
    ),
    "before": ("`cursor` dari jawaban sebelumnya", "`cursor` of the answer before"),
    "came_back": ("hanya yang sudah pernah diputuskan", "only those that were decided before"),
    "claim": ("nomor klaim", "claim id"),
    "code": ("kode dari penyedia identitas", "code of the identity provider"),
    "confirm": (
        "`id` dari pemeriksaan lembar yang sama; tanpa ini tidak ada yang dikirim",
        "`id` of the check of the same sheet; without it nothing is sent",
    ),
    "cooperative": ("nama koperasi atau NPP pemberi kerja", "name of a cooperative, or number of an employer"),
    "day": ("hari; tanpa ini: hari ini", "the day; without it: today"),
    "delivery": ("nomor kiriman yang gagal; tanpa ini: semuanya", "id of a post that failed; without it: all"),
    "digest": ("SHA-256 kejadian, heksadesimal", "SHA-256 of the event, hexadecimal"),
    "from": ("hari pertama; tanpa ini: dari awal", "the first day; without it: from the beginning"),
    "iss": ("penyedia identitas yang menjawab", "identity provider that answers"),
    "keep": ("simpan daftarnya, bukan hanya memeriksa", "keep the list, not only check it"),
    "known_on": (
        "waktu, misalnya 2026-11-20T14:00:00+07:00; yang diterima sampai saat itu",
        "a time, such as 2026-11-20T14:00:00+07:00; what had been received by then",
    ),
    "kind": (
        "isi lembar: kecelakaan atau kematian; tanpa ini judul kolomnya yang menentukan",
        "what the sheet is about: accidents or deaths; without it its titles say so",
    ),
    "lang": ("bahasa: id atau en", "language: id or en"),
    "limit": ("paling banyak baris", "rows at most"),
    "listed_on": ("hari daftar itu dibuat; tanpa ini: hari ini", "the day of the list; without it: today"),
    "name": ("nama contoh", "name of the sample"),
    "overdue": ("hanya yang lewat tenggat", "only those whose deadline is over"),
    "program": ("JKK atau JKM", "JKK or JKM"),
    "question": ("kode yang menunggu jawaban", "code that waits for an answer"),
    "revision": ("keputusan ini, seperti dibuat waktu itu", "this decision, as it was made then"),
    "sha256": ("SHA-256 isi berkas, heksadesimal", "SHA-256 of the bytes of the paper, hexadecimal"),
    "since": ("revisi yang dilihat", "revision that was seen"),
    "state": ("nilai yang dikirim bersama permintaan masuk", "value that was sent along with the sign-in"),
    "until": (
        "hari setelah yang terakhir; tanpa ini: sampai hari ini",
        "the day after the last; without it: until today",
    ),
    "again": ("juga bila sudah masuk di sana", "also who is signed in there"),
    "wait": ("detik menunggu sesuatu yang baru", "seconds to wait for something new"),
    "webhook": ("nomor webhook", "id of the webhook"),
    "whose": ("milik siapa: own (yang bertanya), free, others", "whose: own (of who asks), free, others"),
}
STATUSES: Final[Mapping[int, Words]] = {
    200: ("berhasil; kejadian yang sama sudah pernah diterima", "done; of an event: the same was received before"),
    201: ("dibuat", "made"),
    202: ("tercatat untuk selamanya", "in the log for good"),
    204: ("berhasil, tanpa isi", "done, without a body"),
    207: ("satu jawaban untuk setiap kejadian", "one answer for each event"),
    303: ("ke alamat dalam `Location`", "go to the address in `Location`"),
    304: ("tidak berubah", "not changed"),
    400: ("bukan JSON yang dapat dibaca", "no JSON that can be read"),
    401: ("belum masuk, atau tanpa kunci yang berlaku", "not signed in, or without a valid key"),
    403: ("tidak berwenang", "not allowed"),
    404: ("tidak ada, atau bukan urusan Anda", "does not exist, or is not yours"),
    406: ("jenis jawaban itu tidak tersedia", "there is no answer of that kind"),
    408: ("kiriman terlalu lambat", "the request came too slowly"),
    409: ("sudah ada, dengan isi lain", "it is there already, with other content"),
    410: ("tautan sudah dipakai atau sudah lewat", "the link was used or is too old"),
    413: ("kiriman terlalu besar", "the request is too large"),
    415: ("jenis isi tidak dikenal", "unknown kind of content"),
    422: ("ada isian yang salah; setiap kesalahan disebut", "something is wrong; every fault is named"),
    429: ("terlalu banyak permintaan", "too many requests"),
    503: ("sedang tidak dapat menerima", "cannot be taken in now"),
}
TAGS: Final[Mapping[str, Words]] = {
    "reports": ("Melapor", "Report"),
    "claims": ("Klaim dan keputusan", "Claims and decisions"),
    "cover": ("Kepesertaan", "Cover"),
    "papers": ("Dokumen klaim", "Papers"),
    "members": ("Peserta dari lembar", "Members from a sheet"),
    "coverage": ("Gambaran perlindungan", "Coverage"),
    "officers": ("Petugas", "Officers"),
    "payments": ("Pembayaran", "Payments"),
    "events": ("Kejadian (CloudEvents)", "Events (CloudEvents)"),
    "fhir": ("FHIR", "FHIR"),
    "webhooks": ("Webhook", "Webhooks"),
    "access": ("Masuk", "Sign-in"),
    "samples": ("Contoh dokumen", "Sample documents"),
    "state": ("Keadaan layanan", "State of the service"),
    "documents": ("Dokumen ini", "This document"),
}
ABOUT: Final[Words] = (
    "Klaim JKK dan JKM: melapor, mengikuti, memutuskan. Setiap permintaan membawa kunci API "
    "(`Authorization: Bearer stn_…`), atau kuki sesi dari `POST /v1/session`. "
    "Setiap penolakan menyebut semua kesalahan dan cara memperbaikinya.",
    "Claims of accidents and deaths of workers: report, follow, decide. Each request has an API key "
    "(`Authorization: Bearer stn_…`), or the cookie of a session of `POST /v1/session`. "
    "Each refusal names every fault and how to mend it.",
)


def said(words: Words, language: Language) -> str:
    return words[0] if language == "id" else words[1]


def routes_of(app: FastAPI) -> Iterator[tuple[str, str, Any]]:
    """(method, path, function) of every route that is in the document."""
    for context in iter_route_contexts(app.routes):
        if getattr(context.original_route, "include_in_schema", False) and context.endpoint is not None:
            for method in sorted((context.methods or set()) - {"HEAD"}):
                yield method, str(context.path_format), context.endpoint


def openapi_document(app: FastAPI, language: Language) -> dict[str, Any]:
    """Every route that is described, in one language."""
    by_signature = get_openapi(title="", version="", routes=app.routes)["paths"]
    bundle = Bundle()
    bundle.add("Problem", PROBLEM)
    paths: dict[str, Any] = {}
    for method, path, endpoint in routes_of(app):
        described = description_of(endpoint)
        if described is not None:
            parameters = by_signature[path][method.lower()].get("parameters", [])
            found = _operation(described, parameters, bundle, language)
            paths.setdefault(path, {})[method.lower()] = {"operationId": endpoint.__name__, **found}
    used = {operation["tags"][0] for one in paths.values() for operation in one.values()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Santunan", "version": version("santunan"), "description": said(ABOUT, language)},
        "tags": [{"name": tag, "description": said(words, language)} for tag, words in TAGS.items() if tag in used],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(bundle.schemas.items())),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "stn_…"}},
        },
    }


def _operation(one: Described, parameters: list[Schema], bundle: Bundle, language: Language) -> dict[str, Any]:
    found: dict[str, Any] = {"tags": [one.tag], "summary": said(one.summary, language)}
    if said(one.detail, language):
        found["description"] = said(one.detail, language)
    if listed := [*_parameters(one, parameters, language)]:
        found["parameters"] = listed
    if one.body:
        found["requestBody"] = {
            "required": True,
            "content": {
                media_type: {
                    "schema": shaped(bundle, shape),
                    **({"example": one.examples[media_type]} if media_type in one.examples else {}),
                }
                for media_type, shape in one.body.items()
            },
        }
    found["responses"] = {str(status): answer for status, answer in _answers(one, bundle, bool(listed), language)}
    found["security"] = [{"key": []}] if one.is_signed else []
    return found


def _parameters(one: Described, parameters: list[Schema], language: Language) -> Iterator[Schema]:
    for parameter in parameters:
        name = parameter["name"]
        words = PARAMETERS.get(name)
        texts = {"description": said(words, language)} if words is not None else {}
        schema = {key: value for key, value in parameter["schema"].items() if key not in ("title", "description")}
        yield parameter | texts | {"schema": one.path.get(name, schema)}
    if one.key:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": said(KEY, language),
            "schema": _KEY_SCHEMA,
        }
    for name, words in one.headers.items():
        yield {"name": name, "in": "header", "description": said(words, language), "schema": _STRING}


def _answers(
    one: Described, bundle: Bundle, has_parameters: bool, language: Language
) -> Iterator[tuple[int, dict[str, Any]]]:
    problems = one.problems | ({422} if has_parameters else set())
    for status in sorted({*one.answers, *problems}):
        content: dict[str, Shape] = dict(one.answers[status].content) if status in one.answers else {}
        headers = [*one.answers[status].headers] if status in one.answers else []
        if status in problems:
            content.setdefault(MEDIA_TYPE, {"$ref": "#/components/schemas/Problem"})
            headers += ["Content-Language", *([_HEADERS_OF[status]] if status in _HEADERS_OF else [])]
        yield (
            status,
            {
                "description": said(STATUSES[status], language),
                **({"headers": {name: {"schema": HEADERS.get(name, _STRING)} for name in headers}} if headers else {}),
                **(
                    {"content": {kind: {"schema": shaped(bundle, one)} for kind, one in content.items()}}
                    if content
                    else {}
                ),
            },
        )
