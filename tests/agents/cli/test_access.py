"""`santunan access`: a new clinic has its key within a minute, and what is done is on record."""

from pathlib import Path

from tests.support.command_line import santunan


def test_a_clinic_gets_a_key_and_loses_it(tmp_path: Path) -> None:
    assert santunan("access", "add", "clinic", "plkk-0012", cwd=tmp_path).status == 0
    made = santunan("access", "key", "clinic:plkk-0012", "--label", "desk", cwd=tmp_path)
    key = made.out.strip()
    assert key.startswith("stn_") and key not in made.err
    listed = santunan("access", "list", "--json", cwd=tmp_path)
    [account] = listed.rows
    assert account["name"] == "urn:santunan:clinic:plkk-0012" and account["keys"][0]["label"] == "desk"
    key_id = account["keys"][0]["id"]
    assert santunan("access", "revoke", key_id, cwd=tmp_path).status == 0
    assert santunan("access", "disable", "urn:santunan:clinic:plkk-0012", cwd=tmp_path).status == 0
    shown = santunan("access", "list", cwd=tmp_path)
    assert f"{key_id}  revoked" in shown.out and "disabled" in shown.out
    logged = santunan("access", "log", "--json", cwd=tmp_path)
    assert [one["action"] for one in logged.rows] == ["access.add", "access.key", "access.revoke", "access.disable"]
    assert all(one["who"].startswith("machine:") for one in logged.rows)
    assert key not in listed.out + shown.out + logged.out


def test_a_password_is_read_from_standard_input_and_never_an_argument(tmp_path: Path) -> None:
    santunan("access", "add", "officer", "siti", cwd=tmp_path)
    weak = santunan("access", "password", "officer:siti", cwd=tmp_path, given="password1234\n")
    assert weak.status == 1 and "several words" in weak.err and "password1234" not in weak.err
    assert santunan("access", "password", "officer:siti", cwd=tmp_path, given="empat kucing naik\n").status == 0


def test_a_wrong_kind_or_name_is_one_sentence(tmp_path: Path) -> None:
    for words in (("add", "clerk", "siti"), ("add", "clinic", "A B"), ("key", "clinic:none"), ("revoke", "none")):
        ran = santunan("access", *words, cwd=tmp_path)
        assert ran.status == 1 and len(ran.err.splitlines()) == 1, ran.err
