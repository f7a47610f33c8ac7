"""What an older release leaves behind: run this with that release on the path, and keep the file.

``git worktree add OLD COMMIT; cd OLD; PURE_PYTHON=1 PYTHONPATH=$PWD python …/tests/golden/upgrade/make.py FILE``
"""

import subprocess
import sys
from pathlib import Path

import msgspec

from huoqun import codec
from huoqun.config import Config
from huoqun.control import Generation, Tick
from huoqun.events import Event, read_event
from sinks import migrate, rows
from streams.core import saved
from streams.core.partition import Partition

START_MS = 1_790_000_000_000
MINUTE_MS = 60_000
TEXTS = [
    "有人知道番茄叶子发黄怎么回事吗",
    "早上好",
    "浇水太多了",
    "does anyone know how to fix this",
    "yes, try the other one",
    "谢谢",
]
PEOPLE = ["bob", "阿明", "carol", "dave", "robot"]


def log() -> list[bytes]:
    """Two groups over three days, some joins and leaves, a tick behind every tenth event."""
    made: list[bytes] = [codec.encode(Generation(number=1_790_000_000))]
    for n in range(240):
        ts = START_MS + n * 18 * MINUTE_MS
        kind = "join" if n % 17 == 0 else "leave" if n % 41 == 40 else "message"
        raw = {
            "id": f"e{n}", "type": kind, "ts": ts, "platform": "qq", "group_id": str(n % 2), "user_id": PEOPLE[n % 5],
            "user_name": PEOPLE[n % 5], "text": TEXTS[n * 7 % 6] if kind == "message" else "", "is_bot": n % 5 == 4,
        }  # fmt: skip
        event = read_event(raw, received_at=ts + 500, source="test")
        assert isinstance(event, Event)
        made.append(codec.encode(event))
        if n % 10 == 9:
            made.append(codec.encode(Tick(now=ts + 1_000)))
    return made


def main(file: Path) -> None:
    """Apply two thirds of the log, saving now and then, and keep the state, and all rows for the store."""
    records = log()
    upto = len(records) * 2 // 3
    state = Partition(0, Config())
    kept: dict[bytes, bytes] = {}
    told: list[bytes] = []
    offset = -1
    for start in range(0, upto, 20):
        end = min(start + 20, upto)
        state.apply([(at, records[at]) for at in range(start, end)])
        results = list(state.urgent())
        made = state.checkpoint(final=end == upto)
        offset = made.offset
        told += [codec.encode(row) for row in [*results, *made.results]]
        for key, value in made.saves:
            if value is None:
                kept.pop(key, None)
            else:
                kept[key] = value
    parts = rows.read_events(records[:upto], range(upto), store_text=True).parts + rows.read_results(told).parts
    golden = {
        "commit": subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip(),
        "format": saved.FORMAT,
        "steps": [step.number for step in migrate.shipped()],
        "upto": upto,
        "offset": offset,
        "log": records,
        "state": kept,
        "rows": [[part.table, part.columns] for part in parts],
    }
    file.write_bytes(msgspec.msgpack.encode(golden))


main(Path(sys.argv[1]))
