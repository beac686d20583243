"""`santunan cover`: the answer about a member, from a file of events."""

from pathlib import Path

import pytest

from tests.support.command_line import WIDTH, santunan


def test_a_clinic_gets_the_answer_that_a_claim_would_meet(events: Path) -> None:
    ran = santunan("cover", "19110000001", "--from", str(events), "--on", "2019-11-20", "--json")
    assert ran.status == 0
    assert (ran.rows[0]["answer"], ran.rows[0]["reason"]) == ("yes", "OK")


def test_a_number_without_a_member_is_not_registered(events: Path) -> None:
    ran = santunan("cover", "19110000999", "--from", str(events), "--json")
    assert ran.status == 1 and ran.rows[0]["reason"] == "MEM_NOT_REGISTERED"


@pytest.mark.parametrize(("asked", "named"), [("19110000999", "19110000999"), ("3671010101900001", "NIK")])
def test_a_stranger_is_named_as_asked_for_but_no_nik_is_repeated(asked: str, named: str, events: Path) -> None:
    said = santunan("cover", asked, "--from", str(events)).out
    assert said.startswith(f"{named}, ") and "3671010101900001" not in said


def test_a_file_without_a_membership_event_gives_no_answer(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(bytes(range(256)))
    ran = santunan("cover", "19110000001", "--from", "scan.pdf", cwd=tmp_path)
    assert (ran.status, ran.out) == (78, "") and "scan.pdf holds no membership event" in ran.err


@pytest.mark.parametrize("language", ["id", "en"])
def test_it_answers_in_words(language: str, events: Path) -> None:
    ran = santunan("cover", "19110000001", "--from", str(events), "--lang", language)
    assert "JKK" in ran.out and "Traceback" not in ran.err
    assert max(map(len, ran.out.splitlines())) <= WIDTH
