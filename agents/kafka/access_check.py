"""Checks whether a broker lets us in before a client is opened: its certificate, our mechanism, user and password.

kafka-python retries whatever the broker answers and reports a timeout in the end: a wrong password would look like a
broker that is away. librdkafka reports the refusal. Without it (the extra `kafka`) only the certificate is checked.
Never imports Faust.
"""

import contextlib
import importlib.util
import re
import socket
import ssl
import time
from typing import TYPE_CHECKING, Final

from agents.kafka.security import librdkafka_options, tls_context
from agents.settings import Settings
from pipeline.errors import NotReady

if TYPE_CHECKING:
    from confluent_kafka import KafkaError

ANSWER_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.25
DEFAULT_PORT: Final = 9092
_MECHANISMS: Final = re.compile(r"supported mechanisms: *([A-Za-z0-9, _-]+)")  # librdkafka has no field for them


def require_entrance(settings: Settings) -> None:
    """Raises NotReady where a broker answers and refuses. Where none answers it returns: the client may wait."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return
    for place in settings.kafka_bootstrap.split(","):
        try:
            _check_certificate(place, settings)
        except ssl.SSLCertVerificationError as error:
            raise NotReady(
                f"the certificate of the Kafka broker at {place} is not trusted ({error.verify_message}): "
                "correct kafka_ca_file, or the name in broker_url"
            ) from None
        except OSError:
            continue  # away, starting, or no broker at all: the client tries them all, for longer, and reports it
        if settings.kafka_security_protocol.startswith("SASL") and reports_refusals():
            _check_user(place, settings)
        return


def reports_refusals() -> bool:
    """Whether a refused user looks different from a broker that is away: the extra `kafka` is installed."""
    return importlib.util.find_spec("confluent_kafka") is not None


def _check_certificate(place: str, settings: Settings) -> None:
    address = socket_address(place)
    with socket.create_connection(address, timeout=ANSWER_SECONDS) as plain:
        if settings.kafka_security_protocol.endswith("SSL"):
            tls_context(settings).wrap_socket(plain, server_hostname=address[0]).close()


def socket_address(place: str) -> tuple[str, int]:
    """HOST, HOST:PORT, [HOST]:PORT"""
    host, _, port = place.rpartition(":") if place.rpartition(":")[2].isdecimal() else (place, "", str(DEFAULT_PORT))
    return host.strip("[]"), int(port)


def _check_user(place: str, settings: Settings) -> None:
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import AdminClient

    errors: list[KafkaError] = []
    options = librdkafka_options(settings) | {"bootstrap.servers": place}
    client = AdminClient({**options, "error_cb": errors.append})
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(KafkaException):  # not connected yet, or refused: the errors say which
            client.list_topics(timeout=LOOK_SECONDS)
            return
        client.poll(0)
        for error in errors:
            if error.code() == KafkaError._AUTHENTICATION:
                raise NotReady(_sentence(place, settings, error))


def _sentence(place: str, settings: Settings, error: "KafkaError") -> str:
    if found := _MECHANISMS.search(error.str()):
        known = " or ".join(sorted(one.strip() for one in found[1].split(",")))
        mechanism = settings.kafka_sasl_mechanism
        return f"the Kafka broker at {place} does not know {mechanism}: set kafka_sasl_mechanism to {known}"
    return f"the Kafka broker at {place} does not accept kafka_user and kafka_password"
