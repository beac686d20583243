"""Reports in steps, as a browser sends them: drafts, faults at the field, photos, and sending once."""

import datetime as dt
import re
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from agents.web.pages.drafts import new_draft_id
from agents.web.pages.report_steps import STEPS, data_of
from agents.web.pages.uploads import MOST_FILES
from tests.agents.web.conftest import WORKER, Running
from tests.agents.web.pages.test_pages import EVIL, Open, text_of
from tests.support.browser import Browser
from tests.support.gateway import Answer, Client

ACCIDENT: Final[dict[str, dict[str, Any]]] = {
    "who": {"member": WORKER},
    "what": {"day": "2024-07-07", "time": "10:00", "accident.kind": "injury", "accident.setting": "workplace"},
    "how": {},
    "medical": {"medical.unable_to_work_days": "30"},
    "costs": {"costs.treatment": "850.000,00"},
    "papers": {"documents": ["ktp", "membership_card"]},
}
DEATH: Final[dict[str, dict[str, Any]]] = {
    "who": {"member": WORKER},
    "death": {"death.died_on": "2024-07-07", "death.cause": "illness"},
    "family": {
        "heirs.relatives": ["widow", "child"],
        "children.birth_date": ["2012-01-01", ""],
        "children.level": ["SD", ""],
    },
    "papers": {"documents": ["death_certificate"]},
}
PNG: Final = b"\x89PNG\r\n\x1a\n" + b"0" * 100
HEIC: Final = b"\x00\x00\x00\x18ftypheic" + b"0" * 100


class Report:
    """One report of one clerk. `put` answers a step; where it leads is `at`."""

    def __init__(self, client: Client | Browser, kind: str = "accident", draft: str = "") -> None:
        self.client, self.kind = client, kind
        self.home = f"/report/{kind}/{draft or new_draft_id()}"
        self.at = ""

    def put(self, step: str, form: Mapping[str, Any], go: str = "next") -> Answer:
        body = urllib.parse.urlencode({**form, "go": go}, doseq=True).encode()
        content = {"Content_Type": "application/x-www-form-urlencoded"}
        return self._kept(self.client.ask("POST", f"{self.home}/{step}", body, **content))

    def put_files(self, step: str, fields: Mapping[str, str], *files: bytes, path: str = "") -> Answer:
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields.items()
        ]
        for file in files:
            head = '--x\r\nContent-Disposition: form-data; name="files"; filename="Bu Siti.jpg"\r\n\r\n'
            parts.append(head.encode() + file + b"\r\n")
        body = b"".join(parts) + b"--x--\r\n"
        content = {"Content_Type": "multipart/form-data; boundary=x"}
        return self._kept(self.client.ask("POST", path or f"{self.home}/{step}", body, **content))

    def _kept(self, answer: Answer) -> Answer:
        self.at = answer.headers.get("location", "").removeprefix(self.home + "/")
        return answer

    def fill(self, answers: Mapping[str, Mapping[str, Any]]) -> None:
        for step, form in answers.items():
            assert self.put(step, form).status == 303, step

    def see(self, step: str = "") -> str:
        found = self.client.ask("GET", f"{self.home}/{step or self.at}")
        assert found.status == 200, (step or self.at, found.status, found.headers.get("location"))
        return text_of(found)

    def send(self) -> Answer:
        return self.put("check", {})


@pytest.fixture
def clerk(client: Open) -> Client:
    return client("clinic:one")


def test_each_step_is_an_address_and_each_form_leads_to_another(clerk: Client) -> None:
    first = clerk.get("/report/accident")
    assert first.status == 303
    report = Report(clerk, draft=first.headers["location"].split("/")[3])
    for step, after in zip(ACCIDENT, [*list(ACCIDENT)[1:], "check"], strict=True):
        assert 'method="post"' in report.see(step)
        assert (report.put(step, ACCIDENT[step]).status, report.at) == (303, after)
    shown = report.see("check")
    assert "7 Juli 2024" in shown and "Rp850.000<" in shown.replace("\n", "") and "tidak diisi" in shown
    for step in ACCIDENT:  # the back button, reload, a second tab
        form = ACCIDENT[step]
        assert all(str(one) in report.see(step) for one in form.values() if isinstance(one, str)), step


def test_who_died_and_what_another_insurance_paid_is_asked_where_it_may_be_so(clerk: Client) -> None:
    traffic = {"accident.setting": "commuting", "accident.traffic": "several_vehicles"}
    report = Report(clerk)
    report.fill({"who": ACCIDENT["who"], "what": ACCIDENT["what"] | traffic, "how": traffic})
    assert "(bila ada)" in report.see("medical").partition('name="medical.death.died_on"')[0].rpartition("<label")[2]
    assert 'name="costs.jasa_raharja_paid"' in report.see("costs")
    report.fill({"what": ACCIDENT["what"]})
    assert 'name="costs.jasa_raharja_paid"' not in report.see("costs")


def test_the_steps_ask_only_what_the_case_needs(clerk: Client) -> None:
    for chosen, asked, not_asked in (
        ({"accident.kind": "injury", "accident.setting": "commuting"}, "accident.traffic", "accident.diagnosed_on"),
        ({"accident.kind": "occupational_disease"}, "accident.diagnosed_on", "accident.traffic"),
    ):
        report = Report(clerk)
        report.fill({"who": ACCIDENT["who"], "what": ACCIDENT["what"] | chosen})
        shown = report.see("how")
        assert f'name="{asked}"' in shown and f'name="{not_asked}"' not in shown


@pytest.mark.parametrize(
    ("name", "kind", "steps"),
    [
        ("clinic:one", "accident", "who what how medical costs papers"),
        ("hospital:one", "accident", "who what how medical costs papers"),
        ("employer:np000001", "accident", "who what how papers"),
        ("cooperative:np000001", "accident", "who what how papers"),
        ("hospital:one", "death", "who death papers"),
        ("desk:one", "death", "who death family papers"),
    ],
)
def test_each_kind_of_reporter_is_asked_its_own_steps_and_can_send(
    name: str, kind: str, steps: str, client: Open
) -> None:
    report = Report(client(name), kind)
    answers = ACCIDENT if kind == "accident" else DEATH
    for step in steps.split():
        report.put(step, answers[step])
        assert report.at in (*steps.split(), "check"), (step, report.at)
    assert report.at == "check" and (report.send().status, report.at) == (303, "received")
    assert re.search(r"JK[KM]-[A-Z2-7]{20}", report.see("received"))


def test_a_fault_is_said_at_its_field_and_in_a_summary_and_keeps_what_was_typed(clerk: Client) -> None:
    report = Report(clerk)
    report.put("who", {"member": "12"})
    shown = report.see()
    assert report.at == "who?faults=1" and "<title>Kesalahan:" in shown and 'value="12"' in shown
    assert 'id="member-fault"' in shown and 'href="#member"' in shown and 'aria-invalid="true"' in shown
    report.fill({"who": ACCIDENT["who"]})
    report.put("what", {"day": "2024-07-07"})
    shown = report.see()
    assert 'value="2024-07-07"' in shown
    assert all(f'id="{name}-fault"' in shown for name in ("time", "accident.kind", "accident.setting"))


def faulty_fields() -> Iterator[tuple[str, str, str, str]]:
    """Every field that is typed into, and everything that no form offers in one that is chosen from."""
    for kind, steps in STEPS.items():
        for step in steps:
            for one in step.questions:
                if one.widget in ("line", "area"):
                    yield kind, step.name, one.path, "x" * 20_000
                    yield kind, step.name, one.path, "a\u202eb\u200bc"
                else:
                    yield kind, step.name, one.path, EVIL


@pytest.mark.parametrize(("kind", "step", "field", "value"), [*faulty_fields()])
def test_a_fault_in_each_field_is_said_there(kind: str, step: str, field: str, value: str, client: Open) -> None:
    """What cannot be right is refused at its step and shown as text; nothing of it is lost."""
    report = Report(client("clinic:one" if kind == "accident" else "desk:one"), kind)
    answers = ACCIDENT if kind == "accident" else DEATH
    extra = {
        "accident.diagnosed_on": {"accident.kind": "occupational_disease"},
        "accident.traffic": {"accident.setting": "commuting"},
        "accident.detour": {"accident.setting": "commuting", "accident.traffic": "none"},
        "medical.death.died_on": {"accident.kind": "sudden_death"},
        "costs.jasa_raharja_paid": {"accident.setting": "commuting", "accident.traffic": "several_vehicles"},
    }.get(field, {})
    asked = {one.name: {question.path for question in one.questions} for one in STEPS[kind]}  # type: ignore[index]
    for name, form in answers.items():
        if name == step:
            break
        report.put(name, {**form, **{k: v for k, v in extra.items() if k in asked[name]}})
    own = {**answers[step], **{k: v for k, v in extra.items() if k != field}, field: value}
    if field == "children":
        own |= {"children.birth_date": [value], "children.level": [value]}
    if field == "accident.detour":
        own[field] = "no"  # a yes or no; all else counts as no
    report.put(step, own)
    if field == "accident.detour":
        assert "faults" not in report.at
        return
    shown = report.see()
    assert report.at == f"{step}?faults=1", report.at
    assert f'id="{field}-fault"' in shown and f'href="#{field}"' in shown
    assert "<script" not in shown and "<img" not in shown
    if "\u202e" in value and field.count(".") and STEPS[kind]:
        assert "U+202E" in shown or 'aria-invalid="true"' in shown


def test_a_draft_can_be_put_aside_resumed_and_discarded(clerk: Client) -> None:
    report = Report(clerk)
    report.fill({"who": ACCIDENT["who"]})
    report.put("what", {"day": "2024-07-07"}, go="later")
    assert report.at == "/report?said=kept"
    listed = text_of(clerk.get("/report"))
    assert f'href="{report.home}/what"' in listed and WORKER not in listed and f"…{WORKER[-4:]}" in listed
    assert 'value="2024-07-07"' in report.see("what")
    assert report.put("discard", {}).headers["location"] == "/report?said=discarded"
    assert report.home not in text_of(clerk.get("/report"))
    assert clerk.get(f"{report.home}/what").headers["location"] == "/report?said=gone"


def test_another_principal_sees_nothing_of_a_draft_and_cannot_change_it(clerk: Client, client: Open) -> None:
    report = Report(clerk)
    report.fill({"who": ACCIDENT["who"]})
    other = Report(client("clinic:two"), draft=report.home.rsplit("/", 1)[1])
    assert WORKER not in other.see("who")
    assert other.put("who", {"member": "1"}).status == 404
    other.put("discard", {})
    assert WORKER in report.see("who")
    assert client("desk:one").get(f"{report.home}/who").status == 403
    assert client("clinic:one").get("/report/accident/short/who").status == 404


def test_a_report_that_was_sent_is_sent_once_and_its_answers_are_not_changed(clerk: Client) -> None:
    report = Report(clerk)
    report.fill(ACCIDENT)
    assert [report.send().headers["location"] for _ in range(3)] == [f"{report.home}/received"] * 3
    first = report.see("received")
    assert clerk.get(f"{report.home}/who").headers["location"] == f"{report.home}/received"
    report.put("what", ACCIDENT["what"] | {"time": "11:00"})
    assert report.at == "received" and report.send().status == 303
    assert re.findall("JKK-[A-Z2-7]{20}", report.see("received")) == re.findall("JKK-[A-Z2-7]{20}", first)
    assert "Tanda terima" in first and re.search("<code>[0-9a-f]{64}</code>", first)


def test_an_employers_report_that_is_sent_twice_counts_once_though_time_goes_on(client: Open) -> None:
    """It says when it was reported: the first moment counts."""
    report = Report(client("employer:np000001"))
    report.fill({name: ACCIDENT[name] for name in ("who", "what", "how", "papers")})
    report.send()
    first = report.see("received")
    assert report.send().status == 303 and report.see("received") == first


def test_a_report_whose_receipt_was_lost_on_the_way_is_the_same_one_when_it_is_sent_again(
    gateway: Running, client: Open
) -> None:
    """As when the gateway ends between the log and its own table: time has gone on, and the event is the same."""
    report = Report(client("employer:np000001"))
    report.fill({name: ACCIDENT[name] for name in ("who", "what", "how", "papers")})
    report.send()
    first = report.see("received")
    with gateway[0].access.transaction() as transaction:
        transaction.connection.exec_driver_sql("UPDATE report_drafts SET receipt = NULL")
        transaction.commit()
    time.sleep(1.1)  # the report says to the second when it was made
    assert (report.send().status, report.at) == (303, "received") and report.see("received") == first


def test_what_is_missing_anywhere_is_asked_for_before_anything_is_sent(clerk: Client) -> None:
    report = Report(clerk)
    report.fill({"who": ACCIDENT["who"], "what": ACCIDENT["what"]})
    report.put("what", {"day": ""}, go="back")
    assert report.at == "who"
    assert (report.send().status, report.at) == (303, "what?faults=1")


def test_a_worker_of_another_employer_is_refused_and_the_answers_stay(client: Open) -> None:
    report = Report(client("employer:np000009"))
    report.fill({name: ACCIDENT[name] for name in ("who", "what", "how", "papers")})
    assert (report.send().status, report.at) == (303, "check?said=not_yours")
    shown = report.see()
    assert "terdaftar pada pemberi kerja lain" in shown and "Kesalahan:" in shown and WORKER in shown
    assert "<script" not in report.see(f"check?said={urllib.parse.quote(EVIL)}")


# --- photos


def test_photos_are_kept_with_the_draft_named_by_kind_and_sent_with_the_report(clerk: Client) -> None:
    report = Report(clerk)
    report.fill({name: form for name, form in ACCIDENT.items() if name != "papers"})
    report.put_files("papers", {"documents": "ktp", "paper": "doctor_letter", "go": "add"}, PNG, PNG + b"2")
    assert report.at == "papers"
    shown = report.see()
    assert shown.count(">Hapus<") == 2 and 'value="ktp" checked' in shown and "Bu Siti" not in shown
    [first, _] = re.findall(r'name="remove" value="([^"]+)"', shown)
    report.put("papers", {"documents": "ktp", "remove": first}, go="")
    assert report.at == "papers" and report.see().count(">Hapus<") == 1
    report.put_files("papers", {"documents": "ktp", "paper": "visum", "go": "next"}, b"%PDF-1.7 ...")
    assert report.at == "check" and "visum" in report.see()
    assert (report.send().status, report.at) == (303, "received")


@pytest.mark.parametrize(
    ("fields", "files", "said"),
    [
        ({"paper": "ktp"}, [b"0" * 10_000_001], "too_big"),
        ({"paper": "ktp"}, [HEIC], "heic"),
        ({"paper": "ktp"}, [b"<html><script>alert(1)</script>"], "no_picture"),
        ({"paper": "ktp"}, [PNG] * (MOST_FILES + 1), "too_many"),
        ({"paper": "ktp"}, [PNG, b""], "no_picture"),
        ({"paper": ""}, [PNG], "which_paper"),
        ({"paper": "passport"}, [PNG], "which_paper"),
        ({"paper": "ktp"}, [], "no_file"),
        ({"paper": "ktp"}, [PNG + b"0" * 9_000_000] * 5, "too_much"),
    ],
)
def test_what_is_wrong_with_a_photo_is_said_at_the_field(
    fields: dict[str, str], files: list[bytes], said: str, clerk: Client
) -> None:
    report = Report(clerk)
    report.fill({name: form for name, form in ACCIDENT.items() if name != "papers"})
    report.put_files("papers", {"documents": "ktp", "go": "add"} | fields, *files)
    assert report.at == f"papers?said={said}"
    shown = report.see()
    field = "paper" if said == "which_paper" else "files"
    assert f'id="{field}-fault"' in shown and f'href="#{field}"' in shown and ">Hapus<" not in shown
    assert 'value="ktp" checked' in shown or said == "too_much"


def test_a_body_with_parts_that_is_broken_is_refused_and_no_bug(clerk: Client) -> None:
    path = f"/report/accident/{new_draft_id()}/papers"
    for kind, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n--y--"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1'),
        ("application/json", b"{}"),
    ):
        assert clerk.ask("POST", path, body, Content_Type=kind).status in (303, 415), kind


@pytest.mark.parametrize(("zone", "offset"), [("", "+07:00"), ("WIB", "+07:00"), ("WITA", "+08:00"), ("WIT", "+09:00")])
def test_the_time_of_an_accident_is_that_of_its_place_and_the_day_as_typed(zone: str, offset: str) -> None:
    answers = ACCIDENT["what"] | {"time": "00:30", "zone": zone}
    data = data_of("accident", "clinic", answers, {}, dt.datetime(2024, 8, 1, tzinfo=dt.UTC))
    assert data["accident"]["occurred_at"] == f"2024-07-07T00:30:00{offset}"
    assert "zone" not in data and "zone" not in data["accident"]
