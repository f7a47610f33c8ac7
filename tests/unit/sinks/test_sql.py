import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks import readonly, sql

REFUSED = readonly.refused_functions(
    ["file", "url", "remote", "numbers", "values", "executable", "python", "s3", "format"],
    ["aiGenerate", "lower", "AIEmbed"],
)


@given(st.text())
def test_tokens_put_together_are_the_text(text: str):
    assert "".join(token.text for token in sql.tokens(text)) == text


def test_statements_end_at_semicolons_outside_of_quotes_and_comments():
    text = "SELECT ';' -- one; two\n; /* ; */ SELECT `a;b`, \"c;d\", 'it''s; \\'; fine'; ;\n"
    assert sql.statements(text) == ["SELECT ';'", "SELECT `a;b`, \"c;d\", 'it''s; \\'; fine'"]


@given(st.text())
def test_a_quoted_string_or_name_is_one_token_whatever_is_in_it(text: str):
    assert [t.kind for t in sql.tokens(sql.literal(text))] == ["string"]
    (token,) = sql.tokens(sql.quoted(text.replace("\\", "")))
    assert (token.kind, token.value) == ("name", text.replace("\\", ""))


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1", "select * from events format JSON;", "WITH 1 AS x SELECT x", "(SELECT 1) UNION ALL (SELECT 2)",
        "FROM events SELECT id", "SHOW TABLES", "DESCRIBE events", "EXPLAIN SELECT 1", "EXISTS events",
        "-- why\nSELECT 'INSERT INTO x; DROP' /* ; */", "SELECT * FROM numbers(10)", "SELECT format('{}', 'x')",
        "SELECT file FROM (SELECT 1 AS file)", "SELECT ';'", "SELECT '\\'; DROP TABLE x; --'",
    ],
)  # fmt: skip
def test_reading_is_allowed(query: str):
    assert readonly.why_not(query, REFUSED) is None


@pytest.mark.parametrize(
    "query",
    [
        "", "  -- nothing\n", ";", "INSERT INTO events_rows VALUES (1)", "DROP TABLE events_rows", "SYSTEM SHUTDOWN",
        "ALTER TABLE x DELETE WHERE 1", "CREATE TABLE x (a Int8) ENGINE = Memory", "ATTACH TABLE x", "SET readonly = 0",
        "USE system", "KILL QUERY WHERE 1", "BACKUP DATABASE x TO Disk('a', 'b')", "GRANT ALL ON *.* TO x",
        "SELECT 1; DROP TABLE x", "SELECT 1 INTO OUTFILE '/tmp/x'", "SELECT 1\nInTo/**/OutFile '/tmp/x'",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')", "SELECT file('/etc/passwd')", "DESCRIBE file('/etc/passwd')",
        "SELECT * FROM `file` ('/etc/passwd')", 'SELECT * FROM "FiLe"/* x */(\'/etc/passwd\')',
        "SELECT `\\x66ile`('/etc/passwd')", "SELECT * FROM url('http://127.0.0.1/')", "SELECT * FROM remote('h', 't')",
        "SELECT * FROM executable('x', 'TSV', 'a String')", "SELECT * FROM Python(x)", "SELECT aiGenerate('x')",
        "SELECT AIEMBED('x')", "SELECT sleep(3)", "SELECT 'open", "SELECT 1 /* open", "/* a /* b */ DROP TABLE x */ SELECT 1",
        "SELECT \x00 1", "SELECT * APPLY(file) FROM (SELECT '/etc/passwd')", "SELECT * APPLY file FROM (SELECT 'x')",
        "SELECT 1 AS x$$, file('/etc/passwd') AS y$$", "SELECT \u201cfile\u201d('/etc/passwd')",
        "SELECT \u2018a\u2019", "SELECT $tag$ x $tag$",
    ],
)  # fmt: skip
def test_everything_else_is_refused(query: str):
    assert readonly.why_not(query, REFUSED) is not None


def test_the_last_format_clause_is_found_and_no_other_word():
    assert readonly.format_named("SELECT 'FORMAT x' FORMAT JSONEachRow;") == "JSONEachRow"
    assert readonly.format_named("SELECT format('{}', 1)") is None
