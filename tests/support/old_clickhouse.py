"""The shipped DDL in the words of ClickHouse 18, the server that Debian packages.

What is lost on it: the rollups (no SimpleAggregateFunction, no wide integers) and what operators made of alerts; times are their integers (ms since the epoch),
booleans 0 and 1, and there are no codecs. What is tested on it for real: the native protocol, replacing by version, the views, and what happens when a server dies.
"""

import re

OLD = (20, 1)
"""Servers before this one need :func:`adapt`."""

_REWRITES = (
    (r"DateTime64\(3, 'UTC'\)", "Int64"),
    (r"LowCardinality\((Nullable\(String\)|String)\)", r"\1"),
    (r"Nullable\(Bool\)", "Nullable(UInt8)"),
    (r"\bBool\b", "UInt8"),
    (r"\s+CODEC\((?:[^()]|\([^()]*\))*\)", ""),
    (r"\s+SETTINGS\s+[^;]*$", ""),
    (r"toYear\((\w+)\)", r"intDiv(\1, 31557600000)"),
    (r"DateTime\('UTC'\)", "DateTime"),
    (r"now\('UTC'\)", "now()"),
)


_ROLLUPS = re.compile(r"\.(group_hours|member_days|membership|questions_by_time|sources)(_|\b)|\bitem_states\b")


def adapt(statement: str) -> str:
    if _ROLLUPS.search(statement):
        return "SELECT 1"
    for pattern, replacement in _REWRITES:
        statement = re.sub(pattern, replacement, statement)
    return statement
