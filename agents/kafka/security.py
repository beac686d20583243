"""TLS and SASL settings as aiokafka wants them."""

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
        assert settings.kafka_password is not None  # the settings see to it
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return options


def tls_context(settings: Settings) -> ssl.SSLContext:
    """The authority's file, where named, is trusted instead of the system's. Raises NotReady where it is no such."""
    file = settings.kafka_ca_file
    try:
        return ssl.create_default_context(cafile=str(file) if file else None)
    except ssl.SSLError:
        raise NotReady(f"kafka_ca_file {file} holds no certificate in PEM format") from None
    except OSError as error:
        raise NotReady(f"kafka_ca_file {file} cannot be read: {error.strerror}") from None
