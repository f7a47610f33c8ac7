"""Background talk: how a group talks on usual days, made from a few personalities and short written exchanges.

Deterministic for a seed. Economical: a group of this suite writes a few dozen messages a day. A question in it is always
answered within two minutes, so that it gives no cause for an alert.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@dataclass(frozen=True)
class Person:
    """A personality: how often they take part, what they like to do, when they are there.

    ``likes`` are parts in an exchange: ``ask``, ``help``, ``think`` (open a topic that several answer), ``doubt`` (disagree or
    ask back), ``lead`` (staff); any other part is taken by anybody.
    """

    name: str
    weight: float = 1.0
    likes: str = ""
    days: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6)
    """Weekdays on which they are there, Monday is 0."""
    since: int = 1
    until: int = 10_000
    """The first and the last day of the community on which they talk."""


def people(names: str, **same: object) -> list[Person]:
    """Return persons of one personality."""
    return [Person(name, **same) for name in names.split()]  # type: ignore[arg-type]


@dataclass(frozen=True)
class Said:
    """One line of background talk. ``reply_to`` is the line's place before it in the exchange; -1: to nobody."""

    at: int
    who: str
    text: str
    reply_to: int
    number: int


ASK, CHAT, OPINION, STAFF, HELLO, PLAN = "ask", "chat", "opinion", "staff", "hello", "plan"

EXCHANGES: dict[str, list[str]] = {
    ASK: [
        "ask: 请问{x}要怎么弄才好？|help> {x}先看说明，再慢慢来就行|ask> 明白了，谢谢",
        "ask: 有人知道{x}哪里买靠谱吗|help> 我买{x}都去东门那家|a: 我也是那家|ask> 好的，谢谢",
        "ask: {x}一般多久看一次比较合适？|help> {x}三天看一次就够|ask> 收到",
        "ask: 求教，{x}老是出问题怎么办|help> 先把{x}放阴凉处两天，多半就好了|a> 对，我也这样处理的|ask> 谢谢你们",
        "ask: 新手想问下{x}该怎么选？|help> 选{x}看大小，中等的最省心|ask> 懂了，多谢",
    ],
    CHAT: [
        "a: 今天把{x}收拾了一遍|b> 辛苦辛苦|c: 我的还没动呢|a: 慢慢来，不急",
        "a: 早上好，{x}今天精神不错|b: 早|c> 我家的也是",
        "a: 刚路过看到{x}，好漂亮|b> 羡慕了|a> 周末一起去看看",
        "a: 昨天的雨把{x}浇透了|b> 我这边也下了一夜|c> 还好提前搬进来了",
        "a: 分享一下，{x}今天终于成了|b> 恭喜恭喜|c> 厉害|d: 好看",
        "a: 晚饭吃撑了，出来走走|b> 哈哈我也是|a> 顺便看了看{x}",
        "a: 周末天气好，适合弄{x}|b> 正有此意|c> 我也来",
        "a: {x}比想象的省心|b> 是的，我养了两年了|a> 佩服",
        "a: 今天加班，没空管{x}了|b> 抱抱|c: 明天再说吧",
        "a: 孩子也喜欢{x}，天天要看|b> 我家那个也一样|c> 从小培养，挺好的",
    ],
    OPINION: [
        "think: 我觉得{x}其实不用太费心，顺其自然最好|doubt> 我不太同意，{x}不管肯定出问题|a> 我站前面那位|b> 各有各的道理|think> 那我再试一个月看看",
        "think: 想和大家聊聊{x}，我总结了三点经验|a> 写得好|b> 学到了|doubt> 第二点我有不同看法，你试过反过来做吗？|think> 试过，效果差一些|c> 收藏了",
        "think: 关于{x}，我越来越觉得质比量重要|doubt> 不一定，没有量就没有质|a> 我同意楼主|b> 我也站质|think> 有意思，都有道理",
    ],
    STAFF: [
        "lead: 各位好，今天聊聊{x}，大家都可以说说|a> 好的|lead> 欢迎多发言",
        "lead: 提醒一下，{x}的资料放在群文件了|a> 收到|b: 收到",
        "lead: 新来的朋友先看群公告，{x}的要点都在里面|a> 看到了，谢谢",
        "ask: 老师，{x}的安排在哪里看？|lead> 在群公告里，{x}是第三条|ask> 看到了",
    ],
    PLAN: [
        "a: 周六上午十点东门集合，一起{x}，来的接龙|b> 1 我来|c> 2 我也来|d> 3 报名|a> 好，我来订位子",
        "a: 这周我来组织{x}，工具我带|b> 太好了，我带水|c> 我开车，还能坐三个|d> 我坐你车",
        "a: 上次活动的照片传群相册了|b> 拍得真好|c> 下次还参加|d> 下次我来张罗",
    ],
    HELLO: ["a: 早|b: 早", "a: 晚安各位|b: 晚安", "a: 早呀，新的一天|b> 早"],
}

ENGLISH: dict[str, list[str]] = {
    ASK: [
        "ask: does anyone know a good way to clean the {x}?|help> warm water and a soft cloth is all the {x} needs|ask> great, thanks",
        "ask: what should I look for when buying a {x}?|help> check the {x} for wear first, then the price|a> agree with that|ask> thanks both",
        "ask: how long does a {x} usually last|help> a {x} lasts two seasons if you look after it|ask> good to know, thanks",
    ],
    CHAT: [
        "a: took the {x} out this morning, lovely light|b> same here, so quiet|c> jealous, I was at work",
        "a: finally sorted the {x} out|b> nice one|c> well done",
        "a: rained all day here|b> same in the north|a> good day for fixing the {x}",
        "a: my kid helped me with the {x} today|b> same at our place|c> lovely",
        "a: just back from the club ride, legs are gone|b> good one indeed|c> see you next week",
    ],
    OPINION: [
        "think: the cheap {x} does the job for me|doubt> not for me, the cheap {x} broke twice|a> somewhere in between for me|b> fair points both|think> worth another test then",
        "think: wrote down what I learnt about the {x} this year, three things mostly|a> useful, thanks|b> saved|doubt> not sure about the second, have you tried it the other way round?|think> I have, it was worse|c> interesting",
    ],
    STAFF: [
        "lead: hi all, this week's topic is the {x}, share what you have|a> sounds good|b> will do",
        "lead: the notes on the {x} are pinned now|a> thanks|b> got it",
    ],
    HELLO: ["a: morning all|b: morning", "a: good night folks|b: night"],
    PLAN: [
        "a: Saturday ten o'clock at the east gate with the {x}, who's in, add your name|b> 1 me|c> 2 me too|d> 3 count me in|a> I'll book the table",
    ],
}
"""The same in English, for a cycling club."""
BIKES = "chain saddle helmet lamp pump brake tyre pannier bell rack"

GARDEN = "月季 绣球 茉莉 栀子 多肉 薄荷 番茄苗 吊兰 铜钱草 三角梅 君子兰 柠檬树"
RUNNING = "长跑 夜跑 配速 拉伸 跑鞋 心率带 节奏跑 半马训练 补水 核心训练"
COURSE = "第一章 作业 笔记 错题 单词 语法 口语练习 期中复习 听力 阅读"
SHOP = "新米 脐橙 土鸡蛋 山药 羊奶 核桃 香菇 粽子 蜂蜜 咸鸭蛋"
FANS = "新专辑 巡演 舞台 海报 直播回放 签名照 应援 采访 现场版 老歌"

USUAL = {ASK: 2.0, CHAT: 5.0, OPINION: 1.0, HELLO: 1.0}
"""A settled group: members talk with each other."""
ACTING = {ASK: 2.0, CHAT: 3.0, OPINION: 1.0, PLAN: 2.5}
"""Members answer, organise and carry the talk themselves."""
STARLIKE = {STAFF: 6.0, HELLO: 0.5}
"""A group in which all talk goes to staff and from staff."""

RHYTHM = ((8, 1.0), (9, 1.0), (10, 1.0), (12, 2.0), (13, 1.0), (15, 1.0), (17, 1.0), (19, 2.0), (20, 3.0), (21, 3.0))
"""Local hours and how much of the day's talk begins in them."""


def exchange_lines(script: str) -> list[tuple[str, bool, str]]:
    """Return an exchange as (part, whether it replies, text) lines."""
    lines = []
    for line in script.split("|"):
        cut = min(place for place in (line.find(":"), line.find(">")) if place > 0)
        lines.append((line[:cut], line[cut] == ">", line[cut + 1 :].strip()))
    return lines


def background(
    seed: str,
    cast: Sequence[Person],
    first_day: int,
    last_day: int,
    *,
    talks_a_day: float | Sequence[float],
    about: str = GARDEN,
    mix: dict[str, float] | None = None,
    day_one: int,
    links: float = 0.8,
    words: dict[str, list[str]] | None = None,
    hours: Sequence[tuple[int, float]] = RHYTHM,
) -> Iterator[Said]:
    """Yield the lines of the days' exchanges; ``talks_a_day`` may be a number or one for each weekday.

    ``links`` is the share of responses that carry an explicit reply; the others just come next.
    """
    mix = mix or USUAL
    words = words or EXCHANGES
    topics = about.split()
    number = 0
    for day in range(first_day, last_day + 1):
        rng = random.Random(f"{seed} {day}")
        weekday = (day - 1) % 7
        there = [p for p in cast if p.since <= day <= p.until and weekday in p.days]
        many = talks_a_day if isinstance(talks_a_day, int | float) else talks_a_day[weekday]
        if not there:
            continue
        for at in _times(rng, int(many) + (rng.random() < many % 1), hours):
            kind = rng.choices(list(mix), weights=list(mix.values()))[0]
            script = exchange_lines(rng.choice(words[kind]))
            parts = _cast(rng, script, there)
            if parts is None:
                continue
            ts = day_one + (day - 1) * DAY + at
            topic = rng.choice(topics)
            spoken: list[tuple[str, int]] = []
            asked: set[int] = set()
            for part, replies, text in script:
                who = parts[part]
                target = next((n for name, n in reversed(spoken) if name != who), -1) if replies else -1
                linked = target >= 0 and (target in asked or rng.random() < links)
                yield Said(ts, who, text.replace("{x}", topic), target if linked else -1, number)
                spoken.append((who, number))
                if part == "ask" or "？" in text or "?" in text:
                    asked.add(number)  # always answered by a reply: what becomes of questions is for scenes to tell
                number += 1
                ts += rng.randint(12, 55) * 1000


def _times(rng: random.Random, many: int, hours: Sequence[tuple[int, float]]) -> list[int]:
    """Return when the day's exchanges begin, at least eight minutes apart."""
    chosen: list[int] = []
    for _ in range(many * 4):
        if len(chosen) == many:
            break
        hour = rng.choices([h for h, _ in hours], weights=[w for _, w in hours])[0]
        at = hour * HOUR + rng.randrange(60 * 60) * 1000
        if all(abs(at - other) >= 8 * MINUTE for other in chosen):
            chosen.append(at)
    return sorted(chosen)


def _cast(rng: random.Random, script: list[tuple[str, bool, str]], there: Sequence[Person]) -> dict[str, str] | None:
    """Give the parts of an exchange to different people; ``None``: there are too few, or nobody leads."""
    parts: dict[str, str] = {}
    for part, _, _ in script:
        if part in parts:
            continue
        free = [p for p in there if p.name not in parts.values()]
        if part == "lead":
            free = [p for p in free if "lead" in p.likes]
        elif any("lead" not in p.likes for p in free):
            free = [p for p in free if "lead" not in p.likes or "join" in p.likes]
        if not free:
            return None
        weights = [p.weight * (12.0 if part in p.likes.split() else 1.0) for p in free]
        parts[part] = rng.choices(free, weights=weights)[0].name
    return parts
