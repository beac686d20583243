"""The steps in which an accident or a death is reported: which questions a case needs, and the data they make.

Answers are texts by the path of the field (`accident.kind`). Pure: reads no request and sends nothing.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest
from typing import Any, Final, Literal, NamedTuple

from pipeline.sheets.cells import CellFault
from pipeline.sheets.values import amount_of
from schemas.clock import JAKARTA, ZONES
from schemas.values import NIK_SHAPE

Answers = Mapping[str, str]
Kind = Literal["accident", "death"]
Widget = Literal["line", "date", "time", "zone", "number", "area", "choice", "yes", "papers", "relatives", "children"]

_ATTACHMENT: Final = "attachment"
_TRAVEL: Final = ("commuting", "duty_travel", "errand")
_FACILITIES: Final = ("clinic", "hospital", "office")
MOST_CHILDREN: Final = 6  # of one form; more are added by the office
_OFFSETS: Final = {name: dt.time(tzinfo=zone).isoformat()[-6:] for name, zone in ZONES.items()}
_NIK: Final = re.compile(NIK_SHAPE)


class Question(NamedTuple):
    """`is_asked`: whether this case needs it, from the answers so far."""

    path: str
    widget: Widget
    is_required: bool = False
    is_asked: Callable[[Answers], bool] = lambda answers: True


class Step(NamedTuple):
    """`kinds`: of the principals who are asked; empty: all."""

    name: str
    questions: tuple[Question, ...]
    kinds: tuple[str, ...] = ()


def _travels(answers: Answers) -> bool:
    return answers.get("accident.setting") in _TRAVEL


def _is_sudden(answers: Answers) -> bool:
    return answers.get("accident.kind") == "sudden_death"


def _is_traffic(answers: Answers) -> bool:
    return _travels(answers) and answers.get("accident.traffic", "none") != "none"


STEPS: Final[Mapping[Kind, tuple[Step, ...]]] = {
    "accident": (
        Step("who", (Question("member", "line", True),)),
        Step(
            "what",
            (
                Question("day", "date", True),
                Question("time", "time", True),
                Question("zone", "zone"),
                Question("accident.kind", "choice", True),
                Question("accident.setting", "choice", True),
            ),
        ),
        Step(
            "how",
            (
                Question(
                    "accident.diagnosed_on",
                    "date",
                    True,
                    lambda answers: answers.get("accident.kind") == "occupational_disease",
                ),
                Question("accident.traffic", "choice", True, _travels),
                Question(
                    "accident.detour", "yes", False, lambda answers: answers.get("accident.setting") == "commuting"
                ),
                Question("accident.place", "line"),
                Question("accident.chronology", "area"),
            ),
        ),
        Step(
            "medical",
            (
                Question("medical.unable_to_work_days", "number"),
                Question("medical.diagnosis", "line"),
                Question(
                    "medical.death.died_on",
                    "date",
                    True,
                    _is_sudden,
                ),
                Question("medical.death.died_on", "date", False, lambda answers: not _is_sudden(answers)),
            ),
            _FACILITIES,
        ),
        Step(
            "costs",
            (
                Question("costs.treatment", "number"),
                Question("costs.transport.land", "number"),
                Question("costs.jasa_raharja_paid", "number", False, _is_traffic),
            ),
            _FACILITIES,
        ),
        Step("papers", (Question("documents", "papers"),)),
    ),
    "death": (
        Step("who", (Question("member", "line", True),)),
        Step("death", (Question("death.died_on", "date", True), Question("death.cause", "choice", True))),
        Step(
            "family", (Question("heirs.relatives", "relatives"), Question("children", "children")), ("desk", "office")
        ),
        Step("papers", (Question("documents", "papers"),)),
    ),
}
ACCIDENT_PAPERS: Final = ("membership_card", "ktp", "doctor_letter", "treatment_receipt", "transport_receipt")
DEATH_PAPERS: Final = ("membership_card", "ktp", "death_certificate", "heir_letter", "family_card")


class Attached(NamedTuple):
    """A photo or scan that was put into a draft. `name`: of its answer; `size`: bytes."""

    name: str
    document: str
    sha256: str
    media_type: str
    size: int


def attachments_of(lists: Mapping[str, list[str]]) -> list[Attached]:
    """In the order in which they were put."""
    found = []
    for name, values in lists.items():
        prefix, _, rest = name.partition(":")
        if prefix == _ATTACHMENT:
            document, _, sha256 = rest.partition(":")
            media_type, size = values
            found.append(Attached(name, document, sha256, media_type, int(size)))
    return found


def attachment(document: str, sha256: str, media_type: str, size: int) -> tuple[str, list[str]]:
    """The answer that keeps it in a draft. A name of its own, so that two tabs add theirs beside each other."""
    return f"{_ATTACHMENT}:{document}:{sha256}", [media_type, str(size)]


def fields_of(step: Step) -> tuple[str, ...]:
    """The names under which a step's form sends its answers."""
    names = tuple(one.path for one in step.questions)
    return (*names, "children.birth_date", "children.level") if "children" in names else names


def steps_of(kind: Kind, principal_kind: str, answers: Answers) -> list[Step]:
    """The steps with the questions that this case needs."""
    found = []
    for step in STEPS[kind]:
        questions = tuple(one for one in step.questions if one.is_asked(answers))
        if questions and (not step.kinds or principal_kind in step.kinds):
            found.append(step._replace(questions=questions))
    return found


def papers_of(kind: Kind, answers: Answers) -> tuple[str, ...]:
    """The papers that this case may need, the common ones first."""
    if kind == "death":
        return DEATH_PAPERS
    more: list[str] = []
    if answers.get("accident.traffic", "none") != "none":
        more += ["police_report", "jasa_raharja_letter"]
    if answers.get("accident.setting") == "commuting":
        more.append("attendance")
    if answers.get("accident.setting") == "duty_travel":
        more.append("assignment_letter")
    if answers.get("accident.kind") == "violence":
        more += ["police_letter", "visum"]
    return (*ACCIDENT_PAPERS, *more)


def data_of(kind: Kind, principal_kind: str, answers: Answers, lists: Mapping[str, list[str]], now: dt.datetime) -> Any:
    """The `data` of the report, as far as it is answered. What cannot be read stays as it was typed: the parser says
    what is wrong with it."""
    data: dict[str, Any] = {}
    for step in steps_of(kind, principal_kind, answers):
        for question in step.questions:
            _answer(data, question, answers, lists)
    data["member"] = _member(answers.get("member", ""))
    if kind == "accident":
        data.setdefault("accident", {})["occurred_at"] = _moment(answers)
        if principal_kind in ("employer", "cooperative"):  # reporting here is the employer's stage I report
            data["report"] = {"reported_at": now.astimezone(JAKARTA).isoformat(timespec="seconds")}
    return data


def _member(written: str) -> dict[str, str]:
    number = written.replace(" ", "").upper()
    return {"nik": number} if _NIK.fullmatch(number) else {"member_number": number}


def _moment(answers: Answers) -> str:
    """With the offset of the place, so that the day is the one that was typed; without a zone WIB."""
    day, time, zone = (answers.get(name, "") for name in ("day", "time", "zone"))
    whole = f"{time}:00" if len(time) == len("10:00") else time
    return f"{day}T{whole}{_OFFSETS.get(zone, _OFFSETS['WIB'])}"


def _answer(data: dict[str, Any], question: Question, answers: Answers, lists: Mapping[str, list[str]]) -> None:
    path, widget = question.path, question.widget
    if widget == "papers":
        attached = attachments_of(lists)
        kinds = [one.document for one in attached]
        if papers := [*dict.fromkeys([*lists.get(path, ()), *kinds])]:
            data[path] = papers
        if attached:
            data["attachments"] = [{"sha256": one.sha256, "document": one.document} for one in attached]
    elif widget == "relatives":
        if relatives := relatives_of(lists):
            data["heirs"] = {"relatives": relatives}
    elif widget == "children":
        if children := children_of(lists):
            data["children"] = children
    elif "." in path and (written := answers.get(path, "").strip()):
        *sections, name = path.split(".")
        place = data
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = _value(widget, written)


def whole_number(written: str) -> int | None:
    """`850000`, `850.000`, `Rp850.000,00` -> 850000. None: it is no whole number, or one that could be read in two
    ways; nothing is guessed."""
    try:
        return amount_of(written.strip())
    except CellFault:
        return None


def _value(widget: Widget, written: str) -> Any:
    if widget == "number":
        number = whole_number(written)
        return written if number is None else number
    return written == "yes" if widget == "yes" else written


def relatives_of(lists: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    return [{"relation": one} for one in lists.get("heirs.relatives", ())]


def children_of(lists: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Each row in which something was written. One without a day of birth has no `birth_date`, so that the parser asks
    for it. A draft keeps no list that is blank throughout, so one may be shorter than the other."""
    born, levels = lists.get("children.birth_date", []), lists.get("children.level", [])
    return [
        {
            **({"birth_date": birth_date.strip()} if birth_date.strip() else {}),
            **({"level": level, "in_school": True} if level else {"in_school": False}),
        }
        for birth_date, level in zip_longest(born, levels, fillvalue="")
        if birth_date.strip() or level
    ]


def lacks_children(kind: Kind, principal_kind: str, answers: Answers, lists: Mapping[str, list[str]]) -> bool:
    """Whether this case asks for the children, and one is ticked among the family while none is given."""
    asked = {one.path for step in steps_of(kind, principal_kind, answers) for one in step.questions}
    return "children" in asked and "child" in lists.get("heirs.relatives", ()) and not children_of(lists)


def field_of(path: str, asked: Iterable[str]) -> str:
    """The field of the form that asks for this field of the event; the path itself where none does.

    `asked`: the names of the form's fields. A section that is wrong as a whole is said at its first field.
    """
    if path == "accident.occurred_at":
        return "time"
    if path.startswith("attachments"):
        return "documents"
    names = [*asked]
    within = (one for one in names if path == one or path.startswith(f"{one}."))
    section = (one for one in names if one.startswith(f"{path}."))
    return next(within, None) or next(section, path)


def is_readable(widget: Widget, written: str) -> bool:
    """Whether what was typed is a date, a time, a zone or a number at all; of other widgets True."""
    if widget == "number":
        return whole_number(written) is not None
    if widget == "zone":
        return written in ZONES
    try:
        if widget == "date":
            dt.date.fromisoformat(written)
        if widget == "time":
            dt.time.fromisoformat(written)
    except ValueError:
        return False
    return True
