"""The conformance kit: it passes on the real gateway with a real worker, and fails where one breaks the contract."""

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agents.conformance.checks import CHECKS, Result, run_checks
from agents.conformance.clinic import Clinic
from agents.settings import read_settings
from pipeline.access.principals import new_principal
from pipeline.errors import NotReady
from tests.support.command_line import santunan, worker
from tests.support.gateway import Answer, Client, running_gateway

NAMES = [one.__name__.replace("_", "-") for one in CHECKS]
OF_REFUSALS = {"no-key", "wrong-key", "conflict", "without-key-of-report", "forged-source", "bad-input", "no-json",
               "foreign-claim", "fhir-conflict", "fhir-unread"}  # fmt: skip
Change = Callable[[BaseHTTPRequestHandler, Answer], Answer]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """Port and key: a gateway and a worker over one file, as `santunan gateway` and `santunan worker` are."""
    folder = tmp_path_factory.mktemp("office")
    (folder / ".santunan").mkdir(mode=0o700)
    now = dt.datetime.now(dt.UTC)
    settings = read_settings(database_url=f"sqlite:///{folder}/.santunan/santunan.db", web_rate=10_000)
    with running_gateway(settings) as (gateway, port), worker(folder):
        clinic = new_principal("clinic", "conformance")
        gateway.access.add(clinic, "test", now)
        yield port, gateway.access.make_key(clinic.name, "", now + dt.timedelta(days=1), "test", now)[1]


@pytest.fixture
def key_file(office: tuple[int, str], tmp_path: Path) -> str:
    file = tmp_path / "key.txt"
    file.write_text(office[1] + "\n", encoding="utf-8")
    return str(file)


def test_the_real_gateway_passes_every_check(office: tuple[int, str], key_file: str) -> None:
    ran = santunan("conformance", "--url", f"http://127.0.0.1:{office[0]}", "--key-file", key_file)
    assert ran.status == 0, ran.out
    assert f"{len(CHECKS)} passed, 0 failed, 0 skipped." in ran.out
    assert "made-up claims (CONFORMANCE-" in ran.err and "stay in its ledger" in ran.err
    assert office[1] not in ran.out + ran.err


def test_results_for_programs_are_one_document_a_check(office: tuple[int, str]) -> None:
    url = f"http://127.0.0.1:{office[0]}"
    ran = santunan("conformance", "--url", url, "--json", SANTUNAN_CONFORMANCE_KEY=office[1])
    assert ran.status == 0 and [row["check"] for row in ran.rows] == NAMES
    assert {row["state"] for row in ran.rows} == {"pass"}


# --- gateways that are not right


class Proxy:
    """The real gateway with one thing changed."""

    def __init__(self, port: int, change: Change) -> None:
        class Handler(BaseHTTPRequestHandler):
            def _forward(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = self.rfile.read(length) if length else None
                passed = {
                    name.replace("-", "_"): value
                    for name, value in self.headers.items()
                    if name.lower() not in ("host", "content-length", "accept-encoding")
                }
                self.sent = body
                found = change(self, Client(port).ask(self.command, self.path, body, **passed))
                self.send_response(found.status)
                for name, value in found.headers.items():
                    if name not in ("content-length", "date", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(0 if found.status == 304 else len(found.raw)))
                self.end_headers()
                self.wfile.write(found.raw)

            do_GET = do_POST = _forward

            def log_message(self, *_: object) -> None:
                """Tests say what they find."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self.url

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def status(was: int, becomes: int, path: str = "") -> Change:
    def change(request: BaseHTTPRequestHandler, found: Answer) -> Answer:
        is_meant = found.status == was and path in request.path
        return Answer(becomes if is_meant else found.status, found.headers, found.raw)

    return change


def body(path: str, edit: Callable[[Any], Any], *, of_status: int = 200) -> Change:
    def change(request: BaseHTTPRequestHandler, found: Answer) -> Answer:
        if not request.path.startswith(path) or found.status != of_status:
            return found
        return Answer(found.status, found.headers, json.dumps(edit(found.json)).encode())

    return change


def header(name: str, value: str | None) -> Change:
    def change(_: BaseHTTPRequestHandler, found: Answer) -> Answer:
        headers = {one: said for one, said in found.headers.items() if one != name}
        return Answer(found.status, headers | ({name: value} if value else {}), found.raw)

    return change


def echo(request: BaseHTTPRequestHandler, found: Answer) -> Answer:
    """A refusal that repeats what was sent, as many frameworks do."""
    sent = getattr(request, "sent", None)
    return Answer(found.status, found.headers, found.raw + b" " + sent) if found.status == 422 and sent else found


def new_receipt(receipt: Any) -> Any:
    return receipt | {"offset": receipt["offset"] + 1_000_000}


def one_fault(problem: Any) -> Any:
    return problem | {"errors": problem["errors"][:1]}


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        (body("/v1/accidents", new_receipt), {"repeated"}),
        (header("idempotent-replayed", None), {"repeated"}),
        (status(409, 202, "/v1"), {"conflict"}),
        (status(409, 200, "/fhir"), {"fhir-conflict"}),
        (status(401, 200), {"no-key", "wrong-key"}),
        (header("www-authenticate", None), {"no-key"}),
        (header("cache-control", None), {"right-key"}),
        (header("location", "/elsewhere"), {"report"}),
        (header("etag", None), {"unchanged"}),
        (status(403, 202), {"forged-source"}),
        (status(404, 403, "FOREIGN"), {"foreign-claim"}),
        (status(400, 500), {"no-json"}),
        (body("/ready", lambda one: {"status": "unavailable"}), {"health"}),
        (body("/v1/cover", lambda one: one | {"answer": "perhaps"}), {"cover"}),
        (body("/v1/accidents", one_fault, of_status=422), {"bad-input"}),
        (body("/v1/accidents", lambda one: one | {"errors": []}, of_status=422),
         {"bad-input", "without-key-of-report"}),
        (echo, {"bad-input", "without-key-of-report", "fhir-unread"}),
        (body("/v1/claims/", lambda one: one | {"outcome": "MAYBE"}), {"decision"}),
        (body("/v1/claims/", lambda one: one | {"reasons": [{"code": "OK"}]}), {"decision"}),
        (body("/v1/receipts", new_receipt), {"receipt"}),
        (body("/v1/decisions", lambda one: one | {"rows": []}), {"feed"}),
        (status(202, 200, "/evidence"), {"evidence"}),
        (header("content-type", "application/json"), OF_REFUSALS | {"samples", "fhir-submit"}),
        (body("/fhir/metadata", lambda one: one | {"fhirVersion": "5.0.0"}), {"fhir-metadata"}),
        (body("/fhir/Claim", lambda one: one | {"identifier": [{"value": "OTHER"}]}), {"fhir-submit"}),
        (body("/fhir/Claim", lambda one: one | {"issue": []}, of_status=422), {"fhir-unread"}),
        (body("/fhir/Coverage", lambda one: {"resourceType": "Patient"}), {"fhir-cover"}),
        (body("/v1/samples", lambda one: {"rows": []}), {"samples"}),
    ],
)  # fmt: skip
def test_a_gateway_that_breaks_the_contract_fails(change: Change, fails: set[str], office: tuple[int, str]) -> None:
    with Proxy(office[0], change) as url:
        found = list(run_checks(Clinic(url, office[1], wait_seconds=10)))
    assert {one.check for one in found if one.state == "fail"} == fails, found
    assert all(one.reason for one in found if one.state != "pass")


def test_each_check_is_seen_to_fail() -> None:
    """By one of the broken gateways above, or by one that is not there."""
    [mark] = [one for one in test_a_gateway_that_breaks_the_contract_fails.pytestmark if one.name == "parametrize"]
    broken = set().union(*[fails for _, fails in mark.args[1]])
    assert broken == set(NAMES)


def test_without_fhir_its_checks_are_skipped(office: tuple[int, str]) -> None:
    with Proxy(office[0], status(200, 404, "/fhir")) as url:
        found = states(Clinic(url, office[1], wait_seconds=10))
    assert {one for one, state in found.items() if state == "skip"} == {one for one in NAMES if "fhir" in one}
    assert "fail" not in found.values()


def states(clinic: Clinic) -> dict[str, str]:
    results: list[Result] = list(run_checks(clinic))
    return {one.check: one.state for one in results}


def test_a_gateway_that_is_away_fails_and_names_it(key_file: str) -> None:
    ran = santunan("conformance", "--url", "http://127.0.0.1:9", "--key-file", key_file)
    assert ran.status == 1 and "no answer from 127.0.0.1:9: ConnectionRefusedError" in " ".join(ran.out.split())
    assert ran.out.splitlines()[-1].startswith("0 passed, ")


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8080", "ftp://x", "http://", "http://a@b", "http://x:99999", "http://x?k=1"]
)
def test_an_address_that_is_none_is_one_sentence(url: str) -> None:
    with pytest.raises(NotReady, match="http://HOST:PORT"):
        Clinic(url, "stn_x")


def test_a_key_is_given_once_and_in_one_line(key_file: str, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    for words in ((), ("--key", "stn_a", "--key-file", key_file), ("--key-file", str(tmp_path / "empty"))):
        ran = santunan("conformance", "--url", "http://127.0.0.1:9", *words)
        assert ran.status == 2 and "key" in ran.err and "stn_a" not in ran.err


def test_a_key_over_an_open_network_is_warned_of(key_file: str) -> None:
    assert not Clinic("http://localhost:1", "stn_x").is_readable_by_others
    assert not Clinic("https://gateway.example", "stn_x").is_readable_by_others
    assert Clinic("http://gateway.example", "stn_x").is_readable_by_others
