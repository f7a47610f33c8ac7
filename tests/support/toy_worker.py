"""A worker with a core of ten lines, for testing the shell around it: ``python -m tests.support.toy_worker``.

A record is ``{"g": group, "n": number}``. A group's result is how many came and their sum; every number divisible by 100 is
an alert. Every third group is saved at every third checkpoint only, so what may be committed lags. A control record is a tick, anything else is poison. ``{"g": …, "n": "boom"}`` is a defect in the core: it raises. After ``{"g": …, "n": "nap"}``
the core is busy for longer than a session. A session is half as long as the product's: whoever waits for a dead worker's
partitions, or to be let into a group by the embedded broker, waits for that.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from huoqun import codec, log, loops
from huoqun.config import Config, load
from huoqun.control import PREFIX
from huoqun.events import Refused
from huoqun.results import Alert, AnyResult, GroupSummary
from streams.core.interface import Bad, Checkpoint
from streams.service import WorkerError, run

LAZY: Final = 3
SESSION_SECONDS: Final = 3.0
NAP_SECONDS: Final = SESSION_SECONDS + 1


class Record(msgspec.Struct):
    g: str
    n: int | str
    padding: str = ""


class Total(msgspec.Struct):
    count: int = 0
    total: int = 0
    fence: int = -1


class ToyPartition:
    def __init__(self, number: int) -> None:
        self.number = number
        self.groups: dict[str, Total] = {}
        self.dirty: set[str] = set()
        self.unsaved: dict[str, int] = {}
        """Group -> the first offset that is in no save."""
        self.checkpoints = 0
        self.alerts: list[AnyResult] = []
        self.offset = -1
        self.decoder = msgspec.json.Decoder(Record)

    def restore(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        for key, value in entries:
            number, _, group = key.decode().partition("/")
            assert int(number) == self.number, "an entry of another partition"
            self.groups[group] = msgspec.json.decode(value, type=Total)

    def apply(self, records: Sequence[tuple[int, bytes | None]]) -> list[Bad]:
        bad = []
        for offset, value in records:
            assert offset > self.offset, "records out of order"
            self.offset = offset
            if value is None:
                bad.append(Bad(offset, value, Refused("", "the record has no value")))
                continue
            if value.startswith(PREFIX):
                continue
            try:
                record = self.decoder.decode(value)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                bad.append(Bad(offset, value, Refused("", str(error))))
                continue
            if record.n == "nap":
                time.sleep(NAP_SECONDS)
                continue
            assert isinstance(record.n, int), "a defect in the core"
            group = self.groups.setdefault(record.g, Total())
            if offset <= group.fence:
                continue
            group.count, group.total, group.fence = group.count + 1, group.total + record.n, offset
            self.dirty.add(record.g)
            self.unsaved.setdefault(record.g, offset)
            if record.n % 100 == 0:
                self.alerts.append(
                    Alert(
                        platform="toy",
                        group_id=record.g,
                        alert_id=f"{record.g}/{record.n}",
                        kind="flood",
                        severity="info",
                        raised_at=0,
                        updated_at=0,
                        state="open",
                        title="a hundred",
                        version=offset,
                    )
                )
        return bad

    def up_to_rest(self, records: Sequence[tuple[int, bytes | None]]) -> int:
        return len(records)  # it takes nothing back

    def urgent(self) -> list[AnyResult]:
        alerts, self.alerts = self.alerts, []
        return alerts

    def crowded(self) -> bool:
        return False

    def checkpoint(self, *, final: bool = False, partitions: int = 1) -> Checkpoint:
        del partitions
        dirty, self.dirty = sorted(self.dirty), set()
        results: list[AnyResult] = [
            GroupSummary(
                platform="toy",
                group_id=g,
                members=self.groups[g].count,
                first_event_at=self.groups[g].total,
                version=self.groups[g].fence,
            )
            for g in dirty
        ]
        self.checkpoints += 1
        turn = final or self.checkpoints % LAZY == 0
        due = [g for g in sorted(self.unsaved) if turn or sum(g.encode()) % LAZY]
        saves: list[tuple[bytes, bytes | None]] = [
            (f"{self.number}/{g}".encode(), codec.encode(self.groups[g])) for g in due
        ]
        for g in due:
            del self.unsaved[g]
        safe = min(self.unsaved.values(), default=self.offset + 1) - 1
        return Checkpoint(safe, [*results, *self.urgent()], saves)


def shorten_sessions() -> None:
    """Have the app built as the product does, but for the session."""
    asyncio.set_event_loop_policy(loops.Policy())  # as the product does before it imports Faust
    from streams import app  # noqa: PLC0415

    build = app.build

    def build_impatient(config: Config, instance: str | None = None) -> Any:
        built = build(config, instance)
        session = float(os.environ.get("TOY_SESSION_SECONDS", SESSION_SECONDS))
        built.conf.broker_session_timeout = session
        built.conf.broker_heartbeat_interval = session / 3
        return built

    app.build = build_impatient


def main() -> int:
    log.configure(service="toy", as_json=True)
    shorten_sessions()
    try:
        run(load(None, os.environ), ToyPartition)
    except WorkerError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
