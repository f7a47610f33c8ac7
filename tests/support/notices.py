"""Notices to send in tests."""

from typing import Any

from sinks.notify.notice import Item, Night, Notice, Trouble, Week

AT = 1_780_000_000_000
MINUTE = 60_000
HOSTILE = (
    "@all <@all> <!channel> @everyone <at id=all></at> [领红包](http://evil.example/x) ![](https://evil.example/p.png) "
    "**b** `c` ~~d~~ <font color='red'>e</font> # f\n# g\n> h\n- i\r\n---\n\u202etxt.exe\u200b www.evil.example http://evil.example"
)


def item(**changed: Any) -> Item:
    """Return an unanswered message, or what it is changed to."""
    known: dict[str, Any] = {
        "alert_id": "unanswered:qq:42:m1",
        "kind": "unanswered",
        "severity": "warning",
        "platform": "qq",
        "group_id": "42",
        "group_name": "阳台种菜互助群",
        "user_id": "7",
        "event_id": "m1",
        "raised_at": AT - 9 * MINUTE,
        "title": "西晒阳台找管理员的消息 9 min 没人回应 · 西晒阳台's message to staff unanswered for 9 min",
        "reasons": ("已等待 9 min，超过期限 · waited 9 min, past the deadline", "「周六的换苗还办吗」"),
        "link": "https://desk.example.com/#/alert/a1",
    }
    return Item(**(known | changed))


def notice(**changed: Any) -> Notice:
    """Return a notice of one alert, or what it is changed to."""
    known: dict[str, Any] = {
        "delivery_id": "d-1",
        "route": "operators",
        "channel": "feishu-ops",
        "language": "both",
        "step": "raised",
        "at": AT,
        "items": (item(),),
        "link": "https://desk.example.com/#/alert/a1",
    }
    return Notice(**(known | changed))


def week(**changed: Any) -> Week:
    """Return a group's week."""
    known: dict[str, Any] = {
        "platform": "qq",
        "group_id": "42",
        "group_name": "阳台种菜互助群",
        "since": AT - 7 * 24 * 60 * MINUTE,
        "until": AT,
        "stage": "acting_together",
        "health": 0.8,
        "members": 54,
        "messages": 477,
        "messages_before": 400,
        "speakers": 29,
        "speakers_before": 30,
        "joins": 3,
        "leaves": 9,
        "questions": 12,
        "answered": 9,
        "first_answer_seconds": 45.0,
        "at_risk": 2,
        "alerts": (("unanswered", 5), ("leave_burst", 1)),
        "link": "https://desk.example.com/#/group/qq/42",
    }
    return Week(**(known | changed))


def every_step(language: str = "both", **of_item: Any) -> list[Notice]:
    """Return a notice of each kind."""
    one = item(**of_item)
    rest: dict[str, Any] = {"language": language}
    return [
        notice(items=(one,), **rest),
        notice(
            items=(one, item(severity="critical", kind="flood")),
            more=12,
            counts=(("unanswered", 13), ("flood", 1)),
            **rest,
        ),
        notice(step="again", items=(one,), **rest),
        notice(step="escalated", items=(one,), **rest),
        notice(step="acked", items=(item(**{"assigned_to": "阿禾"} | of_item),), **rest),
        notice(step="resolved", items=(item(ended="resolved", ended_at=AT, **of_item),), **rest),
        notice(
            step="digest", items=(one,) * 3, night=Night(since=AT - 600 * MINUTE, until=AT, raised=9, closed=6), **rest
        ),
        notice(step="weekly", items=(), weeks=(week(), week(group_id="43")), more_weeks=2, **rest),
        notice(
            step="trouble",
            items=(),
            trouble=Trouble(channel="ding", why="does not know this robot", since=AT - 12 * MINUTE, waiting=3),
            **rest,
        ),
        notice(step="test", items=(), link="", **rest),
    ]
