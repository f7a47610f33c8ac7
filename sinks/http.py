"""Reading SQL over HTTP, in ClickHouse's own dialect: how `huoqun query`, the desk and Grafana see the embedded store.

``GET`` or ``POST /?query=…&database=…&default_format=…&param_x=…``, the statement in the query string, the body or
both; ``X-ClickHouse-Database`` and ``X-ClickHouse-Format`` headers; errors as text that begins with ``Code:``;
``/ping``. Settings in the query string are taken note of only where they narrow (``max_execution_time``,
``max_result_rows``).
"""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from sinks import metrics, readonly
from sinks.embedded import EmbeddedStore, Limits, QueryRefusedError
from sinks.errors import HTTP_STATUS, code_of

MAX_SQL_BYTES: Final = 1024 * 1024
READ_AWAY_BYTES: Final = 16 * 1024 * 1024
AT_ONCE: Final = 4
WAIT_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 30
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
_CONTENT_TYPES: Final = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TabSeparatedWithNames": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "Native": "application/octet-stream",
    "RowBinary": "application/octet-stream",
}


class Request(NamedTuple):
    """A query as it came in."""

    sql: str
    database: str
    format_name: str
    params: Mapping[str, str]
    limits: Limits


class Reply(NamedTuple):
    """What goes back. ``code`` is ClickHouse's, 0 for none."""

    status: int
    body: bytes
    content_type: str
    format_name: str = ""
    code: int = 0


class Queries:
    """Runs reading queries, a few at once."""

    def __init__(self, store: EmbeddedStore, database: str, limits: Limits | None = None) -> None:
        self._store = store
        self.database = database
        self.limits = limits or Limits()
        self._refused = readonly.refused_functions(*store.functions())
        self._slots = threading.BoundedSemaphore(AT_ONCE)

    def answer(self, request: Request) -> Reply:
        """Run one query; everything that can go wrong is a reply."""
        why = readonly.why_not(request.sql, self._refused)
        if why is not None:
            return _problem(403, 164, f"{why}. (READONLY)")
        if not self._slots.acquire(timeout=WAIT_SECONDS):
            return _problem(429, 202, f"more than {AT_ONCE} queries at once. (TOO_MANY_SIMULTANEOUS_QUERIES)")
        started = time.monotonic()
        try:
            data = self._store.read(
                request.sql,
                format_name=request.format_name,
                database=request.database,
                params=request.params,
                limits=request.limits,
            )
        except QueryRefusedError as error:
            code = code_of(str(error)) or 0
            return Reply(HTTP_STATUS.get(code, 500), f"{error}\n".encode(), "text/plain; charset=UTF-8", code=code)
        finally:
            self._slots.release()
            metrics.QUERY_SECONDS.observe(time.monotonic() - started)
        name = readonly.format_named(request.sql) or request.format_name
        return Reply(200, data, _CONTENT_TYPES.get(name, "text/plain; charset=UTF-8"), name)

    def drain(self, seconds: float = 5.0) -> None:
        """Wait for the queries that run, and let no other start: the engine is about to close."""
        deadline = time.monotonic() + seconds
        for _ in range(AT_ONCE):
            self._slots.acquire(timeout=max(0.0, deadline - time.monotonic()))


def serve(queries: Queries, host: str, port: int) -> ThreadingHTTPServer:
    """Serve in a daemon thread; port 0 takes any free one. Raises :class:`OSError` when the port is taken."""

    class Handler(_Handler):
        served = queries
        here = host

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    server = Server((host, port), Handler)
    threading.Thread(target=server.serve_forever, name="queries", daemon=True).start()
    return server


class _Handler(BaseHTTPRequestHandler):
    served: Queries
    here: str
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        self._handle(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            self.close_connection = True
            self._reply(_problem(411, 381, "Content-Length is needed. (HTTP_LENGTH_REQUIRED)"))
            return
        if int(length) > MAX_SQL_BYTES:
            self.close_connection = True
            self._read_away(int(length))
            self._reply(_problem(413, 62, f"the statement is longer than {MAX_SQL_BYTES} bytes. (SYNTAX_ERROR)"))
            return
        self._handle(self.rfile.read(int(length)))

    def _read_away(self, length: int) -> None:
        """Take in what still comes, within reason: a client that is cut off while it sends never sees the answer."""
        left = min(length, READ_AWAY_BYTES)
        while left > 0:
            got = len(self.rfile.read(min(left, 64 * 1024)))
            if not got:
                return
            left -= got

    def _handle(self, body: bytes) -> None:
        url = urlsplit(self.path)
        if not self._host_is_ours():
            self._reply(_problem(403, 516, "this Host is not served here. (AUTHENTICATION_FAILED)"))
        elif url.path == "/ping":
            self._reply(Reply(200, b"Ok.\n", "text/plain; charset=UTF-8"))
        elif url.path not in ("", "/"):
            self._reply(_problem(404, 0, "there are / (with a query) and /ping"))
        elif not url.query and not body:
            self._reply(Reply(200, b"Ok.\n", "text/plain; charset=UTF-8"))
        else:
            request = self._request(url.query, body)
            reply = request if isinstance(request, Reply) else self.served.answer(request)
            metrics.QUERIES.labels(str(reply.status)).inc()
            self._reply(reply)

    def _request(self, query: str, body: bytes) -> Request | Reply:
        try:
            if self.headers.get("Content-Encoding") == "gzip":
                return _problem(415, 0, "send the statement uncompressed")
            given = dict(parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=500))
            sql = "\n".join(part for part in (given.get("query", ""), body.decode()) if part.strip())
        except (UnicodeDecodeError, ValueError):
            return _problem(400, 62, "the request is not UTF-8 text. (SYNTAX_ERROR)")
        own = self.served.limits
        limits = own._replace(
            seconds=_narrower(own.seconds, given.get("max_execution_time")),
            rows=_narrower(own.rows, given.get("max_result_rows")),
        )
        return Request(
            sql,
            given.get("database") or self.headers.get("X-ClickHouse-Database") or self.served.database,
            given.get("default_format") or self.headers.get("X-ClickHouse-Format") or "TabSeparated",
            {name.removeprefix("param_"): value for name, value in given.items() if name.startswith("param_")},
            limits,
        )

    def _host_is_ours(self) -> bool:
        """Refuse a name that merely resolves to this machine: a web page could read the store by it (DNS rebinding)."""
        if self.here not in _LOOPBACK:
            return True
        host = self.headers.get("Host", "localhost").strip().lower()
        name = host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]
        return name in _LOOPBACK

    def _reply(self, reply: Reply) -> None:
        body = reply.body
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("X-Content-Type-Options", "nosniff")
        if reply.format_name:
            self.send_header("X-ClickHouse-Format", reply.format_name)
        if reply.code:
            self.send_header("X-ClickHouse-Exception-Code", str(reply.code))
        if len(body) > 64 * 1024 and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
        """Queries can hold names: they are counted, not logged."""


def _narrower(own: int, wanted: str | None) -> int:
    """A client may ask for less than it is allowed, never for more; 0 means no limit of its own."""
    return min(own, int(wanted)) if wanted and wanted.isdecimal() and int(wanted) > 0 else own


def _problem(status: int, code: int, why: str) -> Reply:
    return Reply(status, f"Code: {code}. DB::Exception: {why}\n".encode(), "text/plain; charset=UTF-8", code=code)
