"""Everything that is kept, as text: to look for somebody in it."""

from __future__ import annotations

from huoqun import records, topics
from huoqun.config import Config
from sinks.client import query


def stored(cfg: Config) -> str:
    """Everything in every table, as text."""
    tables = query(cfg, "SELECT name FROM system.tables WHERE database = 'huoqun' AND engine NOT LIKE '%View'")
    return "\n".join(str(query(cfg, f"SELECT * FROM {row['name']}")) for row in tables)


def saved(cfg: Config) -> str:
    """What the state topic holds once it is compacted."""
    newest = {r.key: r.value for r in records.read(cfg.kafka, topics.state_topic(cfg.kafka.topic_prefix))}
    return "\n".join(value.decode("utf-8", "replace") for value in newest.values() if value)
