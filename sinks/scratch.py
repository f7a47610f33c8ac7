"""A second database beside the live one: filled in peace, then put in its place, table by table.

The tables stay what they are, with whatever reads and fills them; only their contents are exchanged, by partitions of the
engine, which are linked and not copied. Each exchange is atomic; between two tables somebody may see the one new and the
other old. Cut short, it can be done again: the second database is still whole.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from huoqun.config import Config
from sinks import migrate, tables
from sinks.clickhouse import ClickHouseStore
from sinks.sql import literal, quoted
from sinks.store import Store

COMPUTED: Final = (
    tables.EVENTS, tables.ACTIVITY, tables.QUESTIONS, tables.ALERTS, tables.MEMBERS, tables.MEMBER_RISK, tables.GROUPS,
)  # fmt: skip
"""What follows from the events."""
BESIDE: Final = (tables.ACTIONS, tables.DELIVERIES)
"""What operators did and what was sent: it stays, and what topics still hold of it is added where the store has lost it."""
_FILLS: Final = re.compile(r"^CREATE MATERIALIZED VIEW \S+ (?:UUID '[^']*' )?TO `?\w+`?\.`?(\w+)`?", re.IGNORECASE)

Adapt = Callable[[str], str]
"""Rewrites a statement of the schema, for engines of another dialect."""


def name_of(database: str) -> str:
    """Return the name of the database beside ``database``."""
    return f"{database}_rebuild"


def open_beside(config: Config, environ: Mapping[str, str] = os.environ) -> Store:
    """Open the store so that rows go into the database beside the live one. Raises :class:`sinks.store.StoreError`."""
    beside = msgspec.structs.replace(config.store, database=name_of(config.store.database))
    if config.store.kind == "embedded":
        from sinks.embedded import EmbeddedStore  # noqa: PLC0415  # the engine is an extra, and slow to load

        return EmbeddedStore(config.data_dir, beside.database, wait_seconds=2.0)
    return ClickHouseStore(beside, environ.get(config.store.password_env, ""))


def begin(store: Store, live: str, *, adapt: Adapt = str) -> None:
    """Bring the live schema up to date, and make the empty database beside it; what an earlier try has left goes."""
    migrate.migrate(store, live, adapt=adapt)
    end(store, live)
    migrate.migrate(store, name_of(live), adapt=adapt)


def end(store: Store, live: str) -> None:
    """Drop the database beside the live one: a second copy of what people said must not be left lying about."""
    store.execute(f"DROP DATABASE IF EXISTS {quoted(name_of(live))}")


def keep_alerts(store: Store, live: str, kinds: Iterable[str]) -> None:
    """Take over the alerts of kinds that do not come from the events."""
    wanted = ", ".join(map(literal, kinds))
    _copy(store, tables.ALERTS, live, name_of(live), f"WHERE kind IN ({wanted})")


def keep_events(store: Store, live: str) -> None:
    """Take over the stored events, for those that the topic no longer has."""
    _copy(store, tables.EVENTS, live, name_of(live))


def add_to_live(store: Store, live: str) -> None:
    """Store what is not computed into the live tables; what is there already stays as it is."""
    for table in BESIDE:
        _copy(store, table, name_of(live), live)


def _copy(store: Store, table: tables.Table, source: str, target: str, where: str = "") -> None:
    names = ", ".join(table.names)
    store.execute(
        f"INSERT INTO {quoted(target)}.{table.storage} ({names}) "  # noqa: S608  # names of ours, and quoted
        f"SELECT {names} FROM {quoted(source)}.{table.storage} {where}"
    )


def exchange(store: Store, live: str) -> list[str]:
    """Put the contents of the database beside into the live one; return the names of the tables that were exchanged."""
    beside = name_of(live)
    found = computed(store, beside)
    for table in found:
        new, old = _partitions(store, beside, table), _partitions(store, live, table)
        place = f"{quoted(live)}.{quoted(table)}"
        for part in new:
            store.execute(
                f"ALTER TABLE {place} REPLACE PARTITION ID {literal(part)} FROM {quoted(beside)}.{quoted(table)}"
            )
        for part in sorted(old - new):
            store.execute(f"ALTER TABLE {place} DROP PARTITION ID {literal(part)}")
    return found


def computed(store: Store, database: str) -> list[str]:
    """Return the tables that follow from the events: the results', and what is filled from them."""
    rows = store.select(
        f"SELECT create_table_query FROM system.tables WHERE database = {literal(database)} "  # noqa: S608  # quoted
        "AND engine = 'MaterializedView'"
    )
    fills = (_FILLS.match(str(statement)) for (statement,) in rows)
    return [t.storage for t in COMPUTED] + sorted({match.group(1) for match in fills if match is not None})


def _partitions(store: Store, database: str, table: str) -> set[str]:
    rows = store.select(
        "SELECT DISTINCT partition_id FROM system.parts "  # noqa: S608  # quoted
        f"WHERE active AND database = {literal(database)} AND table = {literal(table)}"
    )
    return {str(part) for (part,) in rows}
