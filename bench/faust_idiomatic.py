"""Faust as its guide teaches it: a Record, a tumbling Table, a count for each group and minute. Nothing more is done.

Stock transport, stock settings, the Table in memory with its changelog in Kafka; the uvloop and Cython parts of its
distribution as installed. Windows by the event's own time.
"""

from __future__ import annotations

import sys
from typing import Any

import faust

from bench.contestant import Seen, arguments
from bench.samples import report


class Message(faust.Record, serializer="json"):  # type: ignore[misc, call-arg]  # faust is seen as untyped
    """The fields that a person would declare for this job."""

    id: str
    type: str
    ts: int
    platform: str
    group_id: str
    user_id: str = ""
    text: str = ""


def main() -> int:
    """Run until killed."""
    given = arguments(__doc__).parse_args()
    app = faust.App(
        given.name,
        broker=f"kafka://{given.bootstrap}",
        store="memory://",
        topic_partitions=given.partitions,
        web_enabled=False,
        worker_redirect_stdouts=False,
        datadir=given.directory,
    )
    events = app.topic(given.topic, value_type=Message)
    counts = app.Table("counts", default=int).tumbling(60_000.0).relative_to_field(Message.ts)
    seen = Seen()

    @app.agent(events)  # type: ignore[untyped-decorator]  # faust is seen as untyped
    async def count(stream: Any) -> None:
        async for message in stream:
            counts[message.group_id] += 1
            seen.events += 1

    report(given.samples, lambda: seen.events)
    worker = faust.Worker(app, loglevel="warning")
    worker.execute_from_commandline()
    return 0


if __name__ == "__main__":
    sys.exit(main())
