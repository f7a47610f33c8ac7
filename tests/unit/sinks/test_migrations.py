import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks import migrate, sql, tables
from sinks.migrate import Migration
from sinks.store import UnusableError


def test_the_shipped_steps_are_numbered_without_gaps():
    assert [m.number for m in migrate.shipped()] == list(range(1, len(migrate.shipped()) + 1))


def test_every_statement_may_be_run_twice():
    for step in migrate.shipped():
        for statement in step.statements("db"):
            assert re.match(
                r"(CREATE (TABLE|(MATERIALIZED )?VIEW) IF NOT EXISTS|CREATE OR REPLACE VIEW|DROP (TABLE|VIEW) IF EXISTS)\b"
                r"|ALTER TABLE \S+(\s+ADD COLUMN IF NOT EXISTS ([^,()]|\(([^()]|\([^()]*\))*\))+,?)+$"
                r"|ALTER TABLE \S+ MATERIALIZE COLUMN \w+$"
                r"|ALTER TABLE \S+ MODIFY QUERY\b"
                r"|INSERT INTO \S+_rows\s+(\([\w, ]+\)\s+)?SELECT",  # told twice, a row is the same: every such table replaces or unites
                statement,
            ), statement


def test_every_statement_names_the_configured_database():
    for step in migrate.shipped():
        for statement in step.statements("my `db`"):
            assert sql.quoted("my `db`") in statement
            assert "{database}" not in statement


def test_views_show_exactly_the_columns_that_are_not_bookkeeping():
    text = "\n".join(step.text for step in migrate.shipped())
    for table in tables.TABLES.values():
        made = re.findall(
            rf"\.{table.name} AS\s+SELECT([^()]*?)FROM \{{database\}}\.{table.storage} FINAL", text, re.DOTALL
        )
        assert made, table.name
        shown = [name.strip() for name in made[-1].split(",")]
        assert shown == [n for n in table.names if n not in ("version", "deleted", "position")]


def test_an_edited_step_is_refused():
    step = Migration(1, "x", "SELECT 1")
    with pytest.raises(UnusableError, match=r"001_x\.sql is not the file"):
        migrate.pending([step], {1: ("x", "another")})


def test_a_store_of_a_newer_version_is_refused():
    step = Migration(1, "x", "SELECT 1")
    with pytest.raises(UnusableError, match="newer"):
        migrate.pending([step], {1: ("x", step.checksum), 2: ("y", "z")})


@given(st.sets(st.integers(1, 9)))
def test_what_is_not_applied_is_pending_in_order(done: set[int]):
    steps = [Migration(n, "x", str(n)) for n in range(1, 10)]
    pending = migrate.pending(steps, {s.number: (s.name, s.checksum) for s in steps if s.number in done})
    assert [s.number for s in pending] == [n for n in range(1, 10) if n not in done]


def test_line_ends_do_not_change_a_checksum():
    assert Migration(1, "x", "a\r\nb").checksum == Migration(1, "x", "a\nb").checksum
