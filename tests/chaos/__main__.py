"""Run one scenario over real processes and say what came of it: ``python -m tests.chaos kills --seed 1 --kills 100``.

Everything of a run stays below ``--keep`` (default: a new directory in the temporary one): timeline.ndjson, accepted.ndjson, logs.
Status 0: all was right; 3: this machine cannot run it. What goes wrong is printed with the command that runs it again.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import streams
from tests.chaos import clocks, disks, erasing, kills, outages, poison, soak, stores, storm
from tests.chaos.beds import BROKERS, NotHereError, standing
from tests.chaos.network import Line
from tests.chaos.timeline import Timeline
from tests.chaos.verdict import Verdict

SHOWN = 10
NOT_RUN = 3


def run_kills(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with standing(directory, timeline, asked.broker, workers=asked.workers or 1) as bed:
        return kills.run(
            bed,
            seed=asked.seed,
            kills=asked.kills or 10,
            rate=asked.rate or 40,
            faults=tuple((asked.faults or "kill").split(",")),
            frozen_seconds=asked.seconds or 8,
            among=tuple(asked.parts.split(",")) if asked.parts else (),
        )


def run_restarts(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    asked.broker = "apache_kafka"  # the embedded one forgets
    with standing(directory, timeline, asked.broker) as bed:
        return outages.restarts(bed, seed=asked.seed, kills=asked.kills or 10, rate=asked.rate or 40)


def run_unreachable(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with Line() as line, standing(directory, timeline, asked.broker, line=line) as bed:
        return outages.unreachable(bed, line, seed=asked.seed, seconds=asked.seconds or 300, rate=asked.rate or 40)


def run_network(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with Line() as line, standing(directory, timeline, asked.broker, line=line) as bed:
        return outages.badly(bed, line, seed=asked.seed, kills=asked.kills or 10, rate=asked.rate or 40)


def run_storm(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with standing(directory, timeline, asked.broker, workers=asked.workers or 3, partitions=6) as bed:
        return storm.run(
            bed, seed=asked.seed, kills=asked.kills or 20, events=asked.events or 50_000, rate=asked.rate or 250,
            deeds=tuple(asked.faults.split(",")) if asked.faults else storm.DEEDS,
        )  # fmt: skip


def run_store_down(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with stores.served(directory, timeline, asked.broker) as (bed, server, _):
        return stores.down(bed, server, seed=asked.seed, seconds=asked.seconds or 600, rate=asked.rate or 100)


def run_store_cut(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with stores.served(directory, timeline, asked.broker) as (bed, _, line):
        return stores.cut(bed, line, seed=asked.seed, seconds=asked.seconds or 60, rate=asked.rate or 100)


def run_clock(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with standing(directory, timeline, asked.broker, environ=clocks.environ(directory)) as bed:
        return clocks.run(bed, seed=asked.seed, rate=asked.rate or 40, seconds=asked.seconds or 8)


def run_full(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with (
        disks.small(directory) as small,
        Line() as line,
        standing(directory, timeline, asked.broker, line=line, environ=disks.environ(small)) as bed,
    ):
        return disks.run(bed, line, small, seed=asked.seed, rate=asked.rate or 40, seconds=asked.seconds or 20)


def run_erase(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with standing(directory, timeline, asked.broker, workers=asked.workers or 1) as bed:
        return erasing.run(bed, seed=asked.seed, kills=asked.kills or 10, rate=asked.rate or 40)


def run_poison(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    running = BROKERS[asked.broker](directory)
    try:
        return poison.run(
            running, directory, timeline, seed=asked.seed, events=asked.events or 100_000, runs=asked.kills or 3
        )
    finally:
        running.stop()


def run_soak(asked: argparse.Namespace, directory: Path, timeline: Timeline) -> Verdict:
    with ExitStack() as stack:
        if asked.store == "server":
            bed, _, _ = stack.enter_context(stores.served(directory, timeline, asked.broker, soak.SETTINGS))
        else:
            bed = stack.enter_context(standing(directory, timeline, asked.broker, settings=soak.SETTINGS))
        return soak.run(bed, seed=asked.seed, rate=asked.rate or 80, seconds=asked.seconds or 3600)


SCENARIOS: dict[str, tuple[str, Callable[[argparse.Namespace, Path, Timeline], Verdict]]] = {
    "kills": ("each component in turn: --kills times one of --faults (kill, term, stop for --seconds)", run_kills),
    "restarts": ("Apache Kafka killed -9 and started again --kills times", run_restarts),
    "unreachable": ("the broker unreachable for --seconds: half a black hole, half refused", run_unreachable),
    "network": ("--kills short faults of the line to the broker, of all kinds", run_network),
    "storm": ("--kills joins, leaves and kills of --workers over --events", run_storm),
    "store-down": ("a ClickHouse server down for --seconds", run_store_down),
    "store-cut": ("a ClickHouse server whose reply to every first insert is lost, for --seconds", run_store_cut),
    "full": ("the gateway's disk is full while the broker is away; then the store's, for --seconds", run_full),
    "poison": (
        "one record in a hundred of --events that nobody can read; two workers side by side, --kills times",
        run_poison,
    ),
    "erase": ("a person is erased while each component is killed in turn, --kills times", run_erase),
    "soak": (
        "nothing goes wrong for --seconds, after a warm-up: memory and descriptors must stay as they are",
        run_soak,
    ),
    "clock": (
        "the gateway's and the ticker's clocks wrong by up to an hour, jumping each --seconds; events a year off",
        run_clock,
    ),
}


def main() -> int:
    """Run, print the figures as one line of JSON, and what is wrong."""
    lines = [f"  {name}: {what}" for name, (what, _) in SCENARIOS.items()]
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description=f"{__doc__}\nScenarios:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenario", choices=SCENARIOS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", choices=("tansu", "apache_kafka"), default="tansu")
    parser.add_argument(
        "--store", choices=("embedded", "server"), default="embedded", help="soak: what the sink writes into"
    )
    parser.add_argument("--kills", type=int, help="faults in all")
    parser.add_argument(
        "--faults", help="kills: of kill, term and stop (default: kill); storm: of join, leave and kill (all)"
    )
    parser.add_argument("--parts", help="only these, of sink, gateway, ticker, worker-0 and notify (default: all)")
    parser.add_argument("--events", type=int, help="events in all, where the scenario has so many")
    parser.add_argument("--rate", type=float, help="events a second")
    parser.add_argument("--seconds", type=float, help="how long a fault, or the scenario, lasts")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--keep", type=Path, help="where everything of the run is kept")
    asked = parser.parse_args()
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))  # everything that was started is ended
    directory = asked.keep or Path(tempfile.mkdtemp(prefix=f"chaos-{asked.scenario}-"))
    directory.mkdir(parents=True, exist_ok=True)
    timeline = Timeline(directory / "timeline.ndjson", aloud=True)
    print(f"{asked.scenario} with seed {asked.seed} on {asked.broker}, in {directory}", flush=True)
    try:
        found = SCENARIOS[asked.scenario][1](asked, directory, timeline)
    except NotHereError as error:
        print(f"not run: {error}")
        return NOT_RUN
    found.figures |= {
        "scenario": asked.scenario, "seed": asked.seed, "broker": asked.broker, "seconds": round(timeline.seconds),
        "core": "compiled" if streams.COMPILED else "source", "python": platform.python_version(),
    }  # fmt: skip
    timeline.note("verdict", wrong=len(found.wrong))
    (directory / "figures.json").write_text(json.dumps(found.figures | {"wrong": found.wrong}, ensure_ascii=False))
    print(json.dumps(found.figures, ensure_ascii=False))
    for line in found.wrong[:SHOWN]:
        print(f"WRONG: {line}")
    if found.wrong:
        print(f"{len(found.wrong)} wrong; again: python -m tests.chaos {' '.join(sys.argv[1:])} (seed {asked.seed})")
    return bool(found.wrong)


if __name__ == "__main__":
    sys.exit(main())
