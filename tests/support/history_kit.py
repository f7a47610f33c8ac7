"""Reading an export in a test, the whole way from the file to what would be posted."""

import json
from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, NamedTuple

from producers.history.base import Wrong
from producers.history.gathering import Gatherer, Tally
from producers.history.reading import read_path
from producers.history.sorting import Sorter
from producers.replay import Line

NOW = 1_764_000_000_000


class Read(NamedTuple):
    """What came of an export: events in the order in which they would be posted."""

    events: list[dict[str, Any]]
    lines: list[Line]
    tally: Tally
    digest: str

    @property
    def wrong(self) -> list[Wrong]:
        return self.tally.shown

    def of(self, *types: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] in types]

    def only(self, text: str) -> dict[str, Any]:
        """The one message with this text."""
        (found,) = [event for event in self.events if event.get("text") == text]
        return found


def read(
    path: Path,
    *,
    forced: str | None = None,
    groups: Sequence[str] = (),
    zone: tzinfo | None = None,
    platform: str = "",
    newest: dict[str, int] | None = None,
    by_channel: bool = False,
    piece_bytes: int = 1_000,
) -> Read:
    """Read an export; sorting is done in small pieces, so that there are several."""
    sorter = Sorter(path.parent / "sorting", piece_bytes)
    gatherer = Gatherer(sorter, now=NOW, platform=platform, newest=newest, lateness=120_000)
    items = read_path(
        path, forced=forced, groups=groups, zone=zone, now=NOW, by_channel=by_channel, begun=gatherer.tally.begin
    )
    gatherer.gather(items, lambda: None)
    lines = list(gatherer.lines())
    sorter.close()
    return Read([json.loads(line.data) for line in lines], lines, gatherer.tally, gatherer.digest())
