"""Who may do what on a ClickHouse server: an owner of the schema, a writer, a reader; each no more than it needs (pure).

The reader is held to reading by the server itself, with bounds on time, memory and rows: whatever a panel, a person or a
parameter that breaks out may ask, nothing is changed, no file and no other host is reached, and the server lives.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final, NamedTuple

from sinks import scratch
from sinks.sql import literal, quoted

SHORTEST_PASSWORD: Final = 16
READER_SECONDS: Final = 30
READER_SECONDS_MOST: Final = 60
"""What a client may ask for where it knows that a question takes longer."""
READER_BYTES: Final = 2_000_000_000
READER_ROWS: Final = 1_000_000
"""Rows of one answer; the longest list of the desk has some thousands."""

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SYSTEM: Final = ("databases", "tables", "columns", "settings")


class Role(NamedTuple):
    """One of the three: its user is the database's name with ``suffix``, its password in ``variable``."""

    name: str
    suffix: str
    variable: str
    on_database: str
    """What it may do on the database's tables and views."""
    on_system: tuple[str, ...] = _SYSTEM
    """The tables of ``system`` that it may read, where reading those has to be granted."""
    settings: str = ""
    on_erasing: str = ""
    """What it may do besides on the table that says who is being erased."""
    on_scratch: str = ""
    """What it may do besides on the database that a rebuild fills."""

    def user(self, database: str) -> str:
        """Return the user's name."""
        return f"{database}{self.suffix}"

    def grants(self, database: str) -> list[str]:
        """Return the privileges, to be put between ``GRANT`` and ``TO``."""
        found = [f"{self.on_database} ON {quoted(database)}.*"]
        if self.on_erasing:
            found.append(f"{self.on_erasing} ON {quoted(database)}.erasing_rows")
        if self.on_scratch:
            found.append(f"{self.on_database}, {self.on_scratch} ON {quoted(scratch.name_of(database))}.*")
        return [*found, *(f"SELECT ON system.{table}" for table in self.on_system)]


OWNER: Final = Role(
    "owner",
    "",
    "HUOQUN_CLICKHOUSE_OWNER_PASSWORD",
    "SELECT, INSERT, ALTER TABLE, ALTER VIEW, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, "
    "TRUNCATE, OPTIMIZE, BACKUP",
    (*_SYSTEM, "mutations", "parts"),
    on_scratch="DROP DATABASE",
)
"""Makes and changes the schema, deletes rows, changes tables for others: ``huoqun migrate``, ``rebuild``, ``erase``."""

WRITER: Final = Role(
    "writer",
    "_writer",
    "HUOQUN_CLICKHOUSE_WRITER_PASSWORD",
    "SELECT, INSERT, ALTER DELETE, ALTER UPDATE, ALTER TTL",
    (*_SYSTEM, "mutations"),
    on_erasing="TRUNCATE",
)
"""Stores rows, erases people, sets how long rows are kept: ``huoqun sink``."""

READER: Final = Role(
    "reader",
    "_reader",
    "HUOQUN_CLICKHOUSE_READER_PASSWORD",
    "SELECT",
    settings=(
        f"readonly = 1, max_execution_time = {READER_SECONDS} MAX {READER_SECONDS_MOST} CHANGEABLE_IN_READONLY, "
        f"max_memory_usage = {READER_BYTES}, max_result_rows = {READER_ROWS}, result_overflow_mode = 'throw'"
    ),
)
"""Looks: Grafana, ``huoqun desk``, ``notify``, ``query``, ``report``, ``status``."""

ROLES: Final = (OWNER, WRITER, READER)


class GrantError(ValueError):
    """The users can't be made like that; the message says why, and never what a password is."""


def statements(database: str, passwords: dict[str, str]) -> list[str]:
    """Return the SQL that makes the three users, or brings them to this; run it as somebody with ``access_management``.

    ``passwords`` are by the role's name; of each there is only a hash in the SQL. Raises :class:`GrantError`.
    """
    if not _NAME.fullmatch(database):
        raise GrantError(f"store.database: {database!r} can't be part of a user's name: letters, digits and _ only")
    if len(set(passwords.values())) < len(passwords):
        raise GrantError("two of the three passwords are the same")
    found = []
    for role in ROLES:
        password = passwords[role.name]
        if len(password) < SHORTEST_PASSWORD:
            raise GrantError(f"{role.variable}: a password of {SHORTEST_PASSWORD} characters or more is needed")
        user = quoted(role.user(database))
        identified = literal(hashlib.sha256(password.encode()).hexdigest())
        settings = f"SETTINGS {role.settings or 'NONE'}"
        found.append(f"CREATE USER IF NOT EXISTS {user} IDENTIFIED WITH sha256_hash BY {identified}")
        found.append(f"ALTER USER {user} IDENTIFIED WITH sha256_hash BY {identified} {settings}")
        found.append(f"REVOKE ALL ON *.* FROM {user}")
        found += [f"GRANT {grant} TO {user}" for grant in role.grants(database)]
    return found
