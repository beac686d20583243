"""Everything that speaks to Kafka, against a broker that asks for TLS and a password: it works with the settings that
are named for it, and where one of them is wrong it says which, at once, and has done nothing."""

import gc
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.clients import open_feed, open_history, open_submitter
from agents.kafka import topics as kafka_topics
from agents.services import servers
from agents.settings import Settings, read_settings
from pipeline.audit.invariants import check
from pipeline.errors import EXIT_CONFIGURATION, NotReady
from pipeline.store import open_store
from schemas import topics
from tests.faults.running import running, wait_for
from tests.faults.stream import documents
from tests.support import brokers
from tests.support.kafka_server import environment_of

CLAIMS = 20
PASSWORD = "right-password"  # noqa: S105 - of a broker that lives as long as these tests
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required"


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Such sockets go with the test that left them, not with one that knows nothing of them."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="santunan-secured-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def bootstrap(folder: Path) -> Iterator[str]:
    """A broker that lets in `worker` (by both mechanisms, to everything) and `stranger` (PLAIN, to nothing)."""
    _, store = brokers.authority(folder / "right")
    [broker] = brokers.places(folder, 1)
    [inner] = servers.free_ports(1)
    own = {
        "listeners": f"SASL_SSL://127.0.0.1:{broker.port},INNER://127.0.0.1:{inner}"
        f",CONTROLLER://127.0.0.1:{broker.controller_port}",
        "advertised.listeners": f"SASL_SSL://127.0.0.1:{broker.port},INNER://127.0.0.1:{inner}",
        "listener.security.protocol.map": "SASL_SSL:SASL_SSL,INNER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INNER",
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": str(store),
        "ssl.keystore.password": brokers.STORE_PASSWORD,
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": f'{PLAIN} user_worker="{PASSWORD}" '
        f'user_stranger="{PASSWORD}";',
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{SCRAM};",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS;User:worker",  # the first: the broker to itself
    }
    user = ("--add-scram", f"SCRAM-SHA-512=[name=worker,password={PASSWORD}]")
    with brokers.running([broker], [own], *user):
        yield f"127.0.0.1:{broker.port}"


@pytest.fixture(scope="module")
def settings(bootstrap: str, folder: Path, new_database: Callable[..., str]) -> Settings:
    """With topics, made through the same door."""
    found = read_settings(
        broker_url=f"kafka+chunks://{bootstrap}",
        database_url=new_database(),
        partitions=2,
        kafka_security_protocol="SASL_SSL",
        kafka_user="worker",
        kafka_password=PASSWORD,
        kafka_ca_file=folder / "right" / "authority.pem",
    )
    assert set(kafka_topics.create(found)) == set(topics.ALL)
    kafka_topics.create_access_list(found)
    return found


def variables(settings: Settings, **change: object) -> dict[str, str]:
    """As an operator sets them: a password in a variable is the password."""
    return (
        environment_of(settings)
        | {"SANTUNAN_KAFKA_PASSWORD": PASSWORD}
        | {f"SANTUNAN_{name.upper()}": str(value) for name, value in change.items()}
    )


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-512", "PLAIN"])
def test_every_client_and_the_worker_pass_with_the_right_settings(
    mechanism: str, settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"kafka_sasl_mechanism": mechanism})
    name = mechanism[0]
    assert kafka_topics.check(settings) == []
    with open_submitter(settings) as submitter:
        receipts = list(submitter.submit(documents(CLAIMS, name=name, first_member=100 * ord(name))))
    assert not any(one.is_spooled for one in receipts)
    with running(tmp_path, variables(settings, kafka_sasl_mechanism=mechanism)) as worker:
        wait_for(lambda: decided(settings, name) == {f"{name}-B{place}" for place in range(CLAIMS)}, worker)
        assert worker.stop() == 0
    with open_feed(settings, [topics.DECISIONS]) as feed:
        followed = [json.loads(one.value)["id"] for one in feed.read()]
    assert len(set(followed)) == len(followed) > CLAIMS
    store = open_store(settings.database_url)
    assert check(store) == []
    store.close()


def decided(settings: Settings, name: str) -> set[str]:
    with open_history(settings) as history:
        claims = {json.loads(one.value)["data"]["claim_id"] for one in history.read([topics.DECISIONS])}
    return {one for one in claims if one.startswith(f"{name}-")}


@pytest.fixture
def wrong(settings: Settings, folder: Path, request: pytest.FixtureRequest) -> dict[str, object]:
    """One setting that is wrong."""
    name = request.param
    if name == "kafka_ca_file":
        if not (folder / "wrong").exists():
            brokers.authority(folder / "wrong")
        return {name: folder / "wrong" / "authority.pem"}
    changes = {
        "kafka_password": "wrong",
        "kafka_sasl_mechanism": "SCRAM-SHA-256",
        "broker_url": settings.broker_url.replace("127.0.0.1", "localhost"),  # not the name in its certificate
    }
    return {name: changes[name]}


SENTENCES = {
    "kafka_password": "does not accept kafka_user and kafka_password",
    "kafka_ca_file": "is not trusted",
    "broker_url": "is not trusted",
    "kafka_sasl_mechanism": "set kafka_sasl_mechanism to PLAIN or SCRAM-SHA-512",
}


@pytest.mark.parametrize("wrong", sorted(SENTENCES), indirect=True)
def test_a_wrong_setting_is_named_at_once_by_every_client_and_nothing_is_done(
    wrong: dict[str, object], settings: Settings, tmp_path: Path
) -> None:
    [name] = wrong
    password = {"kafka_password": PASSWORD} if name != "kafka_password" else {}
    asked = read_settings(**settings.model_dump(exclude=set(wrong) | {"kafka_password"}), **wrong, **password)
    with running(tmp_path, variables(settings, **wrong)) as worker:
        assert worker.wait() == EXIT_CONFIGURATION
        lines = worker.tail().splitlines()
    assert SENTENCES[name] in lines[-1] and PASSWORD not in lines[-1]
    assert len(lines) == 1, "one sentence, and no other library's beside it"

    spool = tmp_path / "spool"
    with pytest.raises(NotReady, match=SENTENCES[name]), open_submitter(asked, spool=spool) as submitter:
        list(submitter.submit(documents(1)))
    assert not spool.exists(), "events would wait there for a broker that never takes them"
    for read in (kafka_topics.check, kafka_topics.create, read_feed, read_history):
        with pytest.raises(NotReady, match=SENTENCES[name]):
            read(asked)


def read_feed(settings: Settings) -> None:
    with open_feed(settings, [topics.DECISIONS]) as feed:
        list(feed.read())


def read_history(settings: Settings) -> None:
    with open_history(settings) as history:
        list(history.read([topics.DECISIONS]))


def test_a_certificate_file_without_a_certificate_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for place, sentence in ((tmp_path / "empty.pem", "holds no certificate"), (tmp_path / "nowhere", "cannot be read")):
        with pytest.raises(NotReady, match=sentence):
            kafka_topics.check(settings.model_copy(update={"kafka_ca_file": place}))


def test_a_user_without_rights_gets_a_sentence_about_rights(settings: Settings) -> None:
    stranger = settings.model_copy(update={"kafka_user": "stranger", "kafka_sasl_mechanism": "PLAIN"})
    with pytest.raises(NotReady, match="kafka_user may not do this"):
        kafka_topics.create(stranger)
    with pytest.raises(NotReady, match="claims.decisions does not exist"):
        read_history(stranger)
