"""Problems: every refusal as problem+json (RFC 9457), in Indonesian or English, all faults at once.

No problem repeats what was sent: the texts are ours, and pointers name our own fields.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from fastapi import Response

from agents.letters import NoPdf
from agents.web.messages import in_indonesian
from pipeline.access.roles import Denied
from pipeline.errors import NotReady, Poison, Transient
from pipeline.explain import Language, refusal_text, short
from pipeline.operations.fate import ReportRefused
from pipeline.operations.front_office import IdReused
from pipeline.operations.paper_room import PaperRefused
from pipeline.operations.sign_in import SignInRefused
from pipeline.operations.work import Held
from pipeline.queries.pages import NotFound
from schemas.decisions import FieldError

MEDIA_TYPE: Final = "application/problem+json"
QUERY: Final = "?"  # in place of a prefix: the fields are parameters of the address
DATA: Final = "data."  # prefix of a plain body, which is the data of its event
BINARY: Final = "ce-"  # in place of a prefix: the body is the data, and the attributes are in headers
HEADER: Final = "header "  # before the name of a header that is at fault
RETRY_SECONDS: Final = 2  # a broker or a database that restarts takes longer than one

# code: (status, title and remedy in Indonesian, in English)
_OWN: Final[Mapping[str, tuple[int, tuple[str, str], tuple[str, str]]]] = {
    "KEY_NEEDED": (
        401,
        (
            "belum masuk, atau kunci tidak berlaku",
            "Kirimkan kunci API yang berlaku (Authorization: Bearer stn_…), atau masuklah lagi.",
        ),
        ("not signed in, or no valid key", "Send a valid API key (Authorization: Bearer stn_…), or sign in again."),
    ),
    "SIGN_IN_REFUSED": (
        401,
        (
            "tidak dapat masuk",
            "Nama atau kata sandi salah, atau akun dijeda: sepuluh kegagalan menjeda akun selama 15 menit. "
            "Bila lupa kata sandi, mintalah tautan baru kepada pengelola sistem.",
        ),
        (
            "sign-in refused",
            "Name or password is wrong, or the account is paused: ten failures pause it for 15 minutes. "
            "If the password is forgotten, ask the operator for a new link.",
        ),
    ),
    "CODE_NEEDED": (
        401,
        ("kode diperlukan", "Isilah `code` dengan enam angka dari aplikasi autentikator Anda."),
        ("a code is needed", "Send the six digits of your authenticator as `code`."),
    ),
    "CODE_REFUSED": (
        401,
        ("kode tidak berlaku", "Kode salah, sudah lewat, atau sudah dipakai. Tunggulah kode berikutnya."),
        ("the code is not valid", "It is wrong, too old, or was used. Wait for the next one."),
    ),
    "FRESH_CODE_NEEDED": (
        403,
        (
            "kode faktor kedua diperlukan lagi",
            "Putusan ini menggerakkan uang di atas batas wewenang satu petugas, atau belum dapat dihitung. Kirimkan "
            "kode dari aplikasi autentikator dengan POST /v1/session/code, lalu putusan ini lagi dalam lima menit. "
            "Kunci API tidak dapat memutuskannya: masuklah sebagai orang.",
        ),
        (
            "a code of the second factor is needed again",
            "This ruling moves money above the limit of one officer, or cannot be computed yet. Send a code of your "
            "authenticator by POST /v1/session/code, and within five minutes send the ruling again. An API key cannot "
            "send it: sign in as a person.",
        ),
    ),
    "ENROLMENT_NEEDED": (
        401,
        (
            "faktor kedua belum dipasang",
            "Mintalah rahasia dengan POST /v1/second-factor, masukkan ke aplikasi autentikator, lalu kirimkan `code`.",
        ),
        (
            "no second factor is set up",
            "Get a secret by POST /v1/second-factor, put it into an authenticator, and send `code`.",
        ),
    ),
    "ENROLLED": (
        409,
        ("faktor kedua sudah dipasang", "Bila hilang, mintalah pengelola sistem menggantinya."),
        ("a second factor is set up already", "If it is lost, ask the operator to replace it."),
    ),
    "PROVIDER_REFUSED": (
        401,
        (
            "tidak dapat masuk lewat penyedia identitas",
            "Mulailah lagi dari /v1/session/oidc. Bila terulang, mintalah pengelola sistem melihat catatan akses.",
        ),
        (
            "sign-in by the identity provider refused",
            "Begin again at /v1/session/oidc. If it happens again, ask the operator to look at the access log.",
        ),
    ),
    "LINK_GONE": (
        410,
        ("tautan tidak berlaku lagi", "Tautan sudah dipakai atau sudah lewat. Mintalah tautan baru kepada pengelola."),
        ("the link is not valid any more", "It was used or is too old. Ask the operator for a new one."),
    ),
    "CROSS_SITE": (
        403,
        ("dikirim dari situs lain", "Bukalah halaman Santunan sendiri, dan kirimkan dari sana."),
        ("sent from another site", "Open Santunan's own page, and send it from there."),
    ),
    "NOT_ALLOWED": (
        403,
        ("tidak berwenang", "Peran Anda tidak berwenang atas hal ini. Mintalah pihak yang berwenang melakukannya."),
        ("not allowed", "Your role may not do this. Ask somebody whose role may."),
    ),
    "SOURCE_FORGED": (
        403,
        ("atas nama pengirim lain", "Isilah `source` dengan nama Anda sendiri, atau hilangkan kiriman ini."),
        ("in another sender's name", "Write your own name as `source`, or leave this event out."),
    ),
    "NOT_FOUND": (
        404,
        ("tidak ditemukan", "Tidak ada, atau bukan urusan Anda. Periksa nomornya, atau tanyakan lagi nanti."),
        ("not found", "It does not exist, or is not yours. Check its id, or ask again later."),
    ),
    "HELD": (
        409,
        (
            "klaim sudah dipegang petugas lain",
            "GET /v1/work menyebut pemegangnya. Mintalah ia menyerahkannya, atau tunggulah sampai bebas.",
        ),
        (
            "another officer has this claim",
            "GET /v1/work names the holder. Ask for it to be handed over, or wait until it is free.",
        ),
    ),
    "METHOD": (
        405,
        ("metode tidak dikenal di alamat ini", "Gunakan metode yang disebut dalam `Allow`."),
        ("no such method at this address", "Use a method that `Allow` names."),
    ),
    "PDF_MISSING": (
        406,
        (
            "PDF tidak tersedia di sini",
            "Mintalah text/html, atau mintalah pengelola sistem memasang `santunan[pdf]`.",
        ),
        ("there is no PDF here", "Ask for text/html, or ask the operator to install `santunan[pdf]`."),
    ),
    "SLOW": (
        408,
        ("kiriman terlalu lambat", "Kirimkan kembali seluruhnya."),
        ("the request came too slowly", "Send all of it again."),
    ),
    "LENGTH": (
        413,
        ("kiriman terlalu besar", "Bagilah kiriman ini menjadi beberapa bagian."),
        ("the request is too large", "Send it in several parts."),
    ),
    "HEAD": (
        431,
        ("alamat dan header terlalu besar", "Perpendek alamatnya, atau kirim lebih sedikit kuki dan header."),
        ("address and headers are too large", "Shorten the address, or send fewer cookies and headers."),
    ),
    "PAPER_DIGEST": (
        422,
        (
            "isi berkas bukan yang disebut alamatnya",
            "Akhiri alamat dengan SHA-256 isi berkas: 64 huruf kecil heksadesimal, lalu kirimkan lagi.",
        ),
        (
            "the paper is not the one that its address names",
            "End the address with the SHA-256 of the file's bytes, 64 small hexadecimal letters, and send it again.",
        ),
    ),
    "PAPER_KIND": (
        415,
        ("bukan PDF, JPEG, atau PNG", "Kirimkan berkas pindaian sebagai PDF, JPEG, atau PNG; isinya yang diperiksa."),
        ("no PDF, JPEG or PNG", "Send the scan as PDF, JPEG or PNG; its content is looked at, not its name."),
    ),
    "SHEET_REFUSED": (
        422,
        ("lembar tidak dapat dibaca", "Perbaiki berkasnya seperti yang disebut, lalu kirimkan lagi."),
        ("the sheet cannot be read", "Mend the file as it is said, and send it again."),
    ),
    "SHEET_CHANGED": (
        409,
        (
            "lembar ini bukan yang diperiksa",
            "Periksa lembar ini dahulu; kirimkan lagi dengan `id` dari jawaban itu sebagai `confirm`.",
        ),
        (
            "this is not the sheet that was checked",
            "Check this sheet first; send it again with the `id` of that answer as `confirm`.",
        ),
    ),
    "PAPER_LENGTH": (
        413,
        ("berkas lebih dari 10 MB", "Pindailah lagi dengan resolusi lebih rendah, misalnya 150 dpi, atau bagilah."),
        ("the paper has more than 10 MB", "Scan it again at a lower resolution, such as 150 dpi, or in several parts."),
    ),
    "PAPER_UNSAFE": (
        422,
        ("pemindai virus menolak berkas ini", "Periksa komputer Anda, lalu pindailah kertas aslinya sekali lagi."),
        ("the virus scanner refuses this file", "Check your computer, and scan the original paper again."),
    ),
    "MEDIA_TYPE": (
        415,
        ("jenis isi tidak dikenal", "Kirimkan JSON tanpa kompresi, dengan Content-Type yang sesuai."),
        ("unknown kind of content", "Send JSON without compression, with the Content-Type of this address."),
    ),
    "RATE": (
        429,
        (
            "terlalu banyak permintaan",
            "Kirimkan lagi setelah waktu dalam `Retry-After`; beberapa kejadian bisa sekaligus.",
        ),
        ("too many requests", "Send it again after `Retry-After`; several events may go in one request."),
    ),
    "BUG": (
        500,
        ("kesalahan program", "Laporkan waktu kejadian ini kepada pengelola sistem; kiriman yang sama boleh diulang."),
        ("a bug of Santunan", "Report when this happened to the operator; the same request may be sent again."),
    ),
    "AWAY": (
        503,
        (
            "sedang tidak dapat menerima",
            "Kirimkan lagi setelah waktu dalam `Retry-After`; tidak ada yang tercatat ganda.",
        ),
        ("cannot be taken in now", "Send it again after `Retry-After`; nothing is counted twice."),
    ),
}
_REUSED: Final = "was used for other content before; send this under a new one"
# Refusals that are always of one header.
_AT_HEADER: Final = {
    "KEY_NEEDED": (FieldError("header Authorization", "write: Bearer, a blank, and a key that is valid"),),
    "LENGTH": (FieldError("header Content-Length", "is more than is read here; send less at once"),),
}
_OF_POISON: Final = {"TOO_LARGE": 413, "NOT_JSON": 400, "DUPLICATE_KEY": 400}


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal. `errors`: where and what, as the pipeline says it; `prefix`: of a path, what a plain body lacks."""

    code: str
    status: int
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""

    def document(self, language: Language) -> dict[str, Any]:
        if self.code in _OWN:
            _, indonesian, english = _OWN[self.code]
            title, detail = indonesian if language == "id" else english
        else:
            title, detail = short(self.code, language), refusal_text(self.code, language)
        body: dict[str, Any] = {
            "type": f"urn:santunan:problem:{self.code.lower().replace('_', '-')}",
            "title": title,
            "status": self.status,
            "code": self.code,
            "detail": detail,
        }
        if self.errors:
            body["errors"] = [self._fault(one, language) for one in self.errors]
        return body

    def _fault(self, error: FieldError, language: Language) -> dict[str, str]:
        message = in_indonesian(error.message) if language == "id" else error.message
        if error.field.startswith(HEADER):
            return {"header": error.field.removeprefix(HEADER), "detail": message}
        if self.prefix == QUERY:
            return {"parameter": error.field, "detail": message}
        if self.prefix == BINARY and not error.field.startswith(("data.", "event")):
            return {"header": f"ce-{error.field}", "detail": message}
        if self.prefix == DATA and error.field == "id":
            return {"header": "Idempotency-Key", "detail": message}
        return {"pointer": _pointer(error.field, DATA if self.prefix == BINARY else self.prefix), "detail": message}


class ProblemError(Exception):
    """Ends a request with its problem."""

    def __init__(self, code: str, headers: Mapping[str, str] | None = None, *errors: FieldError) -> None:
        super().__init__(code)
        self.problem = own(code, headers, *errors)


def own(code: str, headers: Mapping[str, str] | None = None, *errors: FieldError) -> Problem:
    extra = {"WWW-Authenticate": "Bearer"} if code == "KEY_NEEDED" else {}
    return Problem(code, _OWN[code][0], errors or _AT_HEADER.get(code, ()), {**extra, **(headers or {})})


def problem_of(error: Exception, prefix: str = "") -> Problem:
    """Of each error that operations raise; what is not known is a bug."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, Poison):
        return Problem(error.reason, _OF_POISON.get(error.reason, 422), error.errors, prefix=prefix)
    if isinstance(error, Denied | SignInRefused | PaperRefused):
        return own(error.reason)
    if isinstance(error, ReportRefused):
        return Problem(str(error.fate.reason), 404, error.fate.errors)
    if isinstance(error, NotFound):
        return own("NOT_FOUND")
    if isinstance(error, Held):
        return own("HELD")
    if isinstance(error, NoPdf):
        return own("PDF_MISSING")
    if isinstance(error, IdReused):
        return Problem("ID_REUSED", 409, (FieldError("id", _REUSED),), prefix=prefix)
    if isinstance(error, Transient | NotReady):
        return own("AWAY", {"Retry-After": str(RETRY_SECONDS)})
    return own("BUG")


def answer(problem: Problem, language: Language) -> Response:
    headers = {"Content-Language": language, **problem.headers}
    return Response(orjson.dumps(problem.document(language)), problem.status, headers, MEDIA_TYPE)


def _pointer(path: str, prefix: str) -> str:
    """`data.costs.treatment` -> `/data/costs/treatment`, without the prefix that the body of a plain report lacks.

    A part that cannot be named ends it: the fault is below what is named.
    """
    named: list[str] = []
    parts: Iterable[str] = [] if path == "event" or "," in path else path.removeprefix(prefix).split(".")
    for part in parts:
        if not part.replace("_", "").isalnum():
            break
        named.append(part)
    return "".join(f"/{part}" for part in named)
