"""Every part of the evaluation by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from evaluation import archives, chats, costs, detection, scripted, threads
from evaluation.figures import Figure
from evaluation.task import Task


class Suite(NamedTuple):
    """A part: its rows come one by one as they are measured."""

    name: str
    about: str
    rows: Callable[[Task], Iterator[Figure]]


class UnknownSuiteError(Exception):
    """No part has this name; the message lists those there are."""


SUITES: Final = (
    Suite("unanswered", "Unanswered messages, on annotated chats", chats.rows),
    Suite("questions", "Question detection, on the labelled messages of this project", detection.rows),
    Suite("churn", "Members falling silent, on archives of communities", archives.rows),
    Suite("threads", "Unanswered messages, where the platform has threads", threads.rows),
    Suite(
        "scenarios",
        "Scripted communities: bursts, false activity, stages, advertising, floods, quarrels",
        scripted.rows,
    ),
    Suite("cost", "What it costs", costs.rows),
)


def named(names: Sequence[str]) -> list[Suite]:
    """Return the parts of these names in their order, all for none. Raises :class:`UnknownSuiteError`."""
    known = {suite.name for suite in SUITES}
    for name in names:
        if name not in known:
            raise UnknownSuiteError(f"no part {name!r}; there are: {', '.join(suite.name for suite in SUITES)}")
    return [suite for suite in SUITES if not names or suite.name in names]
