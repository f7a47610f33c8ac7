"""State as bytes: a group is a base and the deltas since, each record atomic by itself.

A delta holds what changed since the last save, so a checkpoint costs what happened and not what is known; when the deltas
outweigh the base, a new base replaces them (as a log-structured store compacts). Keys are
``partition|chain|number|part|group`` (and ``partition|generation`` for the log's generation); number 0 is the base, and a
higher chain replaces a lower one once its base is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec

from huoqun.events import Event
from streams.core.history import History, Order, Step, Undo
from streams.core.state import TABLES, TYPES

PART_BYTES: Final = 700_000
"""Largest record value; Kafka's default limit is 1 MiB with its overhead."""
LEAST_COMPACTION: Final = 64 * 1024

_encoder: Final = msgspec.msgpack.Encoder()
_pairs: Final = {
    table: msgspec.msgpack.Decoder(list[tuple[TYPES[table][0], TYPES[table][1] | None]])  # type: ignore[misc]  # made from the table of types
    for table in range(TABLES)
}

Grouped = list[tuple[int, msgspec.Raw]]
"""For each table, its (key, value or None) pairs, encoded."""


class SavedStep(msgspec.Struct, array_like=True, gc=False):
    """A step that may still be taken back."""

    order: Order
    event: Event | None
    log: Grouped


class Delta(msgspec.Struct, array_like=True, gc=False):
    """One save: arrival state as it is, rows that changed, steps that changed."""

    whole: bool
    fence: int
    max_ts: int
    received_at: int
    watermark: int
    floor: int
    late: int
    seen: list[tuple[str, int]]
    rows: Grouped
    keep: int
    drop: int
    steps: list[SavedStep]


_deltas: Final = msgspec.msgpack.Decoder(Delta)
_GENERATION: Final = "generation"
_numbers: Final = msgspec.msgpack.Decoder(int)
_parts: Final = msgspec.msgpack.Decoder(tuple[int, bytes])


def generation_entry(partition: int, generation: int) -> tuple[bytes, bytes]:
    """Return the entry that remembers the log's generation: its marker is read once, maybe before any group is known."""
    return f"{partition}|{_GENERATION}".encode(), _encoder.encode(generation)


def generation_in(entries: Iterable[tuple[bytes, bytes]]) -> int:
    """Return the generation that was saved; 0 if none was."""
    return max((_numbers.decode(value) for key, value in entries if _is_generation(key)), default=0)


def _is_generation(key: bytes) -> bool:
    return key.endswith(f"|{_GENERATION}".encode()) and key.count(b"|") == 1


class Chain:
    """What is stored of one group: which records, how large, and up to which offset."""

    __slots__ = ("base_bytes", "delta_bytes", "fence", "keys", "number", "payloads", "records")

    def __init__(self) -> None:
        self.number = 0
        self.records = 0
        self.keys: list[bytes] = []
        self.base_bytes = 0
        self.delta_bytes = 0
        self.fence = -1
        self.payloads: list[bytes] = []

    def needs_base(self) -> bool:
        """Whether the next save should be whole."""
        return self.records == 0 or self.delta_bytes > max(LEAST_COMPACTION, self.base_bytes)

    def write(self, partition: int, group: str, delta: Delta) -> list[tuple[bytes, bytes | None]]:
        """Return the entries that store ``delta``, and the deletions that a new base allows."""
        payload = _encoder.encode(delta)
        stale: list[bytes] = []
        if delta.whole:
            stale, self.keys = self.keys, []
            self.number += 1
            self.records = 0
            self.base_bytes, self.delta_bytes = len(payload), 0
        else:
            self.delta_bytes += len(payload)
        chunks = [payload[i : i + PART_BYTES] for i in range(0, len(payload), PART_BYTES)]
        entries: list[tuple[bytes, bytes | None]] = []
        for part, chunk in enumerate(chunks):
            key = f"{partition}|{self.number}|{self.records}|{part}|{group}".encode()
            self.keys.append(key)
            entries.append((key, _encoder.encode((len(chunks), chunk))))
        self.records += 1
        self.fence = delta.fence
        entries += [(key, None) for key in stale]
        return entries


def delta_of(  # arrival state, by name
    h: History,
    *,
    whole: bool,
    fence: int,
    max_ts: int,
    received_at: int,
    watermark: int,
    floor: int,
    late: int,
    seen: Sequence[tuple[str, int]],
    dropped: int,
) -> Delta:
    """Return what changed in ``h`` since the last save (everything if ``whole``), and start anew.

    ``dropped`` is how many steps settled since; ``seen`` the ids to add.
    """
    if whole:
        rows = [(t, list(h.tables[t].items())) for t in range(TABLES) if h.tables[t]]
        keep, drop, steps = 0, 0, h.steps
    else:
        by_table: dict[int, list[tuple[Any, Any]]] = {}
        for table, key in h.dirty:
            by_table.setdefault(table, []).append((key, h.tables[table].get(key)))
        rows = sorted(by_table.items())
        keep, drop = h.intact, dropped
        steps = h.steps[max(0, keep - drop) :]
    delta = Delta(
        whole=whole,
        fence=fence,
        max_ts=max_ts,
        received_at=received_at,
        watermark=watermark,
        floor=floor,
        late=late,
        seen=list(seen),
        rows=[(table, msgspec.Raw(_encoder.encode(pairs))) for table, pairs in rows],
        keep=keep,
        drop=drop,
        steps=[SavedStep(step.order, step.event, _group_log(step.log)) for step in steps],
    )
    h.dirty.clear()
    h.intact = len(h.steps)
    return delta


def apply(h: History, delta: Delta) -> None:
    """Bring ``h`` from the save before to this one."""
    if delta.whole:
        for rows in h.tables:
            rows.clear()
    for table, raw in delta.rows:
        rows = h.tables[table]
        for key, value in _pairs[table].decode(raw):
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value
    steps = [] if delta.whole else h.steps[: delta.keep][delta.drop :]
    steps += [Step(s.order, s.event, _ungroup_log(s.log)) for s in delta.steps]
    h.restore_steps(steps)


def chains(entries: Iterable[tuple[bytes, bytes]]) -> dict[str, Chain]:
    """Sort stored entries into one chain a group: the newest whose base is complete, and its deltas up to the first gap."""
    found: dict[str, dict[int, dict[int, dict[int, tuple[int, bytes]]]]] = {}
    keys: dict[str, list[bytes]] = {}
    for key, value in entries:
        if _is_generation(key):
            continue
        _, chain, record, part, group = key.decode().split("|", 4)
        total, chunk = _parts.decode(value)
        found.setdefault(group, {}).setdefault(int(chain), {}).setdefault(int(record), {})[int(part)] = (total, chunk)
        keys.setdefault(group, []).append(key)
    result: dict[str, Chain] = {}
    for name, by_number in found.items():
        stored = Chain()
        stored.number = max(by_number)
        stored.keys = keys[name]
        for number in sorted(by_number, reverse=True):
            payloads = list(_complete(by_number[number]))
            if payloads:
                stored.payloads = payloads
                break
        # The next save is whole, under a new number: what is left of an unfinished save can then never be mistaken.
        result[name] = stored
    return result


def load(chain: Chain) -> Iterator[Delta]:
    """Yield a chain's saves from the base on, and set its fence."""
    for payload in chain.payloads:
        delta = _deltas.decode(payload)
        chain.fence = delta.fence
        yield delta
    chain.payloads = []


def _complete(records: dict[int, dict[int, tuple[int, bytes]]]) -> Iterator[bytes]:
    number = 0
    while number in records:
        parts = records[number]
        total = parts[0][0] if 0 in parts else -1
        if len(parts) < total or total < 0 or any(p not in parts for p in range(total)):
            return
        yield b"".join(parts[p][1] for p in range(total))
        number += 1


def _group_log(log: Sequence[Undo]) -> Grouped:
    by_table: dict[int, list[tuple[Any, Any]]] = {}
    for table, key, old in log:
        by_table.setdefault(table, []).append((key, old))
    return [(table, msgspec.Raw(_encoder.encode(pairs))) for table, pairs in by_table.items()]


def _ungroup_log(log: Grouped) -> list[Undo]:
    return [(table, key, old) for table, raw in log for key, old in _pairs[table].decode(raw)]
