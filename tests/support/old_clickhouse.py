"""The shipped DDL in the words of ClickHouse 18, the server that Debian packages.

It knows no `ADD COLUMN IF NOT EXISTS` and no `OR REPLACE`: tables and views are made there as later steps leave them. What is lost on it:
the rollups (no SimpleAggregateFunction, no wide integers) and what operators made of alerts; times are their integers (ms since the epoch),
booleans 0 and 1, and there are no codecs. What is tested on it for real: the native protocol, replacing by version, the views, and what happens when a server dies.
"""

import re

from sinks import migrate

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
    (r"\bfalse\b", "0"),
)


_ROLLUPS = re.compile(
    r"\.(group_hours|member_days|membership|questions_by_time|sources|conversions|campaign_periods|stays|joiners|invites|funnel|risk_days|member_risk_everywhere)(_|\b)"
    r"|\bitem_states\b"
)


def adapt(statement: str) -> str:
    if _ROLLUPS.search(statement) or statement.startswith(("ALTER TABLE", "CREATE OR REPLACE VIEW")):
        return "SELECT 1"
    made = re.match(r"CREATE (TABLE|VIEW) IF NOT EXISTS (\S+)\.(\w+)", statement)
    if made is not None:
        kind, database, name = made.groups()
        statement = _with_columns(statement, name) if kind == "TABLE" else _replaced(statement, database, name)
    for pattern, replacement in _REWRITES:
        statement = re.sub(pattern, replacement, statement)
    return statement


def _later(start: str, name: str) -> list[str]:
    begins = f"{start} `x`.{name}"
    found = [s for step in migrate.shipped() for s in step.statements("x")]
    return [s.removeprefix(begins) for s in found if re.match(rf"{re.escape(begins)}\b", s)]


def _with_columns(statement: str, name: str) -> str:
    for altered in _later("ALTER TABLE", name):
        for column, after in re.findall(r"ADD COLUMN IF NOT EXISTS (.+?) AFTER (\w+)", altered):
            statement = re.sub(rf"(\n\s*{after} [^\n]*)", rf"\1\n    {column},", statement, count=1)
    return statement


def _replaced(statement: str, database: str, name: str) -> str:
    later = [s for s in _later("CREATE OR REPLACE VIEW", name) if not _ROLLUPS.search(s)]
    if not later:
        return statement
    return f"CREATE VIEW IF NOT EXISTS {database}.{name}" + later[-1].replace("`x`", database)
