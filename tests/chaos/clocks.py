"""Clocks that are wrong, and jump: those of the gateway and of the ticker, by libfaketime (Debian: ``apt-get install faketime``)."""

from __future__ import annotations

import time
from pathlib import Path

from huoqun.clock import now_ms
from sinks.client import query
from tests.chaos import verdict
from tests.chaos.beds import Bed, NotHereError
from tests.chaos.kills import SILENCE_SECONDS
from tests.chaos.load import Load
from tests.chaos.parts import GATEWAY, TICKER
from tests.chaos.verdict import Verdict

PLACES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
JUMPS = ((GATEWAY, "+40m"), (GATEWAY, "-40m"), (GATEWAY, "+0"), (TICKER, "-10m"), (TICKER, "+40m"), (TICKER, "+0"))
"""Who is wrong from then on, and by how much. A gateway an hour behind would refuse everything as more than an hour ahead of it;
and none of it may reach over midnight (UTC), when days end by what time it is and not by events: then the views differ by right."""


def environ(directory: Path) -> dict[str, dict[str, str]]:
    """Return the variables that give both clocks a file each to be set by. Raises :class:`NotHereError`."""
    library = next((p for place in PLACES if (p := Path(place) / "faketime" / "libfaketime.so.1").exists()), None)
    if library is None:
        raise NotHereError("libfaketime is not installed (Debian: apt-get install faketime)")
    directory.mkdir(parents=True, exist_ok=True)
    for part in (GATEWAY, TICKER):
        _set(directory, part, "+0")
    return {
        part: {
            "LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(directory / f"{part}.clock"),
            "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        for part in (GATEWAY, TICKER)
    }  # fmt: skip


def _set(directory: Path, part: str, offset: str) -> None:
    (directory / f"{part}.clock").write_text(offset + "\n")


def run(bed: Bed, *, seed: int, rate: float = 40.0, seconds: float = 8.0, settle: float = 90.0) -> Verdict:
    """Each of :data:`JUMPS` for ``seconds``, while events come with the right times."""
    parts = bed.parts
    load = Load(parts.gateway, parts.directory / "accepted.ndjson", seed=seed, groups=12, rate=rate, time_of=now_ms)
    load.start()
    time.sleep(seconds)
    for part, offset in JUMPS:
        bed.timeline.note("clock", part=part, offset=offset, accepted=len(load.accepted))
        _set(parts.directory, part, offset)
        time.sleep(seconds)
    load.end()
    time.sleep(SILENCE_SECONDS)
    load.close(60)
    found = verdict.of(parts, load, None, seconds=settle)
    received = [
        row["n"]
        for row in query(parts.config, "SELECT uniqExact(intDiv(toUnixTimestamp(received_at), 1500)) AS n FROM events")
    ]
    found.figures |= {"jumps": [f"{part} {offset}" for part, offset in JUMPS], "ended_by_themselves": parts.ends}
    if int(received[0]) < 3:
        found.wrong.append("the gateway's clock did not jump: nothing was tried")
    return found
