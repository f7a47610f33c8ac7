"""Rough talk: what scripted communities lack, thrown together by a seed.

Everybody asks, answers, quotes, thanks, sells, insults, floods, comes, goes and is renamed, in bursts and after silences; so that
whatever the core can be asked to do it is asked here, in an order that nobody would have thought of.

``python -m tests.golden.scenarios.rough`` records what comes of it anew, after a change that was meant.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TypeVar

from huoqun.config import Config, Group, QuietHours
from huoqun.control import Tick
from huoqun.events import Event
from streams.core.answer_model import AnswerModel
from streams.core.weights import shipped
from tests.golden.scenarios.judge import play
from tests.golden.scenarios.recorded import checksums
from tests.support.core import Machine, encoded

T = TypeVar("T")
RECORDED = Path(__file__).parent / "rough.json"
SEEDS = range(8)
SLOW = 3
"""Every fourth community talks for half a year, the others for three weeks."""

START = 1_772_323_200_000
"""A midnight (UTC) in March 2026, in ms."""
MINUTE, HOUR = 60_000, 3_600_000
EVENTS = 1_000
PEOPLE = ["阿梅", "老周", "小林", "Bob", "carol", "dave_92", "西晒阳台", "好运来888", "Erin K", "大刘", "ivy", "mo"]
ASK = [
    "有人知道番茄叶子发黄怎么回事吗", "请问群主在哪买土", "这个多少钱", "周末去不去", "does anyone know how to fix this",
    "can someone help me with aphids?", "how often do you water the basil", "谁有多余的苗", "怎么办 叶子全掉了", "is it normal that it droops??",
]  # fmt: skip
ANSWER = [
    "缺氮吧，少浇水试试", "不对，应该是红蜘蛛", "在淘宝买的，十块钱", "yes, try neem oil twice a week", "you could repot it",
    "去年我也这样，换了土就好了", "why do you think so?", "同问", "+1", "我觉得没事", "十天一次就够了",
]  # fmt: skip
TALK = [
    "早上好", "今天浇了水", "good morning", "哈哈哈哈", "晒一下我的辣椒 🌶️", "lol", "nice", "下雨了", "打卡 第3天", "签到", "运动30分钟",
    "https://example.org/tomato", "周末搬家", "ok", "嗯", "收到", "this one grew 3 cm since monday",
]  # fmt: skip
THANKS = ["谢谢！", "thanks, that helped", "好的我试试", "解决了", "got it", "多谢大家", "it works now"]
HARSH = ["你就是个骗子，傻逼", "闭嘴吧你，废物", "shut up you idiot", "你才有病", "滚", "nobody asked you, moron"]
SELLING = [
    "阳台神器 限时优惠 加微信 abc123", "earn crypto fast, DM me https://x.example", "ｅａｒｎ ｍｏｎｅｙ ｆａｓｔ ＤＭ ｍｅ",
    "兼职日结三百，加v：zzz999，名额有限先到先得",
]  # fmt: skip
NOTES = [
    "各位好，今晚八点老师在群里讲怎么给番茄打顶，欢迎都来听",
    "@所有人 明天换苗，早点到",
    "本群从下月起收费，不愿意的可以退群 " * 5,
]
MOODS = {
    "calm": (TALK, TALK, ASK, ANSWER), "asking": (ASK, ASK, ANSWER, THANKS), "quarrel": (HARSH, HARSH, TALK, ANSWER),
    "selling": (SELLING, TALK, ASK, TALK), "helping": (ASK, ANSWER, ANSWER, THANKS),
}  # fmt: skip
SETTINGS = Group(
    platform="qq", group_id="1", kind="learning", staff=["Bob"], bots=["mo"], goal_members=15, goal_conversions=9,
    ends_on=date(2026, 3, 20), check_in=r"^运动\d+分钟", quiet_hours=QuietHours(start="23:30", end="07:00"),
)  # fmt: skip
CONFIGS = [Config(), Config(groups=[SETTINGS])]


def rough(seed: int, count: int = EVENTS) -> list[Event]:
    """Return a community's events in order of time."""
    rng = random.Random(seed)

    def one(of: Sequence[T]) -> T:
        return of[int(rng.random() * len(of))]

    made: list[Event] = []
    ts, mood, pace, speakers = START, "calm", MINUTE, PEOPLE
    for number in range(count):
        if number % 25 == 0:
            mood = one(list(MOODS))
            pace = one([900, 4_000, 20_000, 3 * MINUTE, 40 * MINUTE])
            speakers = [one(PEOPLE) for _ in range(int(1 + rng.random() * 7))]
            ts += one([0, 0, HOUR, 9 * HOUR, 30 * HOUR]) * (7 if seed % 4 == SLOW else 1)
        ts += int(rng.random() * 2 * pace)
        said = [event for event in made[-12:] if event.type == "message"]
        last = said[-1 - int(rng.random() * len(said))] if said else None
        kind = one(
            ["message"] * 24
            + [
                "reaction",
                "reaction",
                "join",
                "join",
                "leave",
                "leave",
                "delete",
                "rename",
                "conversion",
                "member_count",
            ]
        )
        user = one(speakers if kind == "message" else PEOPLE)
        made.append(
            Event(
                id=f"r{number}", type=kind, ts=ts, platform="qq", group_id="1", user_id=user, received_at=ts + 700,  # type: ignore[arg-type]  # one of these
                user_name=one(["", user, f"{user}（阳台）"]),
                text=(one(NOTES) if user == "Bob" and rng.random() < 0.3 else one(one(MOODS[mood]))) if kind == "message" else "",
                reply_to=last.id if last and (kind in {"reaction", "delete"} or rng.random() < 0.2) else "",
                thread_id=last.id if last and rng.random() < 0.05 else "",
                mentions=[one(PEOPLE)] if kind == "message" and rng.random() < 0.1 else [],
                is_bot=user == "mo", is_staff=user == "Bob",
                inviter_id=one(PEOPLE) if kind == "join" and rng.random() < 0.5 else "",
                reason=one(["left", "left", "kicked", "banned"]) if kind == "leave" else None,  # type: ignore[arg-type]  # one of these
                amount=9.9 if kind == "conversion" else None, count=int(10 + rng.random() * 9) if kind == "member_count" else None,
                coverage=one(["full"] * 40 + ["mentions"]),
            )
        )  # fmt: skip
    return made


def came_of(seed: int) -> dict[str, str]:
    """Return kind -> how many rows or saves came of a rough talk, and their checksum; and what each judgement looked at.

    Weights mean something only for the very features, and classes of them, that training saw.
    """
    config, events = CONFIGS[seed % len(CONFIGS)], rough(seed)
    found = checksums(play(config, events, events[-1].ts + 30 * HOUR))
    model = AnswerModel(shipped("answers"))
    model.recorded = []
    log = encoded([*events[:500], Tick(events[499].ts + HOUR)])
    Machine(config, answers=model).feed(log, 0, len(log))
    seen = hashlib.sha256(repr(model.recorded).encode()).hexdigest()[:12]
    return found | {"judged": f"{len(model.recorded)} rows, {seen}"}


def recorded() -> dict[str, dict[str, str]]:
    """Return seed -> kind -> its checksum, as recorded."""
    return json.loads(RECORDED.read_text("utf-8"))  # type: ignore[no-any-return]  # written below


if __name__ == "__main__":
    RECORDED.write_text(json.dumps({str(seed): came_of(seed) for seed in SEEDS}, indent=1) + "\n", "utf-8")
