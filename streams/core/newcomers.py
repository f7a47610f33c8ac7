"""Newcomers at risk: within their first week nothing said, nothing answered, or nothing worth staying for.

Definition: a person who joined (for the first time, as far as is known), three to seven days ago, and who has either written
nothing while nobody named them, or written something that nobody responded to, or seen nothing of value. The alert is raised
once, at a midnight UTC, while there is still time to greet them; it is resolved when somebody responds to them or names
them, and expires when their first week is over or they leave.

Sources: a reply to the first message lifts the chance of a second one from 44 to 56 % (Joyce & Kraut 2006, newsgroups); the
first week decides (Dror et al. 2012). The three days are ours.
"""

from __future__ import annotations

from typing import Final

from huoqun.results import alert_id
from streams.core.alerts import close_alert, raise_alert
from streams.core.daily import messages_from
from streams.core.history import History
from streams.core.referral import CROWD, MOST_WATCHED
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, Person

CHECK_DAYS: Final = 3
"""So many days after joining they are looked at for the first time: still time to greet them within the first week."""
FIRST_WEEK: Final = 7
"""Days."""
UNKNOWN: Final = -1


def of_value(values: bytes, today: int) -> int:
    """Return how many messages of value (see value cadence) the group saw in the last three days.

    :data:`UNKNOWN` where it saw none in 28 days either: it has no such messages, and their absence says nothing to a newcomer.
    """
    return messages_from(values, today - CHECK_DAYS) if values else UNKNOWN


def on_day(h: History, settings: GroupSettings, place: int, today: int, value: int) -> None:
    """Raise the alert for the person at ``place`` if they joined this week and got nothing; end what is out of date.

    ``value``: what :func:`of_value` says.
    """
    member = h.people[place]
    if not member.joined_at:
        return
    days = (today * DAY_MS - member.joined_at) // DAY_MS
    if member.newcomer_flagged:
        if days >= FIRST_WEEK:
            member = h.change_person(place)
            member.newcomer_flagged = False
            _close(h, settings, member, at=today * DAY_MS, reason="入群第一周已过 · their first week is over")
        return
    if member.is_bot or member.is_staff or member.left_at or not CHECK_DAYS <= days < FIRST_WEEK:
        return
    alone = not member.greeted and not member.replies
    if alone and not member.messages:
        if not _in_crowd(h, place, member):
            _raise(h, settings, place, today, "还没说过话", "has said nothing yet")
    elif alone:
        _raise(h, settings, place, today, "发言没人回应", "spoke and nobody responded")
    elif value == 0 and member.messages <= 1 and not member.greeted:
        _raise(h, settings, place, today, "三天内没看到有价值的内容", "saw nothing of value for three days")


def _in_crowd(h: History, place: int, member: Person) -> bool:
    """Whether they came in a crowd that one member brought: that is one matter (``invited_crowd``), and not one for each."""
    for crowd in h.life.crowds:
        if crowd.joined >= CROWD and crowd.first_ts <= member.joined_at <= crowd.last_ts:
            return place in crowd.places or crowd.joined > MOST_WATCHED
    return False


def on_named(h: History, settings: GroupSettings, place: int, *, at: int) -> None:
    """Note at ``at`` (ms) that somebody named the person at ``place``, who joined once and had not been named then."""
    if at - h.people[place].joined_at > FIRST_WEEK * DAY_MS:
        return
    member = h.change_person(place)
    member.greeted = True
    if member.newcomer_flagged:
        greet(h, settings, member, at=at)


def greet(h: History, settings: GroupSettings, member: Person, *, at: int) -> None:
    """Resolve the newcomer's alert: somebody responded to them or named them."""
    key = alert_id("newcomer_at_risk", settings.platform, settings.group_id, subject(member))
    close_alert(h, key, at=at, state="resolved", reason="已有人招呼或回应 · somebody greeted or answered them")


def on_leave(h: History, settings: GroupSettings, member: Person, *, at: int) -> None:
    """End the newcomer's alert: they have left."""
    if member.newcomer_flagged:
        _close(h, settings, member, at=at, reason="已离开 · they have left")


def subject(member: Person) -> str:
    """Return what the alert is about: this person, this time."""
    return f"{member.user}@{member.joined_at}"


def _close(h: History, settings: GroupSettings, member: Person, *, at: int, reason: str) -> None:
    key = alert_id("newcomer_at_risk", settings.platform, settings.group_id, subject(member))
    close_alert(h, key, at=at, state="expired", reason=reason)


def _raise(h: History, settings: GroupSettings, place: int, today: int, what: str, what_en: str) -> None:
    days = (today * DAY_MS - h.people[place].joined_at) // DAY_MS
    member = h.change_person(place)
    member.newcomer_flagged = True
    who = member.name or member.user
    raise_alert(
        h,
        settings,
        "newcomer_at_risk",
        subject(member),
        at=today * DAY_MS,
        severity="info",
        user=member.user,
        title=f"新成员 {who} {what} · newcomer {who} {what_en}",
        reasons=[
            f"入群 {days} 天 · joined {days} d ago",
            f"发言 {member.messages} 条 · wrote {member.messages} messages",
            f"得到回应 {member.replies} 条 · {member.replies} of them answered",
        ],
        evidence={"joined_at": member.joined_at, "messages": member.messages, "replies": member.replies},
    )
