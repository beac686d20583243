"""`santunan access person`: an heir is found in another's claim, and neither NIK nor name is an argument."""

from pathlib import Path

import pytest

from tests.support import events as e
from tests.support.command_line import santunan
from tests.support.site import Site

WIFE_NIK, CHILD = "3671016607850009", "Melati Canary"
ASKED = ("access", "person", "--nik-file", "-", "--reason", "asked by the heir")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / ".santunan").mkdir()
    site = Site(f"sqlite:///{tmp_path}/.santunan/santunan.db", partitions=1)
    story = {"occurred_at": "2024-07-07T10:00:00+07:00", "chronology": f"istri {WIFE_NIK}, anak {CHILD}"}
    site.run(*e.member(), e.accident("JKK-2024-0001", accident=story))
    site.close()
    return tmp_path


def test_an_heir_is_found_by_nik_and_by_name_in_anothers_claim(place: Path) -> None:
    ran = santunan(*ASKED, "--lang", "en", cwd=place, given=f"{WIFE_NIK}\n")
    assert ran.status == 0, ran.err
    assert "1 in log, by NIK" in ran.out and "claims JKK-2024-0001" in ran.out
    assert "Nothing is kept" not in ran.out and "0 memberships" in ran.out
    ran = santunan(*ASKED, "--json", cwd=place, given=f"3671016607859999\n{CHILD.upper()}\n")
    assert ran.rows[0]["mentions"] == [
        {"where": "log", "is_by_name": True, "rows": 1, "claims": ["JKK-2024-0001"]},
    ]
    ran = santunan(*ASKED, cwd=place, given="3671016607859999\n")
    assert ran.status == 0 and "Tidak ada yang disimpan tentang orang ini." in ran.out


def test_neither_nik_nor_name_is_repeated(place: Path) -> None:
    for given in (f"{WIFE_NIK}\n{CHILD}\n", f"{WIFE_NIK}\nSi\n", "1\n"):
        ran = santunan(*ASKED, cwd=place, given=given)
        assert (ran.status == 0) == (CHILD in given)
        assert WIFE_NIK not in ran.out + ran.err and CHILD not in ran.out + ran.err
