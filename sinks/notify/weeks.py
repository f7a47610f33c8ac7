"""The figures of a weekly report, asked of the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from huoqun.report.collect import AT_RISK, LEAST_MESSAGES
from sinks.notify import links
from sinks.notify.notice import Week
from sinks.notify.rules import Route, Rules

Ask = Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]
"""SQL and its parameters in, rows out."""

WEEK_MS: Final = 7 * 86_400_000
MOST_WEEKS: Final = 20
"""Groups that one report shows: the least healthy first; others are counted."""

_SQL: Final = f"""
WITH
    fromUnixTimestamp64Milli({{since:Int64}}) AS since, fromUnixTimestamp64Milli({{until:Int64}}) AS until,
    fromUnixTimestamp64Milli({{before:Int64}}) AS before
SELECT g.platform AS platform, g.group_id AS group_id, g.group_name AS group_name, g.stage AS stage, g.health AS health,
    g.members AS members, a.messages AS messages, a.messages_before AS messages_before, a.seen AS seen,
    a.seen_before AS seen_before, a.speakers AS speakers, a.speakers_before AS speakers_before, a.joins AS joins,
    a.leaves AS leaves, q.questions AS questions, q.answered AS answered, q.first_answer_seconds AS first_answer_seconds,
    m.at_risk AS at_risk, r.kinds AS kinds, r.counts AS counts
FROM groups AS g
LEFT JOIN (
    SELECT w.platform AS platform, w.group_id AS group_id,
        argMaxIf(w.messages, w.window_end, w.window_end > since) AS messages,
        argMaxIf(w.speakers, w.window_end, w.window_end > since) AS speakers,
        argMaxIf(w.joins, w.window_end, w.window_end > since) AS joins,
        argMaxIf(w.leaves, w.window_end, w.window_end > since) AS leaves,
        countIf(w.window_end > since) > 0 AS seen, countIf(w.window_end <= since) > 0 AS seen_before,
        argMaxIf(w.messages, w.window_end, w.window_end <= since) AS messages_before,
        argMaxIf(w.speakers, w.window_end, w.window_end <= since) AS speakers_before
    FROM activity AS w WHERE w.window = '7d' AND w.window_end > before AND w.window_end <= until
    GROUP BY platform, group_id
) AS a ON a.platform = g.platform AND a.group_id = g.group_id
LEFT JOIN (
    SELECT platform, group_id, count() AS questions, countIf(status = 'answered') AS answered,
        quantileExactOrNullIf(0.5)(dateDiff('second', asked_at, assumeNotNull(answered_at)),
            status = 'answered' AND answered_at IS NOT NULL) AS first_answer_seconds
    FROM questions WHERE asked_at > since AND asked_at <= until AND joined_to = ''
    GROUP BY platform, group_id
) AS q ON q.platform = g.platform AND q.group_id = g.group_id
LEFT JOIN (
    SELECT platform, group_id, count() AS at_risk FROM members
    WHERE left_at IS NULL AND NOT is_staff AND NOT is_bot AND risk >= {AT_RISK} AND messages_28d >= {LEAST_MESSAGES}
    GROUP BY platform, group_id
) AS m ON m.platform = g.platform AND m.group_id = g.group_id
LEFT JOIN (
    SELECT platform, group_id, groupArray(kind) AS kinds, groupArray(n) AS counts FROM (
        SELECT platform, group_id, kind, count() AS n FROM alerts WHERE raised_at > since AND raised_at <= until
        GROUP BY platform, group_id, kind ORDER BY n DESC, kind
    ) GROUP BY platform, group_id
) AS r ON r.platform = g.platform AND r.group_id = g.group_id
ORDER BY g.health ASC NULLS LAST, g.platform, g.group_id
"""  # noqa: S608  # our own constants


class _Row(msgspec.Struct):
    platform: str
    group_id: str
    group_name: str
    stage: str
    health: float | None
    members: int
    messages: int
    messages_before: int
    seen: bool
    seen_before: bool
    speakers: int
    speakers_before: int
    joins: int
    leaves: int
    questions: int
    answered: int
    first_answer_seconds: float | None
    at_risk: int
    kinds: list[str]
    counts: list[int]


def report(ask: Ask, rules: Rules, route: Route, until: int) -> tuple[tuple[Week, ...], int]:
    """Return the week up to ``until`` (ms) of each group of a route in which anything was, and how many were left out.

    Raises what ``ask`` raises.
    """
    since = until - WEEK_MS
    rows = ask(_SQL, {"since": since, "until": until, "before": since - WEEK_MS // 7})
    weeks = []
    for row in rows:
        found = msgspec.convert(row, _Row, strict=False)  # an engine may hand integers over as text
        kind = rules.kind_of(found.platform, found.group_id)
        quiet = not (found.seen or found.questions or found.kinds)
        if not quiet and route.takes_group(found.platform, found.group_id, kind):
            weeks.append(_week(found, since, until, rules.desk))
    return tuple(weeks[:MOST_WEEKS]), max(0, len(weeks) - MOST_WEEKS)


def _week(row: _Row, since: int, until: int, desk: str) -> Week:
    return Week(
        platform=row.platform,
        group_id=row.group_id,
        group_name=row.group_name,
        since=since,
        until=until,
        stage=row.stage,
        health=row.health,
        members=row.members,
        messages=row.messages,
        messages_before=row.messages_before if row.seen_before else None,
        speakers=row.speakers,
        speakers_before=row.speakers_before if row.seen_before else None,
        joins=row.joins,
        leaves=row.leaves,
        questions=row.questions,
        answered=row.answered,
        first_answer_seconds=row.first_answer_seconds,
        at_risk=row.at_risk,
        alerts=tuple(zip(row.kinds, row.counts, strict=True)),
        link=links.of_group(desk, row.platform, row.group_id),
    )
