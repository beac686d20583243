"""Checkpoints on their way to their topic, over Kafka: each after it was signed, by who signed it.

At least once: one that a worker could not send is tried again in a minute, and where that worker is gone, the next
checkpoint covers it. Embedded, the log has them in the transaction that signs.
"""

from collections.abc import Sequence
from typing import Final

from kafka.errors import KafkaError

from agents.kafka.access_check import require_entrance
from agents.kafka.connection import connection_options, end_producer, producer_of, translate_errors
from agents.settings import Settings
from pipeline.errors import Transient
from pipeline.messages.records import Message

SECONDS: Final = 10.0


def send_checkpoints(settings: Settings, messages: Sequence[Message]) -> None:
    """Returns once the broker has them. Raises NotReady, Transient."""
    require_entrance(settings)
    with translate_errors(settings):
        options = connection_options(settings) | {"request_timeout_ms": int(SECONDS * 500)}
        producer = producer_of(
            **options,
            bootstrap_timeout_ms=int(SECONDS * 1000),
            acks="all",
            enable_idempotence=True,
            max_block_ms=int(SECONDS * 1000),
            delivery_timeout_ms=int(SECONDS * 1000),
        )
        try:
            sent = [producer.send(one.topic, one.value, one.key) for one in messages]
            for one in sent:
                one.get(timeout=SECONDS)
        except KafkaError as error:
            raise Transient(f"checkpoints could not be sent: {type(error).__name__}") from error
        finally:
            end_producer(producer, SECONDS)
