"""A client of the gateway for people: signs in and keeps the cookie of a session, or sends a key.

The standard library alone. A password goes over TLS, or stays on this machine.
"""

import http.client
import json
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from pipeline.errors import EXIT_REFUSED, NotReady, SantunanError, Transient

_TIMEOUT_SECONDS: Final = 30.0
_MOST_BYTES: Final = 32 * 1024 * 1024  # the sheet of 100,000 members has 15 MB
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class GatewayRefused(SantunanError):
    """The gateway refused it; `code` and the message are its own."""

    exit_code = EXIT_REFUSED

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answered:
    """`cookie`: that the answer sets, as NAME=VALUE."""

    body: bytes
    cookie: str | None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def require_private(url: str) -> SplitResult:
    """Raises NotReady where a password would cross the network readable, or the address is none."""
    parts = urlsplit(url)
    is_private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)
    if not is_private or not parts.hostname or parts.path.strip("/"):
        raise NotReady(f"{url}: write https://HOST, or http:// for this machine alone, without a path")
    return parts


class GatewayClient:
    """`credential`: a key, or the cookie of a session as NAME=VALUE; None: not signed in."""

    def __init__(self, url: str, credential: str | None = None) -> None:
        self._parts = require_private(url)
        self._credential = credential

    def get(self, path: str, **headers: str) -> Answered:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, body: Any, **headers: str) -> Answered:
        return self._ask("POST", path, json.dumps(body).encode(), headers | {"Content_Type": "application/json"})

    def post_batch(self, body: bytes) -> list[dict[str, Any]]:
        """Events as they are: an item each, in their order."""
        kind = {"Content_Type": "application/cloudevents-batch+json"}
        found: list[dict[str, Any]] = self._ask("POST", "/v1/events", body, kind, are_items=True).json
        return found

    def post_file(self, path: str, body: bytes, kind: str, **headers: str) -> Answered:
        """A file as it is; `kind`: its media type."""
        return self._ask("POST", path, body, {"Content_Type": kind, **headers})

    def delete(self, path: str) -> Answered:
        return self._ask("DELETE", path, None, {})

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], *, are_items: bool = False
    ) -> Answered:
        """`are_items`: the answer is a list, whose items have a status each.

        Raises GatewayRefused; Transient where it does not answer, or says that it cannot now.
        """
        parts = self._parts
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        sent = {"Accept-Language": "en", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self._credential is not None and "=" in self._credential:
            sent |= {"Cookie": self._credential, "Origin": f"{parts.scheme}://{parts.netloc}"}
        elif self._credential is not None:
            sent["Authorization"] = f"Bearer {self._credential}"
        assert parts.hostname is not None
        connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(method, path, body, sent)
            found = connection.getresponse()
            answered = Answered(
                found.read(_MOST_BYTES), (found.getheader("set-cookie") or "").partition(";")[0] or None
            )
        except (OSError, http.client.HTTPException):
            raise Transient(f"the gateway {parts.scheme}://{parts.netloc} does not answer: try again") from None
        finally:
            connection.close()
        if found.status < 300 or (are_items and answered.body[:1] == b"["):
            return answered
        raise _refusal(found.status, answered)


def _refusal(status: int, answered: Answered) -> SantunanError:
    try:
        problem = answered.json
        code, said = str(problem["code"]), f"{problem['title']}. {problem['detail']}"
        said = " ".join([said, *(str(one.get("detail", "")) for one in problem.get("errors", ()))])
    except (ValueError, KeyError, TypeError):
        code, said = "UNKNOWN", f"the gateway answered {status}; is this its address?"
    return Transient(said) if status in (429, 503) else GatewayRefused(code, said)
