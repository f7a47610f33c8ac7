"""Asking the store: one way for `huoqun query`, the report and the status, whichever engine holds the results.

Embedded, the running sink is asked over HTTP; where none runs, the directory is opened here for the one query. On a
server, the server is asked, read-only.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from huoqun.config import Config
from sinks.errors import first_line
from sinks.store import StoreError, UnusableError

STACK_FILE: Final = "stack.json"
ANSWER_SECONDS: Final = 90.0


class QueryError(Exception):
    """The query was not answered; the message is the engine's own (``Code: …``), or says what is not running."""


Param = str | int | float | list[str]


def query(
    config: Config, sql: str, params: Mapping[str, Param] | None = None, *, owner_only: bool = False
) -> list[dict[str, Any]]:
    """Return the rows of a reading query. Times come as text (``2026-11-21 08:30:00.000``), arrays as lists.

    ``params`` fill ``{name:Type}`` in the SQL. With ``owner_only`` the embedded store is asked only through the sink that
    runs: who lives long must not take the directory from it. Raises :class:`QueryError`.
    """
    if config.store.kind == "clickhouse":
        rows, names = _ask_server(config, sql, params or {})
        return [{n: _plain(v) for n, v in zip(names, row, strict=True)} for row in rows]
    data = msgspec.json.decode(
        raw(config, sql, "JSONCompact", params, owner_only=owner_only) or b'{"meta":[],"data":[]}'
    )
    names = [column["name"] for column in data["meta"]]
    return [dict(zip(names, row, strict=True)) for row in data["data"]]


def columns(config: Config, sql: str, params: Mapping[str, Param] | None = None) -> tuple[list[str], list[list[Any]]]:
    """Return column names and rows: like :func:`query`, for tables that must show their head without any row."""
    if config.store.kind == "clickhouse":
        rows, names = _ask_server(config, sql, params or {})
        return names, [[_plain(v) for v in row] for row in rows]
    data = msgspec.json.decode(raw(config, sql, "JSONCompact", params) or b'{"meta":[],"data":[]}')
    return [column["name"] for column in data["meta"]], data["data"]


def raw(
    config: Config,
    sql: str,
    format_name: str,
    params: Mapping[str, Param] | None = None,
    *,
    owner_only: bool = False,
) -> bytes:
    """Return the result in any of ClickHouse's formats (embedded only); a ``FORMAT`` clause in the SQL goes first."""
    given = {name: _escaped(value) for name, value in (params or {}).items()}
    host, port = address(config)
    try:
        arguments = {"database": config.store.database, "default_format": format_name}
        return _ask_sink(host, port, sql, arguments | {f"param_{name}": value for name, value in given.items()})
    except ConnectionError as error:
        if owner_only:
            raise QueryError(f"no sink answers at {host}:{port} ({error})") from None
        return _ask_directory(config, sql, format_name, given, f"{host}:{port}")


def address(config: Config) -> tuple[str, int]:
    """Return where the running stack's sink answers queries: what the stack wrote down, else what is configured."""
    try:
        stack = json.loads((Path(config.data_dir) / STACK_FILE).read_text("utf-8"))
        url = urlsplit(stack["query"])
        if url.hostname and url.port:
            return url.hostname, url.port
    except (OSError, ValueError, KeyError, TypeError):
        pass  # no stack runs, or it does not say
    return config.store.query_host, config.store.query_port


def _ask_sink(host: str, port: int, sql: str, arguments: Mapping[str, str]) -> bytes:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        connection.request("POST", f"/?{urlencode(arguments)}", sql.encode())
        response = connection.getresponse()
        body = response.read()
    except TimeoutError:
        raise QueryError(f"the sink at {host}:{port} did not answer within {ANSWER_SECONDS:.0f} s") from None
    except http.client.HTTPException as error:
        raise QueryError(f"what answers at {host}:{port} is no sink ({type(error).__name__})") from None
    except UnicodeEncodeError:
        raise QueryError("the statement holds characters that are no text (lone surrogates)") from None
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise QueryError(first_line(body.decode("utf-8", "replace")))
    return body


def _ask_directory(config: Config, sql: str, format_name: str, params: Mapping[str, str], asked: str) -> bytes:
    try:
        from sinks import http as served  # noqa: PLC0415  # needs the engine, which is an extra, and slow to load
        from sinks.embedded import DIRECTORY, EmbeddedStore  # noqa: PLC0415  # the same
    except ImportError:
        raise QueryError(f"no sink answers at {asked}: start one (huoqun up, or huoqun sink)") from None
    if not (Path(config.data_dir) / DIRECTORY).is_dir():
        raise QueryError(f"no sink answers at {asked}, and {config.data_dir} holds no results yet: run `huoqun up`")
    try:
        store = EmbeddedStore(config.data_dir, config.store.database)
    except UnusableError as error:
        raise QueryError(f"no sink answers at {asked}, and {error}") from None
    try:
        queries = served.Queries(store, config.store.database)
        reply = queries.answer(served.Request(sql, config.store.database, format_name, params, queries.limits))
    finally:
        store.close()
    if reply.status != http.client.OK:
        raise QueryError(first_line(reply.body.decode("utf-8", "replace")))
    return reply.body


def _ask_server(config: Config, sql: str, params: Mapping[str, Param]) -> tuple[list[tuple[Any, ...]], list[str]]:
    from sinks.clickhouse import ClickHouseStore  # noqa: PLC0415  # only where there is a server

    store = ClickHouseStore(config.store, os.environ.get(config.store.password_env, ""), database=config.store.database)
    try:
        return store.read(sql, params)
    except StoreError as error:
        raise QueryError(str(error)) from None
    finally:
        store.close()


def _plain(value: Any) -> Any:
    """Return a value of the native protocol as the embedded engine's JSON has it."""
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo is not None else value
        return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _escaped(value: Param) -> str:
    """Return a query parameter in ClickHouse's escaped form; inside an array, strings are quoted as well."""
    if isinstance(value, list):
        return "[" + ",".join("'" + _escaped(v).replace("'", "\\'") + "'" for v in value) + "]"
    text = str(value)
    return (
        text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\0")
    )
