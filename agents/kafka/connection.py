"""Connects every kafka-python client of ours (addresses, TLS, SASL), and translates its errors.

Never imports Faust: clinics, officers and auditors run these clients without a worker's packages.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import (
    AuthorizationError,
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
)

from agents.kafka.access_check import reports_refusals
from agents.kafka.security import aiokafka_security
from agents.settings import Settings
from pipeline.errors import NotReady, Transient

ENDING_SECONDS: Final = 5.0  # in which a producer that was closed by force has given up


def connection_options(settings: Settings) -> dict[str, Any]:
    """Options that every kafka-python client takes. Raises NotReady."""
    return {
        "bootstrap_servers": settings.kafka_bootstrap.split(","),
        "client_id": settings.group,
        "request_timeout_ms": int(settings.kafka_request_seconds * 1000),
        # The default waits up to half a minute after a broker came back, longer than we give a delivery.
        "reconnect_backoff_max_ms": 1000,
        **aiokafka_security(settings),  # kafka-python names them alike
    }


@contextlib.contextmanager
def translate_errors(settings: Settings) -> Iterator[None]:
    """Raises Transient (try again later) or NotReady (a setting must change) in place of a Kafka client's errors."""
    try:
        yield
    except (KafkaConnectionError, KafkaTimeoutError) as error:
        raise Transient(
            f"no Kafka broker answers at {settings.kafka_bootstrap}: is it started, is broker_url right, "
            f"and does it speak {settings.kafka_security_protocol} there?{_unreported(settings)}"
        ) from error
    except (SaslAuthenticationFailedError, IllegalSaslStateError) as error:
        raise NotReady(
            f"the Kafka broker at {settings.kafka_bootstrap} does not accept kafka_user and kafka_password"
        ) from error
    except AuthorizationError as error:
        raise NotReady(
            f"kafka_user may not do this at {settings.kafka_bootstrap}; the broker's access list says what it may"
        ) from error
    except KafkaError as error:
        if error.retriable:
            raise Transient(f"the Kafka broker at {settings.kafka_bootstrap}: {type(error).__name__}") from error
        raise


def _unreported(settings: Settings) -> str:
    """What else a timeout may mean where nothing reports it."""
    if not settings.kafka_security_protocol.startswith("SASL") or reports_refusals():
        return ""
    return (
        " It may also refuse kafka_user, kafka_password or kafka_sasl_mechanism: only with the package's extra kafka "
        "are these reported (pip install 'santunan[kafka]')"
    )


def producer_of(**options: Any) -> KafkaProducer:
    """Where no broker answers, closes what kafka-python leaves open then. Raises its errors."""
    made: list[Any] = []

    def client(**own: Any) -> Any:
        made.append(KafkaProducer.DEFAULT_CONFIG["kafka_client"](**own))
        return made[-1]

    try:
        return KafkaProducer(**options, kafka_client=client)
    except BaseException:
        for one in made:
            one.close()
        raise


def end_producer(producer: Any, seconds: float) -> None:
    """Close within `seconds`; what is undelivered then is given up, and with 0 nothing more is sent.

    `close` of kafka-python alone would leave its thread sending.
    """
    with contextlib.suppress(KafkaTimeoutError):
        if seconds:
            producer.close(seconds)
            return
    producer._sender.force_close()  # before `close`, which begins with sending what waits
    producer._sender.join(ENDING_SECONDS)
    producer.close(ENDING_SECONDS)
