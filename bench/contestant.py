"""What every measured program is told on its command line."""

from __future__ import annotations

import argparse
from pathlib import Path


class Seen:
    """Counts the events that a program has dealt with."""

    __slots__ = ("events",)

    def __init__(self) -> None:
        self.events = 0


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return the parser, for a program to add its own."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--topic", required=True, help="the filled topic of events")
    parser.add_argument("--partitions", type=int, default=4, help="of that topic")
    parser.add_argument(
        "--name", required=True, help="of the consumer group, and before the names of topics: used once"
    )
    parser.add_argument("--samples", type=Path, required=True, help="the file for bench.samples")
    parser.add_argument("--directory", type=Path, required=True, help="an empty directory")
    return parser
