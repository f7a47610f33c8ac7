"""The store on a ClickHouse server, over its native protocol. The only module that knows clickhouse-driver."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from clickhouse_driver import Client
from clickhouse_driver import errors as driver_errors

from huoqun.store_config import Store as StoreConfig
from sinks.errors import first_line, sorted_out, without_rows
from sinks.sql import quoted
from sinks.store import RejectedError, UnavailableError, UnusableError
from sinks.tables import Columns, Table

CONNECT_SECONDS: Final = 5
ANSWER_SECONDS: Final = 60

WRITER_SETTINGS: Final[Mapping[str, object]] = {
    "async_insert": 0,  # the server's default since 26 would answer before anything is stored
    "max_partitions_per_insert_block": 0,  # replayed history spans years, and a batch goes in whole or not at all
    "min_insert_block_size_rows": 0,  # one batch is one block
    "min_insert_block_size_bytes": 0,
}
_NOT_REACHED: Final = (driver_errors.NetworkError, driver_errors.SocketTimeoutError, OSError, EOFError)
_NOT_TRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
_DATA: Final = (driver_errors.TypeMismatchError, driver_errors.TooLargeStringSize)

logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)  # a traceback for every try; we say it in one line


def _tls(config: StoreConfig) -> dict[str, object]:
    """Return how the driver encrypts. What it leaves out it would not check: the certificate and its name always are."""
    if not config.secure:
        return {"secure": False}
    found: dict[str, object] = {"secure": True, "verify": True, "check_hostname": True, "server_hostname": config.host}
    if config.ca_file:
        found["ca_certs"] = config.ca_file
    if config.cert_file:
        found |= {"certfile": config.cert_file, "keyfile": config.key_file}
    return found


class ClickHouseStore:
    """One connection, made when it is first needed and again after every failure. Not for several threads."""

    def __init__(
        self,
        config: StoreConfig,
        password: str,
        *,
        database: str = "",
    ) -> None:
        self._database = config.database
        self._known: dict[str, object] | None = None
        self._where = f"ClickHouse at {config.host}:{config.port}"
        # A writer names no database on connecting: migrations may have to make it first.
        self._client = Client(
            config.host, port=config.port, database=database, user=config.user, password=password, **_tls(config),
            connect_timeout=CONNECT_SECONDS, send_receive_timeout=ANSWER_SECONDS, sync_request_timeout=CONNECT_SECONDS,
            client_name="huoqun",
        )  # fmt: skip

    def insert(self, table: Table, columns: Columns) -> None:
        """Store rows as one block, in columns; times as the integers they are (no time zones to convert)."""
        names = ", ".join(table.names)
        # A copy for every try: the driver writes into the lists that it is given (None becomes 0 beside a null map).
        given = [values.copy() for values in columns]
        settings = self._settings()
        with self._failures(data=True):
            self._client.execute(
                f"INSERT INTO {quoted(self._database)}.{table.storage} ({names}) VALUES",
                given,
                columnar=True,
                settings=settings,
            )

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """Return a small result."""
        with self._failures():
            rows: list[tuple[Any, ...]] = self._client.execute(sql)
            return rows

    def execute(self, sql: str) -> None:
        """Run one statement."""
        with self._failures():
            self._client.execute(sql)

    def read(self, sql: str, params: Mapping[str, Any]) -> tuple[list[tuple[Any, ...]], list[str]]:
        """Return rows and column names of a query that the server itself keeps from writing (``readonly = 1``)."""
        with self._failures():
            rows, columns = self._client.execute(
                sql, dict(params) or None, with_column_types=True,
                settings={**({"server_side_params": True} if params else {}), "readonly": 1},
            )  # fmt: skip
            return rows, [name for name, _ in columns]

    def _settings(self) -> dict[str, object]:
        """Return the writer's settings that this server knows: it refuses an insert over one that it does not."""
        if self._known is None:
            names = ", ".join(f"'{name}'" for name in WRITER_SETTINGS)
            known = {row[0] for row in self.select(f"SELECT name FROM system.settings WHERE name IN ({names})")}  # noqa: S608  # ours
            self._known = {name: value for name, value in WRITER_SETTINGS.items() if name in known}
        return self._known

    def close(self) -> None:
        """Close the connection."""
        self._client.disconnect()

    @contextlib.contextmanager
    def _failures(self, *, data: bool = False) -> Iterator[None]:
        try:
            yield
        except driver_errors.ServerException as error:
            # A refused insert leaves the rest of its data in the connection.
            self._client.disconnect()
            said = first_line(error.message)
            raise sorted_out(f"Code: {error.code}. {without_rows(said) if data else said}", error.code) from None
        except _NOT_REACHED as error:
            self._client.disconnect()
            said = first_line(str(error))
            if _NOT_TRUSTED in said:
                raise UnusableError(
                    f"{self._where}: its certificate is not one of that name by an authority that is trusted here: "
                    f"see store.host and store.ca_file ({said})"
                ) from None
            raise UnavailableError(f"{self._where}: {said}") from None
        except driver_errors.Error as error:
            self._client.disconnect()
            if data and isinstance(error, _DATA):
                raise RejectedError(type(error).__name__) from None
            raise UnavailableError(f"{self._where}: {type(error).__name__}") from None
        except Exception as error:  # noqa: BLE001  # the driver packs values without checking: anything can come
            self._client.disconnect()
            if data:  # a value of the wrong type, met while it was being packed
                raise RejectedError(type(error).__name__) from None
            raise UnusableError(f"{self._where}: {type(error).__name__}: {error}") from None
