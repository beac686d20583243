"""Papers over HTTP: what is kept, what is refused, and who gets it back."""

import http.client
import json
import shutil
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.papers.scanner import Scanner
from agents.web.gate import Gateway
from pipeline.operations.papers import MOST_BYTES
from tests.agents.web.conftest import FOREIGN, OWN
from tests.agents.web.test_gateway import DATA, work_off
from tests.support.gateway import Answer, Client
from tests.support.papers import JPEG, KINDS, PDF, name_of, pdf

Open = Callable[[str | None], Client]
CLINIC, OTHER = "clinic:papers", "clinic:other"


def put(client: Client, paper: bytes, name: str = "") -> Answer:
    return client.ask("PUT", f"/v1/papers/{name or name_of(paper)}", paper, Content_Type="application/octet-stream")


def folder_of(gateway: tuple[Gateway, int]) -> Path:
    room = gateway[0].front.papers
    assert room is not None
    return room.files.folder  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("media_type", sorted(KINDS))
def test_a_paper_comes_back_as_it_was_and_as_an_attachment(media_type: str, client: Open) -> None:
    paper = KINDS[media_type]
    first, again = (put(client(CLINIC), paper) for _ in range(2))
    assert (first.status, again.status) == (201, 200) and first.json == again.json
    assert first.json == {"sha256": name_of(paper), "media_type": media_type, "size": len(paper)}
    found = client(CLINIC).get(first.headers["location"])
    assert (found.status, found.raw, found.headers["content-type"]) == (200, paper, media_type)
    assert found.headers["content-disposition"].startswith('attachment; filename="')
    assert found.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert found.headers["x-content-type-options"] == "nosniff" and found.headers["cache-control"] == "no-store"


def test_what_is_kept_is_open_to_its_owner_alone_and_nothing_else_is_left(
    client: Open, gateway: tuple[Gateway, int]
) -> None:
    paper = pdf("private")
    put(client(CLINIC), paper)
    folder = folder_of(gateway)
    file = folder / name_of(paper)[:2] / name_of(paper)
    assert file.read_bytes() == paper and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(one.stat().st_mode) for one in (folder, file.parent)} == {0o700}
    assert list(folder.glob("draft-*")) == []


@pytest.mark.parametrize(
    ("paper", "name", "status", "code"),
    [
        (PDF, "0" * 64, 422, "PAPER_DIGEST"),
        (PDF, "x", 422, "PAPER_DIGEST"),
        (PDF, name_of(PDF).upper(), 422, "PAPER_DIGEST"),
        (b"<html><script>", "", 415, "PAPER_KIND"),
        (b"GIF89a" + PDF, "", 415, "PAPER_KIND"),
        (b"", "", 415, "PAPER_KIND"),
    ],
)
def test_what_is_no_paper_is_refused_and_not_kept(
    paper: bytes, name: str, status: int, code: str, client: Open, gateway: tuple[Gateway, int]
) -> None:
    before = {one for one in folder_of(gateway).rglob("*") if one.is_file()}
    found = put(client(CLINIC), paper, name)
    assert (found.status, found.json["code"]) == (status, code) and found.json["detail"]
    assert client(OTHER).get(f"/v1/papers/{name or name_of(paper)}").status == 404
    assert {one for one in folder_of(gateway).rglob("*") if one.is_file()} == before


def test_a_paper_of_just_ten_megabytes_is_kept(client: Open) -> None:
    paper = PDF + b" " * (MOST_BYTES - len(PDF))
    assert put(client(CLINIC), paper).status == 201
    assert client(CLINIC).get(f"/v1/papers/{name_of(paper)}").raw == paper


def test_a_paper_that_is_too_long_is_refused_before_it_is_sent(client: Open, gateway: tuple[Gateway, int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway[1], timeout=30)
    connection.putrequest("PUT", f"/v1/papers/{'0' * 64}")
    for name, value in (("Authorization", f"Bearer {client(CLINIC).key}"), ("Content-Length", str(MOST_BYTES + 1))):
        connection.putheader(name, value)
    connection.endheaders()
    found = connection.getresponse()
    assert (found.status, json.loads(found.read())["code"]) == (413, "PAPER_LENGTH")
    connection.close()


def test_what_has_no_length_is_stopped_where_it_becomes_too_long(client: Open, gateway: tuple[Gateway, int]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", gateway[1], timeout=30)
    parts = (PDF if place == 0 else b" " * 1_000_000 for place in range(12))
    headers = {"Authorization": f"Bearer {client(CLINIC).key}"}
    try:
        connection.request("PUT", f"/v1/papers/{'0' * 64}", parts, headers, encode_chunked=True)
        status = connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        status = 413  # the server had answered and closed before all was sent
    connection.close()
    assert status == 413
    wait_for(lambda: not list(folder_of(gateway).glob("draft-*")))


def wait_for(is_done: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_who_put_nothing_finds_nothing_whether_it_exists_or_not(client: Open) -> None:
    put(client(CLINIC), PDF)
    there, nowhere = (client(OTHER).get(f"/v1/papers/{name}") for name in (name_of(PDF), "0" * 64))
    assert (there.status, there.raw) == (nowhere.status, nowhere.raw) == (404, nowhere.raw)
    assert put(client(OTHER), PDF).status == 201, "as if nobody had put it before"


def test_a_paper_that_an_event_names_is_seen_by_those_who_may_and_is_on_record(
    client: Open, gateway: tuple[Gateway, int], url: str
) -> None:
    paper, foreign = pdf("letter"), pdf("of another")
    put(client("clinic:one"), paper)
    put(client(OTHER), foreign)
    named = {"sha256": name_of(paper), "document": "doctor_letter"}
    sent = client("clinic:one").report(
        f"/v1/claims/{OWN}/evidence", "paper-1", {"documents": ["doctor_letter"], "attachments": [named]}
    )
    assert sent.status == 202, sent.raw
    work_off(url, sent.json["topic"])
    place = f"/v1/claims/{OWN}/papers/{name_of(paper)}"
    for kind in ("clinic:one", "desk:one", "office:one", "officer:one", "auditor:one"):
        found = client(kind).get(place)
        assert (found.status, found.raw) == (200, paper), kind
        assert named in client(kind).get(f"/v1/claims/{OWN}").json["papers"]
    for kind in ("hospital:one", "employer:np000001"):  # parties, who see no more than they sent
        assert client(kind).get(place).status == 404, kind
        assert client(kind).get(f"/v1/claims/{OWN}").json["papers"] == []
    assert client("payments:one").get(place).status == 403
    assert client(OTHER).get(place).status == 404
    assert client("officer:one").get(f"/v1/claims/{FOREIGN}/papers/{name_of(paper)}").status == 404
    assert client("officer:one").get(f"/v1/claims/{OWN}/papers/{name_of(foreign)}").status == 404
    records = [one for one in gateway[0].access.records(50) if one.action == "paper.read"]
    assert ("urn:santunan:officer:one", f"{OWN} {name_of(paper)}") in {(one.who, one.subject) for one in records}


def test_an_event_names_only_papers_that_its_sender_put(client: Open) -> None:
    put(client(OTHER), pdf("not mine"))
    named = {"sha256": name_of(pdf("not mine")), "document": "ktp"}
    found = client(CLINIC).report("/v1/accidents", "paper-2", DATA | {"attachments": [named]})
    assert (found.status, found.json["errors"][0]["pointer"]) == (422, "/attachments/0/sha256")
    put(client(CLINIC), pdf("not mine"))
    assert client(CLINIC).report("/v1/accidents", "paper-2", DATA | {"attachments": [named]}).status == 202


def test_a_paper_that_is_gone_from_the_folder_is_said_to_be_away(client: Open, gateway: tuple[Gateway, int]) -> None:
    paper = pdf("lost")
    put(client(CLINIC), paper)
    (folder_of(gateway) / name_of(paper)[:2] / name_of(paper)).unlink()
    assert client(CLINIC).get(f"/v1/papers/{name_of(paper)}").status == 503


def test_two_who_put_the_same_paper_at_once_both_have_it(client: Open) -> None:
    paper, answers = pdf("twice"), []
    clients = [client(CLINIC), client(CLINIC), client(OTHER)]
    threads = [threading.Thread(target=lambda one=one: answers.append(put(one, paper).status)) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 201, 201]


def test_what_the_scanner_refuses_is_not_kept(
    client: Open, gateway: tuple[Gateway, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    room: Any = gateway[0].front.papers
    monkeypatch.setattr(room.files, "scanner", Scanner("false"))
    found = put(client(CLINIC), pdf("unsafe"))
    assert (found.status, found.json["code"]) == (422, "PAPER_UNSAFE")
    assert client(CLINIC).get(f"/v1/papers/{name_of(pdf('unsafe'))}").status == 404
    assert not list(folder_of(gateway).rglob(name_of(pdf("unsafe"))))


def test_without_a_place_for_papers_none_is_taken_in(
    client: Open, gateway: tuple[Gateway, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = client(CLINIC)
    for name in ("front", "quick"):
        monkeypatch.setattr(f"agents.web.gate.Gateway.{name}", replace(getattr(gateway[0], name), papers=None))
    assert put(key, PDF).status == 503
    named = {"sha256": name_of(PDF), "document": "ktp"}
    assert key.report("/v1/accidents", "no-place", DATA | {"attachments": [named]}).status == 422


def test_uploads_at_once_are_bounded(client: Open, gateway: tuple[Gateway, int], monkeypatch: Any) -> None:
    monkeypatch.setattr(type(gateway[0].uploads), "locked", lambda _: True)
    found = put(client(CLINIC), JPEG)
    assert (found.status, found.headers["retry-after"]) == (503, "5")


def test_a_full_disk_takes_nothing_in(client: Open, gateway: tuple[Gateway, int]) -> None:
    folder = folder_of(gateway)
    hidden = folder.with_name("hidden")
    shutil.move(folder, hidden)
    try:
        assert put(client(CLINIC), pdf("no place")).status == 503
    finally:
        shutil.move(hidden, folder)
    assert put(client(CLINIC), pdf("no place")).status == 201
