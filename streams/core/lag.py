"""How far saving may lag behind what was applied: what is not saved is read again from the log, and done again."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

RESTORED: Final = 4
"""So many members to restore leave time for applying one event less again: both together decide how long a dead worker's
partitions stand still."""


class Lag(NamedTuple):
    """How far saving may lag behind, counted in checkpoints (one about each second), work and steps."""

    checkpoints: int = 180
    """A group is saved so long after it changed: half as long again as the default lateness, so that most has settled …"""
    work: int = 200_000
    """… or once the worker has done this much since, over all its partitions, in events: some seconds' work to do again, beside
    what can still be taken back, which is done again however often it is saved. A member whose day ends counts like an event,
    for it costs as much. It is less where there is much to restore, down to a third of it: see :data:`RESTORED`."""
    silent: int = 30
    """A group that has been silent this long is saved with the events that can still be taken back, …"""
    steps: int = 20_000
    """… as many steps in one checkpoint. A whole partition that falls silent is saved like that at once."""
    entries: int = 25_000
    """At most about so many people are saved in one checkpoint, a step counting as an eighth of one: a partition has to go on
    meanwhile. What has to wait for the next makes that one due at once, and holds the log."""
    little: int = 2_000
    """Where no more than so much of a partition is unsaved, counted as for ``entries`` and a group as one, all of it is saved,
    as often as ``spare`` allows: so that little is done again after a death wherever there is little to do …"""
    spare: int = 100
    """… entries for each checkpoint since: under one per cent of a processor and some 200 kB a second, by estimate."""
    compaction: int = 8 * 1024
    """Deltas of a group are replaced by a new base when they are larger than this and than the base, in bytes. Most groups are
    small, and a record of deltas costs as much to restore as five members, whatever is in it."""


class Horizon:
    """How far back the log may have to be read again, once what is due is saved; moved on with each checkpoint."""

    def __init__(self, lag: Lag) -> None:
        self.lag: Lag = lag
        self.offset: int = -1
        """Nothing up to here need be read again …"""
        self._work: int = -1
        """… nor any work be done again that was done before this much was."""
        self.soon: int = -1
        """What needed the log from before here would be due again before half as much work was done as may be left."""
        self._marks: deque[tuple[int, int]] = deque(maxlen=lag.checkpoints)
        """(offset, work done by then) at each of the last checkpoints."""

    def begun(self) -> bool:
        """Whether there has been a checkpoint."""
        return bool(self._marks)

    def mark(self, offset: int, work: int) -> None:
        """Note how far a checkpoint came: the last offset, and all work done by then."""
        self._marks.append((offset, work))

    def move(self, offset: int, work: int, members: int, *, unsettled: int, whole: bool, partitions: int) -> None:
        """Follow what was applied: as old as the oldest mark, and at most so much work behind what can still be taken back.

        ``whole``: all is saved now. ``unsettled``: so many records ago came the first event of a busy group that can be taken
        back. From there on the log is read again however often the group is saved, so that does not count, up to as much as may
        be left at most: the closer it came to that, the more often a group would be saved, with all of it rewound each time.
        """
        marks, most = self._marks, self.lag.work // partitions
        left = max(most // 3, most - members // RESTORED)
        behind = left + min(unsettled, most)
        # Within the stretch between two marks nobody knows where the work was done, only that each record is some.
        horizon = max(self.offset, offset - behind)
        if len(marks) == self.lag.checkpoints:
            horizon = max(horizon, marks[0][0])
        self._work = work - left
        for place, before in reversed(marks):
            if work - before >= behind:
                horizon = max(horizon, place)
                break
        self.offset = offset if whole else horizon
        self.soon = offset - behind + left // 2

    def is_past(self, need: int, since_work: int) -> bool:
        """Whether what needs the log from ``need`` on, and has not been saved since so much work was done, is due."""
        return need <= self.offset or since_work <= self._work

    def forget(self) -> None:
        """The log was created anew: its offsets start over."""
        self._marks.clear()
        self.offset = -1
