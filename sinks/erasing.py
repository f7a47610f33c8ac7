"""People erased from the store: their rows are deleted, and what other rows say of them is taken out.

It is asked for in the log (:class:`huoqun.control.Erase`), and follows the rows that came before it. Whoever is erased is told
to the store through a table in its memory, so that no statement names them: the store remembers statements. Every table is
looked at before it is changed, so that doing it again costs a look; it is done again for each partition that asks, since
another sink may have stored rows of its own meanwhile.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from huoqun.clock import now_ms
from huoqun.control import Erase
from huoqun.results import alert_id
from sinks.erasing_plan import PLAN, Step
from sinks.rows import Part
from sinks.sql import literal, quoted
from sinks.store import Store, UnavailableError
from sinks.tables import ALERTS, ERASURES, EVENTS, MEMBER_RISK, MEMBERS, QUESTIONS, TABLES, Column, Table

COMES_AGAIN_MS: Final = 31 * 86_400_000
"""So long after it was asked for, what is erased may come again: the log holds it for 30 days."""
WAIT_SECONDS: Final = 600.0
"""Changing a table may take so long before it counts as failed, and is tried again."""
LISTS: Final = ("answer", "welcome", "thank", "win_back", "protect")
"""Work lists of the desk: their items are known by a hash of the list's name and the person."""

_ERASING: Final = Table("erasing", (Column("kind", "text"), Column("value", "text")), ())
WHEN: Final = {
    EVENTS.name: "ts",
    MEMBERS.name: "as_of",
    MEMBER_RISK.name: "as_of",
    QUESTIONS.name: "asked_at",
    ALERTS.name: "raised_at",
}
"""A table with rows of people -> how their time is called."""
_POLL_SECONDS: Final = 0.02
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")
_SHORTEST_NAME: Final = 2
_SHORTEST_WORD: Final = 3
_SHORTEST_ID: Final = 5
_KNOWN_AT_ONCE: Final = 8


class Known(NamedTuple):
    """What has been found out about people who are being erased, in memory only."""

    names: frozenset[str]
    events: frozenset[str]
    alerts: frozenset[str]
    items: frozenset[str]


_NOTHING: Final = Known(frozenset(), frozenset(), frozenset(), frozenset())


class Mark(NamedTuple):
    """An erasure as it is remembered: up to when, and by which salted hashes its people are known."""

    at: int
    salt: str
    marks: frozenset[str]


class Eraser:
    """Erases, and keeps away what comes again. ``clock`` is in ms."""

    def __init__(self, database: str, *, clock: Callable[[], int] = now_ms) -> None:
        self._database = quoted(database)
        self._name = database
        self._clock = clock
        self._marks: dict[str, Mark] = {}
        self._newest = 0
        self._known: dict[str, Known] = {}
        self._learning = threading.Lock()  # one thread reads, another stores

    def begin(self, store: Store) -> None:
        """Remember who was erased, and forget of whom nothing can come again. Call it when the sink starts."""
        store.execute(f"TRUNCATE TABLE {self._database}.erasing_rows")
        self._take_up(self._audit(store), store)

    def remember(self, store: Store, database: str) -> None:
        """Remember who was erased from another database."""
        self._take_up(Eraser(database, clock=self._clock)._audit(store))  # noqa: SLF001  # one of us

    def _take_up(self, audit: list[tuple[Any, ...]], store: Store | None = None) -> None:
        for row in audit:
            values = dict(zip(ERASURES.names, row, strict=True))
            at = int(values["at"])
            if at > self._clock() - COMES_AGAIN_MS:
                self._remember(str(values["erasure_id"]), Mark(at, str(values["salt"]), frozenset(values["marks"])))
            elif values["marks"] and store is not None:
                self._write(store, values | {"salt": "", "marks": []})

    def without_erased(self, parts: list[Part]) -> list[Part]:
        """Return what was read without the events of people who were erased, from before they were, and the rows about them.

        A worker that was given up, and does not know it yet, may tell such rows after all others have heard of the erasure.
        What they were called, and which messages are theirs, is remembered: in a rebuild others' messages tell of them again.
        """
        if not self._marks:
            return parts
        left = []
        for part in parts:
            columns = dict(zip(TABLES[part.table].names, part.columns, strict=True))
            when = columns.get(WHEN.get(part.table, ""), [])
            if not when or min(when) > self._newest:
                left.append(part)
                continue
            rows = zip(when, columns["platform"], columns["group_id"], columns["user_id"], strict=True)
            # That a row is gone may be told.
            by = [[] if gone else self._erased_by(*row) for row, gone in zip(rows, columns["deleted"], strict=True)]
            said = {each for found in by for each in found} if part.table == EVENTS.name else ()
            for erasure in said:
                places = [place for place, found in enumerate(by) if erasure in found]
                names = {columns["user_name"][place] for place in places} - {""}
                self._learn(erasure, names, {columns["id"][place] for place in places})
            if not any(by):
                left.append(part)
            elif not all(by):
                chosen = [[v for v, gone in zip(values, by, strict=True) if not gone] for values in part.columns]
                left.append(Part(part.table, chosen, [at for at, gone in zip(part.at, by, strict=True) if not gone]))
        return left

    def erase(self, store: Store, erase: Erase) -> int:
        """Erase, and return how many rows were deleted or changed. Doing it again changes nothing."""
        try:
            self._fill(store, erase)
            done: dict[str, int] = {}
            there = self._tables(store)
            for step in PLAN:
                if step.table in there and step.needs <= there[step.table].keys():
                    self._apply(store, erase, step, there, done)
        finally:
            store.execute(f"TRUNCATE TABLE {self._database}.erasing_rows")
        return self._note(store, erase, done)

    # what is known of them

    def _fill(self, store: Store, erase: Erase) -> None:
        """Tell the store who it is, find out what belongs to them, and tell it that too."""
        store.execute(f"TRUNCATE TABLE {self._database}.erasing_rows")
        known = self._known.get(erase.id, _NOTHING)
        self._tell(store, "user", erase.users)
        self._tell(store, "group", erase.groups)
        self._tell(store, "event", known.events)
        self._tell(store, "alert", known.alerts)
        self._tell(store, "item", known.items)
        where = self._where(erase)
        for table, column in (("events_rows", "id"), ("questions_rows", "question_id")):
            store.execute(
                f"INSERT INTO {self._database}.erasing_rows SELECT 'event' AS kind, {column} AS value "  # noqa: S608  # our own names
                f"FROM {self._database}.{table} WHERE {where} AND user_id IN ({self._those('user')})"
            )
        names = set(known.names)
        for table in ("events_rows", "members_rows"):
            rows = store.select(
                f"SELECT DISTINCT user_name FROM {self._database}.{table} WHERE {where} "  # noqa: S608  # the same
                f"AND user_id IN ({self._those('user')}) AND user_name != ''"
            )
            names |= {str(row[0]) for row in rows}
        words = list(_patterns(erase.users, names))
        exact = [f'"{_escaped(user)}"' for user in sorted(set(erase.users))]
        self._tell(store, "words", ["|".join(words)])
        self._tell(store, "exact", ["|".join(exact)])
        self._tell(store, "quoted", ["|".join([*words, *exact])])
        self._find_alerts(store, where)
        groups = store.select(
            f"SELECT DISTINCT group_id FROM {self._database}.members_rows WHERE {where} "  # noqa: S608  # the same
            f"AND user_id IN ({self._those('user')})"
        )
        items = {
            alert_id(name, erase.platform, str(group), user)  # type: ignore[arg-type]  # a list's name is no alert's kind
            for (group,) in groups
            for name in LISTS
            for user in erase.users
        }
        self._tell(store, "item", items)
        found: dict[str, set[str]] = {"event": set(), "alert": set()}
        for kind, value in store.select(
            f"SELECT DISTINCT kind, value FROM {self._database}.erasing_rows WHERE kind IN ('event', 'alert')"  # noqa: S608  # the same
        ):
            found[str(kind)].add(str(value))
        with self._learning:
            meanwhile = self._known.get(erase.id, _NOTHING)
            self._known[erase.id] = Known(
                frozenset(names) | meanwhile.names,
                frozenset(found["event"]) | meanwhile.events,
                frozenset(found["alert"]),
                known.items | items,
            )
            for old in list(self._known)[:-_KNOWN_AT_ONCE]:
                del self._known[old]

    def _find_alerts(self, store: Store, where: str) -> None:
        """Find the alerts about them, and those that quote or name them."""
        said = "concat(title, ' ', arrayStringConcat(reasons, ' '), ' ', evidence)"
        insert = f"INSERT INTO {self._database}.erasing_rows SELECT DISTINCT 'alert' AS kind, alert_id AS value"
        store.execute(
            f"{insert} FROM {self._database}.alerts_rows WHERE {where} AND (user_id IN ({self._those('user')}) "
            f"OR subject_event_id IN ({self._those('event')}) OR match({said}, ({self._that('quoted')})))"
        )
        strings = """extractAll(evidence, '"([^"]*)"')"""
        store.execute(
            f"{insert} FROM (SELECT alert_id, arrayJoin({strings}) AS quoted "  # noqa: S608  # our own names
            f"FROM {self._database}.alerts_rows WHERE {where}) WHERE quoted IN ({self._those('event')})"
        )

    def _tell(self, store: Store, kind: str, values: Iterable[str]) -> None:
        given = sorted(set(values))
        if given:
            store.insert(_ERASING, [[kind] * len(given), given])

    def _those(self, kind: str) -> str:
        return f"SELECT value FROM {self._database}.erasing_rows WHERE kind = '{kind}'"  # noqa: S608  # our own names

    def _that(self, kind: str) -> str:
        return f"SELECT any(value) FROM {self._database}.erasing_rows WHERE kind = '{kind}'"  # noqa: S608  # the same

    def _where(self, erase: Erase) -> str:
        platform = f"platform = {literal(erase.platform)}"
        return f"{platform} AND group_id IN ({self._those('group')})" if erase.groups else platform

    # what is done

    def _apply(
        self, store: Store, erase: Erase, step: Step, there: dict[str, dict[str, str]], done: dict[str, int]
    ) -> None:
        types = there[step.table]
        condition = f"{self._where(erase)} AND ({self._filled(step.where, erase, types)})"
        rows = int(store.select(f"SELECT count() FROM {self._database}.{step.table} WHERE {condition}")[0][0])  # noqa: S608  # our own
        if not rows:
            return
        change = f"UPDATE {self._filled(step.change, erase, types)}" if step.change else "DELETE"
        store.execute(f"ALTER TABLE {self._database}.{step.table} {change} WHERE {condition}")
        self._wait(store, step.table)
        name = step.table.removesuffix("_rows")
        done[name] = done.get(name, 0) + rows

    def _filled(self, text: str, erase: Erase, types: dict[str, str]) -> str:
        for kind in ("user", "event", "alert", "item", "group"):
            text = text.replace(f"{{{kind}s}}", f"({self._those(kind)})")
            text = text.replace(f"{{{kind}_list}}", f"({self._those(kind).replace('value', 'groupArray(value)', 1)})")
        for kind in ("words", "exact"):
            text = text.replace(f"{{{kind}}}", f"({self._that(kind)})")
        plain = any(types.get(name) == "Int64" for name in WHEN.values())  # old servers know no such times
        moment = str(erase.at) if plain else f"fromUnixTimestamp64Milli({erase.at}, 'UTC')"
        return text.replace("{at}", moment)

    def _wait(self, store: Store, table: str) -> None:
        """Return when what was asked of a table is done: servers do it in the background."""
        deadline = time.monotonic() + WAIT_SECONDS
        asked = (
            f"SELECT count() FROM system.mutations WHERE database = {literal(self._name)} "  # noqa: S608  # our own names
            f"AND table = '{table}' AND is_done = 0"
        )
        while int(store.select(asked)[0][0]):
            if time.monotonic() >= deadline:
                raise UnavailableError(f"{table}: rows are still being erased after {WAIT_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)

    def _tables(self, store: Store) -> dict[str, dict[str, str]]:
        """Return table -> column -> type of what there is."""
        found: dict[str, dict[str, str]] = {}
        for table, name, kind in store.select(
            f"SELECT table, name, type FROM system.columns WHERE database = {literal(self._name)}"  # noqa: S608  # quoted
        ):
            found.setdefault(str(table), {})[str(name)] = str(kind)
        return found

    # what is remembered

    def _note(self, store: Store, erase: Erase, done: dict[str, int]) -> int:
        before = next((dict(zip(ERASURES.names, row, strict=True)) for row in self._audit(store, erase.id)), None)
        total = sum(done.values())
        if before is not None:
            for entry in before["tables"]:
                name, _, rows = str(entry).partition("=")
                done[name] = done.get(name, 0) + int(rows)
        salt = str(before["salt"]) if before is not None and before["salt"] else secrets.token_hex(16)
        marks = _marks(erase, salt)
        if before is None or total:
            self._write(
                store,
                {
                    "erasure_id": erase.id, "platform": erase.platform, "at": erase.at, "done_at": self._clock(),
                    "rows": sum(done.values()), "tables": [f"{name}={rows}" for name, rows in sorted(done.items())],
                    "groups": len(erase.groups), "salt": salt, "marks": sorted(marks),
                },
            )  # fmt: skip
        self._remember(erase.id, Mark(erase.at, salt, marks))
        return total

    def _write(self, store: Store, values: dict[str, Any]) -> None:
        row = {**values, "version": self._clock(), "deleted": 0}
        for name in ("at", "done_at"):
            row[name] = int(row[name])
        store.insert(ERASURES, [[row[name]] for name in ERASURES.names])

    def _audit(self, store: Store, erasure: str = "") -> list[tuple[Any, ...]]:
        there = self._tables(store).get(ERASURES.storage, {})
        names = ", ".join(
            f"toUnixTimestamp64Milli({name}) AS {name}" if there.get(name, "").startswith("DateTime64") else name
            for name in ERASURES.names
        )
        only = f"AND erasure_id = {literal(erasure)}" if erasure else ""
        return store.select(
            f"SELECT {names} FROM {self._database}.{ERASURES.storage} FINAL WHERE deleted = 0 {only}"  # noqa: S608  # quoted
        )

    def _remember(self, erasure: str, mark: Mark) -> None:
        if mark.marks:
            self._marks[erasure] = mark
            self._newest = max(self._newest, mark.at)

    def _erased_by(self, ts: int, platform: str, group: str, user: str) -> list[str]:
        """Return the erasures that an event falls under: who was erased twice is known to both, whichever is done next."""
        return [
            erasure
            for erasure, mark in self._marks.items()
            if ts <= mark.at and any(_hash(mark.salt, platform, each, user) in mark.marks for each in ("", group))
        ]

    def _learn(self, erasure: str, names: set[str], events: set[str]) -> None:
        with self._learning:
            known = self._known.get(erasure, _NOTHING)
            self._known[erasure] = known._replace(names=known.names | names, events=known.events | events)


def _marks(erase: Erase, salt: str) -> frozenset[str]:
    groups: Sequence[str] = erase.groups or ("",)
    return frozenset(_hash(salt, erase.platform, group, user) for group in groups for user in erase.users)


def _hash(salt: str, platform: str, group: str, user: str) -> str:
    return hashlib.sha256(f"{salt}\0{platform}\0{group}\0{user}".encode("utf-8", "surrogatepass")).hexdigest()


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _patterns(users: Iterable[str], names: Iterable[str]) -> Iterable[str]:
    """Yield regular expressions (RE2) for the ways in which a text names somebody.

    An id after an @, or alone if it is long enough to be nothing else; a name after an @, or alone: ASCII as a word, others
    anywhere. One or two letters are no name.
    """
    for user in sorted(set(users)):
        yield f"@{_escaped(user)}{_end(user)}"
        if len(user) >= _SHORTEST_ID:
            yield f"{_begin(user)}{_escaped(user)}{_end(user)}"
    for name in sorted(set(names)):
        if len(name) < (_SHORTEST_WORD if name.isascii() else _SHORTEST_NAME):
            yield f"@{_escaped(name)}{_end(name)}"
        else:
            yield f"@?{_begin(name)}{_escaped(name)}{_end(name)}"


def _begin(text: str) -> str:
    return r"\b" if text[0].isascii() and (text[0].isalnum() or text[0] == "_") else ""


def _end(text: str) -> str:
    return r"\b" if text[-1].isascii() and (text[-1].isalnum() or text[-1] == "_") else ""
