"""What ``huoqun import`` says of what it found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from huoqun.config import Config
    from producers.history.gathering import GroupTally, Tally

_MOST_GROUPS: Final = 20
_MOST_LATE: Final = 5


def summary(tally: Tally) -> Iterator[str]:
    """Return the lines that say what there is: formats, groups, types, times, and what was left out."""
    if tally.formats:
        yield ", ".join(f"{kind}: {count:,} {_plural(count, 'file')}" for kind, count in tally.formats.items())
    groups = sorted(tally.groups.items(), key=lambda item: (-item[1].events, item[0]))
    if groups:
        first = min(group.first for _, group in groups)
        last = max(group.last for _, group in groups)
        people = len({(name.partition("/")[0], person) for name, group in groups for person in group.people})
        yield (
            f"{tally.events:,} {_plural(tally.events, 'event')} of {people:,} {_plural(people, 'person', 'people')} in "
            f"{len(groups):,} {_plural(len(groups), 'group')}, {_day(first)} to {_day(last)}"
        )
    for name, group in groups[:_MOST_GROUPS]:
        called = f" {group.name}" if group.name and not name.endswith(f"/{group.name}") else ""
        yield (
            f"  {name}{called}: {group.events:,} {_plural(group.events, 'event')}, {len(group.people):,} "
            f"{_plural(len(group.people), 'person', 'people')}, {_day(group.first)} to {_day(group.last)}"
        )
    if len(groups) > _MOST_GROUPS:
        yield f"  ... and {len(groups) - _MOST_GROUPS:,} more groups"
    if tally.types:
        yield "by type: " + ", ".join(f"{kind} {count:,}" for kind, count in tally.types.most_common())
    for what, count in tally.left.most_common():
        yield f"left out: {count:,} x {what}"


def nothing(tally: Tally, groups: Sequence[str]) -> str:
    """Return why there is nothing to import."""
    if groups and tally.formats:
        return f"no event of a group called {' or '.join(groups)}; without --group, --dry-run lists the groups that there are"
    if tally.formats:
        return "no event could be read of it"
    return "this is no chat history that is known here; --format says which it is, if it is one"


def late(config: Config, groups: Sequence[tuple[str, GroupTally]]) -> str:
    """Return the warning that some of it comes after what came later."""
    named = ", ".join(name for name, _ in groups[:_MOST_LATE])
    more = f" and {len(groups) - _MOST_LATE:,} more" if len(groups) > _MOST_LATE else ""
    total = sum(group.late for _, group in groups)
    mend = (
        "Restart `huoqun up` afterwards: it reads everything again in the order of time, and then they count."
        if config.store.kind == "embedded"
        else "docs/history.md says how to have them counted all the same."
    )
    return (
        f"{total:,} of these events are older than what is already known of {named}{more}. Those that are there already count "
        f"once; the others will be stored and shown in `events`, but left out of the signals. {mend}"
    )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, tz=UTC).date().isoformat()


def _plural(count: int, one: str, many: str = "") -> str:
    return one if count == 1 else many or f"{one}s"
