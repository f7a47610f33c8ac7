"""Leave bursts, and what came before them: advertising, floods, quarrels, announcements.

Only those count who leave of their own accord: whom staff removes does not leave. How many leaves are usual is learned from
the group's own hours, with how much they vary: in a large group, or one that people pass through, leaves come in clusters of
themselves (overdispersion), so their number in a window is taken as negative binomial, not Poisson. Until enough has been
seen, a prior by the group's size stands in.
"""

from __future__ import annotations

from typing import Final

from huoqun.results import alert_id
from streams.core.activity import members_of
from streams.core.alerts import close_alert, is_open, minutes_text, raise_alert
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, MINUTE_MS, Head
from streams.core.tables import DAY, WEEK
from streams.core.troubles import Cause, Troubles

LEAST: Final = 4
"""Fewer leaves than this within a window are never a burst …"""
LEAST_SHARE: Final = 0.005
"""… nor fewer than this share of the members …"""
MOST_LEAST: Final = 30
"""… though so many are enough in the largest group."""
IMPROBABLE: Final = 1e-4
"""A burst is a count that chance would exceed this rarely, in one window, at the group's own rate."""
SHORT_MS: Final = 10 * MINUTE_MS
LONG_MS: Final = 60 * MINUTE_MS
"""The two windows in which leaves are counted. People leave within minutes of an advertisement, within the hour of a
decision that they read later."""
BEFORE_MS: Final = 30 * MINUTE_MS
"""How far back from a burst's first leave a cause is looked for (domain definition)."""
APART_MS: Final = 30 * MINUTE_MS
"""Leaves further apart than this belong to two bursts."""
MOST_LEFT: Final = 256
"""Leaves of the last hour that are remembered."""
HOUR_MS: Final = 60 * MINUTE_MS
FADE: Final = 0.5 ** (1 / (14 * 24))
"""By this factor an hour counts less than the next: half after two weeks."""
PRIOR_HOURS: Final = 24.0
"""The prior weighs as much as a day of observation."""
PRIOR_MEMBER: Final = 1e-4
"""Leaves an hour and member that are taken as usual before anything is known: 7 % of the members a month."""
PRIOR_GROUP: Final = 0.02
"""The same for a group of whatever size."""
TURNOVER: Final = 0.5
"""Where people join all the time they leave all the time: leaves an hour, for each who joins in an hour, at the beginning."""
PRIOR_SHAPE: Final = 0.5
"""How uneven leaves are taken to be before anything is known: the shape of a gamma distribution of rates; low is uneven."""
SHAPE_HOURS: Final = 72.0
"""The prior shape weighs as much as so many hours."""
PASSING_SHARE: Final = 0.4
PASSING_LEAST: Final = 12
"""Where this share of those who leave come back, of at least so many, leaving says nothing: it is a room that people step in
and out of, like an IRC channel, where a disconnection is a leave. There bursts aren't told."""
MOST_LEAVES: Final = 4_000
BACK_SHARE: Final = 0.5
"""When so many of those who left are back, it was the network and no burst."""
ANNOUNCEMENT_LENGTH: Final = 120
"""A message of staff with so many characters is an announcement, and so is one to everybody."""
TO_ALL: Final = ("@all", "@everyone", "@here", "@channel", "@所有人", "@全体成员", "【公告】", "群公告")


def on_staff_message(h: History, event: Arrival) -> None:
    """Remember an announcement."""
    text = event.text
    is_long = len(text) >= ANNOUNCEMENT_LENGTH and not event.reply_to
    if is_long or any(mark in text for mark in TO_ALL):
        h.change_troubles().announcement = (event.ts, event.user_id, event.id, 1, event.ts)


def passing(t: Troubles) -> bool:
    """Whether it is a room that people step in and out of."""
    return t.leaves >= PASSING_LEAST and t.returns >= PASSING_SHARE * t.leaves


def on_return(h: History, settings: GroupSettings, event: Arrival) -> None:
    """Somebody who had left is back: see whether a burst was one at all."""
    t = h.change_troubles()
    t.returns += 1
    if not t.burst or event.user_id not in t.burst_from:
        return
    t.burst_back += 1
    if t.burst_back < BACK_SHARE * len(t.burst_from):
        return
    key = alert_id("leave_burst", settings.platform, settings.group_id, t.burst)
    back = t.burst_back
    close_alert(h, key, at=event.ts, state="resolved", reason=f"{back} 人又回来了 · {back} of them came back")


def on_leave(h: History, head: Head, settings: GroupSettings, event: Arrival) -> None:
    """See whether this leave, of a person's own accord, makes a burst."""
    ts = event.ts
    t = h.change_troubles()
    _count(t, h.life.first_ts, ts)
    t.leaves += 1
    if t.leaves >= MOST_LEAVES:
        t.leaves, t.returns = t.leaves // 2, t.returns // 2
    keep = 0
    while keep < len(t.left) and (t.left[keep] <= ts - LONG_MS or len(t.left) - keep >= MOST_LEFT):
        keep += 1
    t.left, t.gone = (*t.left[keep:], ts), (*t.gone[keep:], event.user_id)
    goes_on = t.burst and ts - t.burst_last <= APART_MS
    if not goes_on and len(t.left) < LEAST:
        return
    short = 0
    while short < len(t.left) and t.left[-1 - short] > ts - SHORT_MS:
        short += 1
    rate, shape = usual(t, h.life.first_ts, ts, members_of(head), h.windows[WEEK].joins)
    least = min(MOST_LEAST, max(LEAST, round(LEAST_SHARE * members_of(head))))
    if not goes_on and not _improbable(short, len(t.left), least, rate, shape):
        return
    if takes_leave(settings, ts) or passing(t):
        return
    if not goes_on:
        first = _first_of(t, short, rate, shape)
        t.burst, t.burst_first, t.burst_back = event.id, t.left[first], 0
        t.burst_from = t.gone[first:]
    elif len(t.burst_from) < MOST_LEFT:
        t.burst_from = (*t.burst_from, event.user_id)
    t.burst_last = ts
    _alert(h, settings, t, event, rate, members_of(head))


def usual(t: Troubles, first_ts: int, ts: int, members: int, joins: int) -> tuple[float, float]:
    """Return the leaves that are usual in an hour, and the shape of how they vary, before the hour being counted.

    ``joins`` are those of the last week. By moments: the mean over the hours observed, and the gamma shape mean² /
    (variance - mean) that a negative binomial distribution with this variance has; each drawn towards its prior.
    """
    seen = min(7 * 24.0, max(1.0, (ts - first_ts) / HOUR_MS))
    prior = PRIOR_GROUP + PRIOR_MEMBER * members + TURNOVER * joins / seen
    mean = (t.total + prior * PRIOR_HOURS) / (t.hours + PRIOR_HOURS)
    shape = PRIOR_SHAPE
    if t.hours >= 1:
        own = t.total / t.hours
        extra = t.squares / t.hours - own * own - own
        found = own * own / extra if extra > 0 else 10.0
        shape = (min(10.0, max(0.1, found)) * t.hours + PRIOR_SHAPE * SHAPE_HOURS) / (t.hours + SHAPE_HOURS)
    return mean, shape


def exceeding(count: int, mean: float, shape: float) -> float:
    """Return the probability that a negative binomial variable is ``count`` or more, for its mean and its gamma shape."""
    share = mean / (mean + shape)
    term = (1.0 - share) ** shape
    below = 0.0
    for k in range(count):
        below += term
        term *= share * (shape + k) / (k + 1)
    return max(0.0, 1.0 - below)


def takes_leave(settings: GroupSettings, ts: int) -> bool:
    """Whether the group's last day has begun or is over: who leaves then isn't driven out."""
    return 0 < settings.ends_at <= ts + DAY_MS


def _improbable(short: int, long: int, least: int, rate: float, shape: float) -> bool:
    if short >= least and exceeding(short, rate * SHORT_MS / HOUR_MS, shape) <= IMPROBABLE:
        return True
    return long > least and exceeding(long, rate * LONG_MS / HOUR_MS, shape) <= IMPROBABLE


def _first_of(t: Troubles, short: int, rate: float, shape: float) -> int:
    """Return the place of the burst's first leave."""
    if short >= LEAST and exceeding(short, rate * SHORT_MS / HOUR_MS, shape) <= IMPROBABLE:
        return len(t.left) - short
    return 0


def _count(t: Troubles, first_ts: int, ts: int) -> None:
    """Count a leave into its hour; the hours before are closed, with no more than a burst's least for each of a burst."""
    hour = ts // HOUR_MS
    if t.hour < 0:
        t.hour = min(hour, first_ts // HOUR_MS)
    gap = hour - t.hour
    if gap > 0:
        leaves = float(t.hour_leaves)
        if t.burst and t.burst_last >= t.hour * HOUR_MS:
            leaves = min(leaves, float(LEAST))  # bursts must not make the next one usual
        t.hours = t.hours * FADE + 1.0
        t.total = t.total * FADE + leaves
        t.squares = t.squares * FADE + leaves * leaves
        fade: float = FADE ** (gap - 1)  # of the hours without a leave since
        t.hours = t.hours * fade + (1.0 - fade) / (1.0 - FADE)
        t.total *= fade
        t.squares *= fade
        t.hour, t.hour_leaves = hour, 0
    t.hour_leaves += 1


def _alert(h: History, settings: GroupSettings, t: Troubles, event: Arrival, rate: float, members: int) -> None:
    key = alert_id("leave_burst", settings.platform, settings.group_id, t.burst)
    if t.burst_last != t.burst_first and t.burst != event.id and not is_open(h, key):
        return  # they came back, or it has expired
    total = len(t.burst_from)
    lasted = max(1, (t.burst_last - t.burst_first + MINUTE_MS - 1) // MINUTE_MS)
    causes, evidence = _before(h, t.burst_first - BEFORE_MS)
    share = f"，占 {100 * total / members:.0f}%" if members >= total else ""
    share_en = f", {100 * total / members:.0f} % of the members" if members >= total else ""
    day = rate * 24
    raise_alert(
        h,
        settings,
        "leave_burst",
        t.burst,
        at=event.ts,
        severity="critical",
        event=event.id,
        title=f"{total} 人接连退群 · {total} people left in a burst",
        reasons=[
            (
                f"{lasted} 分钟内 {total} 人退群{share}，平时每天 {day:.1f} 人 · "
                f"{total} left within {lasted} min{share_en}, usually {day:.1f} a day"
            ),
            *causes,
        ],
        evidence={"leaves": total, "minutes": lasted, "usual_a_day": round(day, 2), "first": t.burst_first, **evidence},
    )


def _before(h: History, since: int) -> tuple[list[str], dict[str, object]]:
    """Return what happened from ``since`` on, in words and as evidence, the strongest first."""
    t = h.troubles
    found: list[str] = []
    evidence: dict[str, object] = {}
    flood, quarrel, ad, announcement = t.flood_cause, t.quarrel_cause, t.ad, t.announcement
    if quarrel is not None and quarrel[4] >= since:
        names = "、".join([_name(h, user) for user in t.quarrel_people]) or _name(h, quarrel[1])
        found.append(
            f"争吵：{names}，{quarrel[3]} 条骂人的话{_ago(h, quarrel, zh=True)} · "
            f"a quarrel ({names}), {quarrel[3]} hostile messages{_ago(h, quarrel, zh=False)}"
        )
        evidence["quarrel"] = quarrel[2]
    if flood is not None and flood[4] >= since:
        who = f"（{_name(h, flood[1])}）" if flood[1] else ""
        by = f" by {_name(h, flood[1])}" if flood[1] else ""
        found.append(
            f"刷屏{who}：{flood[3]} 条{_ago(h, flood, zh=True)} · "
            f"a flood{by}: {flood[3]} messages{_ago(h, flood, zh=False)}"
        )
        evidence["flood"] = flood[2]
        evidence["flood_messages"] = flood[3]
    if ad is not None and ad[0] >= since:
        who = _name(h, ad[1])
        found.append(f"{who} 发广告{_ago(h, ad, zh=True)} · advertising by {who}{_ago(h, ad, zh=False)}")
        evidence["advertising"] = ad[2]
    if announcement is not None and announcement[0] >= since:
        who = _name(h, announcement[1])
        found.append(
            f"管理员 {who} 发公告{_ago(h, announcement, zh=True)} · "
            f"an announcement by {who}{_ago(h, announcement, zh=False)}"
        )
        evidence["announcement"] = announcement[2]
    if not found:
        busy = _busy(h)
        if busy:
            found.append(busy)
        else:
            found.append("之前半小时没有明显原因 · no obvious cause in the half hour before")
    return found, evidence


def _busy(h: History) -> str:
    """Return a sentence if the last hour was far busier than usual, though no flood was seen."""
    day, hour = h.windows[DAY].messages, h.windows[1].messages
    if hour < 30 or hour * 24 < 5 * day:  # noqa: PLR2004  # five times the day's rate
        return ""
    return f"之前一小时 {hour} 条消息，全天 {day} 条 · {hour} messages in the hour before, {day} in the day"


def _ago(h: History, cause: Cause, *, zh: bool) -> str:
    first = h.troubles.burst_first
    ago = first - cause[0]
    if ago < MINUTE_MS:
        return "，同时" if zh else ", at the same time"
    return f"，{minutes_text(ago)} 前" if zh else f", {minutes_text(ago)} before"


def _name(h: History, user: str) -> str:
    person = h.find(user)
    return (person.name if person is not None else "") or user
