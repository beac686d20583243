"""A clinic's software as the kit plays it: one run's requests over HTTP, and what it has learnt so far."""

import http.client
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from pipeline.errors import NotReady
from schemas.sample_documents import sample_text

TIMEOUT_SECONDS: Final = 60.0  # longer than the longest wait that a gateway grants
MOST_ANSWER_BYTES: Final = 4 * 1024 * 1024
FHIR: Final = "application/fhir+json"
_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")
PROBLEM: Final = "application/problem+json"


class Failed(Exception):
    """The gateway does not keep to the contract; the text says where. It repeats no body, which may hold anything."""


class Skipped(Exception):
    """This gateway does not offer what would be tried, or an earlier check had to succeed first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` in small letters. `body`: what the JSON says; None where it is none."""

    status: int
    headers: dict[str, str]
    body: Any
    text: str

    def expect(self, status: int, code: str | None = None, media_type: str = PROBLEM) -> "Answer":
        """The status; and where it is a refusal, a document of this media type with our code. Raises Failed."""
        if self.status != status:
            said = self.body.get("code") if isinstance(self.body, dict) else None
            raise Failed(f"answered {self.status}{f' ({said})' if isinstance(said, str) else ''}, not {status}")
        if status >= 400:
            found = self.headers.get("content-type", "").split(";")[0]
            require(found == media_type, f"its {status} is no {media_type}")
        if code is not None:
            require(
                isinstance(self.body, dict) and self.body.get("code") == code, f"its {status} lacks the code {code}"
            )
        return self


def require(holds: bool, otherwise: str) -> None:
    """Raises Failed."""
    if not holds:
        raise Failed(otherwise)


@dataclass
class Clinic:
    """`run`: makes the ids of this run its own. `receipt`: of the report, once it was received."""

    url: str
    key: str
    wait_seconds: int = 25
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    receipt: dict[str, Any] | None = None
    decision: Answer | None = None
    has_fhir: bool = False

    def __post_init__(self) -> None:
        self._place = _place(self.url)

    @property
    def claim_id(self) -> str:
        return f"CONFORMANCE-{self.run}"

    @property
    def member(self) -> str:
        return f"UJI{self.run.upper()}"

    @property
    def received(self) -> dict[str, Any]:
        """The receipt of the report. Raises Skipped."""
        if self.receipt is None:
            raise Skipped("`report` has to succeed first")
        return self.receipt

    def need_report(self) -> None:
        """Raises Skipped."""
        assert self.received

    @property
    def is_readable_by_others(self) -> bool:
        """Whether the key goes over a network without encryption."""
        return self._place.scheme == "http" and self._place.hostname not in _THIS_MACHINE

    def report(self, **change: Any) -> dict[str, Any]:
        """The data of an accident, from the sample documents."""
        data: dict[str, Any] = json.loads(sample_text("accident-injury"))
        return data | {"claim_id": self.claim_id, "member": {"member_number": self.member}} | change

    def resource(self, name: str, **change: Any) -> dict[str, Any]:
        """A sample of FHIR as this clinic would send it."""
        made: dict[str, Any] = json.loads(sample_text(f"{name}.fhir"))
        made["provider"]["identifier"]["value"] = self.received["source"]
        made["patient"]["identifier"]["value"] = self.member
        for insurance in made.get("insurance", ()):
            insurance["coverage"]["identifier"]["value"] = self.member
        made["identifier"] = [{"system": "urn:santunan:claim", "value": f"{self.claim_id}-F"}]
        return made | change

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def ask(self, method: str, path: str, body: Any, key: str | None = "", **headers: str) -> Answer:
        """`key` None: none is sent; empty: this clinic's. `headers` with _ for -. Raises Failed where there is no
        answer."""
        sent = {"Content-Type": "application/json", "Accept-Language": "en"} if body is not None else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            sent["Authorization"] = f"Bearer {key or self.key}"
        kind = http.client.HTTPSConnection if self._place.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._place.hostname or "", self._place.port, timeout=TIMEOUT_SECONDS)
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, self._place.path.rstrip("/") + path, raw, sent)
            found = connection.getresponse()
            text = found.read(MOST_ANSWER_BYTES).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"no answer from {self._place.netloc}: {type(error).__name__}") from None
        finally:
            connection.close()
        return Answer(found.status, {name.lower(): value for name, value in found.getheaders()}, _json(text), text)


def _place(url: str) -> SplitResult:
    """Raises NotReady where it is no address of a gateway."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or parts.query or parts.fragment or "@" in parts.netloc:
        raise NotReady("the address of a gateway is http://HOST:PORT or https://HOST, without a key or a question")
    return parts


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
