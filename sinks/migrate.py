"""The schema, applied in numbered steps (``schema/NNN_name.sql``).

A step that was applied never changes: its checksum is kept, and another one refuses to go on. Every statement is
idempotent (``IF NOT EXISTS`` and the like), so a step that was cut short, or that two processes apply at the same
moment, ends the same; there is no lock to be left behind. Who was overtaken goes through all steps nevertheless: a view
that it made older is made newer again by its own next steps.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from importlib import resources
from typing import Final, NamedTuple

from huoqun.clock import now_ms
from sinks import sql
from sinks.store import Store, StoreError, UnusableError

BOOKKEEPING: Final = "schema_migrations"
_NAME: Final = re.compile(r"(\d{3})_([a-z0-9_]+)\.sql")


class Migration(NamedTuple):
    """One step of the schema."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """What the file says, whatever its line ends are."""
        return hashlib.sha256(self.text.replace("\r\n", "\n").encode()).hexdigest()

    def statements(self, database: str) -> list[str]:
        """Return the statements for one database."""
        return [s.replace("{database}", sql.quoted(database)) for s in sql.statements(self.text)]


def shipped() -> list[Migration]:
    """Return the steps that come with this version, in order."""
    found = []
    for file in resources.files("sinks").joinpath("schema").iterdir():
        match = _NAME.fullmatch(file.name)
        if match is not None:
            found.append(Migration(int(match.group(1)), match.group(2), file.read_text("utf-8")))
    return sorted(found)


def applied(store: Store, database: str) -> dict[int, tuple[str, str]]:
    """Return number -> (name, checksum) of the steps that the store has."""
    there = store.select(
        "SELECT count() FROM system.tables "  # noqa: S608  # the name is quoted
        f"WHERE database = {sql.literal(database)} AND name = '{BOOKKEEPING}'"
    )
    if not int(there[0][0]):
        return {}
    rows = store.select(
        "SELECT number, name, checksum "  # noqa: S608  # the name is quoted
        f"FROM {sql.quoted(database)}.{BOOKKEEPING} FINAL ORDER BY number"
    )
    return {int(number): (name, checksum) for number, name, checksum in rows}


def pending(steps: Iterable[Migration], done: dict[int, tuple[str, str]]) -> list[Migration]:
    """Return the steps still to apply; raises :class:`UnusableError` when an applied one is not what we ship."""
    missing = []
    known = set()
    for step in steps:
        known.add(step.number)
        if step.number not in done:
            missing.append(step)
        elif done[step.number][1] != step.checksum:
            raise UnusableError(
                f"schema/{step.number:03}_{step.name}.sql is not the file that was applied to this store (its checksum "
                "differs): restore the file, and put what is new into a new one"
            )
    ahead = sorted(set(done) - known)
    if ahead:
        raise UnusableError(
            f"the store has migration {ahead[-1]:03}, which this version does not know: run a newer huoqun"
        )
    return missing


def migrate(store: Store, database: str, *, adapt: Callable[[str], str] = str) -> list[Migration]:
    """Apply what is pending and return it. ``adapt`` rewrites each statement, for engines of another dialect."""
    where = sql.quoted(database)
    steps = pending(shipped(), applied(store, database))
    if not steps:
        return []
    store.execute(adapt(f"CREATE DATABASE IF NOT EXISTS {where}"))
    store.execute(
        adapt(
            f"CREATE TABLE IF NOT EXISTS {where}.{BOOKKEEPING} (number UInt32, name String, checksum String, "
            "applied_at DateTime('UTC'), version UInt64) ENGINE = ReplacingMergeTree(version) ORDER BY number"
        )
    )
    for step in steps:
        for statement in step.statements(database):
            _apply(store, database, step, adapt(statement))
        done = (
            f"INSERT INTO {where}.{BOOKKEEPING} (number, name, checksum, applied_at, version) "
            f"SELECT {step.number}, {sql.literal(step.name)}, {sql.literal(step.checksum)}, now('UTC'), {now_ms()}"
        )
        store.execute(adapt(done))
    return steps


def _apply(store: Store, database: str, step: Migration, statement: str) -> None:
    """Run one statement, unless it copies rows for a table that an overtaking process has made wider meanwhile.

    That process then has copied them itself, and has recorded the step.
    """
    try:
        store.execute(statement)
    except StoreError:
        if not statement.startswith("INSERT") or step.number not in applied(store, database):
            raise


def check(store: Store, database: str) -> None:
    """Raise :class:`UnusableError` unless the store has exactly the schema of this version."""
    missing = pending(shipped(), applied(store, database))
    if missing:
        names = ", ".join(f"{m.number:03}_{m.name}" for m in missing)
        raise UnusableError(f"the schema is not up to date (missing: {names}): run `huoqun migrate`")
