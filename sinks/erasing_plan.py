"""What is erased of whom, table by table (pure): the statements of :mod:`sinks.erasing`.

``{users}`` and the like stand for a subquery, ``{user_list}`` for an array, ``{words}`` for a regular expression, ``{at}`` for
the moment up to which it holds. What belongs to a key can't be changed: such a row is deleted.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Step(NamedTuple):
    """Rows of one table: deleted, or changed as ``change`` says."""

    table: str
    where: str
    change: str = ""
    needs: frozenset[str] = frozenset()
    """Columns without which there is nothing to do."""


_FAR: Final = "(toDateTime64('2200-01-01 00:00:00', 3, 'UTC'), '')"
_ERASED: Final = "[…]"

PLAN: Final = (
    Step("events_rows", "user_id IN {users} AND ts <= {at}"),
    Step("members_rows", "user_id IN {users} AND as_of <= {at}"),
    Step("member_risk_rows", "user_id IN {users} AND as_of <= {at}"),
    Step("member_days_rows", "user_id IN {users} AND day <= toDate({at})"),
    Step("membership_rows", "user_id IN {users} AND ts <= {at}"),
    Step("conversions_rows", "user_id IN {users} AND ts <= {at}"),
    Step("stays_rows", "user_id IN {users}"),
    Step("questions_rows", "question_id IN {events} OR (user_id IN {users} AND asked_at <= {at})"),
    Step("questions_by_time_rows", "question_id IN {events} OR (user_id IN {users} AND asked_at <= {at})"),
    Step("alerts_rows", "alert_id IN {alerts} AND raised_at <= {at}"),
    Step("actions_rows", "item IN {alerts} OR item IN {items}"),
    Step("deliveries_rows", "hasAny(alerts, {alert_list})"),
    # what is told of others
    Step("events_rows", "inviter_id IN {users}", "inviter_id = ''"),
    Step("events_rows", "reply_to IN {events}", "reply_to = ''"),
    Step("events_rows", "thread_id IN {events}", "thread_id = ''"),
    Step(
        "events_rows", "hasAny(mentions, {user_list})", "mentions = arrayFilter(m -> not has({user_list}, m), mentions)"
    ),
    Step("events_rows", "match(text, {words})", f"text = replaceRegexpAll(text, {{words}}, '{_ERASED}')"),
    Step("events_rows", "match(extra, {exact})", "extra = replaceRegexpAll(extra, {exact}, '\"\"')"),
    Step("events_rows", "match(extra, {words})", f"extra = replaceRegexpAll(extra, {{words}}, '{_ERASED}')"),
    Step("membership_rows", "inviter_id IN {users}", "inviter_id = ''"),
    Step("stays_rows", "invited.2 IN {users}", f"invited = {_FAR}", frozenset({"invited"})),
    Step("questions_rows", "answered_by IN {users}", "answered_by = ''"),
    Step("questions_rows", "answer_event_id IN {events}", "answer_event_id = ''"),
    Step("questions_rows", "joined_to IN {events}", "joined_to = ''"),
    Step("members_rows", "match(arrayStringConcat(risk_reasons, ' '), {words})", "risk_reasons = emptyArrayString()"),
    Step("member_risk_rows", "match(arrayStringConcat(reasons, ' '), {words})", "reasons = emptyArrayString()"),
    Step("actions_rows", "match(note, {words})", f"note = replaceRegexpAll(note, {{words}}, '{_ERASED}')"),
    Step("deliveries_rows", "match(why, {words})", "why = ''"),
)
