"""TLS and SASL settings as aiokafka wants them."""

import ssl
from typing import Any

from agents.settings import Settings


def aiokafka_security(settings: Settings) -> dict[str, Any]:
    """Options for an aiokafka client. The authority's file, where named, is trusted instead of the system's."""
    options: dict[str, Any] = {"security_protocol": settings.kafka_security_protocol}
    if settings.kafka_security_protocol.endswith("SSL"):
        file = settings.kafka_ca_file
        options["ssl_context"] = ssl.create_default_context(cafile=str(file) if file else None)
    if settings.kafka_security_protocol.startswith("SASL"):
        assert settings.kafka_password is not None  # the settings see to it
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return options
