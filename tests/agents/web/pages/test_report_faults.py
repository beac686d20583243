"""Faults of reports as a clerk meets them: children, late dates, words, and refusals that name their part."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from agents.web.pages import drafts
from agents.web.pages.forms import said_on_page
from agents.web.pages.frame import texts
from agents.web.pages.report_pages import label_of
from agents.web.pages.report_steps import STEPS, children_of
from pipeline.errors import Poison
from schemas.decisions import FieldError
from tests.agents.web.pages.test_pages import Open
from tests.agents.web.pages.test_reports import ACCIDENT, DEATH, Report

LATE: Final = "2090-12-25"
BORN: Final = "2012-01-01"
FAMILY: Final[dict[str, Any]] = {"heirs.relatives": ["widow", "child"]}


def filled(client: Open, kind: str, step: str, extra: dict[str, dict[str, Any]] | None = None) -> Report:
    """A report that is answered up to this step."""
    report = Report(client("clinic:one" if kind == "accident" else "desk:one"), kind)
    for name, form in (ACCIDENT if kind == "accident" else DEATH).items():
        if name == step:
            break
        report.put(name, {**form, **(extra or {}).get(name, {})})
    return report


def fault_at(report: Report, field: str) -> str:
    """What is said beside this field, and in the summary too."""
    shown = report.see()
    found = re.search(rf'<p class="fault" id="{re.escape(field)}-fault">([^<]*)</p>', shown)
    assert found is not None and f'<a href="#{field}">{found[1]}</a>' in shown, field
    return found[1]


@pytest.mark.parametrize(
    ("born", "levels", "children"),
    [
        ([BORN, ""], ["", ""], [{"birth_date": BORN, "in_school": False}]),
        (
            [BORN, "2014-02-03"],
            ["SD", ""],
            [{"birth_date": BORN, "level": "SD", "in_school": True}, {"birth_date": "2014-02-03", "in_school": False}],
        ),
    ],
)
def test_a_child_who_is_not_at_school_is_shown_and_sent(
    born: list[str], levels: list[str], children: list[dict[str, Any]], client: Open
) -> None:
    report = filled(client, "death", "family")
    report.put("family", {**FAMILY, "children.birth_date": born, "children.level": levels})
    report.put("papers", DEATH["papers"])
    assert report.at == "check" and "1 Januari 2012" in report.see()
    kept = {"children.birth_date": born, **({"children.level": levels} if any(levels) else {})}
    assert children_of(kept) == children
    assert (report.send().status, report.at) == (303, "received")


@pytest.mark.parametrize(
    ("born", "levels", "relatives"),
    [([""], ["SD"], ["widow"]), ([BORN, ""], ["SD", "SMP"], ["child"]), ([""], [""], ["child"])],
)
def test_a_child_without_a_day_of_birth_is_asked_for_it(
    born: list[str], levels: list[str], relatives: list[str], client: Open
) -> None:
    report = filled(client, "death", "family")
    report.put("family", {"heirs.relatives": relatives, "children.birth_date": born, "children.level": levels})
    assert report.at == "family?faults=1" and "tanggal lahir" in fault_at(report, "children")


@pytest.mark.parametrize(
    ("kind", "step", "field", "extra"),
    [
        ("accident", "what", "day", {}),
        ("accident", "what", "day", {"accident.kind": "occupational_disease"}),
        ("accident", "how", "accident.diagnosed_on", {"accident.kind": "occupational_disease"}),
        ("accident", "medical", "medical.death.died_on", {}),
        ("accident", "medical", "medical.death.died_on", {"accident.kind": "sudden_death"}),
        ("death", "death", "death.died_on", {}),
        ("death", "family", "children", {}),
    ],
)
def test_a_date_to_come_is_refused_at_its_own_step(
    kind: str, step: str, field: str, extra: dict[str, str], client: Open
) -> None:
    report = filled(client, kind, step, {"what": extra})
    own = (ACCIDENT if kind == "accident" else DEATH)[step] | (extra if step == "what" else {})
    given = {"children.birth_date": [LATE], "children.level": [""]} if field == "children" else {field: LATE}
    report.put(step, {**own, **given})
    assert report.at == f"{step}?faults=1"
    assert fault_at(report, field).startswith(f"{label_of(field, 'id')}: ") and "hari ini" in fault_at(report, field)


def test_every_date_of_the_steps_is_among_those_that_are_tried() -> None:
    found = {one.path for steps in STEPS.values() for step in steps for one in step.questions if one.widget == "date"}
    assert found == {"day", "accident.diagnosed_on", "medical.death.died_on", "death.died_on"}


@pytest.mark.parametrize(
    ("step", "field", "value", "said"),
    [
        ("medical", "medical.unable_to_work_days", "abc", "misalnya 14"),
        ("costs", "costs.treatment", "-5", "misalnya 850.000"),
        ("costs", "costs.transport.land", "1,5", "misalnya 850.000"),
    ],
)
def test_a_number_that_is_none_is_explained_to_a_clerk(
    step: str, field: str, value: str, said: str, client: Open
) -> None:
    report = filled(client, "accident", step)
    report.put(step, {**ACCIDENT[step], field: value})
    found = fault_at(report, field)
    assert said in found and "eksponen" not in found and "tanda kutip" not in found


def test_dates_in_messages_are_written_as_the_language_writes_them() -> None:
    message = "the law is known from 2015-07-01 through 2026-12-31; give a day between"
    assert "1 Juli 2015" in said_on_page(message, "id") and "31 Desember 2026" in said_on_page(message, "id")
    assert "from 1 July 2015 through 31 December 2026;" in said_on_page(message, "en")
    assert said_on_page("code 2015-99-99", "en") == "Code 2015-99-99"


# --- refusals at sending

POINTERS: Final = {
    "member": ("member.nik", "member.member_number", "member"),
    "day": (),  # both are one moment of the event, which is named by `time`
    "time": ("accident.occurred_at",),
    "zone": (),
    "documents": ("documents.0", "attachments.0.sha256"),
    "heirs.relatives": ("heirs.relatives.0.relation", "heirs"),
    "children": ("children.0.birth_date", "children.1.level"),
}


def pointers() -> Iterator[tuple[str, str, str, str]]:
    for kind, steps in STEPS.items():
        for step in steps:
            for path in dict.fromkeys(one.path for one in step.questions):
                for pointer in POINTERS.get(path, (path,)):
                    yield kind, step.name, path, pointer


@pytest.mark.parametrize(("kind", "step", "field", "pointer"), [*pointers()])
def test_a_refusal_at_sending_names_its_part_and_leads_there(
    kind: str, step: str, field: str, pointer: str, client: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    what = {
        "accident.diagnosed_on": {"accident.kind": "occupational_disease"},
        "accident.traffic": {"accident.setting": "commuting"},
        "accident.detour": {"accident.setting": "commuting"},
        "costs.jasa_raharja_paid": {"accident.setting": "commuting"},
    }.get(field, {})
    how = {"accident.diagnosed_on": "2024-07-07", "accident.traffic": "several_vehicles"}
    report = filled(client, kind, "", {"what": what, "how": how})
    assert report.at == "check"

    def refuse(*_: Any) -> None:
        raise Poison("INVALID", FieldError(f"data.{pointer}", "is not so"))

    monkeypatch.setitem(drafts._REPORTS, kind, refuse)
    report.send()
    assert report.at.startswith("check?")
    link = f"{report.home}/{step}?at={field}#{field}"
    label = label_of(field, "id")
    assert f'<a href="{link}">{label}</a>' in report.see()
    report.at = f"{step}?at={field}"
    assert fault_at(report, field) == texts("id")["report"]["not_taken"].replace("{field}", label)
