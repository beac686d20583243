"""An organisation's identity provider (OpenID Connect): its addresses and keys, and what one of its tokens says.

Issuer, audience, expiry, nonce and algorithms are pinned by us; nothing that a token says of itself chooses how it is
checked. Needs the extra `oidc`.
"""

import asyncio
import base64
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from agents.settings import Settings
from pipeline.errors import NotReady, Transient

if TYPE_CHECKING:
    import httpx
    from joserfc.jwk import KeySet

ALGORITHMS: Final = ("RS256", "ES256", "PS256")  # public keys alone: `none` and HS256 are how tokens are forged
CALLBACK: Final = "/v1/session/oidc/callback"
DOOR: Final = "/sign-in"
LEEWAY_SECONDS: Final = 30  # that clocks may differ
_TIMEOUT_SECONDS: Final = 10.0
_KEPT_SECONDS: Final = 600.0  # addresses and keys; a key that was revoked is believed as long
_FRESH_SECONDS: Final = 60.0
_MOST_BYTES: Final = 1024 * 1024
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class TokenRefused(Exception):
    """The provider, or who pretends to be it, vouched for nobody. `reason`: a code for the audit record."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Flow:
    """What one sign-in remembers between its two steps, in the browser's cookie."""

    state: str
    nonce: str
    verifier: str


class IdentityProvider:
    """`principals`: by the value of the claim, KIND:WHO."""

    def __init__(
        self, issuer: str, client_id: str, secret: str | None, claim: str, principals: Mapping[str, str], web_url: str
    ) -> None:
        self._issuer = issuer
        self._client_id = client_id
        self._secret = secret
        self._claim = claim
        self._principals = principals
        self._redirect = web_url + CALLBACK
        self._door = web_url + DOOR
        self._known: tuple[float, dict[str, Any], KeySet] | None = None
        self._lock = asyncio.Lock()

    async def examine(self) -> None:
        """Fetches its document and its keys. Raises Transient, TokenRefused."""
        await self._addresses_and_keys()

    async def address(self, flow: Flow, *, again: bool = False) -> str:
        """Where the browser goes to sign in. `again`: also who is signed in there is asked. Raises Transient."""
        found, _ = await self._addresses_and_keys()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(flow.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect,
            "scope": "openid profile email",
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if again:
            asked |= {"prompt": "login", "max_age": "0"}  # with it a token must say `auth_time`
        return _with(str(found["authorization_endpoint"]), asked)

    async def sign_out_address(self) -> str | None:
        """Where a browser ends its session at the provider, and comes back from to our door; None: it has no such
        address. Raises Transient, TokenRefused."""
        found, _ = await self._addresses_and_keys()
        address = found.get("end_session_endpoint")
        if not isinstance(address, str) or not _is_private(address):
            return None
        return _with(address, {"client_id": self._client_id, "post_logout_redirect_uri": self._door})

    async def person_of(self, code: str, flow: Flow, said_issuer: str | None, now: float) -> tuple[str, float | None]:
        """KIND:WHO of the person who signed in there, and when the person last did something for it, in seconds since
        1970, where the token says it. `now`: likewise. Raises TokenRefused, Transient."""
        if said_issuer is not None and said_issuer != self._issuer:  # RFC 9207: the answer of another provider
            raise TokenRefused("ISSUER")
        token = await self._token_for(code, flow)
        _, keys = await self._addresses_and_keys()
        try:
            claims = self._claims_of(token, keys, flow.nonce, now)
        except TokenRefused as refused:
            if refused.reason != "SIGNATURE" or not self._is_forgotten():
                raise
            _, keys = await self._addresses_and_keys()  # it may sign with a newer key
            claims = self._claims_of(token, keys, flow.nonce, now)
        value = claims.get(self._claim)
        if self._claim == "email" and claims.get("email_verified") is not True:
            raise TokenRefused("EMAIL_NOT_VERIFIED")
        found = self._principals.get(value) if isinstance(value, str) else None
        if found is None:
            raise TokenRefused("SUBJECT")
        shown = claims.get("auth_time")
        if isinstance(shown, int | float) and 0 < shown <= now + LEEWAY_SECONDS:
            return found, min(float(shown), now)
        return found, None

    async def _token_for(self, code: str, flow: Flow) -> str:
        found, _ = await self._addresses_and_keys()
        asked = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "code_verifier": flow.verifier,
        }
        if self._secret is None:
            asked["client_id"] = self._client_id
        async with _client() as client:
            auth = (self._client_id, self._secret) if self._secret is not None else None
            answer = await _asked(client, "POST", str(found["token_endpoint"]), data=asked, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise TokenRefused("CODE")
        return token

    def _claims_of(self, token: str, keys: "KeySet", nonce: str, now: float) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError

        registry = jwt.JWTClaimsRegistry(
            int(now),
            LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims: dict[str, Any] = dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
            registry.validate(claims)
        except ExpiredTokenError:
            raise TokenRefused("EXPIRED") from None
        except (InvalidClaimError, MissingClaimError) as error:
            raise TokenRefused(f"CLAIM_{error.claim.upper()}") from None
        except (JoseError, ValueError):
            raise TokenRefused("SIGNATURE") from None
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._client_id:
            raise TokenRefused("CLAIM_AZP")
        return claims

    def _is_forgotten(self) -> bool:
        """Forget the keys, unless they are so fresh that to ask again would only be a load."""
        if self._known is None or time.monotonic() - self._known[0] < _FRESH_SECONDS:
            return False
        self._known = None
        return True

    async def _addresses_and_keys(self) -> "tuple[dict[str, Any], KeySet]":
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        async with self._lock:
            if self._known is not None and time.monotonic() - self._known[0] < _KEPT_SECONDS:
                return self._known[1:]
            async with _client() as client:
                found = await _asked(client, "GET", f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
                if found.get("issuer") != self._issuer:
                    raise TokenRefused("ISSUER")
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    if not _is_private(str(found.get(name))):
                        raise TokenRefused("ADDRESS")
                try:
                    keys = KeySet.import_key_set(await _asked(client, "GET", str(found["jwks_uri"])))  # type: ignore[arg-type]
                except (JoseError, KeyError, ValueError, TypeError):
                    raise TokenRefused("KEYS") from None
            self._known = (time.monotonic(), found, keys)
            return found, keys


def open_provider(settings: Settings) -> IdentityProvider | None:
    """None: none is set. Raises NotReady where the extra is missing, or the file of the secret cannot be read."""
    if settings.oidc_issuer is None:
        return None
    try:
        import httpx  # noqa: F401
        import joserfc  # noqa: F401
    except ImportError:
        raise NotReady("SANTUNAN_OIDC_ISSUER needs the package's extra: pip install 'santunan[oidc]'") from None
    if not _is_private(settings.oidc_issuer):
        raise NotReady("SANTUNAN_OIDC_ISSUER is written https://HOST…; plain http is for this machine alone")
    secret = None
    if settings.oidc_client_secret_file is not None:
        try:
            secret = settings.oidc_client_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise NotReady("SANTUNAN_OIDC_CLIENT_SECRET_FILE cannot be read; give a file with the secret") from None
    assert settings.oidc_client_id is not None and settings.web_url is not None, "the settings see to that"
    return IdentityProvider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        secret,
        settings.oidc_claim,
        settings.oidc_principals,
        settings.web_url,
    )


def _is_private(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"


def _client() -> "httpx.AsyncClient":
    """Follows no redirection: it would lead away from the addresses that were checked."""
    import httpx

    return httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False)


async def _asked(client: "httpx.AsyncClient", method: str, url: str, **given: Any) -> dict[str, Any]:
    """Raises Transient where the provider is away, TokenRefused where it refuses or answers nonsense."""
    import httpx

    try:
        answer = await client.request(method, url, **{name: one for name, one in given.items() if one is not None})
    except httpx.HTTPError:
        raise Transient("the identity provider does not answer: try again") from None
    if answer.status_code >= 500:
        raise Transient("the identity provider cannot answer now: try again")
    if answer.status_code != 200 or len(answer.content) > _MOST_BYTES:
        raise TokenRefused("CODE" if method == "POST" else "ADDRESS")
    try:
        found = answer.json()
    except ValueError:
        raise TokenRefused("ADDRESS") from None
    if not isinstance(found, dict):
        raise TokenRefused("ADDRESS")
    return found
