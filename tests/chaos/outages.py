"""The broker dies and comes back, or cannot be reached, or is reached badly."""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable

from huoqun.clock import now_ms
from sinks.client import QueryError, query
from tests.chaos import beds, verdict
from tests.chaos.beds import Bed
from tests.chaos.kills import SILENCE_SECONDS
from tests.chaos.load import Load
from tests.chaos.network import Line
from tests.chaos.parts import NOTIFY
from tests.chaos.verdict import Verdict

BACK_SECONDS = 30.0
GROWTH = 50 * 1024 * 1024
WARM_SECONDS = 60.0
"""Until the embedded engine has what it needs: 85 MB in its first minute, 20 in the next five, and no more (see the soak)."""
PAUSE_SECONDS = (8.0, 20.0)
"""Between two faults, when all is back: long enough for people to be told of what is open."""
TELLS = "huoqun_notify_sends"
"""1: this notifier has found its place again, read everything, and sends."""

Fault = Callable[[], str]


def restarts(bed: Bed, *, seed: int, kills: int, rate: float = 40.0, settle: float = 180.0) -> Verdict:
    """Kill -9 the broker at random moments; it is gone for up to six seconds besides the time that it takes to start."""
    chance = random.Random(seed)

    def fault() -> str:
        beds.kill(bed.broker, bed.timeline)
        time.sleep(chance.uniform(0.0, 6.0))
        beds.start_again(bed.broker, bed.timeline)
        return "restart"

    return _run(bed, [fault] * kills, seed=seed, rate=rate, settle=settle)


def unreachable(
    bed: Bed, line: Line, *, seed: int, seconds: float, rate: float = 40.0, settle: float = 180.0
) -> Verdict:
    """A black hole for half of the time, then, after a while of health, refused connections for the other half."""

    def hole() -> str:
        line.holding = True
        time.sleep(seconds / 2)
        line.heal()
        return "black hole"

    def refused() -> str:
        line.refuse()
        time.sleep(seconds / 2)
        line.heal()
        return "refused"

    return _run(bed, [hole, refused], seed=seed, rate=rate, settle=settle)


def badly(bed: Bed, line: Line, *, seed: int, kills: int, rate: float = 40.0, settle: float = 180.0) -> Verdict:
    """Short faults of the line, of all kinds."""
    chance = random.Random(seed)

    def fault() -> str:
        kind = chance.choice(("latency", "torn requests", "dropped", "black hole", "refused", "half closed"))
        match kind:
            case "latency":
                line.latency = chance.uniform(0.05, 0.7)
                time.sleep(8)
            case "torn requests":
                for _ in range(12):
                    line.cut(chance.randrange(20_000))
                    time.sleep(0.5)
            case "dropped":
                for _ in range(12):
                    line.drop()
                    time.sleep(0.5)
            case "black hole":
                line.holding = True
                time.sleep(chance.uniform(4, 14))
            case "refused":
                line.refuse()
                time.sleep(chance.uniform(4, 14))
            case _:
                line.half_closing = True
                time.sleep(5)
        line.heal()
        line.drop()
        return kind

    return _run(bed, [fault] * kills, seed=seed, rate=rate, settle=settle)


def _run(bed: Bed, faults: list[Fault], *, seed: int, rate: float, settle: float) -> Verdict:
    parts, chance = bed.parts, random.Random(f"{seed}/pause")
    load = Load(parts.gateway, parts.directory / "accepted.ndjson", seed=seed, groups=12, rate=rate, time_of=now_ms)
    load.start()
    back: dict[str, list[float]] = defaultdict(list)
    telling: list[float] = []
    time.sleep(WARM_SECONDS)
    before = {name: parts.memory(name) for name in parts.names}
    pids = parts.pids
    most = dict(before)
    working: list[verdict.Span] = []
    since = now_ms()
    for number, fault in enumerate(faults):
        working.append((since, now_ms()))
        bed.timeline.note("fault", number=number + 1, of=len(faults), accepted=len(load.accepted))
        kind = fault()
        grown = {name: parts.memory(name) for name in parts.names if parts.pids.get(name) == pids.get(name)}
        most |= {name: max(most[name], size) for name, size in grown.items()}
        began = time.monotonic()
        back[kind].append(visible(bed, load, str(number)))
        bed.timeline.note("back", fault=kind, seconds=round(back[kind][-1], 1), accepted=len(load.accepted))
        telling.append(_telling(bed, began))
        bed.timeline.note("tells", seconds=round(telling[-1], 1))
        since = now_ms()
        time.sleep(chance.uniform(*PAUSE_SECONDS))
    load.end()
    time.sleep(SILENCE_SECONDS)
    load.close(60)
    working.append((since, now_ms()))
    ended = [line.partition(";")[0] for line in parts.ends]
    deaths = sum(line.startswith(NOTIFY) for line in ended)
    # A notice whose record could not be written is told again: as a crash.
    found = verdict.of(parts, load, bed.receiver, seconds=settle, notify_kills=deaths + len(faults), working=working)
    found.figures["back_after_seconds"] = {kind: [round(s, 1) for s in all_of] for kind, all_of in back.items()}
    found.figures["telling_after_seconds"] = [round(seconds, 1) for seconds in telling]
    found.figures["ended_by_themselves"] = ended
    found.figures["growth_mb"] = {n: round((most[n] - before[n]) / 2**20, 1) for n in before}
    slow = [f"{kind}: back after {s:.1f} s" for kind, all_of in back.items() for s in all_of if s > BACK_SECONDS]
    slow += [f"notices: back after {s:.1f} s" for s in telling if s > BACK_SECONDS]
    grown_too_much = [f"{n} grew by {(most[n] - before[n]) >> 20} MB" for n in before if most[n] - before[n] > GROWTH]
    found.wrong += slow + grown_too_much
    return found


def _telling(bed: Bed, began: float, seconds: float = 240) -> float:
    """Return how long after ``began`` the notifier sends again."""
    while bed.parts.metric(NOTIFY, TELLS) != 1 and time.monotonic() < began + seconds:
        time.sleep(0.1)
    return time.monotonic() - began


def visible(bed: Bed, load: Load, text: str, seconds: float = 240) -> float:
    """Post one event and return after how long it is both in the store and computed: the group's row tells of it."""
    began = time.monotonic()
    raw = load.canary(text, seconds)
    where = f"group_id = '{raw['group_id']}'"
    while time.monotonic() < began + seconds:
        try:
            stored = query(bed.parts.config, f"SELECT count() AS n FROM events WHERE {where} AND id = '{raw['id']}'")
            computed = query(bed.parts.config, f"SELECT last_event_at FROM groups WHERE {where}")
            if int(stored[0]["n"]) and computed and verdict.ms(computed[0]["last_event_at"]) >= raw["ts"]:
                return time.monotonic() - began
        except (QueryError, OSError):
            pass
        time.sleep(0.1)
    return float("inf")
