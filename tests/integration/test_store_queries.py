"""The embedded store answers reading SQL over HTTP, and nothing else."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from huoqun.config import Config
from huoqun.events import Event
from huoqun.store_config import Store as StoreConfig
from sinks import client, migrate, restore
from sinks import http as served
from sinks.embedded import EmbeddedStore, Limits
from tests.support.stores import huoqun, insert

pytestmark = pytest.mark.chdb


@dataclass
class Served:
    store: EmbeddedStore
    config: Config
    port: int
    directory: Path

    def ask(self, sql: str, *, method: str = "POST", body: bytes | None = None, headers: dict[str, str] | None = None,
            **arguments: str) -> tuple[int, str, http.client.HTTPMessage]:  # fmt: skip
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        query = urlencode({"query": sql, **arguments} if sql else arguments)
        connection.request(method, f"/?{query}", body, headers or {})
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        connection.close()
        return response.status, text, response.headers


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("queries")
    store = EmbeddedStore(directory, "huoqun")
    migrate.migrate(store, "huoqun")
    queries = served.Queries(store, "huoqun", Limits(seconds=2, rows=10_000))
    server = served.serve(queries, "127.0.0.1", 0)
    port = server.server_address[1]
    config = Config(data_dir=str(directory), store=StoreConfig(query_port=port))
    insert(
        store,
        [
            Event(id=f"e{n}", type="message", ts=n, platform="qq", group_id="g", user_id="u", text="?")
            for n in range(10)
        ],
    )
    yield Served(store, config, port, directory)
    server.shutdown()
    queries.drain()
    store.close()


def test_ping(sink: Served):
    connection = http.client.HTTPConnection("127.0.0.1", sink.port)
    connection.request("GET", "/ping")
    assert connection.getresponse().read() == b"Ok.\n"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_statement_may_be_in_the_query_string(sink: Served, method: str):
    status, text, headers = sink.ask("SELECT count() FROM events", method=method)
    assert (status, text) == (200, "10\n")
    assert headers["X-ClickHouse-Format"] == "TabSeparated"


def test_the_statement_may_be_in_the_body(sink: Served):
    assert sink.ask("", body=b"SELECT 1 AS x FORMAT JSONEachRow")[:2] == (200, '{"x":1}\n')


def test_format_and_database_are_taken_from_the_request(sink: Served):
    status, text, headers = sink.ask(
        "SELECT name FROM tables WHERE name = 'one'", database="system", default_format="CSV"
    )
    assert (status, text, headers.get_content_type()) == (200, '"one"\n', "text/csv")
    assert json.loads(sink.ask("SELECT 1 AS a WHERE 0", default_format="JSON")[1])["data"] == []


def test_parameters_cannot_break_out(sink: Served):
    hostile = "'; DROP TABLE events_rows; --"
    status, text, _ = sink.ask("SELECT {x:String}", param_x=hostile)
    assert (status, text) == (200, hostile.replace("'", "\\'") + "\n")


def test_errors_come_in_clickhouses_words(sink: Served):
    status, text, headers = sink.ask("SELECT * FROM nothing")
    assert status == 404
    assert text.startswith("Code: 60.")
    assert headers["X-ClickHouse-Exception-Code"] == "60"
    assert sink.ask("SELECT (")[0] == 400


HOSTILE = [
    "INSERT INTO events_rows (id) VALUES ('x')", "INSERT INTO FUNCTION file('{o}', 'TSV', 'a Int8') VALUES (1)",
    "DROP TABLE events_rows", "DROP DATABASE huoqun", "TRUNCATE TABLE events_rows", "ALTER TABLE events_rows DELETE WHERE 1",
    "DELETE FROM events_rows WHERE 1", "UPDATE events_rows SET text = '' WHERE 1",
    "CREATE TABLE x (a Int8) ENGINE = Memory", "CREATE VIEW x AS SELECT 1", "CREATE FUNCTION f AS x -> x",
    "CREATE TEMPORARY TABLE x (a Int8)", "CREATE DATABASE x", "RENAME TABLE events_rows TO x", "OPTIMIZE TABLE events_rows FINAL",
    "DETACH TABLE events_rows", "ATTACH TABLE events_rows", "SYSTEM SHUTDOWN", "SYSTEM STOP MERGES", "KILL QUERY WHERE 1",
    "SET readonly = 0", "SELECT 1 SETTINGS readonly = 0", "SELECT 1 SETTINGS max_execution_time = 0", "USE system",
    "BACKUP DATABASE huoqun TO File('{o}')", "GRANT ALL ON *.* TO default", "CREATE USER x", "EXCHANGE TABLES events AND groups",
    "SELECT 1; DROP TABLE events_rows", "SELECT 1 INTO OUTFILE '{o}'", "SELECT 1 INTO OUTFILE '{o}' TRUNCATE FORMAT CSV",
    "(SELECT 1) INTO OUTFILE '{o}'", "SELECT * FROM file('{s}', 'LineAsString')", "SELECT file('{s}')",
    "SELECT * FROM '{s}'", "SELECT * FROM `{s}`", 'SELECT * FROM "{s}"', "DESCRIBE file('{s}')", "DESCRIBE TABLE `{s}`",
    "SELECT `file`('{s}')", "SELECT `\\x66ile`('{s}')", "SELECT \u201cfile\u201d('{s}')", "SELECT FILE('{s}')",
    "SELECT 1 AS x$$, file('{s}') AS y$$", "SELECT * APPLY(file) FROM (SELECT '{s}')", "SELECT * APPLY file FROM (SELECT '{s}')",
    "SELECT * FROM view(SELECT file('{s}'))", "SELECT arrayMap(x -> file(x), ['{s}'])", "WITH file('{s}') AS x SELECT x",
    "SELECT * FROM filesystem('/')", "SELECT * FROM fileCluster('default', '{s}', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:{p}/', 'LineAsString')", "DESCRIBE url('http://127.0.0.1:{p}/')",
    "SELECT * FROM urlCluster('default', 'http://127.0.0.1:{p}/', 'LineAsString')",
    "SELECT * FROM s3('http://127.0.0.1:{p}/b/k', 'LineAsString')", "DESCRIBE s3('http://127.0.0.1:{p}/bucket/k')",
    "SELECT * FROM remote('127.0.0.1:{p}', system.one)", "DESCRIBE remote('127.0.0.1:{p}', system.one)",
    "SELECT * FROM cluster('default', system.one)", "SELECT * FROM mysql('127.0.0.1:{p}', 'd', 't', 'u', 'p')",
    "DESCRIBE mysql('127.0.0.1:{p}', 'd', 't', 'u', 'p')", "DESCRIBE postgresql('127.0.0.1:{p}', 'd', 't', 'u', 'p')",
    "SELECT * FROM sqlite('{s}', 't')", "SELECT * FROM executable('id', 'TSV', 'a String')", "SELECT * FROM Python(secret)",
    "SELECT * FROM secret", "EXPLAIN SELECT file('{s}')", "EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:{p}', 'd', 't', 'u', 'p')",
    "EXPLAIN PIPELINE SELECT * FROM url('http://127.0.0.1:{p}/')", "SELECT sleep(3)", "SELECT aiGenerate('x')",
    "FROM INFILE '{s}' SELECT 1", "INSERT INTO events_rows FROM INFILE '{s}' FORMAT TSV", "SHOW CREATE TABLE `{s}`",
    "EXECUTE AS default SELECT 1", "BEGIN TRANSACTION", "SELECT getClientHTTPHeader('x') FROM dictionary('x')",
]  # fmt: skip


@pytest.fixture(scope="module")
def trap() -> Iterator[tuple[int, list[bool]]]:
    """A port that must never be connected to."""
    touched: list[bool] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            touched.append(True)
            connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    yield listener.getsockname()[1], touched
    ended.set()
    thread.join()
    listener.close()


@pytest.mark.parametrize("sql", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_sql_is_refused_and_touches_nothing(
    sink: Served, trap: tuple[int, list[bool]], tmp_path: Path, sql: str
):
    secret, out = tmp_path / "secret.txt", tmp_path / "out.txt"
    secret.write_text("canary-7261", "utf-8")
    port, touched = trap
    status, text, _ = sink.ask(sql.replace("{s}", str(secret)).replace("{o}", str(out)).replace("{p}", str(port)))
    assert 400 <= status < 600, text
    assert text.startswith("Code: ")
    assert "canary-7261" not in text
    assert not out.exists()
    assert touched == []
    assert sink.ask("SELECT count() FROM events")[:2] == (200, "10\n"), "and nothing changed"
    assert sink.ask("SELECT count() FROM system.tables WHERE database = 'huoqun'")[1].strip() == "52"


def test_a_query_may_not_take_too_long(sink: Served):
    started = time.monotonic()
    status, text, _ = sink.ask("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)")
    assert status == 408
    assert text.startswith("Code: 159.")
    assert time.monotonic() - started < 10


def test_a_result_may_not_be_too_large(sink: Served):
    status, text, _ = sink.ask("SELECT number FROM numbers(100000)")
    assert status == 400
    assert text.startswith("Code: 396.")
    assert sink.ask("SELECT number FROM numbers(10)", max_result_rows="5")[0] == 400
    assert sink.ask("SELECT number FROM numbers(100000)", max_result_rows="0")[0] == 400, "0 does not lift the limit"


def test_a_long_query_holds_up_neither_short_ones_nor_the_writer(sink: Served):
    long = threading.Thread(target=sink.ask, args=("SELECT sum(sipHash64(number)) FROM numbers(1000000000000)",))
    long.start()
    time.sleep(0.2)
    started = time.monotonic()
    assert sink.ask("SELECT 1")[0] == 200
    insert(sink.store, [Event(id="e0", type="message", ts=0, platform="qq", group_id="g", user_id="u", text="?")])
    assert time.monotonic() - started < 1.5
    long.join()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_a_name_that_only_points_here_is_not_served(sink: Served, host: str):
    assert sink.ask("SELECT 1", headers={"Host": host})[0] == 403


def test_bad_requests_are_answered_not_dropped(sink: Served):
    assert sink.ask("SELECT 1", method="DELETE")[0] == 501
    assert sink.ask("", body=b"SELECT '\xff'")[0] == 400
    assert sink.ask("", body=b"x" * 2_000_000)[0] == 413
    assert sink.ask("SELECT 1", default_format="NoSuchFormat")[0] >= 400
    assert sink.ask("SELECT 1", database="no such`; DROP")[0] in (400, 404, 500)


def test_the_client_reads_rows_with_parameters(sink: Served):
    assert client.query(sink.config, "SELECT id, ts FROM events WHERE id = {x:String}", {"x": "e3"}) == [
        {"id": "e3", "ts": "1970-01-01 00:00:00.003"}
    ]
    for text in ("it's \\ \t\n\r\0 世 {y:String}", ""):
        assert client.query(sink.config, "SELECT {x:String} AS x", {"x": text}) == [{"x": text}]
    assert client.query(sink.config, "SELECT {x:Array(String)} AS x", {"x": ["a'b", "c\\d"]}) == [
        {"x": ["a'b", "c\\d"]}
    ]
    assert client.columns(sink.config, "SELECT id FROM events WHERE 0") == (["id"], [])
    with pytest.raises(client.QueryError, match="Code: 60"):
        client.query(sink.config, "SELECT * FROM nothing")


def test_the_stack_file_says_where_the_sink_answers(sink: Served, tmp_path: Path):
    config = Config(data_dir=str(tmp_path), store=StoreConfig(query_port=1))
    (tmp_path / client.STACK_FILE).write_text(json.dumps({"query": f"http://127.0.0.1:{sink.port}"}), "utf-8")
    assert client.address(config) == ("127.0.0.1", sink.port)
    (tmp_path / client.STACK_FILE).write_text("{torn", "utf-8")
    assert client.address(config) == ("127.0.0.1", 1)


def test_a_second_owner_is_refused_and_told_who_has_it(sink: Served):
    code = f"from sinks.embedded import EmbeddedStore\nEmbeddedStore({str(sink.directory)!r}, 'huoqun')"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert f"in use by process {os.getpid()}" in found.stderr


def test_the_command_prints_tsv_when_piped_and_any_format_when_asked(sink: Served):
    asked = "SELECT id, mentions, reason FROM events WHERE id = 'e1'"
    assert huoqun(sink.config, "query", asked).stdout == "id\tmentions\treason\ne1\t[]\t\\N\n"
    assert (
        huoqun(sink.config, "query", "-", "--format", "jsonl", stdin=asked).stdout
        == '{"id":"e1","mentions":[],"reason":null}\n'
    )
    assert json.loads(huoqun(sink.config, "query", asked, "--format", "json").stdout)["rows"] == 1
    assert "e1" in huoqun(sink.config, "query", asked, "--format", "table").stdout
    assert huoqun(sink.config, "query", asked, "--format", "Markdown").stdout.startswith("| id |")


def test_the_command_says_what_is_wrong_and_what_there_is(sink: Served):
    found = huoqun(sink.config, "query", "SELECT * FROM nothing")
    assert found.returncode == 1
    assert "Code: 60" in found.stderr
    assert "member_risk" in found.stderr
    assert "Traceback" not in found.stderr


def test_migrate_says_that_the_store_is_in_use(sink: Served):
    found = huoqun(sink.config, "migrate")
    assert found.returncode == 1
    assert "in use by process" in found.stderr


def test_pages_shrink_where_rows_are_too_large_for_one_answer(sink: Served):
    asked: list[str] = []

    def ask(sql: str, params: dict[str, client.Param]) -> list[dict[str, object]]:
        asked.append(sql.rpartition(" ")[2])
        if int(asked[-1]) > 2_000:
            raise client.QueryError("Code: 396. DB::Exception: Limit for result exceeded (TOO_MANY_ROWS_OR_BYTES)")
        return client.query(sink.config, sql, params)

    assert len(list(restore.pages(ask))) == 10
    assert asked == ["20000", "5000", "1250"]
