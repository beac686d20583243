"""The key of NIKs from the command line: added, replaced, missing, wrong; and what of a backup."""

import os
from pathlib import Path

import pytest

from agents.cli import deployment
from agents.key_files import read_nik_key
from agents.settings import read_settings
from pipeline.errors import NotReady
from pipeline.store.worker_lock import hold
from tests.agents.cli.test_deployment import kafka
from tests.support import events as e
from tests.support.backups import Office, office
from tests.support.command_line import Ran, santunan

__all__ = ["office"]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    made = tmp_path / "first.key", tmp_path / "second.key"
    for file, letter in zip(made, "ab", strict=True):
        file.write_text(letter * 64)
        file.chmod(0o600)
    return made


def run(office: Office, key: Path | None, *arguments: str) -> Ran:
    more = {} if key is None else {"SANTUNAN_NIK_KEY_FILE": str(key)}
    return santunan(*arguments, SANTUNAN_DATABASE_URL=office.url, **more)


def test_a_key_is_added_and_replaced_and_no_command_goes_without(office: Office, keys: tuple[Path, Path]) -> None:
    first, second = keys
    refused = run(office, first, "cover", e.NIK, "--on", "2024-07-01", "--program", "JKK")
    assert refused.status == 78 and "stop all that use it, make a backup and run `santunan migrate --nik-key`" in plain(
        refused.err
    )
    added = run(office, first, "migrate", "--nik-key")
    assert added.status == 0 and "are under the key of SANTUNAN_NIK_KEY_FILE" in added.out
    assert run(office, first, "doctor").status == 0
    for arguments in (("decisions",), ("doctor",), ("restore", "--check"), ("backup", f"{office.folder}/b.db")):
        assert "set SANTUNAN_NIK_KEY_FILE" in plain(both(run(office, None, *arguments))), arguments
        assert "under another key" in plain(both(run(office, second, *arguments))), arguments
    replaced = run(office, second, "migrate", "--nik-key", "--old-nik-key", str(first))
    assert replaced.status == 0, replaced.err
    assert run(office, second, "doctor", "--deep").status == 0
    assert run(office, None, "migrate", "--nik-key", "--old-nik-key", str(second)).status == 0
    assert run(office, None, "decisions").status == 0


def both(ran: Ran) -> str:
    return ran.out + ran.err


def plain(text: str) -> str:
    """Without the breaks of lines."""
    return " ".join(text.split())


def test_a_backup_written_with_another_key_is_not_put_back(office: Office, keys: tuple[Path, Path]) -> None:
    assert run(office, keys[0], "migrate", "--nik-key").status == 0
    before = office.file.read_bytes()
    refused = run(office, keys[0], "restore", str(office.copy))
    assert refused.status == 78, refused.out
    said = plain(refused.err)
    assert (
        "monday.db holds NIKs without a key, and SANTUNAN_NIK_KEY_FILE is set" in said and "nothing was changed" in said
    )
    assert office.file.read_bytes() == before and office.asides == []
    assert run(office, None, "restore", str(office.copy)).status == 0


def test_a_worker_keeps_the_niks_from_being_written_anew(office: Office, keys: tuple[Path, Path]) -> None:
    lock = hold(office.file)
    try:
        refused = run(office, keys[0], "migrate", "--nik-key")
    finally:
        os.close(lock)
    assert refused.status == 78 and "already has a worker" in plain(refused.err)
    assert run(office, None, "decisions").status == 0


def test_a_file_holds_one_key(tmp_path: Path) -> None:
    file = tmp_path / "nik.key"
    file.write_text(f"{'a' * 64}\n{'b' * 64}\n")
    with pytest.raises(NotReady, match="holds 2 keys"):
        read_nik_key(file, "SANTUNAN_NIK_KEY_FILE")
    with pytest.raises(NotReady, match="cannot be read"):
        read_nik_key(tmp_path / "none", "SANTUNAN_NIK_KEY_FILE")
    assert read_nik_key(None, "SANTUNAN_NIK_KEY_FILE") is None


def test_a_deployment_over_kafka_is_asked_for_the_key(tmp_path: Path) -> None:
    [found] = deployment.niks(kafka())
    assert "hold NIKs readable" in found and deployment.niks(read_settings()) == []
    key = tmp_path / "nik.key"
    key.write_text("short")
    assert "holds no key" in deployment.niks(kafka(nik_key_file=key))[0]
    key.write_text("a" * 64)
    key.chmod(0o644)
    assert deployment.niks(kafka(nik_key_file=key)) == []
    assert f"{key} has mode 0644" in deployment.files(kafka(nik_key_file=key))[0]
