"""Problems in two languages: each fixed message of a fault has its Indonesian, and each code its texts."""

from typing import Any

import pytest

from agents.web.messages import in_indonesian
from agents.web.problems import _OWN, Problem, own
from pipeline.claims.case import Case
from pipeline.claims.reviews import apply_review
from pipeline.errors import Poison
from pipeline.explain import refusal_text
from schemas import events, values
from schemas.decisions import FieldError
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
