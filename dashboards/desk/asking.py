"""What the desk asks the store: the work, the panels of the boards, what a search finds.

The store is given as a function, so that nothing here knows which engine answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from dashboards.boards import BOARDS
from dashboards.desk import work
from dashboards.desk.work import Item, State
from dashboards.panels import Panel
from dashboards.queries import PARAMETERS, Query, in_package, shipped

Value = str | int | float | list[str]
Rows = list[dict[str, Any]]
Store = Callable[[str, Mapping[str, Value]], Rows]
"""Rows of a reading query; blocking. Times come as text, UTC. Raises :class:`AskError`."""

OWN: Final = in_package("dashboards.desk.queries")
BOARDS_OWN: Final = shipped()
PANELS: Final[Mapping[str, Panel]] = {panel.name: panel for board in BOARDS for panel in board.panels if panel.query}
AT_ONCE: Final = 4
"""Queries at the same time: each uses every core."""
ENDED_MS: Final = 24 * 3_600_000
"""Work that ended is shown for so long, to be looked at again or taken back."""
_STATES_MS: Final = 400 * 86_400_000
_TIMES: Final = (
    "raised_at", "updated_at", "resolved_at", "asked_at", "due_at", "joined_at", "as_of", "snoozed_until",
)  # fmt: skip


class AskError(Exception):
    """The store did not answer; the message is for the operator."""


class ParameterError(ValueError):
    """A request's parameter can't be used; the message names it."""


class Asking:
    """Asks in threads, a few at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ask")

    def close(self) -> None:
        """Wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def panel(self, name: str, given: Mapping[str, Value]) -> Rows:
        """Return what a panel draws; of ``given`` it takes what it needs. Raises :class:`AskError`."""
        return await self._ask(BOARDS_OWN[PANELS[name].query], given)

    async def choices(self, name: str, given: Mapping[str, Value]) -> Rows:
        """Return what there is to choose from: ``platform``, ``groups`` or ``group``."""
        return await self._ask(BOARDS_OWN[f"choose_{name}"], given)

    async def found(self, word: str) -> Rows:
        """Return the communities and people that a word finds."""
        return await self._own("found", {"word": word})

    async def changed(self) -> str:
        """Return a text that is another one whenever there is other work."""
        (row,) = await self._own("changed", {})
        return "-".join(str(value) for value in row.values())

    async def work(self, now: int) -> list[Item]:
        """Return all work as it stands at ``now`` (ms), with the messages that it is about."""
        times = {"since": moment(now - ENDED_MS), "until": moment(now)}
        alerts, questions, thanks, states = await asyncio.gather(
            self._own("work_alerts", times),
            self._own("work_questions", times),
            self._own("work_thanks", times),
            self._own("item_states", {"since": moment(now - _STATES_MS)}),
        )
        known = {row.pop("item"): msgspec.convert(row, State, strict=False) for row in _in_ms(states)}
        found = work.items(_in_ms(alerts), _in_ms(questions), _in_ms(thanks), known, now)
        await self._tell_messages(found)
        return found

    async def _own(self, name: str, given: Mapping[str, Value]) -> Rows:
        return await self._ask(OWN[name], given)

    async def _ask(self, query: Query, given: Mapping[str, Value]) -> Rows:
        needed = {name: value for name, value in given.items() if name in query.parameters}
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._store, query.sql, needed)

    async def _tell_messages(self, found: Sequence[Item]) -> None:
        about = [item for item in found if item.event]
        if not about:
            return
        rows = await self._own(
            "messages",
            {
                "platforms": sorted({item.platform for item in about}),
                "groups": sorted({item.group_id for item in about}),
                "ids": sorted({item.event for item in about}),
            },
        )
        said = {(row["platform"], row["group_id"], row["id"]): row for row in rows}
        for item in about:
            row = said.get((item.platform, item.group_id, item.event))
            if row is not None:
                item.text, item.user_name = row["text"], item.user_name or row["user_name"]


def moment(ms: int) -> str:
    """Return a time as the store reads it."""
    return datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def to_ms(text: str) -> int:
    """Return what the store wrote as a time, in ms."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def parameters(asked: Mapping[str, str], now: int) -> dict[str, Value]:
    """Return the parameters of a panel from a request's: lists are separated by newlines, times are ms.

    What is left out is everything, and the last 28 days. Raises :class:`ParameterError`.
    """
    given: dict[str, Value] = {}
    for name in PARAMETERS:
        text = asked.get(name, "")
        if name in ("platforms", "kinds", "groups"):
            given[name] = text.split("\n") if text else [""]
        elif name in ("since", "until"):
            usual = now - 28 * 86_400_000 if name == "since" else now
            if text and not text.isdecimal():
                raise ParameterError(f"{name}: must be a time in ms")
            given[name] = moment(int(text) if text else usual)
        else:
            given[name] = text or ("UTC" if name == "zone" else "")
    return given


def _in_ms(rows: Rows) -> Rows:
    for row in rows:
        for name in _TIMES:
            if isinstance(row.get(name), str):
                row[name] = to_ms(row[name])
    return rows
