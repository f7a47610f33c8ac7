"""Clocks that are wrong, and jump: those of the gateway and of the ticker, by libfaketime (Debian: ``apt-get install faketime``)."""

from __future__ import annotations

import time
from pathlib import Path

from huoqun.clock import now_ms
from sinks.client import query
from tests.chaos import verdict
from tests.chaos.beds import Bed, NotHereError
from tests.chaos.chat import Raw
from tests.chaos.kills import SILENCE_SECONDS
from tests.chaos.load import Load
from tests.chaos.parts import GATEWAY, TICKER, Parts
from tests.chaos.verdict import Verdict
from tests.support.core import View
from tests.support.stack import expected

PLACES = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib")
JUMPS = (
    (GATEWAY, "+60m"), (GATEWAY, "-60m"), (GATEWAY, "+0"), (GATEWAY, "-10m"), (GATEWAY, "+0"),
    (TICKER, "-10m"), (TICKER, "+60m"), (TICKER, "-60m"), (TICKER, "+0"),
)  # fmt: skip
"""Who is wrong from then on, and by how much. A gateway that is further behind refuses everything as more than an hour ahead of it;
and none of it may reach over midnight (UTC), when days end by what time it is and not by events: then the views differ by right."""
UNPLACED = "huoqun_worker_unplaced_events_total"
"""What came so late that nobody can say any more whether it came before."""
YEAR_MS = 365 * 86_400_000
AHEAD_MS = 59 * 60_000
"""As far ahead as the gateway lets through."""
FAR_OFF = 10
OLD, LATE, AHEAD, EARLY = "old", "g000", "ahead", "early"
"""Groups: all is a year old in it; talks, and gets what is a year old; gets what is an hour early, by a member of that name."""


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


def _raw(group: str, number: int, ts: int, user: str = "u1") -> Raw:
    return {
        "id": f"off-{group}-{number}", "type": "message", "ts": ts, "platform": "qq", "group_id": group, "user_id": user,
        "user_name": user, "text": "good morning",
    }  # fmt: skip


def _far_off(load: Load) -> list[str]:
    """Post what is a year old, a year early, and as early as is let through; return what was answered wrongly."""
    now = now_ms()
    old = [_raw(OLD, n, now - YEAR_MS + n * 1000) for n in range(FAR_OFF)]
    late = [_raw(LATE, n, now - YEAR_MS + n * 1000) for n in range(FAR_OFF)]
    refused = load.put([_raw(OLD, -1 - n, now + YEAR_MS) for n in range(FAR_OFF)])
    wrong = [] if len(refused) == FAR_OFF else [f"of {FAR_OFF} events a year ahead {len(refused)} were refused"]
    for raws in (old, late, [_raw(AHEAD, 0, now)], [_raw(AHEAD, 1, now + AHEAD_MS, EARLY)]):
        wrong += [f"refused: {one}" for one in load.put(raws)]
    for number in range(2, FAR_OFF):
        time.sleep(0.5)
        wrong += [f"refused: {one}" for one in load.put([_raw(AHEAD, number, now_ms())])]
    return wrong


def _oracle(raws: list[Raw], parts: Parts) -> View:
    """Return what is right: what comes a year late is stored, and in no figure."""
    return expected([raw for raw in raws if not raw["id"].startswith(f"off-{LATE}")], parts.config)


def _ahead(bed: Bed, load: Load) -> list[str]:
    """Return what an event of the future changed for others: they are where they would be without it, and not late."""
    raws = [raw for (group, _), raw in load.accepted.items() if group == AHEAD and raw["user_id"] != EARLY]
    until = max(raw["ts"] for raw in raws)

    def others(rows: View) -> View:
        return {
            key: row
            for key, row in rows.items()
            if key[0] in ("Activity", "Member")
            and row.get("user_id") != EARLY
            and int(str(row.get("window_end", 0))) <= until
        }

    found, _ = verdict.views(bed.parts, {AHEAD})
    wrong = verdict.different(others(found), others(expected(raws, bed.parts.config)), raws)
    late = [row["late_events"] for (kind, _), row in found.items() if kind == "GroupSummary" and row["late_events"]]
    return wrong + [f"{count} events are late behind one of the future" for count in late]


def run(bed: Bed, *, seed: int, rate: float = 40.0, seconds: float = 8.0, settle: float = 90.0) -> Verdict:
    """Each of :data:`JUMPS` for ``seconds``, while events come with the right times; then some that are far off."""
    parts = bed.parts
    load = Load(parts.gateway, parts.directory / "accepted.ndjson", seed=seed, groups=12, rate=rate, time_of=now_ms)
    load.start()
    time.sleep(seconds)
    for part, offset in JUMPS:
        bed.timeline.note("clock", part=part, offset=offset, accepted=len(load.accepted))
        _set(parts.directory, part, offset)
        time.sleep(seconds)
    bed.timeline.note("far off", accepted=len(load.accepted))
    wrong = _far_off(load)
    load.end()
    time.sleep(SILENCE_SECONDS)
    load.close(60)
    groups = {group.id for group in load.groups} | {OLD}
    found = verdict.of(parts, load, None, seconds=settle, groups=groups, oracle=lambda raws: _oracle(raws, parts))
    found.wrong += wrong + _ahead(bed, load)
    unplaced = sum(parts.metric(name, UNPLACED) or 0.0 for name in parts.workers)
    if unplaced != FAR_OFF:
        found.wrong.append(f"{FAR_OFF} events came a year late, {unplaced:.0f} are counted as such")
    received = [
        row["n"]
        for row in query(parts.config, "SELECT uniqExact(intDiv(toUnixTimestamp(received_at), 1500)) AS n FROM events")
    ]
    found.figures |= {"jumps": [f"{part} {offset}" for part, offset in JUMPS], "ended_by_themselves": parts.ends}
    if int(received[0]) < 3:
        found.wrong.append("the gateway's clock did not jump: nothing was tried")
    return found
