"""A small identity provider on a port of this machine: addresses, keys and tokens, good ones and forged ones."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, SECRET = "santunan", "a secret of the provider"  # noqa: S105
Claims = dict[str, Any]


class Provider:
    """`change`: what is wrong with the claims of the next token. `sign`: in place of a signature by the right key."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.said_issuer = self.issuer
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.subject = "siti@provider"
        self.change: Callable[[Claims], Claims] = lambda claims: claims
        self.sign: Callable[[Claims], str] = self.signed
        self.codes: dict[str, dict[str, str]] = {}
        self.more: dict[str, str] = {}  # of its document

    def signed(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)

    def unsigned(self, claims: Claims) -> str:
        return _signing_input({"alg": "none"}, claims) + "."

    def signed_with_the_public_key(self, claims: Claims) -> str:
        """The classic forgery: HS256, with the public key as the shared secret."""
        signed = _signing_input({"alg": "HS256", "kid": "one"}, claims)
        digest = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{_base64(digest)}"

    def signed_by_another(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048, {"kid": "one"}))

    def authorize(self, address: str) -> dict[str, str]:
        """As the person at the provider's page says yes: what the browser takes back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def token(self, form: dict[str, str], authorization: str) -> dict[str, str] | None:
        """None: refused, as a provider does that checks code, PKCE, address and secret."""
        asked = self.codes.pop(form.get("code", ""), None)
        basic = "Basic " + base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        if asked is None or authorization != basic or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if _base64(digest) != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "sub": self.subject, "exp": now + 300, "iat": now}
        if "max_age" in asked:
            claims["auth_time"] = now
        claims |= {"nonce": asked["nonce"], "email": "siti@office.example", "email_verified": True}
        return {"token_type": "Bearer", "access_token": "x", "id_token": self.sign(self.change(claims))}


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signing_input(header: Claims, claims: Claims) -> str:
    return ".".join(_base64(json.dumps(one).encode()) for one in (header, claims))


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Not to the terminal."""

    def do_GET(self) -> None:
        provider = self.provider
        if self.path == "/.well-known/openid-configuration":
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            addresses = {name: f"{provider.issuer}/{path}" for name, path in names.items()}
            self._answer({"issuer": provider.said_issuer, **addresses, **provider.more})
        else:
            self._answer({"keys": [provider.key.as_dict(private=False)]})

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(raw).items()}
        found = self.provider.token(form, self.headers.get("Authorization", ""))
        self._answer(found if found is not None else {"error": "invalid_grant"}, 200 if found is not None else 400)

    def _answer(self, body: Any, status: int = 200) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@contextmanager
def running_provider() -> Iterator[Provider]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    _Handler.provider = Provider(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield _Handler.provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
