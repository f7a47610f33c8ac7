"""The small job in Bytewax: for each group messages a minute, distinct users, last activity.

Its Kafka source in batches of 1,000, msgspec for the JSON, a stateful step for each group, snapshots of what changed into
its recovery store each epoch of ten seconds (its default). By default everything goes in batches, the quickest way it has;
with ``--guide`` event by event, as its guide teaches it. No results are produced: the peers are spared that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import bytewax.operators as op
import msgspec
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from bench.contestant import Seen, arguments
from bench.samples import report
from bench.small import MINUTES_KEPT, Said

EPOCH = timedelta(seconds=10)


class Group(msgspec.Struct):
    """A group's state."""

    last: int = 0
    minutes: dict[int, int] = {}
    users: set[str] = set()


def one(seen: Seen, state: Group | None, said: Said) -> tuple[Group, None]:
    """Count one event."""
    seen.events += 1
    state = state or Group()
    minutes = state.minutes
    minute = said.ts // 60_000
    minutes[minute] = minutes.get(minute, 0) + 1
    while len(minutes) > MINUTES_KEPT:
        del minutes[min(minutes)]
    state.last = max(state.last, said.ts)
    state.users.add(said.user_id)
    return state, None


class Count(StatefulBatchLogic[Said, None, Group]):  # type: ignore[misc]  # bytewax is seen as untyped
    """One group's step."""

    def __init__(self, seen: Seen, state: Group | None) -> None:
        self.seen = seen
        self.state = state or Group()

    def on_batch(self, values: list[Said]) -> tuple[Iterable[None], bool]:
        """Count."""
        state = self.state
        minutes = state.minutes
        for said in values:
            minute = said.ts // 60_000
            minutes[minute] = minutes.get(minute, 0) + 1
            state.last = max(state.last, said.ts)
            state.users.add(said.user_id)
        while len(minutes) > MINUTES_KEPT:
            del minutes[min(minutes)]
        self.seen.events += len(values)
        return (), False

    def snapshot(self) -> Group:
        """Return the state as it is now."""
        state = self.state
        return Group(state.last, dict(state.minutes), set(state.users))


class _Drop(StatelessSinkPartition[Any]):  # type: ignore[misc]  # bytewax is seen as untyped
    def write_batch(self, items: list[Any]) -> None:
        """Drop them."""


class Drop(DynamicSink[Any]):  # type: ignore[misc]  # bytewax is seen as untyped
    """Takes whatever comes: a flow must end somewhere."""

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Drop:
        """Return the part of one worker."""
        del step_id, worker_index, worker_count
        return _Drop()


def main() -> int:
    """Run until killed."""
    parser = arguments(__doc__)
    parser.add_argument("--guide", action="store_true", help="event by event")
    given = parser.parse_args()
    seen = Seen()
    decode = msgspec.json.Decoder(Said).decode

    def decoded(messages: list[Any]) -> list[tuple[str, Said]]:
        found = [decode(message.value) for message in messages]
        return [(f"{said.platform}/{said.group_id}", said) for said in found]

    flow = Dataflow("small")
    source = op.input("in", flow, KafkaSource([given.bootstrap], [given.topic]))
    if given.guide:
        said = op.map("decode", source, lambda message: decode(message.value))
        each = op.key_on("key", said, lambda event: f"{event.platform}/{event.group_id}")
        op.output("out", op.stateful_map("count", each, lambda state, event: one(seen, state, event)), Drop())
    else:
        keyed = op.flat_map_batch("decode", source, decoded)
        op.output("out", op.stateful_batch("count", keyed, lambda state: Count(seen, state)), Drop())
    report(given.samples, lambda: seen.events)
    store = given.directory / "recovery"
    store.mkdir()
    init_db_dir(store, 1)
    cli_main(flow, epoch_interval=EPOCH, recovery_config=RecoveryConfig(str(store)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
