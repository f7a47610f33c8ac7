"""The embedded store: ClickHouse's engine in this process (chDB), with one owner of its directory. Only here is chDB.

Threads: the writer's session is guarded by a lock; every reading query gets a session of its own, which shares the
engine and cannot write. Measured: a session opens in 0.3 ms, queries of different sessions run side by side, the GIL
is released.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import chdb.session
import msgspec
import pyarrow as pa

from sinks.errors import code_of, first_line, sorted_out, without_rows
from sinks.sql import quoted
from sinks.store import RejectedError, UnavailableError, UnusableError
from sinks.tables import Column, Columns, Kind, Table

DIRECTORY: Final = "store"
LOCK_FILE: Final = "store.lock"
_ALOUD_FILE: Final = "insert.arrow"
_FAILED_INSERTS: Final = "SELECT value FROM system.events WHERE event = 'FailedInsertQuery'"


class Limits(NamedTuple):
    """What one reading query may take."""

    seconds: int = 30
    rows: int = 1_000_000
    bytes: int = 512 * 1024 * 1024
    memory_bytes: int = 2 * 1024**3


class QueryRefusedError(Exception):
    """The engine's own words (``Code: …``) on a query that it did not run to its end."""


_ARROW: Final[dict[Kind, pa.DataType]] = {
    "text": pa.string(),
    "texts": pa.list_(pa.string()),
    "time": pa.timestamp("ms", "UTC"),
    "int": pa.int64(),
    "uint": pa.uint64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
}
_WRITER_SETTINGS: Final = (
    "async_insert = 0",  # the engine's default would buffer, and answer before anything is on disk
    "input_format_null_as_default = 0",  # a null where none may be is an error, not an empty value
    "max_partitions_per_insert_block = 0",  # replayed history spans years, and a batch goes in whole or not at all
    "min_insert_block_size_rows = 0",  # one batch is one block is one part: all of it is stored or nothing
    "min_insert_block_size_bytes = 0",
)


class EmbeddedStore:
    """The engine over ``data_dir``/store. Raises :class:`UnusableError` when another process has it.

    ``wait_seconds`` is for an owner that is about to be done: a predecessor, or a query made while no sink ran.
    """

    def __init__(self, data_dir: str | Path, database: str, *, wait_seconds: float = 0.0) -> None:
        self._database = database
        self._path = Path(data_dir) / DIRECTORY
        self._owned = _own(Path(data_dir), wait_seconds)
        self._writing = threading.Lock()
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            self._writer: Any = chdb.session.Session(str(self._path))
            for setting in _WRITER_SETTINGS:
                self._writer.query(f"SET {setting}")
            self._failed = self._failed_inserts()
        except Exception as error:  # noqa: BLE001  # the engine raises several unrelated kinds
            os.close(self._owned)
            raise UnusableError(f"{self._path}: cannot be opened as a store: {first_line(str(error))}") from None

    def insert(self, table: Table, columns: Columns) -> None:
        """Store rows, durably (files are synced), as one block."""
        try:
            data = _arrow(table, columns)
        except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
            raise RejectedError(f"{type(error).__name__} in {table.name}") from None
        names = ", ".join(table.names)
        with self._writing:
            try:
                stream = self._writer.send_insert(
                    f"INSERT INTO {quoted(self._database)}.{table.storage} ({names})", "ArrowStream"
                )
                stream.append(data)
                stream.finish()
                failed = self._failed_inserts()
                if failed != self._failed:
                    self._failed = failed
                    self._insert_aloud(table, names, data)
            except RuntimeError as error:
                message = str(error)
                raise sorted_out(without_rows(first_line(message)), code_of(message)) from None

    def _failed_inserts(self) -> int:
        """Return how many inserts have failed since the engine began: the stream's end keeps quiet about it."""
        found = self._writer.query(_FAILED_INSERTS, "CSV").bytes()
        return int(found) if found else 0

    def _insert_aloud(self, table: Table, names: str, data: bytes) -> None:
        """Store rows in the way that takes longer, and says what is wrong."""
        file = self._path.with_name(_ALOUD_FILE).absolute()
        place = str(file).replace("\\", "\\\\").replace("'", "\\'")
        try:
            file.write_bytes(data)
            self._writer.query(
                f"INSERT INTO {quoted(self._database)}.{table.storage} ({names}) "  # noqa: S608  # our own names
                f"SELECT {names} FROM file('{place}', 'ArrowStream')"
            )
        except OSError as error:
            raise UnavailableError(f"{file}: {error.strerror}") from None
        finally:
            file.unlink(missing_ok=True)
            self._failed = self._failed_inserts()

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """Return a small result, on the writer's session: it sees everything."""
        with self._writing:
            try:
                data = self._writer.query(sql, "JSONCompact").bytes()
            except RuntimeError as error:
                raise sorted_out(first_line(str(error)), code_of(str(error))) from None
        return [tuple(row) for row in msgspec.json.decode(data)["data"]] if data else []

    def execute(self, sql: str) -> None:
        """Run one statement."""
        with self._writing:
            try:
                self._writer.query(sql)
            except RuntimeError as error:
                raise sorted_out(first_line(str(error)), code_of(str(error))) from None

    def read(self, sql: str, *, format_name: str, database: str, params: Mapping[str, str], limits: Limits) -> bytes:
        """Run one reading query in a session that the engine itself keeps from writing; :class:`QueryRefusedError`.

        ``params`` are ClickHouse's query parameters, in its escaped form. Check the text with :mod:`sinks.readonly`
        first.
        """
        try:
            with contextlib.closing(chdb.session.Session(str(self._path))) as session:
                session.query(f"USE {quoted(database)}")
                for setting in _reader_settings(limits):
                    session.query(f"SET {setting}")
                data: bytes = session.query(sql, format_name, params=dict(params) or None).bytes()
                return data
        except RuntimeError as error:
            raise QueryRefusedError(str(error).strip()) from None

    def functions(self) -> tuple[list[str], list[str]]:
        """Return the names of the engine's table functions and of its other functions."""
        tables = self.select("SELECT name FROM system.table_functions")
        return [row[0] for row in tables], [row[0] for row in self.select("SELECT name FROM system.functions")]

    def close(self) -> None:
        """Close the engine and let the directory go."""
        with self._writing:
            if self._owned >= 0:
                self._writer.close()
                os.close(self._owned)
                self._owned = -1


def _own(data_dir: Path, wait_seconds: float) -> int:
    """Lock the directory for this process: chDB itself only says ``Error initializing EmbeddedServer``."""
    lock = data_dir / LOCK_FILE
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UnusableError(f"{lock}: {error.strerror}") from None
    deadline = time.monotonic() + wait_seconds
    while not _locked(handle):
        owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        if time.monotonic() >= deadline:
            os.close(handle)
            raise UnusableError(
                f"{data_dir / DIRECTORY} is in use by process {owner or 'unknown'}: a running sink "
                "(of huoqun sink, or huoqun up), or a query that opened it while no sink ran"
            )
        time.sleep(0.05)
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _reader_settings(limits: Limits) -> tuple[str, ...]:
    return (
        f"max_execution_time = {limits.seconds}",
        f"max_result_rows = {limits.rows}",
        f"max_result_bytes = {limits.bytes}",
        "result_overflow_mode = 'throw'",
        f"max_memory_usage = {limits.memory_bytes}",
        f"max_bytes_before_external_sort = {limits.memory_bytes // 4}",
        f"max_bytes_before_external_group_by = {limits.memory_bytes // 4}",
        "allow_introspection_functions = 0",
        "readonly = 1",  # last: nothing can be set after it
    )


def _arrow(table: Table, columns: Columns) -> bytes:
    arrays = [_array(column, values) for column, values in zip(table.columns, columns, strict=True)]
    batch = pa.record_batch(arrays, schema=_schema(table))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _schema(table: Table) -> Any:
    return pa.schema([pa.field(c.name, _ARROW[c.kind], nullable=c.nullable) for c in table.columns])


def _array(column: Column, values: list[Any]) -> Any:
    kind = _ARROW[column.kind]
    first = values[0]
    if type(first) is str and values.count(first) == len(values):
        array = pa.repeat(pa.scalar(first, kind), len(values))  # most columns of most batches: one value throughout
    else:
        array = pa.array(values, type=kind)
    if array.null_count and not column.nullable:
        raise ValueError(column.name)
    return array
