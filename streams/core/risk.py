"""The risk that a member falls silent, computed each midnight; an alert for regulars."""

from __future__ import annotations

from typing import Final

from huoqun.results import AlertState, MemberRisk, alert_id
from streams.core import rhythm
from streams.core.alerts import close_alert, is_open, raise_alert
from streams.core.daily import pairs
from streams.core.history import History
from streams.core.leaving import passing
from streams.core.settings import GroupSettings
from streams.core.shared import Shared
from streams.core.state import DAY_MS, HOUR_MS, LONG_DAYS, Life, Person

REGULAR_DAYS: Final = 5
"""A regular wrote on so many of 28 days while they were there, for :data:`LASTED_DAYS` at least: others come and go, and a word
from staff changes little."""
LASTED_DAYS: Final = 21
AT_STAKE: Final = 3.0
"""A regular of whom so many days of talk in the next 28 stand to be lost (their usual days times the risk) is worth an operator's
word: who was there daily at a risk of .11, after nine days of silence or so, who was there on ten of 28 days at .3. On two
archives' last third four of ten of these alerts were right, and of the regulars who fell silent six of ten had been told of."""
SAFE_AGAIN: Final = 1.2
REASONS: Final[Shared[tuple[str, ...]]] = Shared()


def on_day(h: History, settings: GroupSettings, place: int, today: int) -> None:
    """Compute the risk of the person at ``place`` as of the beginning of the day ``today``; raise or close the alert."""
    member = h.people[place]
    found = risk_of(h, member, today)
    if found is None:
        if member.risk >= 0:
            h.set_risk(place, -1.0, (), today * DAY_MS, None)
            _close_risk(
                h, settings, member, today, state="expired", reason="已离开或 28 天没说话 · gone, or silent for 28 d"
            )
    else:
        risk, reasons = found
        h.set_risk(
            place,
            risk,
            reasons,
            today * DAY_MS,
            MemberRisk(
                platform=settings.platform,
                group_id=settings.group_id,
                user_id=member.user,
                as_of=today * DAY_MS,
                risk=risk,
                reasons=list(reasons),
            ),
        )
        at_stake = risk * usual_days(member)
        if at_stake >= AT_STAKE:
            _raise_risk(h, settings, member, today)
        elif at_stake < SAFE_AGAIN:
            _close_risk(h, settings, member, today, state="resolved", reason="又活跃了 · active again")


def days_of(member: Person, today: int) -> tuple[int, int, int]:
    """Return of the 28 days before ``today``: days with a message, messages in the last seven, messages before those."""
    active = lately = before = 0
    numbers = pairs(member.days)
    for i in range(0, len(numbers), 2):
        if today - LONG_DAYS <= numbers[i] < today:
            active += 1
            if numbers[i] >= today - 7:
                lately += numbers[i + 1]
            else:
                before += numbers[i + 1]
    if member.today_count and today - LONG_DAYS <= member.today < today:
        active += 1
        if member.today >= today - 7:
            lately += member.today_count
        else:
            before += member.today_count
    return active, lately, before


def usual_days(member: Person) -> float:
    """Return on how many of 28 days a regular usually wrote, up to their last message; 0: they are none."""
    lasted = member.today - member.first_day + 1
    usual = member.usual / rhythm.spread(lasted) * LONG_DAYS
    return usual if lasted >= LASTED_DAYS and usual >= REGULAR_DAYS else 0.0


def facts_of(life: Life, member: Person, today: int) -> tuple[int, int, float, int, int]:
    """Return what the model knows of a member who has written, as of midnight UTC of the day ``today``.

    Silent (hours), active (days of 28), usual, known (days), observed (days): see :mod:`streams.core.rhythm`.
    """
    silent = today * 24 - member.last_message_at // HOUR_MS
    usual = rhythm.faded(member.usual, today - 1 - member.today)
    return silent, days_of(member, today)[0], usual, today - member.first_day, today - life.first_ts // DAY_MS


def risk_of(h: History, member: Person, today: int) -> tuple[float, tuple[str, ...]] | None:
    """Return the probability that the member writes nothing in the next 30 days, with reasons.

    ``None`` where it is not defined: staff, bots, who has left for good, who has said nothing for 28 days.
    """
    if member.is_bot or member.is_staff or not member.first_day or (member.left_at and not passing(h.troubles)):
        return None
    _, lately, before = days_of(member, today)
    silent, active, usual, known, observed = facts_of(h.life, member, today)
    if not active:
        return None
    risk = rhythm.probability(silent, active, usual, known, observed)
    reasons = rhythm.reasons(silent, active, usual, known)
    if before >= 3 and lately < before / 6:  # noqa: PLR2004  # one message a week, and half of the usual
        text = f"本周 {lately} 条，平时每周 {before / 3:.0f} 条 · {lately} messages this week, usually {before / 3:.0f}"
        reasons.append((before / 3 / (lately + 1), text))
    if member.messages >= 2 and member.replies == 0:  # noqa: PLR2004  # one message is no pattern
        reasons.append((1.5, "发言从未得到回应 · never got a reply"))
    if not reasons:
        reasons.append((0.0, rhythm.no_reason(active, known)))
    reasons.sort(reverse=True)
    return round(risk, 4), REASONS.one(tuple([text for _, text in reasons[:3]]))


def _raise_risk(h: History, settings: GroupSettings, member: Person, today: int) -> None:
    user = member.user
    if is_open(h, alert_id("member_at_risk", settings.platform, settings.group_id, user)):
        return
    who = member.name or user
    raise_alert(
        h,
        settings,
        "member_at_risk",
        user,
        at=today * DAY_MS,
        severity="info",
        user=user,
        title=f"{who} 可能要沉默了 · {who} may be about to fall silent",
        reasons=[f"流失概率 {member.risk:.0%} · risk {member.risk:.0%}", *member.risk_reasons],
        evidence={
            "risk": member.risk,
            "usual_days": round(usual_days(member), 1),
            "as_of": today * DAY_MS,
            "last_message_at": member.last_message_at,
        },
    )


def _close_risk(
    h: History, settings: GroupSettings, member: Person, today: int, *, state: AlertState, reason: str
) -> None:
    key = alert_id("member_at_risk", settings.platform, settings.group_id, member.user)
    close_alert(h, key, at=today * DAY_MS, state=state, reason=reason)
