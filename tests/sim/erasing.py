"""People erased from the fake store, as :mod:`sinks.erasing` does it with statements; and where something of them is left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from huoqun.control import Erase
from sinks.erasing import WHEN
from sinks.rows import Part
from sinks.tables import ALERTS, TABLES
from tests.sim.world import Row, Store


class Eraser:
    """In the place of the sink's. What it remembers lies in the store, as there."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def without_erased(self, parts: list[Part]) -> list[Part]:
        """Return what was read without the events of people who were erased, from before they were, and the rows about them."""
        if not self._store.erased:
            return parts
        left = []
        for part in parts:
            names = TABLES[part.table].names
            rows = zip(*part.columns, strict=True)
            stay = [
                part.table not in WHEN or not self._is_erased(part.table, dict(zip(names, row, strict=True)))
                for row in rows
            ]
            if any(stay):
                kept = [[v for v, stays in zip(column, stay, strict=True) if stays] for column in part.columns]
                left.append(Part(part.table, kept, [at for at, stays in zip(part.at, stay, strict=True) if stays]))
        return left

    def erase(self, store: Store, erase: Erase) -> int:
        """Erase; doing it again changes nothing."""
        if erase not in store.erased:
            store.erased.append(erase)
        for table, there in store.rows.items():
            if table not in WHEN:
                continue
            for place, row in list(there.items()):
                named = dict(zip(TABLES[table].names, row, strict=True))
                if erase.groups and named["group_id"] not in erase.groups:
                    continue
                if _is_theirs(table, named, erase) or (table == ALERTS.name and _is_named(named, erase)):
                    del there[place]
                elif (without := _without_them(named, erase)) != row:
                    there[place] = without
                    store.changed.add((table, place))
        return 0

    def _is_erased(self, table: str, row: dict[str, Any]) -> bool:
        if row.get("deleted"):
            return False
        return any(_is_theirs(table, row, erase) for erase in self._store.erased)


def traces(erase: Erase, tables: Mapping[str, Mapping[Row, Row]], saves: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Return where rows, or what the next worker would read of what is saved, still tell of who was erased."""
    found = []
    for user in erase.users:
        for name, there in tables.items():
            at = TABLES[name].names.index("group_id")
            found += [
                f"{name} {place} tells of {user}, who was erased: {row}"
                for place, row in there.items()
                if user in repr(row)  # most are not: quicker than to look at each value
                and (not erase.groups or row[at] in erase.groups)
                and any(_tells(value, user) for value in row)
            ]
        for key, value in saves:
            group = key.rpartition(b"/")[2].decode()
            if (not erase.groups or group in erase.groups) and user.encode() in value:
                found.append(f"what is saved as {key!r} tells of {user}, who was erased: {value!r}")
    return found


def _tells(value: object, user: str) -> bool:
    return isinstance(value, str | tuple) and user in value


def _is_theirs(table: str, row: dict[str, Any], erase: Erase) -> bool:
    return (
        row["user_id"] in erase.users
        and row[WHEN[table]] <= erase.at
        and (not erase.groups or row["group_id"] in erase.groups)
    )


def _is_named(alert: dict[str, Any], erase: Erase) -> bool:
    said = " ".join([alert["title"], *alert["reasons"], alert["evidence"]])
    return alert["raised_at"] <= erase.at and any(user in said for user in erase.users)


def _without_them(row: dict[str, Any], erase: Erase) -> Row:
    """Return a row of somebody else's; an answer's id goes with who gave it."""
    if "mentions" in row:
        row["mentions"] = tuple(user for user in row["mentions"] if user not in erase.users)
    if row.get("inviter_id") in erase.users:
        row["inviter_id"] = ""
    if row.get("answered_by") in erase.users:
        row["answered_by"] = row["answer_event_id"] = ""
    return tuple(row.values())
