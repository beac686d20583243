"""A worker that cannot run says why in one sentence, ends with the status that says what would help, and leaves
nothing half done."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from agents import app
from agents.services import servers
from agents.settings import Settings, read_settings
from pipeline.errors import EXIT_CONFIGURATION, EXIT_TRANSIENT, NotReady
from tests.faults.running import running, wait_for
from tests.support.kafka_server import environment_of


def refusal(folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """The status that a worker ends with, and its last sentence."""
    with running(folder, environment) as worker:
        status = worker.wait()
        *before, last = worker.tail().splitlines()
        assert [line for line in before if "[kafka." not in line] == [], "one sentence, and no traceback above it"
        return status, last


def changed(settings: Settings, **change: object) -> dict[str, str]:
    return environment_of(settings) | {f"SANTUNAN_{name.upper()}": str(value) for name, value in change.items()}


def test_a_second_worker_on_a_file_is_refused_and_the_first_works_on(tmp_path: Path) -> None:
    settings = read_settings(database_url=f"sqlite:///{tmp_path / 'santunan.db'}")
    (tmp_path / "second").mkdir()
    with running(tmp_path, environment_of(settings)) as first:
        wait_for(lambda: first.is_reading, first)
        status, sentence = refusal(tmp_path / "second", environment_of(settings))
        assert status == EXIT_CONFIGURATION
        assert "already has a worker" in sentence and str(first.process.pid) in sentence
        assert not first.has_ended
        assert first.stop() == 0


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "santunan.db").write_text("something else, and longer than a header is")
    status, sentence = refusal(tmp_path, {"SANTUNAN_DATABASE_URL": f"sqlite:///{tmp_path / 'santunan.db'}"})
    assert status == EXIT_CONFIGURATION
    assert "is no SQLite database" in sentence


def test_settings_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    environment = {
        "SANTUNAN_DATABASE_URL": f"sqlite:///{tmp_path / 'santunan.db'}",
        "SANTUNAN_BROKER_URL": "kafka+chunks://127.0.0.1:1",
    }
    status, sentence = refusal(tmp_path, environment)
    assert status == EXIT_CONFIGURATION
    assert "needs a PostgreSQL store" in sentence
    assert not (tmp_path / "santunan.db").exists()


def test_a_broker_that_does_not_answer_is_waited_for_by_the_supervisor(
    kafka_settings: Settings, tmp_path: Path
) -> None:
    status, sentence = refusal(tmp_path, changed(kafka_settings, broker_url="kafka+chunks://127.0.0.1:1"))
    assert status == EXIT_TRANSIENT
    assert "no Kafka broker answers at 127.0.0.1:1" in sentence


def test_a_number_of_partitions_that_is_not_the_topics_is_refused(kafka_settings: Settings, tmp_path: Path) -> None:
    status, sentence = refusal(tmp_path, changed(kafka_settings, partitions=7))
    assert status == EXIT_CONFIGURATION
    assert "has 4 partitions" in sentence and "7" in sentence


def test_a_database_without_our_tables_is_refused(
    kafka_settings: Settings, new_database: Callable[..., str], tmp_path: Path
) -> None:
    status, sentence = refusal(tmp_path, changed(kafka_settings, database_url=new_database(is_migrated=False)))
    assert status == EXIT_CONFIGURATION
    assert "santunan migrate" in sentence


def test_a_database_that_does_not_exist_is_refused(kafka_settings: Settings, tmp_path: Path) -> None:
    url = make_url(kafka_settings.database_url).set(database="santunan_nowhere")
    status, sentence = refusal(
        tmp_path, changed(kafka_settings, database_url=url.render_as_string(hide_password=False))
    )
    assert status == EXIT_CONFIGURATION
    assert "santunan_nowhere" in sentence


@pytest.mark.parametrize(("revision", "advice"), [("0000", "run `santunan migrate`"), ("9999", "install that version")])
def test_tables_of_another_version_are_refused_and_left_alone(
    revision: str, advice: str, kafka_settings: Settings, tmp_path: Path
) -> None:
    engine = create_engine(make_url(kafka_settings.database_url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    status, sentence = refusal(tmp_path, environment_of(kafka_settings))
    assert status == EXIT_CONFIGURATION
    assert f"revision {revision}" in sentence and advice in sentence
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == revision
    engine.dispose()


@pytest.fixture(scope="module")
def database_with_a_password() -> Iterator[str]:
    """The URL of an empty one."""
    directory = Path(tempfile.mkdtemp(prefix="santunan-password-"))
    try:
        yield servers.up(directory, lambda sentence: None, only="postgresql").database_url
    finally:
        servers.down(directory, lambda sentence: None)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        ({"password": "wr0ng-passw0rd"}, "wrong user or password"),
        ({"password": None}, "put it into database_url"),
        ({"username": "nobody"}, "wrong user or password"),
        ({"database": "nowhere"}, "no such database"),
        ({}, "santunan migrate"),
    ],
    ids=lambda value: next(iter(value), "right") if isinstance(value, dict) else "",
)
def test_a_database_that_does_not_let_us_in_is_told_from_one_that_is_away(
    change: dict[str, Any], advice: str, kafka_settings: Settings, database_with_a_password: str, tmp_path: Path
) -> None:
    url = make_url(database_with_a_password)
    url = URL.create(**{**url._asdict(), **change})
    status, sentence = refusal(
        tmp_path, changed(kafka_settings, database_url=url.render_as_string(hide_password=False))
    )
    assert status == EXIT_CONFIGURATION
    assert advice in sentence
    assert str(url.password) not in sentence


def test_a_database_that_is_away_is_waited_for_by_the_supervisor(kafka_settings: Settings, tmp_path: Path) -> None:
    url = "postgresql://santunan:secret@127.0.0.1:1/santunan"
    status, sentence = refusal(tmp_path, changed(kafka_settings, database_url=url))
    assert status == EXIT_TRANSIENT
    assert "127.0.0.1:1 cannot be reached" in sentence and "secret" not in sentence


def test_topics_that_are_missing_are_named(kafka_settings: Settings, tmp_path: Path) -> None:
    """Last in this file: the topics come back with the next test that asks for them empty."""
    from kafka.admin import KafkaAdminClient

    from agents.kafka.connection import connection_options
    from schemas import topics

    admin = KafkaAdminClient(**connection_options(kafka_settings))
    admin.delete_topics([topics.REVIEWS])
    wait_for(lambda: topics.REVIEWS not in admin.list_topics())
    admin.close()
    status, sentence = refusal(tmp_path, environment_of(kafka_settings))
    assert status == EXIT_CONFIGURATION
    assert topics.REVIEWS in sentence and "santunan topics create" in sentence


@pytest.mark.parametrize("name", ["NIK", "3671010101800001"])
def test_a_wrong_setting_is_not_repeated(name: str, tmp_path: Path) -> None:
    environment = {"SANTUNAN_DATABASE_URL": f"sqlite:///{tmp_path / 'a.db'}", "SANTUNAN_GROUP": f"{name} "}
    status, sentence = refusal(tmp_path, environment)
    assert status == EXIT_CONFIGURATION
    assert "SANTUNAN_GROUP" in sentence and name not in sentence


@pytest.mark.parametrize("package", ["confluent_kafka", "psycopg"])
def test_a_package_that_only_some_installations_have_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    def find(name: str) -> object | None:
        return None if name == package else object()

    monkeypatch.setattr("importlib.util.find_spec", find)
    on_kafka = read_settings(broker_url="kafka+chunks://127.0.0.1:1", database_url="postgresql://u@127.0.0.1:1/x")
    with pytest.raises(NotReady, match=r"pip install 'santunan\[kafka,postgresql\]'"):
        app._require_clients(on_kafka)
    app._require_clients(read_settings(database_url="sqlite:///x.db"))
