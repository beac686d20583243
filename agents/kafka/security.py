"""Addresses, TLS and SASL settings as each Kafka client wants them."""

import ssl
from typing import Any

from agents.settings import Settings
from pipeline.errors import NotReady


def aiokafka_security(settings: Settings) -> dict[str, Any]:
    """Options for an aiokafka client. Raises NotReady."""
    options: dict[str, Any] = {"security_protocol": settings.kafka_security_protocol}
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = tls_context(settings)
    if settings.kafka_security_protocol.startswith("SASL"):
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": _password(settings),
        }
    return options


def librdkafka_options(settings: Settings) -> dict[str, Any]:
    """Options that every confluent-kafka client takes."""
    options: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_bootstrap,
        "security.protocol": settings.kafka_security_protocol,
        "client.id": settings.group,
        "log_level": 0,  # what matters is returned as an error; the rest would be a second log on stderr
        "socket.keepalive.enable": True,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
    }
    if settings.kafka_ca_file is not None:
        options["ssl.ca.location"] = str(settings.kafka_ca_file)
    if settings.kafka_security_protocol.startswith("SASL"):
        options |= {
            "sasl.mechanisms": settings.kafka_sasl_mechanism,
            "sasl.username": settings.kafka_user,
            "sasl.password": _password(settings),
        }
    return options


def tls_context(settings: Settings) -> ssl.SSLContext:
    """Trusts the authority's file, if the settings name one, instead of the system's. Raises NotReady."""
    file = settings.kafka_ca_file
    try:
        return ssl.create_default_context(cafile=str(file) if file else None)
    except ssl.SSLError:
        raise NotReady(f"kafka_ca_file {file} holds no certificate in PEM format") from None
    except OSError as error:
        raise NotReady(f"kafka_ca_file {file} cannot be read: {error.strerror}") from None


def _password(settings: Settings) -> str:
    assert settings.kafka_password is not None, "the settings require one for SASL"
    return settings.kafka_password.get_secret_value()
