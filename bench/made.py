"""A year of simulated communities made inside the store, in SQL: what the dashboards' questions are timed on.

Shares and shape are those of :mod:`bench.workload` (500 groups, 20,000 members, Zipf's law for both, the same mix of
types), at whatever number of events; the results tables in proportion: one question for 15 messages, one alert for 500
events, a row of activity for two or three events, the risk of every member each day. Every row goes in by INSERT,
through the views that keep the rollups, as the sink's would.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from bench.workload import START_MS, Shape, group_sizes
from sinks.store import Store

DAY_MS: Final = 86_400_000
CHUNK: Final = 5_000_000
PLATFORM: Final = "sim"
PHRASES: Final = (
    "昨天试了一下优惠券，感觉比路线图好用不少，就是第一次领取有点慢",
    "哈哈哈确实，我家那个也是这样",
    "请问课程回放怎么激活？找了半天没有找到入口",
    "收到，明天我去提交一下，有结果再跟大家说",
    "I tried the camera yesterday and it works better than the old one",
    "ok, I will update the driver tomorrow and tell you how it went",
    "好的",
    "先在设置里把发票打开，然后重新绑定就可以了",
)


class Year(NamedTuple):
    """What is made. ``days`` end at :attr:`until_ms`."""

    events: int
    shape: Shape = Shape()
    days: int = 365
    stored: int = 10**12
    """How many of the events are stored as rows; of the others only what the rollups keep of them is."""

    @property
    def until_ms(self) -> int:
        """The end of the last day."""
        return START_MS // DAY_MS * DAY_MS

    @property
    def since_ms(self) -> int:
        """The beginning of the first day."""
        return self.until_ms - self.days * DAY_MS


def fill(store: Store, database: str, year: Year, say: Callable[[str], None] = print) -> float:
    """Fill the tables; return the seconds it took."""
    started = time.perf_counter()
    for name, statement in statements(database, year):
        at = time.perf_counter()
        store.execute(statement)
        say(f"filled {name} ({time.perf_counter() - at:.1f} s)")
    return time.perf_counter() - started


def statements(database: str, year: Year) -> Iterator[tuple[str, str]]:
    """Yield what fills the tables, each with its name."""
    for first in range(0, year.events, CHUNK):
        count = min(CHUNK, year.events - first)
        if first + count <= year.stored:
            yield f"events {first:,} to {first + count:,}", _events(database, year, first, count)
        else:
            yield from _kept_of_events(database, year, first, count)
    yield from _results(database, year)


def _who(year: Year, number: str) -> str:
    """Return SQL for the group, the member, and their sizes, of event ``number``: ranks by Zipf's law (log-uniform)."""
    sizes = group_sizes(year.shape)
    firsts = [0, *accumulate(sizes)][:-1]
    return f"""
        toUInt32(floor(exp((cityHash64({number}, 'g') % 1000000) / 1000000. * log({len(sizes)} + 1)))) - 1 AS g,
        {sizes}[g + 1] AS size,
        toUInt32(floor(exp((cityHash64({number}, 'u') % 1000000) / 1000000. * log(size + 1)))) - 1 AS rank,
        {firsts}[g + 1] AS base,
        concat('u', leftPad(toString(base + rank), 7, '0')) AS user_id,
        concat('g', leftPad(toString(g), 6, '0')) AS group_id
    """


def _daytime(number: str, year: Year, events: int) -> str:
    """Return SQL for the time of event ``number``: steady through the days, crowded around noon and evening."""
    span = year.days * DAY_MS
    return f"""
        intDiv(toUInt64({number}) * {span}, {events}) AS even,
        intDiv(even, {DAY_MS}) AS day_number,
        ((even % {DAY_MS}) / {DAY_MS}.) AS part,
        {year.since_ms} + day_number * {DAY_MS} + toUInt64((part + sin(part * 12.566) * 0.07) * 0.999 * {DAY_MS}) AS at
    """


def _some(year: Year, first: int, count: int) -> str:
    """Return SQL for what is drawn of each event: kind, group, member, time."""
    return f"""
    SELECT number, cityHash64(number, 'c') % 1000 AS chance, cityHash64(number, 'd') % 1000 AS chance2,
        multiIf(chance < 965, 'message', chance < 985, 'reaction', chance < 995, 'join', 'leave') AS kind,
        {_who(year, "number")}, {_daytime("number", year, year.events)}
    FROM numbers_mt({first}, {count})
    """


def _kept_of_events(database: str, year: Year, first: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield what the materialized views would insert of these events."""
    some, name = _some(year, first, count), f"{first:,} to {first + count:,}"
    yield (
        f"speakers of events {name}",
        f"""
INSERT INTO {database}.member_days_rows (platform, group_id, day, user_id, hours)
SELECT '{PLATFORM}', group_id, toDate(fromUnixTimestamp64Milli(toInt64(at), 'UTC')) AS day, user_id,
    groupBitOr(bitShiftLeft(toUInt32(1), toHour(fromUnixTimestamp64Milli(toInt64(at), 'UTC'))))
FROM ({some})
WHERE kind = 'message' AND NOT (rank = 0 AND g % 20 = 0)
GROUP BY group_id, day, user_id
""",
    )
    yield (
        f"joins and leaves of events {name}",
        f"""
INSERT INTO {database}.membership_rows
    (event, member, id, type, ts, platform, group_id, user_id, inviter_id, reason, version, deleted)
SELECT
    sipHash64('{PLATFORM}', group_id, concat('m-1-', leftPad(toString(number), 10, '0'))),
    sipHash64('{PLATFORM}', group_id, user_id),
    concat('m-1-', leftPad(toString(number), 10, '0')), kind, fromUnixTimestamp64Milli(toInt64(at), 'UTC'), '{PLATFORM}',
    group_id, user_id, if(kind = 'join' AND chance2 < 300, concat('u', leftPad(toString(base), 7, '0')), ''),
    if(kind = 'leave', 'left', NULL), toUInt64(9223372036854775808) - (at + 35), 0
FROM ({some})
WHERE kind IN ('join', 'leave')
""",
    )
    yield (
        f"stays of events {name}",
        f"""
INSERT INTO {database}.stays_rows (platform, group_id, user_id, joined_at, invited, campaign, leaves)
SELECT
    '{PLATFORM}', group_id, user_id, min(if(kind = 'join', ts, never)),
    min(if(kind = 'join' AND chance2 < 300 AND rank != 0, (ts, concat('u', leftPad(toString(base), 7, '0'))), (never, ''))),
    (any(never), ''), groupUniqArrayIf(ts, kind = 'leave')
FROM
(
    SELECT *, fromUnixTimestamp64Milli(toInt64(at), 'UTC') AS ts, toDateTime64('2200-01-01 00:00:00', 3, 'UTC') AS never
    FROM ({some})
)
WHERE kind IN ('join', 'leave')
GROUP BY group_id, user_id
""",
    )


def _events(database: str, year: Year, first: int, count: int) -> str:
    phrases = "[" + ", ".join(f"'{phrase}'" for phrase in PHRASES) + "]"
    return f"""
INSERT INTO {database}.events_rows
    (id, type, ts, platform, group_id, user_id, user_name, group_name, text, reply_to, mentions, is_bot, is_staff, inviter_id,
    reason, coverage, received_at, source, v, extra, position, version, deleted)
SELECT
    concat('m-1-', leftPad(toString(number), 10, '0')), kind, fromUnixTimestamp64Milli(toInt64(at), 'UTC'), '{PLATFORM}',
    group_id, user_id, concat('Name', toString(base + rank)), concat('Simulated community ', toString(g)),
    if(kind = 'message', concat({phrases}[cityHash64(number, 't') % {len(PHRASES)} + 1], ' ', hex(cityHash64(number, 'x'))), ''),
    if(chance2 < 140, concat('m-1-', leftPad(toString(number - 1 - chance2), 10, '0')), ''),
    if(chance2 BETWEEN 140 AND 230, [concat('u', leftPad(toString(base), 7, '0'))], []),
    rank = 0 AND g % 20 = 0, rank = 1,
    if(kind = 'join' AND chance2 < 300, concat('u', leftPad(toString(base), 7, '0')), ''),
    if(kind = 'leave', 'left', NULL), 'full', fromUnixTimestamp64Milli(toInt64(at) + 35, 'UTC'), 'bench', 1, '{{}}', number,
    toUInt64(9223372036854775808) - (at + 35), 0
FROM ({_some(year, first, count)})
SETTINGS min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0, max_insert_threads = 2
"""


def _results(database: str, year: Year) -> Iterator[tuple[str, str]]:
    settings = "SETTINGS min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0, max_insert_threads = 2"
    groups, members = year.shape.groups, year.shape.members
    conversions = year.events // 1000
    yield (
        "conversions",
        f"""
INSERT INTO {database}.conversions_rows
SELECT
    sipHash64('{PLATFORM}', group_id, concat('c-1-', toString(number))), sipHash64('{PLATFORM}', group_id, user_id),
    concat('c-1-', toString(number)), fromUnixTimestamp64Milli(toInt64(at), 'UTC'), '{PLATFORM}', group_id, user_id,
    cityHash64(number, 'a') % 10000 / 100, 'CNY', if(number % 3 = 0, 'spring', ''), number, 0
FROM (SELECT number, {_who(year, "number")}, {_daytime("number", year, conversions)} FROM numbers({conversions}))
""",
    )
    yield (
        "campaigns",
        f"""
INSERT INTO {database}.campaigns_rows
SELECT
    '{PLATFORM}', concat('g', leftPad(toString(number % {groups}), 6, '0')), 'spring',
    fromUnixTimestamp64Milli(toInt64({year.until_ms} - (intDiv(number, {groups}) * 30 + 20) * {DAY_MS}), 'UTC'),
    fromUnixTimestamp64Milli(toInt64({year.until_ms} - (intDiv(number, {groups}) * 30 + 17) * {DAY_MS}), 'UTC'), number, 0
FROM numbers({4 * groups})
WHERE number % 5 = 0
""",
    )
    hours = year.days * 24
    for window, per_hour in (("5m", 1 / 12), ("1h", 1.0), ("24h", 24.0), ("7d", 168.0)):
        # A row for four events in the window that the hours are made of, every hour at least; every hour in the others.
        a_hour = max(1, min(60, year.events // (4 * groups * hours))) if window == "1h" else 1
        minutes, steps = 60 / a_hour, hours * a_hour
        hourly = year.events / (year.days * 24) * per_hour / 7
        yield (
            f"activity {window}",
            f"""
INSERT INTO {database}.activity_rows
    (platform, group_id, window, window_end, messages, speakers, staff_messages, members, active_ratio, joins, leaves,
    reply_rate, first_response_p50, first_response_p90, top5_share, effective_speakers, key_people, false_activity, same_faces,
    mesh_index, version, deleted)
SELECT
    '{PLATFORM}', concat('g', leftPad(toString(g), 6, '0')), '{window}',
    fromUnixTimestamp64Milli(toInt64({year.since_ms} + intDiv(toInt64((step + 1) * {minutes}), 1) * 60000), 'UTC'),
    toInt64({hourly} / (g + 1) * (0.5 + noise)) AS messages, least(messages, 200), intDiv(messages, 25), 200,
    least(1., messages / 200), toInt64(noise * 2), toInt64(noise * 1.2), noise, 10 + noise * 300, 100 + noise * 900, noise,
    noise * 40, toInt64(noise * 9), NULL, NULL, NULL, number, 0
FROM
(
    SELECT number, number % {groups} AS g, intDiv(number, {groups}) AS step,
        (cityHash64(number, '{window}') % 1000) / 1000. AS noise
    FROM numbers_mt({groups * steps})
)
{settings}
""",
        )
    questions = int(year.events * 0.965 * 0.07)
    at = _daytime("number", year, questions)
    answer = "toInt64(at) + 20000 + toInt64(pow((cityHash64(number, 'w') % 1000) / 1000., 4) * 7200000)"
    yield (
        "questions",
        f"""
INSERT INTO {database}.questions_rows
SELECT
    concat('q-1-', leftPad(toString(number), 10, '0')), '{PLATFORM}', group_id, user_id,
    fromUnixTimestamp64Milli(toInt64(at), 'UTC'),
    multiIf(chance < 800, 'question', chance < 900, 'newcomer', 'mention'),
    multiIf(answered, 'answered', at > {year.until_ms - DAY_MS}, 'open', 'expired') AS status,
    if(answered, 'm', ''), if(answered, 'u', ''), if(answered, fromUnixTimestamp64Milli({answer}, 'UTC'), NULL),
    if(answered, 0.9, NULL), answered AND chance % 3 = 0, if(chance % 10 = 0, 'earlier', ''),
    fromUnixTimestamp64Milli(toInt64(at) + 600000, 'UTC'), number, 0
FROM
(
    SELECT number, cityHash64(number, 'k') % 1000 AS chance, chance % 100 < 80 AS answered, {_who(year, "number")}, {at}
    FROM numbers({questions})
)
{settings}
""",
    )
    alerts = year.events // 500
    yield (
        "alerts",
        f"""
INSERT INTO {database}.alerts_rows
SELECT
    lower(hex(cityHash64(number, 'a'))),
    multiIf(chance < 700, 'unanswered', chance < 800, 'newcomer_at_risk', chance < 950, 'flood', 'leave_burst'),
    multiIf(chance % 10 = 0, 'critical', chance % 3 = 0, 'info', 'warning'), '{PLATFORM}', group_id, user_id, '',
    fromUnixTimestamp64Milli(toInt64(at), 'UTC'), fromUnixTimestamp64Milli(toInt64(at) + 60000, 'UTC'),
    if(at > {year.until_ms - DAY_MS}, 'open', 'resolved'), NULL, 'Nobody has answered for 10 minutes',
    ['asked 10 minutes ago', 'staff is away'], '{{"minutes": 10}}', number, 0
FROM
(
    SELECT number, cityHash64(number, 'k') % 1000 AS chance, {_who(year, "number")}, {_daytime("number", year, alerts)}
    FROM numbers({alerts})
)
{settings}
""",
    )
    sizes = group_sizes(year.shape)
    ends = list(accumulate(sizes))
    people = f"""
    SELECT number, arrayFirstIndex(e -> number < e, {ends}) - 1 AS g, concat('u', leftPad(toString(number), 7, '0')) AS user_id,
        number - if(g = 0, 0, {ends}[g]) AS rank, (cityHash64(number, 'r') % 1000) / 1000. AS noise,
        {year.until_ms} - toInt64(noise * {year.days * DAY_MS}) AS joined
    FROM numbers({sum(sizes)})
    """
    yield (
        "members",
        f"""
INSERT INTO {database}.members_rows
    (platform, group_id, user_id, user_name, joined_at, left_at, last_message_at, messages_28d, role, layer, is_staff, is_bot,
    risk, risk_reasons, as_of, version, deleted)
SELECT
    '{PLATFORM}', concat('g', leftPad(toString(g), 6, '0')), user_id, concat('Name', toString(number)),
    fromUnixTimestamp64Milli(toInt64(joined), 'UTC'),
    if(number % 3 = 0, fromUnixTimestamp64Milli(toInt64(joined + (({year.until_ms} - joined) * noise)), 'UTC'), NULL),
    fromUnixTimestamp64Milli(toInt64({year.until_ms} - noise * 3000000000), 'UTC'), toInt64(1000 / (rank + 1)), 'onlooker',
    'ordinary', rank = 1, rank = 0 AND g % 20 = 0, if(noise < 0.7, noise, NULL), ['quiet for 9 days'],
    fromUnixTimestamp64Milli(toInt64({year.until_ms}), 'UTC'), number, 0
FROM ({people})
""",
    )
    yield (
        "member_risk",
        f"""
INSERT INTO {database}.member_risk_rows
SELECT
    '{PLATFORM}', concat('g', leftPad(toString((number % {members}) % {groups}), 6, '0')),
    concat('u', leftPad(toString(number % {members}), 7, '0')),
    fromUnixTimestamp64Milli(toInt64({year.since_ms} + intDiv(number, {members}) * {DAY_MS}), 'UTC'),
    (cityHash64(number) % 1000) / 1000., ['quiet for 9 days'], number, 0
FROM numbers({members * year.days})
{settings}
""",
    )
    yield (
        "groups",
        f"""
INSERT INTO {database}.groups_rows
    (platform, group_id, group_name, kind, stage, stage_since, alive, members, health, reasons, first_event_at, last_event_at,
    last_message_at, late_events, version, deleted)
SELECT
    '{PLATFORM}', concat('g', leftPad(toString(number), 6, '0')), concat('Simulated community ', toString(number)), 'interest',
    'blending', NULL, 1, 200, (cityHash64(number) % 100) / 100., ['fewer speakers than last month'],
    fromUnixTimestamp64Milli(toInt64({year.since_ms}), 'UTC'), fromUnixTimestamp64Milli(toInt64({year.until_ms}), 'UTC'),
    fromUnixTimestamp64Milli(toInt64({year.until_ms}), 'UTC'), 0, number, 0
FROM numbers({groups})
""",
    )
