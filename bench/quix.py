"""The small job in Quix Streams: for each group messages a minute, distinct users, last activity.

The state is its own RocksDB store with its changelog in Kafka, as it comes. A value holds the group's counts, and a key of
its own each user, so that no update grows with the users. No results are produced: the peers are spared that.
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, State

from bench.contestant import Seen, arguments
from bench.samples import report

MINUTES_KEPT = 60


def main() -> int:
    """Run until killed."""
    given = arguments(__doc__).parse_args()
    app = Application(
        broker_address=given.bootstrap,
        consumer_group=given.name,
        auto_offset_reset="earliest",
        state_dir=given.directory / "state",
        loglevel="WARNING",
    )
    topic = app.topic(given.topic, value_deserializer="json", key_deserializer="str")
    seen = Seen()

    def update(value: dict[str, Any], state: State) -> None:
        seen.events += 1
        group = state.get("group") or {"users": 0, "last": 0, "minutes": {}}
        ts, minutes = value["ts"], group["minutes"]
        minute = str(ts // 60_000)
        minutes[minute] = minutes.get(minute, 0) + 1
        while len(minutes) > MINUTES_KEPT:
            del minutes[min(minutes)]
        group["last"] = max(group["last"], ts)
        user = f"u/{value['user_id']}"
        if not state.exists(user):
            state.set(user, 1)
            group["users"] += 1
        state.set("group", group)

    frame = app.dataframe(topic)
    frame.update(update, stateful=True)
    report(given.samples, lambda: seen.events)
    app.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
