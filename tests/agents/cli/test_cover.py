"""`santunan cover`: the answer about a member, from a file of events."""

from pathlib import Path

import pytest

from tests.support.command_line import WIDTH, santunan


def test_what_a_clinic_would_be_told(events: Path) -> None:
    ran = santunan("cover", "19110000001", "--from", str(events), "--on", "2019-11-20", "--json")
    assert ran.status == 0
    assert (ran.rows[0]["answer"], ran.rows[0]["reason"]) == ("yes", "OK")


def test_nobody_knows_a_stranger(events: Path) -> None:
    ran = santunan("cover", "19110000999", "--from", str(events), "--json")
    assert ran.status == 1 and ran.rows[0]["reason"] == "MEM_NOT_REGISTERED"


@pytest.mark.parametrize(("asked", "named"), [("19110000999", "19110000999"), ("3671010101900001", "NIK")])
def test_a_stranger_is_named_as_asked_for_but_no_nik_is_repeated(asked: str, named: str, events: Path) -> None:
    told = santunan("cover", asked, "--from", str(events)).out
    assert told.startswith(f"{named}, ") and "3671010101900001" not in told


def test_a_file_that_tells_of_no_member_says_nothing_about_one(tmp_path: Path) -> None:
    (tmp_path / "scan.pdf").write_bytes(bytes(range(256)))
    ran = santunan("cover", "19110000001", "--from", "scan.pdf", cwd=tmp_path)
    assert (ran.status, ran.out) == (78, "") and "scan.pdf holds no membership event" in ran.err


@pytest.mark.parametrize("language", ["id", "en"])
def test_it_answers_in_words(language: str, events: Path) -> None:
    ran = santunan("cover", "19110000001", "--from", str(events), "--lang", language)
    assert "JKK" in ran.out and "Traceback" not in ran.err
    assert max(map(len, ran.out.splitlines())) <= WIDTH
