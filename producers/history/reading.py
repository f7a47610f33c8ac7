"""One path as given on the command line, to items: opened, its format found out, read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path

from producers.history import FORMATS, Part, parts
from producers.history.base import Asked, Groups, Item, Place, Wrong
from producers.history.files import DamagedError, open_path


def read_path(
    path: Path,
    *,
    forced: str | None,
    groups: Sequence[str],
    zone: tzinfo | None,
    now: int,
    by_channel: bool = False,
    begun: Callable[[str, int], None],
) -> Iterator[Item]:
    """Return all that an export holds; ``begun`` is told each format in it and how many files it has.

    ``zone`` is for times that are written without one, ``None`` for what is usual in the format; ``now`` is the clock (ms);
    ``by_channel`` makes each channel of a Discord server a group.
    Never raises: what can't be read is :class:`producers.history.base.Wrong`.
    """
    try:
        files = open_path(path)
    except DamagedError as error:
        yield Wrong(Place(str(path), error.line), error.why)
        return
    try:
        for part in parts(files, forced):
            if not isinstance(part, Part):
                yield part
                continue
            begun(part.format, len(part.names))
            each = FORMATS[part.format]
            yield from each.read(files, part.names, Asked(now, Groups(groups), zone or each.zone, by_channel))
    finally:
        files.close()
