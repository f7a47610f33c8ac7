"""Full disks: the gateway's, on which events wait for the broker, and the embedded store's. Both are small file systems in memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from huoqun.clock import now_ms
from tests.chaos import verdict
from tests.chaos.beds import Bed, NotHereError
from tests.chaos.kills import SILENCE_SECONDS
from tests.chaos.load import Load
from tests.chaos.network import Line
from tests.chaos.outages import BACK_SECONDS, visible
from tests.chaos.parts import GATEWAY, NOTIFY, SINK
from tests.chaos.verdict import Verdict

GATEWAY_ROOM = 384 * 1024
"""What others leave of the gateway's disk: events of half a minute."""
SIZES = {GATEWAY: 4, SINK: 192}
"""MB."""
REFUSALS = 20
"""Answers 503 after which the disk is taken for full."""
FULL_SECONDS = 90.0
CHUNK = 1024 * 1024


class Disk:
    """A file system of its own that somebody else may fill."""

    def __init__(self, place: Path, megabytes: int) -> None:
        """Mount it. Raises :class:`NotHereError` where that is not allowed."""
        self.place = place
        self._ballast = place / "of-somebody-else"
        place.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
        try:
            done = subprocess.run(mount, capture_output=True, text=True, check=False)
        except OSError as error:
            raise NotHereError(f"no file system can be mounted: {error}") from None
        if done.returncode:
            raise NotHereError(f"no file system can be mounted (it needs root): {done.stderr.strip()}")

    @property
    def free(self) -> int:
        """Bytes."""
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize

    def fill(self, leaving: int = 0) -> None:
        """Leave only so many bytes; others go on writing meanwhile."""
        with self._ballast.open("ab", buffering=0) as out, contextlib.suppress(OSError):
            while (room := self.free - leaving) > 0:
                out.write(bytes(min(room, CHUNK)))

    def empty(self) -> None:
        """Give back what somebody else took."""
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        """Unmount it, whoever still uses it."""
        subprocess.run(["umount", "-l", str(self.place)], check=False)


@contextmanager
def small(directory: Path) -> Iterator[dict[str, Disk]]:
    """Give gateway and sink a disk each."""
    disks: dict[str, Disk] = {}
    try:
        for part, megabytes in SIZES.items():
            disks[part] = Disk(directory / f"disk-of-{part}", megabytes)
        yield disks
    finally:
        for disk in disks.values():
            disk.close()


def environ(disks: dict[str, Disk]) -> dict[str, dict[str, str]]:
    """Return the variables by which the parts use their disks."""
    return {part: {"HUOQUN_DATA_DIR": str(disk.place / "own")} for part, disk in disks.items()}


def run(
    bed: Bed, line: Line, disks: dict[str, Disk], *, seed: int, rate: float, seconds: float, settle: float = 180.0
) -> Verdict:
    """The broker away and the gateway's disk full, killed meanwhile; then the store's disk full for ``seconds``."""
    parts = bed.parts
    load = Load(parts.gateway, parts.directory / "accepted.ndjson", seed=seed, groups=12, rate=rate, time_of=now_ms)
    load.start()
    time.sleep(6)
    wrong = _gateway(bed, line, disks[GATEWAY], load)
    line.heal()
    drained = visible(bed, load, "with a full disk still")
    bed.timeline.note("back", seconds=round(drained, 1), accepted=len(load.accepted))
    disks[GATEWAY].empty()
    disks[SINK].fill()
    bed.timeline.note("the store is full", accepted=len(load.accepted))
    time.sleep(seconds)
    disks[SINK].empty()
    stored = visible(bed, load, "the store has room")
    bed.timeline.note("back", seconds=round(stored, 1), accepted=len(load.accepted))
    load.end()
    time.sleep(SILENCE_SECONDS)
    load.close(60)
    ended = [said.partition(";")[0] for said in parts.ends]
    deaths = sum(said.startswith(NOTIFY) for said in ended)
    found = verdict.of(parts, load, bed.receiver, seconds=settle, notify_kills=deaths + 1, long_open_ms=240_000)
    found.figures |= {
        "answers": dict(load.answers), "back_after_seconds": {"gateway": round(drained, 1), "store": round(stored, 1)},
        "ended": ended,
    }  # fmt: skip
    wrong += [
        f"{name}: back after {s:.0f} s" for name, s in (("broker", drained), ("store", stored)) if s > BACK_SECONDS
    ]
    strange = load.answers.keys() - {202, 503}
    wrong += [f"answered with {sorted(strange)}"] if strange else []
    found.wrong = wrong + found.wrong
    return found


def _gateway(bed: Bed, line: Line, disk: Disk, load: Load) -> list[str]:
    """Return what was wrong while the broker was away and there was no room, and then room again."""
    parts = bed.parts
    disk.fill(GATEWAY_ROOM)
    line.refuse()
    bed.timeline.note("the broker is away", room=disk.free, accepted=len(load.accepted))
    if not _until(lambda: load.answers[503] >= REFUSALS):
        return [f"no answer 503 within {FULL_SECONDS:.0f} s, with {disk.free} bytes free"]
    bed.timeline.note("full", room=disk.free, accepted=len(load.accepted))
    time.sleep(3)
    disk.fill()
    old = parts.signal(GATEWAY, signal.SIGKILL)
    parts.wait_restarted(GATEWAY, old)
    before = load.answers[503]
    if not _until(lambda: load.answers[503] >= before + REFUSALS):
        return ["started again on a full disk, it does not answer 503"]
    disk.empty()
    before = len(load.accepted)
    bed.timeline.note("room again", room=disk.free, accepted=before)
    if not _until(lambda: len(load.accepted) > before + REFUSALS):
        return ["there is room again, and nothing is accepted"]
    bed.timeline.note("accepts", accepted=len(load.accepted))
    disk.fill()
    return []


def _until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + FULL_SECONDS
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
