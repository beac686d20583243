"""The page of a link for one use: sets a password, makes the first operator, or opens the demo. Indonesian first.

No script and no style: the policy of all answers allows neither. To open the page uses nothing; to send its form does.
"""

from functools import partial
from html import escape
from string import Template
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response

from agents.web.gate import (
    address_of,
    body_of,
    gateway_of,
    in_thread,
    media_type_of,
    require_own_site,
    too_many,
)
from agents.web.messages import in_indonesian
from agents.web.problems import ProblemError, own
from agents.web.session import set_session, used_link
from pipeline.errors import Poison
from pipeline.operations.sign_in import LinkUsed, SignInRefused, find_link
from pipeline.store.link_book import FIRST, Link
from schemas.decisions import FieldError

MOST_FORM_BYTES: Final = 4096
_FORM: Final = "application/x-www-form-urlencoded"
_DIFFER: Final = "the two passwords differ; type the same one twice"
_PAGE: Final = Template(
    '<!doctype html><html lang="id"><head><meta charset="utf-8"><title>Santunan</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
    "<body><main><h1>$title</h1>$content</main></body></html>"
)
_ENGLISH: Final = Template('<p lang="en">$text</p>')
_NAME_FIELD: Final = (
    '<p><label for="name">Nama Anda, dengan huruf kecil / your name, in small letters</label><br>'
    '<input id="name" name="name" required maxlength="64" autocomplete="username"></p>'
)
_TYPED_TWICE: Final = (
    '<p><label for="password">Kata sandi, paling sedikit 12 huruf / password, at least 12 letters</label><br>'
    '<input id="password" name="password" type="password" required minlength="12" maxlength="256" '
    'autocomplete="new-password"></p>'
    '<p><label for="repeated">Kata sandi sekali lagi / the password once more</label><br>'
    '<input id="repeated" name="repeated" type="password" required maxlength="256" autocomplete="new-password"></p>'
)

router = APIRouter()


@router.get("/link/{token}")
async def get_link(request: Request, token: str) -> Response:
    """The form; the link is good for another visit."""
    try:
        return _form(await _found(request, token))
    except SignInRefused:
        return _gone()


@router.post("/link/{token}")
async def post_link(request: Request, token: str) -> Response:
    """Uses the link, unless name or password cannot be taken."""
    require_own_site(request, is_lenient=True)
    if media_type_of(request) != _FORM:
        raise ProblemError("MEDIA_TYPE")
    fields = parse_qs((await body_of(request, MOST_FORM_BYTES)).decode(errors="replace"), max_num_fields=5)
    name, password, repeated = (next(iter(fields.get(field, ())), None) for field in ("name", "password", "repeated"))
    try:
        link = await _found(request, token)
        if password != repeated:
            return _form(link, (FieldError("password", _DIFFER),))
        used = await used_link(request, token, name, password)
    except SignInRefused:
        return _gone()
    except Poison as poison:
        return _form(link, poison.errors)
    answer = _done(used)
    if used.token is not None:
        set_session(gateway_of(request), answer, used.token)
    return answer


async def _found(request: Request, token: str) -> Link:
    """Raises SignInRefused; ProblemError (RATE)."""
    gateway = gateway_of(request)
    if wait := gateway.addresses.take(address_of(request)):
        raise too_many(wait)
    return await in_thread(gateway, partial(find_link, gateway.links, gateway.front.now(), token))


def _form(link: Link, faults: tuple[FieldError, ...] = ()) -> Response:
    said = "".join(
        f'<p role="alert">Kesalahan: {escape(in_indonesian(one.message))}. '
        f'<span lang="en">{escape(one.message)}</span></p>'
        for one in faults
    )
    if link.purpose == "demo":
        title, fields, button = "Coba Santunan", "", "Masuk / sign in"
    elif link.purpose == FIRST:
        title, fields, button = "Pengelola pertama / first operator", _NAME_FIELD + _TYPED_TWICE, "Buat / make"
    else:
        assert link.principal is not None
        who = f"<p>Nama / name: <strong>{escape(link.principal.kind)}:{escape(link.principal.who)}</strong></p>"
        title, fields, button = "Kata sandi baru / new password", who + _TYPED_TWICE, "Simpan / save"
    form = f'<form method="post">{fields}<p><button>{button}</button></p></form>'
    return _page(title, said + form, 422 if faults else 200)


def _done(used: LinkUsed) -> Response:
    who = f"{used.principal.kind}:{used.principal.who}"
    if used.token is not None:
        return _page("Anda sudah masuk / signed in", f"<p>{escape(who)}</p>")
    content = (
        f"<p>Kata sandi <strong>{escape(who)}</strong> tersimpan. Tautan ini tidak berlaku lagi.</p>"
        + _ENGLISH.substitute(text="The password is set. This link is used.")
    )
    if used.enrolment is not None:
        content += (
            "<h2>Faktor kedua / second factor</h2><p>Masukkan rahasia ini ke aplikasi autentikator. "
            "Rahasia hanya tampil sekali. Saat masuk pertama kali, isilah kode enam angkanya.</p>"
            + _ENGLISH.substitute(
                text="Put this secret into an authenticator. It is shown once. Sign in with a code of six digits."
            )
            + f"<p><code>{escape(used.enrolment.secret)}</code></p><p><code>{escape(used.enrolment.uri)}</code></p>"
        )
    return _page("Selesai / done", content)


def _gone() -> Response:
    document = [own("LINK_GONE").document(language) for language in ("id", "en")]
    content = f"<p>{escape(document[0]['detail'])}</p>" + _ENGLISH.substitute(text=escape(document[1]["detail"]))
    return _page("Tautan tidak berlaku lagi", content, 410)


def _page(title: str, content: str, status: int = 200) -> Response:
    return Response(_PAGE.substitute(title=escape(title), content=content), status, media_type="text/html")
