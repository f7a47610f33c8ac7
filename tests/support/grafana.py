"""What Grafana and its ClickHouse plugin do to a query before the store sees it, as their documentation describes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

ALL: Final = "$__all"
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::(\w+))?\}")
_UNKNOWN: Final = re.compile(r"\$\w+|\$\{")


def expanded(
    sql: str, *, since: int, until: int, chosen: Mapping[str, Sequence[str]], everything: Mapping[str, str]
) -> str:
    """Return what the store is asked.

    ``chosen``: the values of each variable, ``[ALL]`` for all; ``everything``: the text that stands for all then. Times are
    seconds. Raises :class:`ValueError` for a macro or a variable that is not known.
    """

    def value(found: re.Match[str]) -> str:
        name, form = found.group(1), found.group(2)
        values = chosen[name]
        if list(values) == [ALL]:
            return everything[name]
        if form != "sqlstring":
            raise ValueError(f"{found.group(0)}: written without quotes")
        return ",".join("'" + v.replace("'", "''") + "'" for v in values)

    sql = "\n".join(line for line in sql.split("\n") if not line.lstrip().startswith("--"))
    sql = sql.replace("$__fromTime", f"toDateTime({since})").replace("$__toTime", f"toDateTime({until})")
    sql = _VARIABLE.sub(value, sql)
    left = _UNKNOWN.search(sql)
    if left is not None:
        raise ValueError(f"{left.group(0)}: neither a macro nor a variable")
    return sql
