"""Made-up communities for the property tests: few people, few groups, all kinds of events, times that collide."""

from __future__ import annotations

from hypothesis import strategies as st

from huoqun.events import Event, EventType
from streams.core.lag import Lag

T0 = 1_700_000_000_000
TEXTS = [
    "有人知道番茄叶子发黄怎么回事吗",
    "does anyone know how to fix this",
    "早上好",
    "谢谢",
    "good morning",
    "yes, try the other one",
    "浇水太多了",
    "bob: try again",
    "加微信领优惠 http://x.example 限时特价",
    "@阿明 你看看",
    "how to repot a tomato",
    "不对，应该少浇水",
    "打卡 第3天",
    "你就是个骗子，傻逼",
    "闭嘴吧你，废物",
    "各位好，今晚八点老师在群里讲怎么给番茄打顶，欢迎都来听",
    "",
]
USERS = ["bob", "阿明", "carol", "dave", "staff1", "robot"]
ASKING = [*TEXTS[:2], "how to repot a tomato", "does anyone know a good pot", "谢谢", "yes, try the other one"]


MESSAGE: list[EventType] = ["message"]


@st.composite
def events(
    draw: st.DrawFn, *, most: int = 60, groups: int = 2, partial: bool = True, asking: bool = False
) -> list[Event]:
    """Distinct events of a few groups, in order of time; ``partial``: some by sources that see only a part.

    ``asking``: of two people who mostly ask, so that they wait for more answers than are watched.
    """
    texts, users, messages = (ASKING, USERS[:2], 30) if asking else (TEXTS, USERS, 8)
    count = draw(st.integers(1, most))
    ts = T0
    made: list[Event] = []
    for number in range(count):
        ts += draw(st.sampled_from([0, 1, 900, 20_000, 61_000, 200_000, 700_000, 4_000_000, 40_000_000]))
        user = draw(st.sampled_from(users))
        kind = draw(
            st.sampled_from(
                MESSAGE * messages
                + ["join", "leave", "leave", "member_count", "reaction", "delete", "rename", "conversion"]
            )
        )
        reply = made[draw(st.integers(0, len(made) - 1))].id if made and draw(st.integers(0, 3)) == 0 else ""
        made.append(
            Event(
                id=f"e{number}",
                type=kind,
                ts=ts,
                platform="qq",
                group_id=str(draw(st.integers(1, groups))),
                user_id="" if kind == "member_count" else user,
                user_name=user,
                text=draw(st.sampled_from(texts)) if kind == "message" else "",
                reply_to=reply if kind in ("message", "reaction", "delete") else "",
                reason=draw(st.sampled_from(["left", "kicked", None])) if kind == "leave" else None,
                mentions=draw(st.sampled_from([[], [], ["bob"], ["staff1"]])) if kind == "message" else [],
                inviter_id=draw(st.sampled_from(USERS[:2])) if kind == "join" else "",
                is_bot=user == "robot",
                is_staff=user == "staff1",
                count=draw(st.integers(0, 9)) if kind == "member_count" else None,
                coverage=draw(st.sampled_from(["full", "full", "mentions", "membership"])) if partial else "full",
                received_at=ts + 500,
            )
        )
    return made


def lags() -> st.SearchStrategy[Lag]:
    """How rarely groups are saved: from at once and each time to hardly ever."""
    return st.builds(
        Lag,
        checkpoints=st.integers(1, 6),
        work=st.sampled_from([1, 5, 20, 1000]),
        silent=st.sampled_from([0, 1, 3]),
        steps=st.sampled_from([0, 3, 1000]),
        little=st.sampled_from([0, 0, 9, 2_000]),
        spare=st.sampled_from([1, 5, 100]),
    )
