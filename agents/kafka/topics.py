"""Creates the declared topics, and reports where a cluster differs from them.

Retention has no end on any topic: the history is the product. Intake is stamped by the broker, so that no clinic
sets when it was received; `history.events` keeps the time of the event, and only operators may write it.
"""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError

from agents.kafka import access_list
from agents.kafka.access_check import require_entrance
from agents.kafka.connection import connection_options, translate_errors
from agents.settings import Settings
from pipeline.errors import NotReady
from schemas import topics
from schemas.values import MAX_EVENT_BYTES

COPIES: Final = 3  # one broker may be lost while another is being repaired
LEARNING_SECONDS: Final = 5.0  # in which every broker of a cluster learns of a new topic
_FOR_EVER_MS: Final = 2**63 - 1
_DEAD_LETTER_BYTES: Final = 2 * MAX_EVENT_BYTES  # the original in base64, and the reason


@dataclass(frozen=True, slots=True)
class Declared:
    """A topic as it must be."""

    name: str
    partitions: int
    copies: int
    options: dict[str, str]


def declared(settings: Settings, brokers: int) -> tuple[Declared, ...]:
    """Every topic as it must be on a cluster of `brokers`."""
    copies = min(COPIES, brokers)
    return tuple(Declared(name, settings.partitions, copies, _options(name, copies)) for name in topics.ALL)


def _options(name: str, copies: int) -> dict[str, str]:
    is_stamped_by_broker = name in topics.INTAKE and name != topics.HISTORY
    # A broker begins a segment, with files and handles of its own, for each week of the records' time. History that is
    # handed in has years of it, in any order: there a segment ends by its size alone.
    segments = {"segment.ms": str(_FOR_EVER_MS)} if name == topics.HISTORY else {}
    # The broker unfolds what comes compressed, and refuses what is too large then: else kilobytes on the wire could be
    # a gigabyte in a worker.
    unfolded = {"compression.type": "uncompressed"} if name in topics.INTAKE else {}
    return (
        segments
        | unfolded
        | {
            "cleanup.policy": "delete",
            "retention.ms": "-1",
            "retention.bytes": "-1",
            "message.timestamp.type": "LogAppendTime" if is_stamped_by_broker else "CreateTime",
            # A record that one broker alone holds could be lost with it.
            "min.insync.replicas": "2" if copies >= COPIES else "1",
            "unclean.leader.election.enable": "false",
            "max.message.bytes": str(max(1_048_588, 2 * _DEAD_LETTER_BYTES)),
        }
    )


def create(settings: Settings) -> list[str]:
    """Create what is missing; returns the names. What exists is not touched: `check` reports it."""
    with _admin(settings) as admin:
        wanted = declared(settings, _brokers(admin))
        there = set(admin.list_topics())
        missing = [one for one in wanted if one.name not in there]
        if missing:
            new = {
                one.name: {"num_partitions": one.partitions, "replication_factor": one.copies, "configs": one.options}
                for one in missing
            }
            with contextlib.suppress(TopicAlreadyExistsError):  # another process ran this at the same moment
                admin.create_topics(new, wait_for_metadata=True)
        return [one.name for one in missing]


def create_access_list(settings: Settings) -> list[str]:
    """As `access_list.create`."""
    with _admin(settings) as admin:
        return access_list.create(admin, settings)


def check(settings: Settings) -> list[str]:
    """One sentence for everything that differs from what is declared; empty where nothing does."""
    with _admin(settings) as admin:
        wanted = declared(settings, _brokers(admin))
        found = _found(admin)
        options = _options_of(admin, list(found))
        rights = access_list.check(admin, settings)
    differences = []
    for one in wanted:
        if one.name not in found:
            differences.append(f"{one.name} does not exist")
            continue
        partitions = found[one.name]["partitions"]
        if len(partitions) != one.partitions:
            differences.append(f"{one.name} has {len(partitions)} partitions instead of {one.partitions}")
        fewest = min(len(partition["replica_nodes"]) for partition in partitions)
        if fewest < one.copies:
            differences.append(f"{one.name} has {fewest} copies instead of {one.copies}")
        for option, value in one.options.items():
            actual = options[one.name].get(option)
            if actual != value:
                differences.append(f"{one.name} has {option}={actual} instead of {value}")
    return differences + rights


def require(settings: Settings) -> None:
    """Check before a worker starts: every topic exists, with the partitions of the settings.

    Faust would wait without a message for a missing topic. Raises NotReady or Transient.
    """
    with _admin(settings) as admin:
        found = _found(admin)
    missing = [name for name in topics.ALL if name not in found]
    if missing:
        raise NotReady(
            f"{len(missing)} of {len(topics.ALL)} topics do not exist at {settings.kafka_bootstrap} "
            f"({', '.join(missing)}): run `santunan topics create`"
        )
    counts = {name: len(one["partitions"]) for name, one in found.items()}
    if set(counts.values()) != {settings.partitions}:
        raise NotReady(_other_partitions(counts, settings))


def require_none_added(counts: Mapping[str, int], settings: Settings) -> None:
    """`counts`: partitions by topic. Raises NotReady where a topic has got more than the settings say: a key may be in
    another partition now, and of the added ones nobody would say that a day has passed. A broker that lags behind knows
    fewer for a moment, which is no reason to end."""
    if max(counts.values(), default=0) > settings.partitions:
        raise NotReady(_other_partitions(counts, settings))


def _other_partitions(counts: Mapping[str, int], settings: Settings) -> str:
    name, count = next((name, count) for name, count in counts.items() if count != settings.partitions)
    most = max(counts.values())
    first = ""
    if len(set(counts.values())) > 1:  # none can be taken away
        first = f"give each topic {most} (kafka-topics.sh --alter --topic NAME --partitions {most}), then "
    return (
        f"{name} has {count} partitions, but `partitions` says {settings.partitions}: all topics must have the same "
        f"number, so {first}set partitions to {most} for all workers and senders (SANTUNAN_PARTITIONS); "
        "`santunan topics check` compares them"
    )


def require_one(settings: Settings, name: str) -> None:
    """Raises NotReady where a broker answers and has no such topic, Transient where none answers."""
    with _admin(settings) as admin:
        if name not in _found(admin):
            raise NotReady(f"{name} does not exist at {settings.kafka_bootstrap}: run `santunan topics create`")


@contextlib.contextmanager
def _admin(settings: Settings) -> Iterator[Any]:
    if settings.is_embedded:
        raise NotReady("the embedded file makes its topics itself; for a cluster set broker_url, as in `services up`")
    require_entrance(settings)
    with translate_errors(settings):
        admin = KafkaAdminClient(**connection_options(settings), bootstrap_timeout_ms=10_000)
        try:
            yield admin
        finally:
            admin.close()


def _brokers(admin: Any) -> int:
    return len(admin.describe_cluster()["brokers"])


def _found(admin: Any) -> dict[str, Any]:
    """Descriptions of our topics, by name. Each broker learns of a new topic by itself, so a missing one is asked for
    again for a moment."""
    deadline = time.monotonic() + (LEARNING_SECONDS if _brokers(admin) > 1 else 0)
    while True:
        known = (one for one in admin.describe_topics() if not one["error_code"])
        found = {one["name"]: one for one in known if one["name"] in topics.ALL}
        if len(found) == len(topics.ALL) or time.monotonic() >= deadline:
            return found
        time.sleep(0.1)


def _options_of(admin: Any, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer = admin.describe_configs(resources, config_filter="all")
    found: dict[str, dict[str, str]] = {}
    for by_name in answer.values():
        for name, options in by_name.items():
            found[name] = {option: str(entry["value"]) for option, entry in options.items()}
    return found
