"""Where the broker is, how it is reached, and how the topics are cut."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec


class Kafka(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The broker.

    ``security``: ``tls`` and ``sasl_tls`` encrypt, and the broker's certificate is checked against the system's authorities or
    those in ``ca_file``; ``cert_file`` and ``key_file`` (PEM) are ours, where the broker asks for one. ``sasl_…`` signs in with
    ``user`` and the password in the environment variable that ``password_env`` names.
    """

    bootstrap: str = "127.0.0.1:9092"
    topic_prefix: str = "huoqun"
    partitions: int = 4
    replication: int = 1
    retention_days: float = 30.0
    """How long events are kept, which is how far back a rebuild reaches; also what was sent, and dead letters. For topics that
    are made from now on: ``huoqun doctor`` says how to change the others. The next: the results."""
    result_retention_days: float = 7.0
    bad_in_a_row: int = 1_000
    """So many records in a row that nobody can use, with no good one between them, end a worker and a sink; 0: never."""
    security: Literal["plaintext", "tls", "sasl_plaintext", "sasl_tls"] = "plaintext"
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    user: str = ""
    password_env: str = "HUOQUN_KAFKA_PASSWORD"  # noqa: S105  # the name of a variable, not a password

    @property
    def encrypts(self) -> bool:
        """Whether what is sent is encrypted."""
        return self.security in {"tls", "sasl_tls"}

    @property
    def signs_in(self) -> bool:
        """Whether a name and a password are told."""
        return self.security in {"sasl_plaintext", "sasl_tls"}


def problems(kafka: Kafka) -> list[str]:
    """Return what can't be used, with its place and the mend."""
    found = [
        f"kafka.{name}: must be more than 0, not {days:g}"
        for name in ("retention_days", "result_retention_days")
        if not (days := getattr(kafka, name)) > 0
    ]
    if kafka.bad_in_a_row < 0:
        found.append(f"kafka.bad_in_a_row: must not be negative, is {kafka.bad_in_a_row}")
    found += [
        f"kafka.{name}: no such file: {file}"
        for name in ("ca_file", "cert_file", "key_file")
        if (file := getattr(kafka, name)) and not Path(file).is_file()
    ]
    found += [
        f"kafka.{name}: only used with kafka.security = 'tls' or 'sasl_tls', which is {kafka.security!r}"
        for name in ("ca_file", "cert_file", "key_file")
        if getattr(kafka, name) and not kafka.encrypts
    ]
    if bool(kafka.cert_file) != bool(kafka.key_file):
        found.append("kafka.cert_file and kafka.key_file: give both, or neither")
    if kafka.signs_in and not kafka.user:
        found.append(f"kafka.user: kafka.security = {kafka.security!r} needs a name to sign in with")
    if kafka.user and not kafka.signs_in:
        found.append(
            f"kafka.user: only used with kafka.security = 'sasl_tls' or 'sasl_plaintext', which is {kafka.security!r}"
        )
    return found
