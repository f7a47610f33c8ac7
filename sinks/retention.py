"""How long rows are kept: the engine's own TTL, set from the configuration when the sink starts.

Event time counts: of history that is older than that, nothing is kept. 0 keeps for ever, and takes away what was set before.
"""

from __future__ import annotations

import re
from typing import Final

from huoqun import log
from huoqun.config import Retention
from sinks.sql import literal, quoted
from sinks.store import Store

TABLES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "events_days": (("events_rows", "ts"), ("membership_rows", "ts"), ("conversions_rows", "ts")),
    "activity_days": (("activity_rows", "window_end"), ("group_hours_rows", "hour"), ("member_days_rows", "day")),
    "questions_days": (("questions_rows", "asked_at"), ("questions_by_time_rows", "asked_at")),
    "alerts_days": (("alerts_rows", "raised_at"), ("actions_rows", "at"), ("deliveries_rows", "at")),
    "risk_days": (("member_risk_rows", "as_of"),),
}
"""Setting -> the tables that it is for, and the time of a row."""
_TTL: Final = re.compile(r"\bTTL\b.*?toIntervalDay\((\d+)\)", re.DOTALL)


def apply(store: Store, database: str, retention: Retention) -> list[str]:
    """Set what is not set so yet; return the tables that were changed. Rows beyond it go in the background."""
    there = {
        str(name): str(statement)
        for name, statement in store.select(
            f"SELECT name, create_table_query FROM system.tables WHERE database = {literal(database)}"  # noqa: S608  # quoted
        )
    }
    changed = []
    for setting, tables in TABLES.items():
        days = getattr(retention, setting)
        for table, column in tables:
            if table not in there:
                continue
            found = _TTL.search(there[table])
            if (int(found.group(1)) if found else 0) == days:
                continue
            place = f"ALTER TABLE {quoted(database)}.{table}"
            store.execute(
                f"{place} MODIFY TTL toDateTime({column}) + toIntervalDay({days})" if days else f"{place} REMOVE TTL"
            )
            changed.append(table)
    if changed:
        log.get("sink").info("how long rows are kept was changed", tables=changed)
    return changed
