"""The ledger's minute of a worker: what it signs, and what it says where it cannot."""

import logging
from pathlib import Path

import pytest

from agents.app import App
from agents.settings import read_settings
from agents.worker.ledger_clock import LedgerClock
from pipeline.audit.ledger_check import verify
from pipeline.errors import Transient
from pipeline.store.ledger_key import public_keys, read_keys, read_or_make_keys, rotate
from tests.support.ledgers import fill
from tests.support.site import Site


def test_a_failure_is_said_once_and_the_next_minute_tries_again(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[BaseException | int | None] = [Transient("away"), Transient("away"), 7, None, Transient("away")]

    def keep() -> int | None:
        answer = answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    clock = LedgerClock(keep)
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            clock.keep_safely()
    assert [one.levelname for one in caplog.records] == ["WARNING", "INFO", "WARNING"]
    assert "away" in caplog.text and "7 entries" in caplog.text


def test_the_text_of_an_unknown_error_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    def keep() -> int | None:
        raise ValueError("3671010101800001")

    LedgerClock(keep).keep_safely()
    assert "ValueError" in caplog.text and "3671010101800001" not in caplog.text


def test_a_worker_signs_with_a_key_of_its_owner_alone_and_goes_on_after_a_rotation(tmp_path: Path) -> None:
    site = Site(f"sqlite:///{tmp_path}/santunan.db")
    fill(site)
    settings = read_settings(database_url=site.url, witness_dir=tmp_path / "witness")
    app = App(settings)
    app._store = site.store
    covered = app._sign_ledger()
    assert covered is not None and covered > 12
    assert settings.ledger_key.stat().st_mode & 0o777 == 0o600
    before = public_keys(settings.ledger_key)
    new = rotate(settings.ledger_key)
    fill(site, 40)
    assert (app._sign_ledger() or 0) > covered
    keys = public_keys(settings.ledger_key)
    assert keys == [new.public(), *before]
    notes = [one.read_text() for one in sorted((tmp_path / "witness").glob("checkpoint-*"))]
    assert len(notes) == 2
    for known in (keys, before):  # who knows the first key alone sees both
        assert verify(site.store, keys=known, against=notes).findings == ()
    site.close()


def test_two_first_starts_end_with_one_key(tmp_path: Path) -> None:
    file = tmp_path / "ledger.key"
    assert read_or_make_keys(file) == read_or_make_keys(file) == read_keys(file)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["ledger.key", "ledger.key.pub"]
