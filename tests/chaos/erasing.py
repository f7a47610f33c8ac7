"""A person is erased while everything is killed in turn: nothing tells of them afterwards, and nobody else is changed."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time

from huoqun import records, topics
from huoqun.clock import now_ms
from sinks.client import QueryError, query
from tests.chaos import verdict
from tests.chaos.beds import Bed
from tests.chaos.chat import QUESTIONS, Raw
from tests.chaos.kills import SILENCE_SECONDS
from tests.chaos.load import Load
from tests.chaos.outages import visible
from tests.chaos.parts import Parts
from tests.chaos.verdict import Verdict
from tests.support.core import Machine, View
from tests.support.traces import saved, stored

GONE, NAME, WORD = "gone-1234", "谢大宝", "confidential"
TRACES = (GONE, NAME, WORD)
GROUPS, SAID = 6, 8
KNOWN_SECONDS, GONE_SECONDS = 90.0, 180.0
TRIES = 5


def run(bed: Bed, *, seed: int, kills: int, rate: float, settle: float = 180.0) -> Verdict:
    """Somebody talks in :data:`GROUPS` groups, and is named; then ``huoqun erase``, and ``kills`` while it works."""
    parts, chance = bed.parts, random.Random(seed)
    load = Load(parts.gateway, parts.directory / "accepted.ndjson", seed=seed, groups=12, rate=rate, time_of=now_ms)
    load.start()
    time.sleep(5)
    theirs = _talk(load, chance)
    wrong = [] if _until_known(parts) else ["they never came to be known"]
    erase = _erase(parts)
    tries = 1
    names = parts.names
    for number in range(kills):
        time.sleep(chance.uniform(0.1, 2.0))
        name = names[number % len(names)]
        bed.timeline.note("fault", number=number + 1, of=kills, part=name, erasing=erase.poll())
        parts.wait_running(name)
        parts.wait_restarted(name, parts.signal(name, signal.SIGKILL))
        if erase.poll() not in (None, 0) and tries < TRIES:  # it says so, and asks to be run again
            erase, tries = _erase(parts), tries + 1
    while erase.wait() and tries < TRIES:
        erase, tries = _erase(parts), tries + 1
    bed.timeline.note("erased", status=erase.returncode, tries=tries)
    load.end()
    time.sleep(SILENCE_SECONDS)
    load.close(60)
    for raw in theirs:
        del load.accepted[raw["group_id"], raw["id"]]
    visible(bed, load, "all that was accepted is in the log")
    right = of_the_log(parts)
    about = {key for key, row in right.items() if _tells(json.dumps(row, ensure_ascii=False))}
    found = verdict.of(parts, load, None, seconds=settle, erased=len(theirs), oracle=lambda _: right, ignored=about)
    left = _left(parts)
    found.figures |= {
        "erase_tries": tries,
        "erased_events": len(theirs),
        "rows_about_them": len(about),
        "traces": len(left),
    }
    found.wrong = wrong + found.wrong + left
    if erase.returncode:
        found.wrong.append(f"huoqun erase ended with status {erase.returncode}, {tries} times; see erase.log")
    return found


def _talk(load: Load, chance: random.Random) -> list[Raw]:
    """Let them say something in each group, and somebody name them; return what was theirs."""
    theirs: list[Raw] = []
    for number in range(SAID):
        for group in load.groups[:GROUPS]:
            raw: Raw = {
                "id": f"gone-{group.id}-{number}", "type": "message", "ts": now_ms(), "platform": "qq",
                "group_id": group.id, "user_id": GONE, "user_name": NAME,
                "text": chance.choice((*QUESTIONS, f"the {WORD} plan")),
            }  # fmt: skip
            named = raw | {
                "id": f"named-{group.id}-{number}",
                "user_id": "u1",
                "user_name": "u1",
                "text": f"@{NAME} 早上好",
            }
            load.put([raw, named | {"mentions": [GONE]}])
            theirs.append(raw)
    return theirs


def _until_known(parts: Parts) -> bool:
    deadline = time.monotonic() + KNOWN_SECONDS
    while time.monotonic() < deadline:
        try:
            if len(query(parts.config, f"SELECT 1 FROM members WHERE user_id = '{GONE}'")) == GROUPS:
                return True
        except (QueryError, OSError):
            pass
        time.sleep(0.2)
    return False


def _erase(parts: Parts) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "huoqun", "erase", "--platform", "qq", "--user", GONE, "--yes"]
    with (parts.directory / "logs" / "erase.log").open("ab") as out:
        return subprocess.Popen(
            [*command, "--wait", str(GONE_SECONDS)], env=parts.variables(), stdout=out, stderr=subprocess.STDOUT
        )


def of_the_log(parts: Parts) -> View:
    """Return what the pure pipeline makes of the events topic as it is, with its ticks and the erasure at their places."""
    logs: dict[int, list[tuple[int, bytes]]] = {}
    name = topics.full_name(parts.config.kafka.topic_prefix, topics.EVENTS)
    for record in records.read(parts.config.kafka, name):
        if record.value is not None:
            logs.setdefault(record.partition, []).append((record.offset, record.value))
    view: View = {}
    for log in logs.values():
        machine = Machine(parts.config)
        view |= machine.run([value for _, value in sorted(log)])
    return view


def _tells(text: str) -> bool:
    return any(trace in text for trace in TRACES)


def _left(parts: Parts) -> list[str]:
    """Return where anything tells of them."""
    kept = {"the store": stored(parts.config), "what is saved": saved(parts.config)}
    letters = topics.full_name(parts.config.kafka.topic_prefix, topics.DEADLETTER)
    kept["dead letters"] = "".join(str(record) for record in records.read(parts.config.kafka, letters))
    for file in parts.directory.glob("**/spool/**/*"):
        if file.is_file():
            kept[file.name] = file.read_bytes().decode("utf-8", "replace")
    return [f"{trace} is still in {place}" for place, text in kept.items() for trace in TRACES if trace in text]
