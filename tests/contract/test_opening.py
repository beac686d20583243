"""Opening a store, or one sentence that says why not."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import NotReady, Transient
from pipeline.store import migrate, open_reader, open_store, revisions
from pipeline.store.readable import ReadOnlyStore
from pipeline.store.sqlite import SqliteStore
from pipeline.store.tables import cases
from tests.support.site import Site

MakeDatabase = Callable[..., str]

_OTHERS = ", ".join(f'"{one.name}"' for one in cases.columns if one.name != "claim_id")
COPY_OF_A_CASE = f"INSERT INTO cases SELECT 'K2', {_OTHERS} FROM cases"  # noqa: S608


def open_file(path: Path, partitions: int = 1) -> SqliteStore:
    store = open_store(f"sqlite:///{path}", partitions=partitions)
    assert isinstance(store, SqliteStore)
    return store


# --- opening, or one sentence why not


def test_an_embedded_file_is_made_with_its_directory_and_is_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "santunan.db"
    open_file(file).close()
    assert file.stat().st_mode & 0o777 == 0o600
    open_reader(f"sqlite:///{file}").close()


def test_reading_makes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "santunan.db"
    with pytest.raises(NotReady, match="does not exist, so nothing was submitted yet"):
        open_reader(f"sqlite:///{file}")
    assert not file.exists()


def test_a_reader_that_comes_while_the_tables_are_made_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "santunan.db"
    found: list[object] = []

    def read() -> None:
        try:
            found.append(open_reader(f"sqlite:///{file}"))
        except NotReady as error:
            found.append(error)

    reading = threading.Thread(target=read)
    move = revisions.move

    def slowly(*arguments: Any) -> None:
        reading.start()
        reading.join(0.5)
        move(*arguments)

    monkeypatch.setattr(revisions, "move", slowly)
    open_file(file).close()
    reading.join()
    assert isinstance(found[0], ReadOnlyStore), found
    found[0].close()


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Kepada Yth.")
    for opening in (open_store, open_reader):
        with pytest.raises(NotReady, match="is no SQLite database"):
            opening(f"sqlite:///{file}")
    assert file.read_text() == "Kepada Yth."


def test_an_unknown_kind_of_store_is_refused() -> None:
    with pytest.raises(NotReady, match="begins with sqlite:/// or postgresql://"):
        open_store("mysql://localhost/santunan")


@pytest.mark.parametrize(
    ("revision", "sentence"), [("0000", "older version .* run `santunan migrate`"), ("9999", "newer version")]
)
def test_tables_of_another_version_are_refused(
    engine_name: str, tmp_path: Path, request: pytest.FixtureRequest, revision: str, sentence: str
) -> None:
    is_sqlite = engine_name == "sqlite"
    url = f"sqlite:///{tmp_path}/santunan.db" if is_sqlite else request.getfixturevalue("new_database")()
    site = Site(url)
    site.change([f"UPDATE alembic_version SET version_num = '{revision}'"])  # noqa: S608
    site.close()
    with pytest.raises(NotReady, match=sentence):
        open_reader(url)


def test_a_database_without_tables_says_what_to_run(new_database: MakeDatabase) -> None:
    with pytest.raises(NotReady, match="has no tables yet: run `santunan migrate`"):
        open_store(new_database(is_migrated=False))


def test_a_database_that_does_not_exist_is_named_without_the_password(new_database: MakeDatabase) -> None:
    url = new_database().replace("postgres:@", "postgres:hush@").replace("santunan_test_template", "nowhere")
    with pytest.raises(NotReady, match="no such database") as caught:
        open_store(url)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("opens", [open_store, migrate])
def test_a_wrong_user_is_one_sentence(opens: Callable[[str], object], new_database: MakeDatabase) -> None:
    with pytest.raises(NotReady, match="no such database or user"):
        opens(new_database().replace("postgres:@", "nobody:@"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("nosuch=1", "no such option"),
        ("sslmode=wrong", "no such sslmode"),
        ("port=x", "its options cannot be read"),
    ],
)
@pytest.mark.parametrize("opens", [open_store, open_reader, migrate])
def test_wrong_options_of_a_url_are_one_sentence(opens: Callable[[str], object], options: str, told: str) -> None:
    with pytest.raises(NotReady, match=rf"{told}.*; correct what stands behind the \? in database_url$") as caught:
        opens(f"postgresql://u:hush@127.0.0.1:1/x?{options}")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("opens", [open_store, migrate])
def test_a_server_that_does_not_answer_may_answer_later(opens: Callable[[str], object]) -> None:
    with pytest.raises(Transient, match=r"database x on 127.0.0.1:1 cannot be reached: .*; start it") as caught:
        opens("postgresql://u:hush@127.0.0.1:1/x")
    assert "hush" not in str(caught.value)
