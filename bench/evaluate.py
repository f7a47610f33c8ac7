"""How right the unanswered-message signal is, on annotated chats, from the product's own output.

    python -m bench.evaluate [DIRECTORY] [--minutes 30]

Starts the embedded stack in a temporary directory, replays ``SPLIT/events.ndjson.gz`` through the webhook, reads the
``questions`` view, and hands what it says to the scorer that comes with the chats (``scripts/score_unanswered.py``).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from huoqun.config import Config
from huoqun.local.stack import LocalStack
from producers.replay import Client, Totals, batches, read_lines
from sinks.client import query

CERTAIN = 0.5
"""An answer counts from this confidence on."""


def main() -> int:
    """Evaluate every split found; 0 when each could be scored, 2 when there is nothing to score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", nargs="?", default="../shared/data", type=Path)
    parser.add_argument("--minutes", type=float, default=30.0)
    arguments = parser.parse_args()
    splits = sorted(p.parent for p in arguments.directory.glob("*/answers.ndjson.gz"))
    if not splits:
        print(f"no SPLIT/answers.ndjson.gz below {arguments.directory}: nothing to score", file=sys.stderr)
        return 2
    print(f"{'split':<8}{'scored':>8}{'unanswered':>12}{'precision':>11}{'recall':>8}{'F1':>8}{'events/s':>10}")
    for split in splits:
        score, rate = evaluate(split, arguments.directory / "scripts" / "score_unanswered.py", arguments.minutes)
        print(
            f"{split.name:<8}{score['n']:>8}{score['positives']:>12}{score['precision']:>11.3f}{score['recall']:>8.3f}"
            f"{score['f1']:>8.3f}{rate:>10,.0f}",
            flush=True,
        )
    return 0


def evaluate(split: Path, scorer: Path, minutes: float) -> tuple[dict[str, Any], float]:
    """Return the scorer's figures for one split, and the events a second from webhook to stored results."""
    with tempfile.TemporaryDirectory() as directory:
        config = Config(data_dir=directory)
        with LocalStack(config, free_ports=True) as stack:
            began = time.monotonic()
            totals = Totals()
            client = Client(stack.addresses.gateway, source=None, key=None, give_up_seconds=60.0)
            client.send_all(batches(read_lines(split / "events.ndjson.gz", lambda _: None)), totals, lambda: None)
            if not stack.wait_processed(600):
                raise SystemExit("not all of it was processed within 10 minutes")
            rate = totals.accepted / (time.monotonic() - began)
            predictions = Path(directory) / "predictions.ndjson"
            with predictions.open("w", encoding="utf-8") as out:
                for row in query(stack.config, "SELECT question_id, asked_at, answered_at, confidence FROM questions"):
                    out.write(json.dumps({"event_id": row["question_id"], "answered": in_time(row, minutes)}) + "\n")
            answer = subprocess.run(
                [sys.executable, scorer, split / "answers.ndjson.gz", predictions, "--minutes", str(minutes), "--json"],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
    score: dict[str, Any] = json.loads(answer.stdout)
    return score, rate


def in_time(row: dict[str, Any], minutes: float) -> bool:
    """Whether a row of ``questions`` says that the answer came within ``minutes``."""
    if row["answered_at"] is None or (row["confidence"] or 0) < CERTAIN:
        return False
    waited = datetime.fromisoformat(row["answered_at"]) - datetime.fromisoformat(row["asked_at"])
    return waited.total_seconds() <= 60 * minutes


if __name__ == "__main__":
    sys.exit(main())
