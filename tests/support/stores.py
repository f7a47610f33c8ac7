"""Stores filled, and the command run on them."""

import os
import subprocess
import sys

from huoqun import codec
from huoqun.config import Config
from huoqun.events import Event
from sinks import rows, tables
from sinks.store import Store


def insert(store: Store, events: list[Event], first: int = 0, *, store_text: bool = True) -> None:
    values = [codec.encode(e) for e in events]
    for part in rows.read_events(values, range(first, first + len(values)), store_text=store_text).parts:
        store.insert(tables.TABLES[part.table], part.columns)


def huoqun(config: Config, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environ = {
        **os.environ, "HUOQUN_DATA_DIR": config.data_dir, "HUOQUN_STORE_QUERY_PORT": str(config.store.query_port),
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "-m", "huoqun", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        input=stdin,
        check=False,
    )
