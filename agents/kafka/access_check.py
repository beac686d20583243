"""Whether a broker lets us in, asked once before a client is opened: its certificate, our user and password.

kafka-python tries for as long as it may whatever the broker says, and tells all of it as a timeout in the end: a wrong
password would look like a broker that is away, and be waited for in vain. Never imports Faust.
"""

import socket
import ssl
from typing import Any, Final

from kafka.errors import KafkaError, SaslAuthenticationFailedError, UnsupportedSaslMechanismError
from kafka.net.sasl import get_sasl_mechanism
from kafka.protocol.parser import KafkaProtocol
from kafka.protocol.sasl import SaslAuthenticateRequest, SaslHandshakeRequest

from agents.kafka.security import tls_context
from agents.settings import Settings
from pipeline.errors import NotReady

ANSWER_SECONDS: Final = 5.0
DEFAULT_PORT: Final = 9092


def require_entrance(settings: Settings) -> None:
    """Raises NotReady where a broker answers and refuses. Where none answers, nothing is said: the client may wait."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return
    for place in settings.kafka_bootstrap.split(","):
        try:
            _enter(place, settings)
            return
        except ssl.SSLCertVerificationError as error:
            raise NotReady(
                f"the certificate of the Kafka broker at {place} is not trusted ({error.verify_message}): "
                "correct kafka_ca_file, or the name in broker_url"
            ) from None
        except (OSError, KafkaError):
            continue  # away, starting, or no broker at all: the client tries them all, for longer, and says so


def _enter(place: str, settings: Settings) -> None:
    parts = socket_address(place)
    with socket.create_connection(parts, timeout=ANSWER_SECONDS) as plain:
        if not settings.kafka_security_protocol.endswith("SSL"):
            _authenticate(place, plain, settings)
            return
        with tls_context(settings).wrap_socket(plain, server_hostname=parts[0]) as secured:
            if settings.kafka_security_protocol.startswith("SASL"):
                _authenticate(place, secured, settings)


def socket_address(place: str) -> tuple[str, int]:
    """HOST, HOST:PORT, [HOST]:PORT"""
    host, _, port = place.rpartition(":") if place.rpartition(":")[2].isdecimal() else (place, "", str(DEFAULT_PORT))
    return host.strip("[]"), int(port)


def _authenticate(place: str, connection: socket.socket, settings: Settings) -> None:
    assert settings.kafka_password is not None  # the settings see to it
    wire = KafkaProtocol(client_id=settings.group)

    def ask(request: Any) -> Any:
        wire.send_request(request)
        connection.sendall(wire.send_bytes())
        answers: list[tuple[int, Any]] = []
        while not answers:
            received = connection.recv(4096)
            if not received:
                raise ConnectionResetError
            answers = wire.receive_bytes(received)
        return answers[0][1]

    mechanism = settings.kafka_sasl_mechanism
    offered = ask(SaslHandshakeRequest(version=1, mechanism=mechanism))
    if offered.error_code == UnsupportedSaslMechanismError.errno:
        known = " or ".join(sorted(offered.mechanisms))
        raise NotReady(f"the Kafka broker at {place} does not know {mechanism}: set kafka_sasl_mechanism to {known}")
    talk = get_sasl_mechanism(mechanism)(
        host=place,
        sasl_mechanism=mechanism,
        sasl_plain_username=settings.kafka_user,
        sasl_plain_password=settings.kafka_password.get_secret_value(),
    )
    while not talk.is_done():
        answer = ask(SaslAuthenticateRequest(version=1, auth_bytes=talk.auth_bytes()))
        if answer.error_code == SaslAuthenticationFailedError.errno:
            raise NotReady(f"the Kafka broker at {place} does not accept kafka_user and kafka_password")
        if answer.error_code:
            return
        talk.receive(answer.auth_bytes)
