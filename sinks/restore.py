"""The stored events again, as events: what a broker that forgets is filled with, before anything new comes in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from huoqun.codec import decode_json
from huoqun.config import Config
from huoqun.events import Event
from sinks import client

PAGE_ROWS: Final = 20_000
SMALLEST_PAGE: Final = 100

_COLUMNS: Final = (
    "id, type, toUnixTimestamp64Milli(ts) AS ts, platform, group_id, user_id, user_name, group_name, text, reply_to, "
    "thread_id, mentions, is_bot, is_staff, inviter_id, reason, amount, currency, campaign, count, coverage, "
    "toUnixTimestamp64Milli(received_at) AS received_at, source, v, extra, position"
)
_ORDER: Final = "rows.ts, rows.received_at, rows.position, rows.platform, rows.group_id, rows.id"
_AFTER: Final = (
    "(fromUnixTimestamp64Milli({ts:Int64}, 'UTC'), fromUnixTimestamp64Milli({received:Int64}, 'UTC'), "
    "{position:Int64}, {platform:String}, {group:String}, {id:String})"
)

Ask = Callable[[str, dict[str, client.Param]], list[dict[str, Any]]]


def stored_events(config: Config, *, page_rows: int = PAGE_ROWS) -> Iterator[Event]:
    """Yield every stored event in the order of ``ts``, of equals in the order in which they were accepted.

    ``received_at`` and all else is as it was accepted; ``text`` is empty where it was not stored. One page is in
    memory at a time, and pages shrink where rows are large. Raises :class:`sinks.client.QueryError`.
    """
    return pages(lambda sql, params: client.query(config, sql, params), page_rows)


def pages(ask: Ask, page_rows: int = PAGE_ROWS) -> Iterator[Event]:
    """Yield the events that ``ask`` answers with, page after page."""
    last: dict[str, client.Param] = {}
    while True:
        where = f"AND ({_ORDER}) > {_AFTER}" if last else ""
        statement = (
            f"SELECT {_COLUMNS} FROM events_rows AS rows FINAL "  # noqa: S608  # values come as parameters
            f"WHERE rows.deleted = 0 {where} ORDER BY {_ORDER} LIMIT {page_rows}"
        )
        try:
            found = ask(statement, last)
        except client.QueryError as error:
            if "TOO_MANY_ROWS_OR_BYTES" not in str(error) or page_rows <= SMALLEST_PAGE:
                raise
            page_rows = max(SMALLEST_PAGE, page_rows // 4)
            continue
        for row in found:
            yield _event(row)
        if len(found) < page_rows:
            return
        end = found[-1]
        last = {
            "ts": int(end["ts"]), "received": int(end["received_at"]), "position": int(end["position"]),
            "platform": end["platform"], "group": end["group_id"], "id": end["id"],
        }  # fmt: skip


def _event(row: dict[str, Any]) -> Event:
    given = {name: value for name, value in row.items() if name != "position"}
    given["extra"] = decode_json(given["extra"])
    for name in ("is_bot", "is_staff"):
        given[name] = bool(given[name])
    return msgspec.convert(given, Event, strict=False)
