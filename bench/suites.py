"""Every benchmark by its name, what it measures, and what the issue asks of it."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from bench.table import Row

Say = Callable[[str], None]
CONTEST: Final = "contest"
COST: Final = "cost of an event with every signal vs in the first version"
"""The contest's row of what the signals cost: the evaluation shows it, too."""


class Suite(NamedTuple):
    """A module with ``rows(quick)``; if it takes ``say`` too, it is told where to say how far it is."""

    name: str
    module: str
    about: str
    asked: tuple[str, ...]
    """The figures that are asked for, with their targets: what the report says while there are none."""
    limits: str = ""
    """What stands between a missed figure and its target, and where that is shown: told below the rows if any is missed."""

    def run(self, quick: bool, say: Say) -> list[Row]:
        """Measure. Raises whatever goes wrong."""
        rows = importlib.import_module(self.module).rows
        extra = {"say": say} if "say" in inspect.signature(rows).parameters else {}
        return list(rows(quick, **extra))

    def there(self) -> bool:
        """Return whether its module exists."""
        return importlib.util.find_spec(self.module) is not None


SUITES: Final = (
    Suite(
        CONTEST,
        "bench.contest",
        "The pipeline and the peers, each alone on one core, on the same records",
        (
            "full pipeline vs idiomatic Faust: ≥ 20 x",
            "full pipeline vs the same machines in a bare confluent-kafka loop: ≥ 0.7 x",
            "small job vs quixstreams, vs bytewax: ≥ 6 x, ≥ 2.5 x",
            "full pipeline vs quixstreams, vs bytewax doing the small job: ≥ 2.5 x, ≥ 1 x",
            "full pipeline: ≥ 80,000 events/s a core",
        ),
        "what all signals take of each text. An event costs 46 µs, 88,500 instructions of the core among it: some .5 "
        "ns each, since what can be taken back of the last two minutes fits no cache. Of the time in this load who answers "
        "what takes 24 %, all "
        "other signals 14, the rest of applying 24, saves and settling 22, Kafka and the event loop 13 "
        "([DECISIONS](DECISIONS.md) 26 and 49 have the profiles and what was tried and dropped). 20 x idiomatic Faust "
        "would be 17.6 µs an event, of which decoding it and seeing whether it asks take some 10 alone; 1 x bytewax 6.1 µs. "
        "The small job takes 2.3 µs of our own shell: .5 are decoding JSON, .5 counting in Python, the rest is fetching, in "
        "which no object is made that is not needed; bytewax counts in Python, too, and fetches in Rust.",
    ),
    Suite("parts", "bench.parts", "Where the time of an event goes", ("nothing",)),
    Suite("embedded", "bench.embedded", "On the embedded broker, for orientation", ("nothing",)),
    Suite("cores", "bench.two_workers", "Two workers on two cores, four partitions each", ("two vs one: ≥ 1.8 x",)),
    Suite(
        "scale",
        "bench.scale",
        "The cost of an event with few and many groups and members",
        ("10, 1,000, 100,000 groups; 20 k, 1 M members: within 25 %",),
        "what is told and saved once for all events of a group between two checkpoints. Of 10 groups that is .6 results and "
        ".002 saves an event, of 100,000, where hardly two events meet, 2 results and .9 saves of 1.7 KB: checkpoints take "
        "40 µs an event instead of 12, and touching a group that no cache holds, applying, 50 instead of 38. With a "
        "million members a save of a group tells of more people, 21 µs an event instead of 12 through Faust, where each "
        "of four partitions saves four times as often as the one of the core alone ([DECISIONS](DECISIONS.md) 49).",
    ),
    Suite(
        "recovery",
        "bench.recovery",
        "A million members of state: memory, restart, take-over",
        ("memory: ≤ 1.5 GiB, and the same after a week of event time", "restart, take-over: ≤ 20 s, ≤ 15 s"),
        "what is in use stays nearly the same after each week; what grows are holes "
        "that everybody's first message and the midnights leave between objects that stay: Python gives memory back in "
        "whole mebibytes only (`python -m bench.weeks`, [sizing](docs/sizing.md)). Waking a quarter as many members at once at "
        "midnight left 11 MiB less of 240 with 100,000 members, and here nothing that shows.",
    ),
    Suite(
        "latency",
        "bench.latency",
        "From the webhook to what people see",
        ("webhook accepted to row visible, p99 at 1,000 events/s: ≤ 1.5 s", "alert after its deadline: ≤ 1.5 s"),
        "of an alert half a second is the tick that tells that its deadline is over, up to another half that results wait for a "
        "rest ([DECISIONS](DECISIONS.md) 45); the rest is the sink's batch and five processes on two cores.",
    ),
    Suite(
        "gateway",
        "bench.gateway",
        "The webhook's door, one process",
        ("one event a request vs parse only: ≥ 0.6 x", "batches of 100: ≥ 75,000 events/s"),
    ),
    Suite(
        "sink", "bench.sink", "Inserts into the store", ("vs a bare columnar insert loop: ≥ 0.8 x, chDB and server",)
    ),
    Suite("queries", "bench.queries", "The dashboards' questions", ("every panel from 100 M events: ≤ 300 ms",)),
)


class UnknownSuiteError(Exception):
    """No suite has this name; the message lists those there are."""


def named(names: Sequence[str]) -> list[Suite]:
    """Return the suites of these names, all for none. Raises :class:`UnknownSuiteError`."""
    known = {suite.name: suite for suite in SUITES}
    for name in names:
        if name not in known:
            raise UnknownSuiteError(f"no benchmark {name!r}; there are: {', '.join(known)}")
    return [known[name] for name in names] if names else list(SUITES)
