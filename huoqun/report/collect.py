"""What the report asks the results for. Only the contract's views are read; "now" is the newest time in the data."""
# ruff: noqa: S608  # what goes into the SQL is numbers, our own constants, and text that literal() has quoted

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

Query = Callable[[str], list[dict[str, Any]]]
"""SQL in, rows out; integers may come as text, times are asked for as milliseconds since the epoch."""

HALF_HOUR_MS: Final = 30 * 60 * 1000
NEWCOMER_MS: Final = 7 * 24 * 60 * 60 * 1000
AT_RISK: Final = 0.25
"""From this probability on a member is listed: at an even bet it is late for a word in time."""
LEAST_MESSAGES: Final = 5
"""In 28 days, for a member at risk to be listed: who has said less is a newcomer or an onlooker, and shown as such."""
MOST_ROWS: Final = 12
"""In any one list; what is beyond is counted."""

_RESOLVED: Final = "a.state = 'resolved'"
_LINK_OR_CONTACT: Final = r"https?://|www\\.|t\\.me/|加微信|加V|微信"


class Window(msgspec.Struct):
    """A group's latest activity over one window."""

    platform: str
    group_id: str
    window: str
    messages: int
    speakers: int
    joins: int
    leaves: int
    reply_rate: float | None
    first_response_p50: float | None


class GroupRow(msgspec.Struct):
    """A group, latest."""

    platform: str
    group_id: str
    group_name: str
    stage: str
    members: int
    health: float | None
    reasons: list[str]


class AlertRow(msgspec.Struct):
    """An alert, and the text of what it is about."""

    kind: str
    severity: str
    platform: str
    group_id: str
    who: str
    raised_ms: int
    since_ms: int
    state: str
    title: str
    reasons: list[str]
    text: str


class QuestionRow(msgspec.Struct):
    """A question, its text, and its answer if it has one."""

    platform: str
    group_id: str
    who: str
    kind: str
    asked_ms: int
    overdue: bool
    text: str
    answered_ms: int | None
    answerer: str
    by_staff: bool


class QuestionCounts(msgspec.Struct):
    """How many questions ended how."""

    open: int = 0
    expired: int = 0
    by_staff: int = 0
    by_member: int = 0
    median_seconds: float | None = None


class BeforeBurst(msgspec.Struct):
    """What went on in the half hour before a leave burst; ``pitches`` are texts with a link or a contact, in order."""

    messages: int
    joins: int
    pitches: list[str]


class RiskRow(msgspec.Struct):
    """A member who may fall silent."""

    platform: str
    group_id: str
    who: str
    risk: float
    reasons: list[str]
    last_message_ms: int | None
    messages_28d: int


class NewcomerRow(msgspec.Struct):
    """Someone who joined in the last week and has not spoken, or has not been answered."""

    platform: str
    group_id: str
    who: str
    joined_ms: int
    first_words: str
    """Empty: has not spoken."""


class Report(msgspec.Struct):
    """Everything the report shows, as of ``now_ms`` (``None``: nothing has come in yet)."""

    now_ms: int | None = None
    events: int = 0
    simulated: int = 0
    """How many of the events say that they are simulated."""
    groups: list[GroupRow] = []
    windows: list[Window] = []
    alerts: list[AlertRow] = []
    alert_counts: dict[str, int] = {}
    resolved_alerts: int = 0
    open_questions: list[QuestionRow] = []
    answered_questions: list[QuestionRow] = []
    question_counts: QuestionCounts = msgspec.field(default_factory=QuestionCounts)
    bursts: list[tuple[AlertRow, BeforeBurst]] = []
    at_risk: list[RiskRow] = []
    at_risk_count: int = 0
    newcomers: list[NewcomerRow] = []
    newcomer_count: int = 0


def collect(query: Query, group: tuple[str, str] | None = None) -> Report:
    """Ask for everything, of all groups or of one ``(platform, group_id)``. Raises what ``query`` raises."""
    only = _Only(group)
    report = Report()
    when = query(f"""
        SELECT count() AS events, countIf(JSONExtractBool(extra, 'simulated')) AS simulated,
            toUnixTimestamp64Milli(max(ts)) AS newest
        FROM events AS e {only.where("e")}
    """)[0]
    report.events, report.simulated = int(when["events"]), int(when["simulated"])
    if not report.events:
        return report
    later = query(f"""
        SELECT toUnixTimestamp64Milli(max(window_end)) AS newest FROM activity AS a {only.where("a")}
        UNION ALL SELECT toUnixTimestamp64Milli(max(updated_at)) AS newest FROM alerts AS a {only.where("a")}
    """)
    report.now_ms = now = max(int(row["newest"]) for row in (when, *later))
    report.groups = _rows(
        GroupRow,
        query(f"""
        SELECT platform, group_id, group_name, stage, members, health, reasons
        FROM groups AS g {only.where("g")} ORDER BY health ASC NULLS LAST, platform, group_id
    """),
    )
    report.windows = _rows(
        Window,
        query(f"""
        SELECT platform, group_id, `window`, messages, speakers, joins, leaves, reply_rate, first_response_p50
        FROM activity AS a {only.where("a", "`window` IN ('24h', '7d')")}
        ORDER BY window_end DESC LIMIT 1 BY platform, group_id, `window`
    """),
    )
    _alerts(report, query, only)
    _questions(report, query, only, now)
    _people(report, query, only, now)
    return report


def _alerts(report: Report, query: Query, only: _Only) -> None:
    asked = """
        SELECT a.kind AS kind, a.severity AS severity, a.platform AS platform, a.group_id AS group_id,
            if(m.user_name != '', m.user_name, a.user_id) AS who, toUnixTimestamp64Milli(a.raised_at) AS raised_ms,
            toUnixTimestamp64Milli(if(e.id = '', a.raised_at, e.ts)) AS since_ms, a.state AS state, a.title AS title,
            a.reasons AS reasons, e.text AS text
        FROM alerts AS a
        LEFT JOIN members AS m ON m.platform = a.platform AND m.group_id = a.group_id AND m.user_id = a.user_id
        LEFT JOIN events AS e ON e.platform = a.platform AND e.group_id = a.group_id AND e.id = a.subject_event_id
    """
    live = "a.state IN ('open', 'acked', 'snoozed')"
    report.alerts = _rows(
        AlertRow,
        query(f"""
        {asked} {only.where("a", live)}
        ORDER BY indexOf(['critical', 'warning', 'info'], a.severity), a.raised_at DESC, a.alert_id LIMIT {MOST_ROWS}
    """),
    )
    counts = query(
        f"SELECT kind, count() AS n FROM alerts AS a {only.where('a', live)} GROUP BY kind ORDER BY n DESC, kind"
    )
    report.alert_counts = {row["kind"]: int(row["n"]) for row in counts}
    report.resolved_alerts = int(query(f"SELECT count() AS n FROM alerts AS a {only.where('a', _RESOLVED)}")[0]["n"])
    for burst in _rows(
        AlertRow,
        query(f"""
        {asked} {only.where("a", "a.kind = 'leave_burst'")} ORDER BY a.raised_at DESC, a.alert_id LIMIT 4
    """),
    ):
        exactly = _Only((burst.platform, burst.group_id)).where(
            "e",
            f"e.ts > fromUnixTimestamp64Milli({burst.raised_ms - HALF_HOUR_MS})",
            f"e.ts <= fromUnixTimestamp64Milli({burst.raised_ms})",
        )
        before = query(f"""
            SELECT countIf(e.type = 'message') AS messages, countIf(e.type = 'join') AS joins,
                arrayMap(p -> p.2, arraySort(groupArrayIf(50)((e.ts, e.text),
                    e.type = 'message' AND NOT e.is_staff AND NOT e.is_bot AND match(e.text, '{_LINK_OR_CONTACT}')))) AS pitches
            FROM events AS e {exactly}
        """)
        report.bursts.append((burst, _rows(BeforeBurst, before)[0]))


def _questions(report: Report, query: Query, only: _Only, now: int) -> None:
    asked = f"""
        SELECT q.platform AS platform, q.group_id AS group_id, if(m.user_name != '', m.user_name, q.user_id) AS who,
            q.kind AS kind, toUnixTimestamp64Milli(q.asked_at) AS asked_ms,
            q.due_at IS NOT NULL AND q.due_at < fromUnixTimestamp64Milli({now}) AS overdue, e.text AS text,
            toUnixTimestamp64Milli(q.answered_at) AS answered_ms,
            if(n.user_name != '', n.user_name, q.answered_by) AS answerer, q.by_staff AS by_staff
        FROM questions AS q
        LEFT JOIN members AS m ON m.platform = q.platform AND m.group_id = q.group_id AND m.user_id = q.user_id
        LEFT JOIN members AS n ON n.platform = q.platform AND n.group_id = q.group_id AND n.user_id = q.answered_by
        LEFT JOIN events AS e ON e.platform = q.platform AND e.group_id = q.group_id AND e.id = q.question_id
    """
    report.open_questions = _rows(
        QuestionRow,
        query(f"""
        {asked} {only.where("q", "q.status = 'open'", "q.joined_to = ''")}
        ORDER BY q.asked_at, q.question_id LIMIT {MOST_ROWS}
    """),
    )
    report.answered_questions = _rows(
        QuestionRow,
        query(f"""
        {asked} {only.where("q", "q.status = 'answered'")} ORDER BY q.answered_at DESC, q.question_id LIMIT 6
    """),
    )
    report.question_counts = _rows(
        QuestionCounts,
        query(
            f"""
        SELECT countIf(q.status = 'open') AS open, countIf(q.status = 'expired') AS expired,
            countIf(q.status = 'answered' AND q.by_staff) AS by_staff,
            countIf(q.status = 'answered' AND NOT q.by_staff) AS by_member,
            quantileExactOrNullIf(0.5)(dateDiff('second', q.asked_at, assumeNotNull(q.answered_at)),
                q.status = 'answered' AND q.answered_at IS NOT NULL) AS median_seconds
        FROM questions AS q {only.where("q", "q.joined_to = ''")}
    """
        ),
    )[0]


def _people(report: Report, query: Query, only: _Only, now: int) -> None:
    people = "m.left_at IS NULL AND NOT m.is_staff AND NOT m.is_bot"
    risky = only.where("m", people, f"m.risk >= {AT_RISK}", f"m.messages_28d >= {LEAST_MESSAGES}")
    report.at_risk = _rows(
        RiskRow,
        query(f"""
        SELECT platform, group_id, if(user_name != '', user_name, user_id) AS who, risk, risk_reasons AS reasons,
            toUnixTimestamp64Milli(last_message_at) AS last_message_ms, messages_28d
        FROM members AS m {risky} ORDER BY risk DESC, messages_28d DESC, user_id LIMIT {MOST_ROWS}
    """),
    )
    report.at_risk_count = int(query(f"SELECT count() AS n FROM members AS m {risky}")[0]["n"])
    fresh = f"m.joined_at > fromUnixTimestamp64Milli({now - NEWCOMER_MS})"
    waiting = only.where("m", people, fresh, "(m.last_message_at IS NULL OR q.question_id != '')")
    source = """
        FROM members AS m
        LEFT JOIN (SELECT * FROM questions WHERE kind = 'newcomer' AND status IN ('open', 'expired')) AS q
            ON q.platform = m.platform AND q.group_id = m.group_id AND q.user_id = m.user_id
        LEFT JOIN events AS e ON e.platform = q.platform AND e.group_id = q.group_id AND e.id = q.question_id
    """
    report.newcomers = _rows(
        NewcomerRow,
        query(f"""
        SELECT m.platform AS platform, m.group_id AS group_id, if(m.user_name != '', m.user_name, m.user_id) AS who,
            toUnixTimestamp64Milli(m.joined_at) AS joined_ms,
            if(q.question_id = '', '', if(e.text = '', '…', e.text)) AS first_words
        {source} {waiting} ORDER BY first_words = '', joined_ms, who LIMIT {MOST_ROWS}
    """),
    )
    report.newcomer_count = int(query(f"SELECT count() AS n {source} {waiting}")[0]["n"])


class _Only:
    """The condition that keeps a query to one group, if the report is about one."""

    def __init__(self, group: tuple[str, str] | None) -> None:
        self._group = group

    def where(self, alias: str, *conditions: str) -> str:
        """Return a WHERE clause of these conditions and the group's, or nothing."""
        every = list(conditions)
        if self._group is not None:
            platform, group_id = map(literal, self._group)
            every += [f"{alias}.platform = {platform}", f"{alias}.group_id = {group_id}"]
        return "WHERE " + " AND ".join(every) if every else ""


def literal(text: str) -> str:
    """Return ``text`` as a string literal of ClickHouse's SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_Row = TypeVar("_Row", bound=msgspec.Struct)


def _rows(kind: type[_Row], rows: list[dict[str, Any]]) -> list[_Row]:
    # Not strict: an engine may hand 64-bit integers over as text, and booleans as 0 and 1.
    return [msgspec.convert(row, kind, strict=False) for row in rows]
