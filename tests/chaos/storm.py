"""Workers join, leave and die while events come: a storm of rebalances."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from huoqun.broker import BrokerError, end_offsets
from huoqun.clock import now_ms
from huoqun.topics import EVENTS, full_name
from tests.chaos import verdict
from tests.chaos.beds import Bed
from tests.chaos.load import Load
from tests.chaos.verdict import Verdict

DAY = 86_400_000
SPEED = 600
"""Event time passes so much faster than ours: what is old is settled, as in a history that is replayed."""
FEWEST, MOST = 1, 4
DEEDS = ("join", "leave", "kill")
REPEATS = 0.05
APPLIED = "huoqun_worker_events_total"


def run(
    bed: Bed,
    *,
    seed: int,
    kills: int,
    events: int,
    rate: float,
    deeds: Sequence[str] = DEEDS,
    settle: float = 300.0,
) -> Verdict:
    """``kills`` of ``deeds`` while ``events`` come; the bed begins with some workers."""
    parts, chance = bed.parts, random.Random(seed)
    began, start = time.monotonic(), now_ms() - 30 * DAY
    load = Load(
        parts.gateway,
        parts.directory / "accepted.ndjson",
        seed=seed,
        groups=48,
        rate=rate,
        time_of=lambda: start + round((time.monotonic() - began) * 1000 * SPEED),
        most=events,
        batch=5,
    )
    load.start()
    workers = list(parts.workers)
    next_number, applied = len(workers), 0.0
    done: list[str] = []
    every = events / rate / (kills + 1)
    for number in range(kills):
        time.sleep(every * chance.uniform(0.7, 1.3))
        can = {"join": len(workers) < MOST, "leave": len(workers) > FEWEST, "kill": len(workers) > FEWEST}
        deed = chance.choice([deed for deed in deeds if can[deed]] or [deed for deed in DEEDS if can[deed]])
        bed.timeline.note(
            "deed", number=number + 1, of=kills, deed=deed, workers=len(workers), accepted=len(load.accepted)
        )
        if deed == "join":
            workers.append(f"worker-{next_number}")
            next_number += 1
            parts.start(workers[-1])
        else:
            name = workers.pop(chance.randrange(len(workers)))
            applied += parts.metric(name, APPLIED) or 0.0
            (parts.stop if deed == "leave" else parts.remove)(name)
        done.append(deed)
    while not load.done and time.monotonic() < began + 3 * events / rate + 120:
        time.sleep(0.2)
    load.close(120)
    found = verdict.of(parts, load, None, seconds=settle)
    applied += sum(parts.metric(name, APPLIED) or 0.0 for name in workers)
    try:
        logged = sum(end_offsets(parts.config.kafka, full_name(parts.config.kafka.topic_prefix, EVENTS)).values())
        found.figures["repeats_share"] = round(applied / logged - 1, 3)
    except BrokerError as error:
        found.wrong.append(str(error))
    found.figures |= {"deeds": {deed: done.count(deed) for deed in sorted(set(done))}, "ended": parts.ends}
    if found.figures.get("repeats_share", 0.0) > REPEATS:
        found.wrong.append(f"{100 * found.figures['repeats_share']:.0f} % of the records were processed again")
    return found
