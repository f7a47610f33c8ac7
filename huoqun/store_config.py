"""Where results land, and how the store is reached."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

PLAIN_PORT: Final = 9000
"""Where ClickHouse speaks its native protocol without TLS, unless told otherwise."""

_FILES: Final = ("ca_file", "cert_file", "key_file")


class Store(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where results land: ``embedded`` (chDB below ``data_dir``, owned by the sink) or a ``clickhouse`` server.

    ``password_env`` names the environment variable that holds the password. ``query_host`` and ``query_port`` are where the
    embedded engine answers read-only SQL over HTTP.

    ``secure``: the native protocol over TLS; the server's certificate is checked, always, against the system's authorities or
    those in ``ca_file``. ``cert_file`` and ``key_file`` (PEM) are ours, where the server asks for one.
    """

    kind: Literal["embedded", "clickhouse"] = "embedded"
    host: str = "127.0.0.1"
    port: int = PLAIN_PORT
    user: str = "default"
    password_env: str = "HUOQUN_CLICKHOUSE_PASSWORD"  # noqa: S105  # the name of a variable, not a password
    secure: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    database: str = "huoqun"
    query_host: str = "127.0.0.1"
    query_port: int = 8124


def problems(store: Store) -> list[str]:
    """Return what can't be used, with its place and the mend."""
    given = {name: getattr(store, name) for name in _FILES if getattr(store, name)}
    found = [f"store.{name}: no such file: {file}" for name, file in given.items() if not Path(file).is_file()]
    if given and not store.secure:
        found += [f"store.{name}: only used with store.secure = true" for name in given]
    if bool(store.cert_file) != bool(store.key_file):
        found.append("store.cert_file and store.key_file: give both, or neither")
    if store.secure and store.kind == "embedded":
        found.append(
            "store.secure: the embedded engine is in the sink's own process; only for store.kind = 'clickhouse'"
        )
    if store.secure and store.port == PLAIN_PORT:
        found.append(f"store.port: {PLAIN_PORT} speaks no TLS; with store.secure = true it is mostly 9440")
    return found
