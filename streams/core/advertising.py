"""Advertising by people with no history: a pitch with a link or a contact, or the same text from several of them.

One alert a sender; who pastes what another one pasted joins that one's alert. It escalates when it is repeated, and is over
when the sender has left or been removed, when the message was deleted, or when a day has passed without another.
"""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import Any, Final

from huoqun.results import alert_id
from streams.core import questions
from streams.core.alerts import close_alert, is_open, raise_alert
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.likeness import fingerprint, near
from streams.core.rules import forms
from streams.core.scanning import Literals
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, NEWCOMER_MS, Person
from streams.core.troubles import Pasted, Troubles
from streams.core.wording import looks_like_ad

STRANGER: Final = 3
"""With fewer messages than this before, a sender is a stranger: the same words from a regular are talk …"""
NEW: Final = 10
"""… and so is somebody within the first week with fewer than this many."""
SENDERS: Final = 3
"""So many strangers with nearly the same text advertise, whatever it says …"""
NEW_SENDERS: Final = 2
"""… so many where they all joined within a day …"""
PASTES: Final = 3
"""… and so does one who sends it so often."""
PASTED_LENGTH: Final = 16
"""Characters. Shorter texts are alike by custom (thanks, greetings, good wishes)."""
MOST_PASTED: Final = 16
"""Texts that are remembered, for a day."""
MOST_SENDERS: Final = 16
SEVERAL: Final = 2
"""From so many messages on the alert is critical."""

_CUSTOM: Final = re.compile(
    r"接龙|打卡|签到|报到|报名|收到|生日快乐|新年|节日快乐|中秋|春节|恭喜|祝|欢迎|新人|大家好|自我介绍|晚安|早安|早上好|谢谢|感谢|辛苦"
    r"|happy (?:new|birth)|congrat|welcome|good (?:morning|night)|hi (?:all|everyone)|hello|thank|check(?:ing)? in",
    re.IGNORECASE,
)
"""Words of texts that people copy from one another by custom."""
_CUSTOM_SIGNS: Final = (
    "接龙|打卡|签到|报到|报名|收到|生日快乐|新年|节日快乐|中秋|春节|恭喜|祝|欢迎|新人|大家好|自我介绍|晚安|早安|早上好|"
    "谢谢|感谢|辛苦|happy new|happy birth|congrat|welcome|good morning|good night|hi all|hi everyone|hello|thank|"
    "check in|checking in"
)
_MAY_BE_CUSTOM: Final = Literals(
    dict.fromkeys(_CUSTOM_SIGNS.split("|"), 1),
    alike=[(ord(form), ord(form), letter) for letter in ascii_lowercase for form in forms(letter)],
    until=1,
)
"""What they have in them: a search of a text with none of it is spared."""


def on_message(h: History, settings: GroupSettings, event: Arrival, author: Person) -> None:
    """Raise or escalate the alert if a message of a stranger advertises; called before the message is counted."""
    t = h.troubles
    if author.messages >= STRANGER and not _new(author, event.ts) and (t.ad is None or t.ad[1] != event.user_id):
        return
    if len(event.text) < 6:  # noqa: PLR2004  # shorter texts sell nothing
        return
    sells = looks_like_ad(event.text)
    mark = fingerprint(event.text) if len(event.text) >= PASTED_LENGTH else 0
    if not sells and (mark == 0 or _by_custom(event.text)):
        return
    t = h.change_troubles()
    found = _remember(t, event, mark, sells)
    senders = found[6]
    repeated = len(senders) >= _enough(h, senders, event.ts) or (found[4] >= PASTES and len(senders) == 1)
    if not repeated and (not found[5] or settings.kind == "commerce"):
        return
    if not found[5] and _everybody_is_new(h, event):
        return
    t.ad = (event.ts, event.user_id, event.id, found[4], event.ts)
    _alert(h, settings, event, author, found)
    for sender in senders if repeated else (event.user_id,):
        questions.withdraw(
            h,
            settings,
            sender,
            at=event.ts,
            reason="发的是广告 · it was advertising",
            message=event.id,
            earlier=repeated,
        )


def _by_custom(text: str) -> bool:
    return _MAY_BE_CUSTOM.found_in(text) != 0 and _CUSTOM.search(text) is not None


def _enough(h: History, senders: tuple[str, ...], ts: int) -> int:
    """Return how many who send nearly the same text are enough to say that they advertise."""
    for sender in senders:
        person = h.find(sender)
        if person is None or ts - person.joined_at > DAY_MS:
            return SENDERS
    return NEW_SENDERS


def _new(author: Person, ts: int) -> bool:
    """Whether somebody who has written a little joined within the week: a few words make no regular."""
    return author.messages < NEW and author.joined_at > 0 and ts - author.joined_at < NEWCOMER_MS


def _remember(t: Troubles, event: Arrival, mark: int, sells: bool) -> Pasted:
    """Add the message to the texts of the day, or to the one that it repeats, and return that."""
    since = event.ts - DAY_MS
    kept: list[Any] = []
    found: Pasted | None = None
    rows: tuple[Any, ...] = t.pasted  # not typed: compiled, each would be taken apart, and put together again
    for pasted in rows:
        last: int = pasted[3]
        if last < since:
            continue
        if found is None and (near(pasted[0], mark) or (sells and pasted[5] and event.user_id in pasted[6])):
            found = pasted
        else:
            kept.append(pasted)
    if found is None:
        found = (mark, event.user_id, event.id, event.ts, 1, int(sells), (event.user_id,))
    else:
        senders = found[6]
        if event.user_id not in senders and len(senders) < MOST_SENDERS:
            senders = (*senders, event.user_id)
        found = (found[0], found[1], found[2], event.ts, found[4] + 1, max(found[5], int(sells)), senders)
    kept.append(found)
    t.pasted = tuple(kept[-MOST_PASTED:])
    return found


def on_leave(h: History, settings: GroupSettings, user: str, at: int, *, removed: bool) -> None:
    """Resolve the alerts about a sender who has left, unless others sent the same."""
    for pasted in h.troubles.pasted:
        if pasted[6] == (user,):
            key = alert_id("advertising", settings.platform, settings.group_id, pasted[1])
            what = "发布者已被移出 · the sender was removed" if removed else "发布者已退群 · the sender has left"
            close_alert(h, key, at=at, state="resolved", reason=what)


def on_delete(h: History, settings: GroupSettings, event: Arrival) -> None:
    """Resolve the alert about a message that was the only one of its kind, and has been deleted."""
    for pasted in h.troubles.pasted:
        if pasted[2] == event.reply_to and pasted[4] == 1:
            key = alert_id("advertising", settings.platform, settings.group_id, pasted[1])
            close_alert(h, key, at=event.ts, state="resolved", reason="消息已删除 · the message was deleted")


def _everybody_is_new(h: History, event: Arrival) -> bool:
    """Whether the group has not been seen for a week: who had little to say yet isn't a stranger for that."""
    return event.ts - h.life.first_ts < NEWCOMER_MS


def _alert(h: History, settings: GroupSettings, event: Arrival, author: Person, pasted: Pasted) -> None:
    subject, first, count, senders = pasted[1], pasted[2], pasted[4], pasted[6]
    who = author.name or event.user_id
    key = alert_id("advertising", settings.platform, settings.group_id, subject)
    again = count >= SEVERAL
    reasons = [
        "带链接或联系方式的推销 · a pitch with a link or a contact"
        if pasted[5]
        else f"{len(senders)} 个陌生人发了几乎相同的话 · {len(senders)} strangers sent nearly the same text"
        if len(senders) > 1
        else f"同样的话发了 {count} 遍 · the same text {count} times",
        f"此前只发过 {author.messages} 条 · only {author.messages} messages before",
    ]
    if again:
        reasons.append(
            f"一天内共 {count} 条，来自 {len(senders)} 人 · {count} messages from {len(senders)} people within a day"
        )
    if author.joined_at:
        hours = (event.ts - author.joined_at) // 3_600_000
        reasons.append(f"入群 {hours} 小时 · joined {hours} h ago")
    title = f"{who} 在发广告 · {who} is advertising"
    if len(senders) > 1:
        title = f"{len(senders)} 人在发同一条广告 · {len(senders)} people paste the same advertisement"
    open_before = is_open(h, key)
    raise_alert(
        h,
        settings,
        "advertising",
        subject,
        at=event.ts,
        severity="critical" if again and (open_before or len(senders) > 1) else "warning",
        user=subject,
        event=first,
        title=title,
        reasons=reasons,
        evidence={"messages_before": author.messages, "messages": count, "senders": list(senders), "last": event.id},
    )
