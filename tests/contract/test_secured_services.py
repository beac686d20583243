"""`santunan services up --secured`, which has the settings of docker-compose.yml: who can do what on real servers.

Rows of the broker are generated: each principal tries to write and to read each topic.
"""

import datetime as dt
import gc
import json
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from kafka.admin import KafkaAdminClient
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from agents.clients import open_feed, open_history, open_submitter
from agents.clock import yesterday
from agents.kafka import access_list
from agents.kafka.connection import connection_options
from agents.kafka.security import librdkafka_options
from agents.services import servers
from agents.services.secured import PRINCIPALS
from agents.settings import Settings, read_settings
from pipeline.access.principals import new_principal
from pipeline.errors import NotReady
from pipeline.queries.submissions import last_chunk
from pipeline.store import migrate, open_reader, open_store
from pipeline.store.access_book import open_access
from pipeline.store.link_book import LinkBook
from pipeline.store.sign_in_book import SignInBook
from pipeline.store.webhook_book import open_webhooks, passes_of
from pipeline.store.webhook_outbox import NewPost, Outbox, Result
from schemas import topics
from tests.faults.running import running, wait_for
from tests.support import events as e
from tests.support.command_line import Ran, santunan
from tests.support.java_start import keep_a_start

INTAKE_OF_SENDERS = {topics.MEMBERS, topics.ACCIDENTS, topics.DEATHS, topics.REVIEWS, topics.SETTLEMENTS}
WRITERS = {
    "gateway": INTAKE_OF_SENDERS,
    "worker": {topics.MEMBERS, *topics.OUTPUT, topics.CHECKPOINTS},
    "operator": {topics.HISTORY},
    "payments": set[str](),
    "console": set[str](),
}
READERS = {
    "gateway": set(topics.OUTPUT),
    "worker": set(topics.ALL),
    "operator": set(topics.ALL),
    "payments": {topics.PAYOUTS},
    "console": set(topics.OUTPUT),
}


class Place:
    """Secured servers, with tables, topics and rights."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        keep_a_start()
        servers.up(folder, lambda sentence: None, is_secured=True)
        migrate(self.variables("admin")["SANTUNAN_DATABASE_URL"])
        self.made = self.command("admin", "topics", "create", "--acl")

    def variables(self, principal: str) -> dict[str, str]:
        lines = (self.folder / f"{principal}.env").read_text().splitlines()
        found = dict(line.removeprefix("export ").split("=", 1) for line in lines)
        return {**found, "SANTUNAN_PARTITIONS": "2"}

    def settings(self, principal: str) -> Settings:
        found = {name.removeprefix("SANTUNAN_").lower(): value for name, value in self.variables(principal).items()}
        return read_settings(**found)

    def command(self, principal: str, *arguments: str, given: str = "") -> Ran:
        return santunan(*arguments, cwd=self.folder, given=given, **self.variables(principal))


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="santunan-secured-"))
    try:
        yield Place(folder)
    finally:
        servers.down(folder, lambda sentence: None)
        shutil.rmtree(folder, ignore_errors=True)


def may_write(settings: Settings, topic: str) -> bool:
    """A record under a key of its own that no event has; nothing reads these topics in this test meanwhile."""
    errors: list[Any] = []
    producer = Producer({**librdkafka_options(settings), "message.timeout.ms": 10_000})
    producer.produce(topic, b"{}", on_delivery=lambda error, _: errors.append(error))
    producer.flush(15)
    [error] = errors
    assert error is None or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, error
    return error is None


def may_read(settings: Settings, topic: str) -> bool:
    """As a feed does."""
    try:
        with open_feed(settings, [topic]) as feed:
            list(feed.read())
    except NotReady as error:
        assert "does not exist" in str(error) or "may not do this" in str(error)
        return False
    return True


def test_everything_is_made_once_and_its_files_are_the_owners_alone(place: Place) -> None:
    assert place.made.status == 0 and "User:worker may WRITE topic claims.decisions" in place.made.out
    again = place.command("admin", "topics", "create", "--acl")
    assert again.out.splitlines() == ["All topics are there.", "All rights are there."]
    for file in [place.folder / "services.json", *(place.folder / f"{name}.env" for name in PRINCIPALS)]:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for name in ("users.jaas", "server.properties", "certificates/server.p12"):
        assert stat.S_IMODE((place.folder / "kafka" / name).stat().st_mode) == 0o600
    with pytest.raises(NotReady, match="were made with --secured"):
        servers.up(place.folder, lambda sentence: None)


@pytest.mark.parametrize("principal", sorted(WRITERS))
def test_each_principal_writes_and_reads_its_own_topics_and_no_other(principal: str, place: Place) -> None:
    settings = place.settings(principal)
    assert {topic for topic in topics.ALL if may_write(settings, topic)} == WRITERS[principal]
    assert {topic for topic in topics.ALL if may_read(settings, topic)} == READERS[principal]


def test_nobody_but_the_worker_can_write_a_decision(place: Place) -> None:
    """A clinic's own principal, which has no right, and every one of ours."""
    clinic = place.settings("console").model_copy(update={"kafka_user": "clinic"})
    with pytest.raises(NotReady, match="does not accept kafka_user"), open_submitter(clinic) as submitter:
        list(submitter.submit([e.raw(e.accident())]))
    others = [name for name in WRITERS if name != "worker"]
    written = [name for name, topic in product(others, topics.OUTPUT) if may_write(place.settings(name), topic)]
    assert written == []
    with pytest.raises(KafkaException) as caught:  # nor take its transactions over
        options = {**librdkafka_options(place.settings("gateway")), "transactional.id": "santunan-0"}
        Producer(options).init_transactions(10)
    assert caught.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_the_list_is_compared_right_by_right(place: Place) -> None:
    assert place.command("admin", "topics", "check").out == "All topics are as declared.\n"
    assert place.command("operator", "topics", "check").status == 0
    settings = place.settings("admin")
    admin: Any = KafkaAdminClient(**connection_options(settings))
    try:
        missing = access_list.Right("User:gateway", "WRITE", "TOPIC", topics.DEATHS)
        beyond = [
            access_list.Right("User:clinic", "WRITE", "TOPIC", topics.DECISIONS),
            access_list.Right("User:clinic", "WRITE", "TOPIC", "claims.", is_prefix=True),
            access_list.Right("User:gateway", "ALL", "TRANSACTIONAL_ID", "*"),
            access_list.Right("User:console", "ALTER", "CLUSTER", "kafka-cluster"),
        ]
        foreign = access_list.Right("User:other", "WRITE", "TOPIC", "something.else")
        admin.create_acls([access_list.right_to_set(one) for one in (*beyond, foreign)])
        admin.delete_acls([access_list.right_to_set(missing)])
        ran = place.command("admin", "topics", "check")
        assert ran.status == 1
        assert ran.out.splitlines() == [
            f"{missing}: this right is missing; `santunan topics create --acl` gives it",
            *sorted(f"{one}: this right is not declared; take it away" for one in beyond),
        ]
        assert place.command("admin", "topics", "create", "--acl").out.splitlines()[1:] == [str(missing)]
        admin.delete_acls([access_list.right_to_set(one) for one in beyond])
        assert place.command("admin", "topics", "check").status == 0
    finally:
        admin.close()


@pytest.mark.parametrize("principal", ["worker", "gateway", "console"])
def test_who_is_no_super_user_gives_no_rights(principal: str, place: Place) -> None:
    ran = place.command(principal, "topics", "create", "--acl")
    assert ran.status == 78 and ran.out == "" and len(ran.err.splitlines()) == 1


# --- the database

DENIED = "permission denied", "must be owner", "read-only transaction"
CHANGES = ("INSERT INTO persons VALUES ('x')", "UPDATE cases SET version = 0", "DELETE FROM decisions")
STRUCTURE = (
    "CREATE TABLE more (a int)",
    "ALTER TABLE cases ADD COLUMN more int",
    "DROP TABLE decisions",
    "TRUNCATE ledger",
    "CREATE INDEX more ON cases (key)",
    "CREATE TEMP TABLE more (a int)",
    "ALTER ROLE santunan_worker CREATEROLE",
)


def is_allowed(url: str, statement: str) -> bool:
    """Tried, and undone."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
            connection.rollback()
        return True
    except DBAPIError as error:
        assert any(one in str(error.orig) for one in DENIED), error.orig
        return False
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("principal", "changes", "structure"),
    [("worker", True, False), ("gateway", False, False), ("console", False, False)],
)
def test_a_role_of_the_database_changes_what_it_may(
    principal: str, changes: bool, structure: bool, place: Place
) -> None:
    url = place.variables(principal)["SANTUNAN_DATABASE_URL"]
    assert is_allowed(url, "SELECT count(*) FROM ledger")
    assert {one for one in CHANGES if is_allowed(url, one)} == (set(CHANGES) if changes else set())
    assert {one for one in STRUCTURE if is_allowed(url, one)} == (set(STRUCTURE) if structure else set())


def test_the_gateway_signs_people_in_and_a_reader_reads_no_credential(place: Place) -> None:
    now, clinic = dt.datetime.now(dt.UTC), new_principal("clinic", "plkk-0012")
    with open_access(place.variables("gateway")["SANTUNAN_DATABASE_URL"]) as access:
        access.add(clinic, "test", now)
        link = LinkBook(access).make("password", clinic.name, "test", now)
        LinkBook(access).use_for_password(link, "empat kucing naik", None, now)
        book = SignInBook(access)
        token = book.begin(clinic.name, "PASSWORD", None, now)
        assert book.session(token, now) is not None and book.end(token, None, now)
        book.replace_factor(clinic.name, "SECRET", "test", now)
    reader = place.variables("console")["SANTUNAN_DATABASE_URL"]
    secret = ("api_keys", "passwords", "second_factors", "sessions", "one_time_links")
    assert [one for one in secret if is_allowed(reader, f"SELECT * FROM {one}")] == []  # noqa: S608
    assert is_allowed(reader, "SELECT * FROM audit_records")


def test_the_gateway_adds_papers_and_changes_none(place: Place) -> None:
    url = place.variables("gateway")["SANTUNAN_DATABASE_URL"]
    assert is_allowed(url, "INSERT INTO papers VALUES ('0f', 'urn:santunan:clinic:one', 'image/png', 1, 1)")
    assert not is_allowed(url, "UPDATE papers SET size = 2") and not is_allowed(url, "DELETE FROM papers")
    for other in ("worker", "console"):
        assert is_allowed(place.variables(other)["SANTUNAN_DATABASE_URL"], "SELECT count(*) FROM papers")


def test_the_drafts_of_reports_are_the_gateways_alone(place: Place) -> None:
    url = place.variables("gateway")["SANTUNAN_DATABASE_URL"]
    row = "INSERT INTO report_drafts VALUES ('a', 'urn:santunan:clinic:one', 'accident', 'who', '{}', 'e', 1, 1)"
    for statement in (row, "UPDATE report_drafts SET answers = '{}'", "DELETE FROM report_drafts"):
        assert is_allowed(url, statement), statement
    for other in ("worker", "console"):
        assert not is_allowed(place.variables(other)["SANTUNAN_DATABASE_URL"], "SELECT count(*) FROM report_drafts")


def test_the_owner_changes_the_tables(place: Place) -> None:
    url = place.variables("admin")["SANTUNAN_DATABASE_URL"]
    assert all(is_allowed(url, one) for one in STRUCTURE[:4])


def test_the_secrets_of_webhooks_are_for_the_gateway_and_the_one_who_posts(place: Place) -> None:
    """Who posts does its whole work with its rights, and may do nothing else."""
    passwords = json.loads((place.folder / "services.json").read_text())["passwords"]
    gateway = place.settings("gateway").database_url
    url = make_url(gateway).set(username="santunan_webhooks", password=passwords["postgresql_webhooks"])
    courier = url.render_as_string(hide_password=False)
    reads = "SELECT secret FROM webhooks"
    others = [place.settings(name).database_url for name in ("worker", "console")]
    assert [is_allowed(one, reads) for one in (gateway, courier, *others)] == [True, True, False, False]
    foreign = ("DELETE FROM webhooks", "UPDATE principals SET person = 'x'", "DELETE FROM audit_records", *CHANGES)
    assert not [one for one in (*foreign, *STRUCTURE) if is_allowed(courier, one)]
    now, clinic = dt.datetime.now(dt.UTC), new_principal("clinic", "plkk-0077")
    with open_access(gateway) as access, open_webhooks(gateway) as book:
        access.add(clinic, "test", now)
        made = book.register(clinic.name, "https://klinik.invalid/", "", now, most=1)
        assert made is not None
    with closing(open_store(courier)) as store, closing(open_reader(courier)) as reader:
        outbox = Outbox(store.engine, passes_of(courier), reader)
        later = now + dt.timedelta(minutes=1)
        [leased] = outbox.lease(now, later, last_chunk(reader), limit=1, most_waiting=10)
        assert outbox.add(leased, [NewPost(f"msg_{n}", f"K{n}.r1", b"{}") for n in (1, 2)], "0-1", 1, now)
        first = outbox.next(leased, None, now, later)
        assert first is not None
        second = outbox.next(leased, Result(first.number, None), now, later)
        assert second is not None
        outbox.disable(leased, Result(second.number, "410"), now)
        outbox.release(leased, now)
        outbox.forget(now + dt.timedelta(days=60))
    with open_webhooks(gateway) as book:
        assert [(one.waiting, one.failed) for one in book.all()] == [(0, 0)]
        assert book.delete(clinic.name, made[0], now)


# --- all of it together


def test_a_claim_is_decided_and_the_day_is_said_with_these_rights(place: Place, tmp_path: Path) -> None:
    with open_submitter(place.settings("operator")) as operator:
        list(operator.submit(map(e.raw, (*e.member(), e.accident("K1"))), is_history=True))
    with open_submitter(place.settings("gateway")) as gateway:
        list(gateway.submit([e.raw(e.accident("K2", "2024-08-08"))]))

    def found() -> tuple[set[bytes | None], set[str]]:
        with open_history(place.settings("worker")) as history:
            decided = {one.key for one in history.read([topics.DECISIONS]) if len(one.value) > 2}
            days = {
                str(yesterday()) for one in history.read([topics.MEMBERS]) if str(yesterday()).encode() in one.value
            }
        return decided, days

    with running(tmp_path, place.variables("worker") | {"SANTUNAN_DAILY_CLOCK": "true"}) as worker:
        wait_for(lambda: len(found()[0]) >= 1 and bool(found()[1]), worker, every=0.5)
        wait_for(lambda: "K2" in place.command("console", "decisions", "--json", "--claim", "K2").out, worker, every=1)
        assert worker.stop() == 0
    assert place.command("worker", "doctor").status == 0
