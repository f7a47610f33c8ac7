"""How each of the Kafka clients is told where the broker is and how to reach it."""

from __future__ import annotations

import os
import ssl
from typing import Any, Final

from huoqun.config import ConfigError
from huoqun.kafka_config import Kafka

_PROTOCOLS: Final = {
    "plaintext": "PLAINTEXT",
    "tls": "SSL",
    "sasl_plaintext": "SASL_PLAINTEXT",
    "sasl_tls": "SASL_SSL",
}

RECONNECT_MOST_MS: Final = 1_000
"""The longest pause between two tries to reach the broker. The clients' own (10 and 30 s) come on top of how long it was away."""


def addresses(kafka: Kafka) -> list[str]:
    """Return the brokers' addresses, ``host:port``."""
    return [address.strip() for address in kafka.bootstrap.split(",")]


def password(kafka: Kafka) -> str:
    """Return the password to sign in with. Raises :class:`ConfigError` where it is not there."""
    found = os.environ.get(kafka.password_env, "")
    if not found:
        raise ConfigError(f"kafka.password_env: the environment variable {kafka.password_env} is not set")
    return found


def tls(kafka: Kafka) -> ssl.SSLContext | None:
    """Return what encrypts, ``None`` where nothing does. Raises :class:`ConfigError` for files that are no certificates."""
    if not kafka.encrypts:
        return None
    try:
        context = ssl.create_default_context(cafile=kafka.ca_file or None)
        if kafka.cert_file:
            context.load_cert_chain(kafka.cert_file, kafka.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"kafka.ca_file, kafka.cert_file, kafka.key_file: {error}") from None
    return context


def for_aiokafka(kafka: Kafka) -> dict[str, Any]:
    """Return the settings of an aiokafka client."""
    settings: dict[str, Any] = {"bootstrap_servers": addresses(kafka)}
    if kafka.security != "plaintext":
        settings |= {"security_protocol": _PROTOCOLS[kafka.security], "ssl_context": tls(kafka)}
    if kafka.signs_in:
        settings |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.user,
            "sasl_plain_password": password(kafka),
        }
    return settings


def for_kafka_python(kafka: Kafka) -> dict[str, Any]:
    """Return the settings of a kafka-python client, which calls them as aiokafka does."""
    return {**for_aiokafka(kafka), "reconnect_backoff_max_ms": RECONNECT_MOST_MS}


def for_librdkafka(kafka: Kafka) -> dict[str, Any]:
    """Return the settings of a confluent-kafka client."""
    settings: dict[str, Any] = {
        "bootstrap.servers": kafka.bootstrap,
        "reconnect.backoff.max.ms": RECONNECT_MOST_MS,
    }
    if kafka.encrypts:
        tls(kafka)  # says what is wrong with the files in our words
        settings |= {"ssl.ca.location": kafka.ca_file or "probe"}
        if kafka.cert_file:
            settings |= {"ssl.certificate.location": kafka.cert_file, "ssl.key.location": kafka.key_file}
    if kafka.security != "plaintext":
        settings["security.protocol"] = _PROTOCOLS[kafka.security]
    if kafka.signs_in:
        settings |= {
            "sasl.mechanism": kafka.sasl_mechanism,
            "sasl.username": kafka.user,
            "sasl.password": password(kafka),
        }
    return settings
