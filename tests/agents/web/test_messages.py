"""Problems in two languages: each fixed message of a fault has its Indonesian, and each code its texts."""

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml
from pydantic import ValidationError

from agents.web.asking import CoverQuestion
from agents.web.bodies import _fault_of
from agents.web.fates import _SAID
from agents.web.hooks import NewWebhook
from agents.web.messages import in_indonesian
from agents.web.problems import _OWN, Problem, own
from agents.web.session import SignIn, UsedLink
from pipeline.claims.case import Case
from pipeline.claims.reviews import apply_review
from pipeline.errors import Poison
from pipeline.explain import refusal_text
from pipeline.messages.intake import read_event
from schemas import events, values
from schemas.decisions import FieldError
from schemas.values import Strict
from tests.agents.web.english import LANGUAGES, english_in, messages_of_source
from tests.support import events as e


@pytest.mark.parametrize("message", sorted({*events._FIXES.values(), *values.SHAPES.values()}))
def test_each_fixed_message_is_said_in_indonesian(message: str) -> None:
    if message != values.SHAPES[values.SOURCE_SHAPE]:  # the source is the gateway's to write
        assert in_indonesian(message) != message


@pytest.mark.parametrize(
    ("said", "indonesian"),
    [
        ("Input should be 'JKK' or 'JKM'", "isi dengan 'JKK' atau 'JKM'"),
        ("Input should be greater than or equal to 0", "isi dengan angka paling sedikit 0"),
        ("Input should be less than or equal to 25", "isi dengan angka paling banyak 25"),
        ("something new", "something new"),
    ],
)
def test_messages_with_values_of_ours_are_said_too(said: str, indonesian: str) -> None:
    assert in_indonesian(said) == indonesian


@pytest.mark.parametrize(
    ("revision", "change", "indonesian"),
    [
        (1, {}, "dibuat atas versi 1, padahal klaim sudah versi 2; baca kembali, lalu putuskan lagi"),
        (2, {"answers": ["WAGE_UNKNOWN"]}, "“upah belum diketahui” tidak menunggu jawaban; yang terbuka: “penyakit"),
        (2, {"children": [9]}, "pilih di antara 0 anak dalam klaim menurut urutannya, masing-masing sekali"),
    ],
)
def test_what_an_officer_reads_of_a_ruling_that_cannot_be_is_indonesian(
    revision: int, change: dict[str, Any], indonesian: str
) -> None:
    case = Case("K1", "K1")
    case.progress.revision, case.progress.outcome = 2, "REFERRED"
    case.progress.referral_codes = ("REF_PAK", "BEN_CHILD_CHOICE")
    review = events.parse(e.raw(e.review("K1", revision, "approve", "2024-07-20T08:00:00", **change)))
    with pytest.raises(Poison) as refused:
        apply_review(case, review)  # type: ignore[arg-type]
    assert in_indonesian(refused.value.errors[0].message).startswith(indonesian)


def test_an_approval_that_settles_nothing_is_explained_in_words() -> None:
    said = (
        "an approval does not settle WAGE_UNKNOWN, RULE_STRADDLE: change the lines (verdict change), reject the claim"
    )
    found = in_indonesian(said)
    assert found.startswith("persetujuan saja tidak menjawab “upah belum diketahui, ") and "_" not in found
    assert in_indonesian("nothing waits for an officer: the claim is APPROVED; use change").startswith("tidak ada yang")


@pytest.mark.parametrize("code", sorted(_OWN))
def test_each_problem_has_title_and_remedy_in_both_languages(code: str) -> None:
    texts = [own(code).document(language) for language in ("id", "en")]
    assert all(one["title"] and one["detail"] and one["status"] == own(code).status for one in texts)
    assert texts[0]["title"] != texts[1]["title"] and texts[0]["detail"] != texts[1]["detail"]


@pytest.mark.parametrize(
    ("field", "prefix", "pointer"),
    [
        ("data.costs.treatment", "", "/data/costs/treatment"),
        ("data.costs.treatment", "data.", "/costs/treatment"),
        ("data.children.0.birth_date", "data.", "/children/0/birth_date"),
        ("data.(unreadable name)", "", "/data"),
        ("event", "", ""),
        ("id, time", "", ""),
    ],
)
def test_a_field_is_a_json_pointer(field: str, prefix: str, pointer: str) -> None:
    problem = Problem("INVALID", 422, (FieldError(field, "x"),), prefix=prefix)
    document = problem.document("id")
    assert document["errors"][0]["pointer"] == pointer and document["detail"] == refusal_text("INVALID", "id")


# --- no English in Indonesian

REFUSALS: Final = frozenset(yaml.safe_load((LANGUAGES / "id" / "refusals.yaml").read_bytes()))


@pytest.mark.parametrize("message", messages_of_source())
def test_each_message_of_the_source_has_its_indonesian(message: str) -> None:
    said = in_indonesian(message)
    assert said != message and english_in(said) == []


def test_english_is_known_where_it_is_left() -> None:
    assert english_in("you have put no paper of this SHA-256") and english_in("Input should be a valid date")
    assert english_in("klinik may not write this section") and english_in("hanya employer yang boleh")
    assert english_in("tulis `write` atau 'the' dalam Content-Type: /v1/the") == []
    assert len(messages_of_source()) > 70


@pytest.mark.parametrize("code", sorted({*_OWN, *REFUSALS}))
def test_each_problem_is_all_indonesian(code: str) -> None:
    problem = own(code) if code in _OWN else Problem(code, 422)
    document = problem.document("id")
    said = [document["title"], document["detail"], *(one["detail"] for one in document.get("errors", ()))]
    assert [(one, english_in(one)) for one in said if english_in(one)] == []


@pytest.mark.parametrize("state", sorted(_SAID))
def test_each_fate_is_all_indonesian(state: str) -> None:
    assert english_in(" ".join(_SAID[state][0])) == []


# What is written where something else belongs: every kind of fault that a parser knows.
WRONG: Final[tuple[Any, ...]] = (
    None, True, 1, -1, 1.5, 10**15, 10**30, "", "x", " ", "1", "yesterday", "2024-02-30", "2024-07-07T25:99:00+07:00",
    "\u2028",
    "2024-07-07", "2024-07-07T10:00:00", "0001-01-01", "9999-12-31", "2024-13", "x" * 5_000, "\u0000", "\u200b",
    "a\u0301\u0301\u0301\u0301\u0301\u0301", "3171010101800001", [], {}, ["x"], ["x"] * 200, [1], [{}], {"x": 1}, [[]],
)  # fmt: skip


def variants(document: Any) -> Iterator[Any]:
    """The document with each of its fields wrong in each way, and without it, and with one that nobody knows."""
    fields = document.items() if isinstance(document, dict) else enumerate(document)
    for name, value in list(fields):
        for wrong in (*WRONG, *(variants(value) if isinstance(value, dict | list) else ())):
            changed = copy.copy(document)
            changed[name] = wrong
            yield changed
    if isinstance(document, dict):
        yield from ({one: document[one] for one in document if one != name} for name in document)
        yield document | {"unknown": 1}


HAPPENED: Final = {"occurred_at": "2024-07-07T10:00:00+07:00", "diagnosed_on": "2024-07-07", "conduct": ["crime"]}
CHANGES: Final = [{"line": "stmb", "amount": 1, "reason": "x"}]
SAMPLES: Final = [
    *e.member(),
    e.accident("K1", accident=HAPPENED),
    e.death("K2", "2024-07-07"),
    e.evidence("K1", "2024-07-08T08:00:00", documents=["ktp"]),
    e.review("K1", 1, "change", "2024-07-20T08:00:00", changes=CHANGES, answers=["X_Y"]),
    e.settled("K1.r1.member", 1, "2024-07-20"),
    e.failed("K1.r1.member", "2024-07-20"),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one["type"])
def test_whatever_is_wrong_with_an_event_is_said_in_indonesian(sample: dict[str, Any]) -> None:
    left, kinds = set(), set()
    for document in variants(sample):
        try:
            read_event(json.dumps(document).encode())
        except Poison as poison:
            kinds |= {one.message for one in poison.errors}
            said = Problem(poison.reason, 422, poison.errors).document("id")
            details = [one["detail"] for one in said.get("errors", ())]
            left |= {(one, *english_in(one)) for one in details if english_in(one)}
    assert left == set() and len(kinds) > 10


@pytest.mark.parametrize("model", [CoverQuestion, NewWebhook, SignIn, UsedLink])
def test_whatever_is_wrong_with_a_question_is_said_in_indonesian(model: type[Strict]) -> None:
    sample = dict.fromkeys(model.model_fields, "x")
    left = set()
    for document in variants(sample):
        try:
            model.model_validate_json(json.dumps(document))
        except ValidationError as error:
            said = [in_indonesian(one.message) for one in _fault_of(error, model).errors]
            left |= {(one, *english_in(one)) for one in said if english_in(one)}
    assert left == set()
