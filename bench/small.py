"""The small job that the peers are compared by, as a machine for our own shell: ``python -m bench.small`` runs the worker.

For each group: messages a minute, distinct users, last activity. Output: one result record for each group that changed and
checkpoint; state: saved for each group that changed, with the offset applied to it; the distinct users in pieces, so that
a save does not grow with them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

import msgspec

from huoqun import log
from huoqun.config import load
from huoqun.control import PREFIX
from huoqun.events import Refused
from huoqun.results import AnyResult, GroupSummary
from streams.core.interface import Bad, Checkpoint
from streams.service import WorkerError, run

MINUTES_KEPT = 60


class Said(msgspec.Struct, gc=False):
    """As much of an event as the job needs."""

    ts: int
    platform: str
    group_id: str
    user_id: str = ""


class Head(msgspec.Struct, array_like=True, gc=False):
    """A group's state but for its users: how it is saved."""

    fence: int = -1
    last: int = 0
    pieces: int = 0
    minutes: dict[int, int] = {}


class Group:
    """A group's state."""

    __slots__ = ("changed", "fresh", "head", "users")

    def __init__(self) -> None:
        self.head = Head()
        self.users: set[str] = set()
        self.fresh: list[str] = []
        self.changed = False


_said = msgspec.json.Decoder(Said)
_head = msgspec.msgpack.Decoder(Head)
_users = msgspec.msgpack.Decoder(list[str])
_pack = msgspec.msgpack.Encoder().encode


class SmallPartition:
    """One partition (see :class:`streams.core.interface.PartitionState`)."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.groups: dict[tuple[str, str], Group] = {}
        self.changed: dict[tuple[str, str], Group] = {}
        self.offset = -1

    def restore(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """Take over what was saved."""
        for key, value in entries:
            kind, platform, group_id = key.decode().split("/", 2)
            if kind == "h":
                self.groups.setdefault((platform, group_id), Group()).head = _head.decode(value)
            else:
                group_id = group_id.rpartition("/")[0]
                self.groups.setdefault((platform, group_id), Group()).users.update(_users.decode(value))

    def apply(self, records: Sequence[tuple[int, bytes | None]]) -> list[Bad]:
        """Count."""
        bad = []
        groups, changed, decode = self.groups, self.changed, _said.decode
        for offset, value in records:
            try:
                said = decode(value or b"")
            except msgspec.DecodeError as error:
                if value is None or not value.startswith(PREFIX):
                    bad.append(Bad(offset, value, Refused("", str(error))))
                continue
            name = (said.platform, said.group_id)
            group = groups.get(name)
            if group is None:
                group = groups[name] = Group()
            head = group.head
            if offset <= head.fence:
                continue
            if not group.changed:
                group.changed = True
                changed[name] = group
            ts, user, minutes = said.ts, said.user_id, head.minutes
            minute = ts // 60_000
            minutes[minute] = minutes.get(minute, 0) + 1
            if ts > head.last:  # noqa: PLR1730  # calling max() takes three times as long
                head.last = ts
            if user not in group.users:
                group.users.add(user)
                group.fresh.append(user)
        if records:
            self.offset = records[-1][0]
        return bad

    def up_to_rest(self, records: Sequence[tuple[int, bytes | None]]) -> int:
        """Return all: nothing is taken back."""
        return len(records)

    def urgent(self) -> list[AnyResult]:
        """Return nothing: no result of this job is."""
        return []

    def crowded(self) -> bool:
        """Return no: a result is one of a group, and there are few."""
        return False

    def checkpoint(self, *, final: bool = False, partitions: int = 1) -> Checkpoint:
        """Return a result and the saves for each group that changed."""
        del final, partitions  # everything is saved each time
        results: list[AnyResult] = []
        saves: list[tuple[bytes, bytes | None]] = []
        for (platform, group_id), group in self.changed.items():
            head, group.changed = group.head, False
            while len(head.minutes) > MINUTES_KEPT:
                del head.minutes[min(head.minutes)]
            head.fence = self.offset
            if group.fresh:
                saves.append((f"u/{platform}/{group_id}/{head.pieces}".encode(), _pack(group.fresh)))
                group.fresh = []
                head.pieces += 1
            saves.append((f"h/{platform}/{group_id}".encode(), _pack(head)))
            results.append(
                GroupSummary(
                    platform=platform,
                    group_id=group_id,
                    members=len(group.users),
                    last_event_at=head.last,
                    first_event_at=head.minutes[max(head.minutes)],
                    version=self.offset,
                )
            )
        self.changed.clear()
        return Checkpoint(self.offset, results, saves)


def main() -> int:
    """Run the product's worker with this machine."""
    log.configure(service="small")
    try:
        run(load(None, os.environ), SmallPartition)
    except WorkerError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
