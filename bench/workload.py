"""The load that every benchmark runs on: simulated talk of many groups, as the gateway would produce it to Kafka.

Groups and members are drawn by Zipf's law (exponent 1): a few groups hold most of the talk, a few members of each write
most of it. All text is made up here from the phrases below. What is in a million events, so that nobody has to guess how
easy it is:

* 96.5 % messages (two thirds Chinese, the rest English), 2 % reactions, 1 % joins, 0.5 % leaves; 294 bytes on average;
* of the messages 7 % ask something, 12 % reply to an earlier message, 8 % mention somebody, 3 % name somebody in the
  text, 0.2 % advertise, 10 % are by staff and 2 % by bots;
* event time runs at ``rate`` events a second over all groups together; one event in a hundred is delivered up to a
  second late, so the machines must take steps back; a tick goes into every partition each second of event time.

The same arguments give the same bytes.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from typing import Final, NamedTuple

from huoqun import codec
from huoqun.control import Tick
from huoqun.events import Event

START_MS: Final = 1_780_000_000_000
LATE_SHARE: Final = 0.01
LATE_MS: Final = 1_000
PLATFORM: Final = "sim"

_ASK: Final = (
    "请问{a}怎么{v}？找了半天没有找到入口",
    "有人知道{a}什么时候能{v}吗",
    "求助，{a}一直{v}不了，提示网络异常，大家遇到过没有",
    "{a}和{b}哪个更适合新手啊",
    "老师这个{a}需要单独{v}还是跟{b}一起弄",
    "How do I {w} the {c} on a new phone? It says not allowed",
    "does anyone know why the {c} keeps failing after I {w} it",
    "what is the best way to {w} {d} without losing the {c}?",
    "Is there a guide for {d}? I could not find one in the docs",
)
_SAY: Final = (
    "昨天试了一下{a}，感觉比{b}好用不少，就是第一次{v}有点慢",
    "哈哈哈确实，我家那个也是这样",
    "今天{a}又涨价了，早知道上周就{v}了",
    "刚下班，地铁上人真多，晚上回去再看{b}",
    "收到，明天我去{v}一下{a}，有结果再跟大家说",
    "这个{a}我用了三个月了，没出过什么问题，推荐给大家",
    "周末有没有一起去看{b}的，我这边还有两个名额",
    "早上好，新的一天开始了，大家加油",
    "好的",
    "+1",
    "[图片]",
    "我把{a}的教程整理成了一个文档，放在群文件里了，需要的自己拿，有写得不清楚的地方直接跟我说就行",
    "I tried the {c} yesterday and it works better than the old {d}, only the first start is slow",
    "lol same here",
    "ok, I will {w} the {c} tomorrow and tell you how it went",
    "finally got the {d} running, thanks everyone for the hints",
    "the new {c} came in the mail today, looks great",
)
_ANSWER: Final = (
    "先在设置里把{a}打开，然后重新{v}就可以了",
    "{a}要先{v}，我上次也是这样解决的",
    "可以的，{b}里面有说明，照着做就行",
    "这个是已知问题，更新到最新版再{v}一次试试",
    "You have to {w} the {c} first, then restart it",
    "it is in the settings under {d}, then {w} it again",
    "谢谢，搞定了",
    "thanks, that worked",
    "同问",
)
_AD: Final = (
    "兼职日结，在家就能做，一天两百到五百，加微信 zz{n} 了解详情，名额有限",
    "免费领取{a}资料，点击 https://t.example.cn/{n} 扫码进群，先到先得",
)
_NOUNS: Final = ("优惠券", "订单", "课程回放", "会员卡", "积分", "物流", "基金定投", "相机镜头", "登山鞋", "体检报告")
_OTHERS: Final = ("发票", "作业", "直播", "客服系统", "退款", "理财产品", "三脚架", "路线图", "App", "公众号")
_VERBS: Final = ("领取", "绑定", "激活", "提交", "取消", "兑换", "更新", "预约")
_THINGS: Final = ("camera", "export", "login page", "webhook", "battery", "subscription", "driver", "invoice")
_TOPICS: Final = ("shipping", "the forum", "billing", "two-factor", "backups", "the beta", "notifications")
_DO: Final = ("activate", "update", "move", "cancel", "connect", "reset")
_FAMILY: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Shape(NamedTuple):
    """How large the world is, and how densely it talks."""

    groups: int = 500
    members: int = 20_000
    rate: float = 1_000.0
    """Events a second of event time, all groups together."""
    seed: int = 1


WORLD: Final = Shape()


class Record(NamedTuple):
    """What is produced: ``key`` is empty for a tick, which goes into every partition."""

    key: str
    value: bytes


def records(count: int, shape: Shape = WORLD, *, start_ms: int = START_MS, ticks: bool = True) -> Iterator[Record]:
    """Yield ``count`` events in order of delivery, with a tick each second of event time if ``ticks``."""
    held: list[tuple[int, int, Event]] = []
    next_tick = start_ms + 1_000
    for number, event in enumerate(_events(count, shape, start_ms)):
        now = event.ts
        while ticks and now >= next_tick:
            yield Record("", codec.encode(Tick(now=next_tick)))
            next_tick += 1_000
        due = [entry for entry in held if entry[0] <= now]
        if due:
            held = [entry for entry in held if entry[0] > now]
            for at, _, late in sorted(due, key=lambda entry: entry[:2]):
                yield _delivered(late, at)
        lag = _lag(shape.seed, number)
        if lag:
            held.append((now + lag, number, event))
        else:
            yield _delivered(event, now)
    for at, _, late in sorted(held, key=lambda entry: entry[:2]):
        yield _delivered(late, at)


def _delivered(event: Event, at: int) -> Record:
    event.received_at = at + 35
    return Record(event.group, codec.encode(event))


def _lag(seed: int, number: int) -> int:
    mixed = (number * 2_654_435_761 + seed * 97) & 0xFFFFFFFF
    mixed = ((mixed >> 16) ^ mixed) * 0x45D9F3B & 0xFFFFFFFF
    mixed ^= mixed >> 16
    return 1 + mixed % LATE_MS if (mixed >> 10) % 1_000 < LATE_SHARE * 1_000 else 0


class _Zipf:
    """Draws ranks 0 … n-1 with probability in proportion to 1 / (rank + 1)."""

    def __init__(self, n: int) -> None:
        self._sums = list(accumulate(1 / (rank + 1) for rank in range(n)))

    def draw(self, rng: random.Random) -> int:
        return bisect(self._sums, rng.random() * self._sums[-1])


def group_sizes(shape: Shape) -> list[int]:
    """Return how many members each group has: at least two, the rest by Zipf's law, ``members`` altogether (or nearly)."""
    whole = sum(1 / (rank + 1) for rank in range(shape.groups))
    spare = max(0, shape.members - 2 * shape.groups)
    return [2 + int(spare / (rank + 1) / whole) for rank in range(shape.groups)]


def _events(count: int, shape: Shape, start_ms: int) -> Iterator[Event]:
    rng = random.Random(shape.seed)
    groups = _Zipf(shape.groups)
    sizes = group_sizes(shape)
    first, total = [], 0
    for size in sizes:
        first.append(total)
        total += size
    within = {size: _Zipf(size) for size in set(sizes)}
    recent: list[list[tuple[str, str, bool]]] = [[] for _ in range(shape.groups)]
    at = float(start_ms)
    for number in range(count):
        at += rng.expovariate(shape.rate) * 1_000
        group = groups.draw(rng)
        who = within[sizes[group]].draw(rng)
        user = f"u{first[group] + who:07d}"
        event = Event(
            id=f"m-{shape.seed}-{number:010d}",
            type="message",
            ts=int(at),
            platform=PLATFORM,
            group_id=f"g{group:06d}",
            user_id=user,
            user_name=name_of(user),
            group_name=f"Simulated community {group}",
            source="bench",
            is_staff=who == 1,
            is_bot=who == 0 and group % 20 == 0,
        )
        kind = rng.random()
        if kind < 0.965:
            _speak(event, rng, recent[group])
        elif kind < 0.985 and recent[group]:
            event.type, event.reply_to = "reaction", recent[group][-1][0]
        elif kind < 0.995:
            event.type = "join"
            if rng.random() < 0.3:
                event.inviter_id = f"u{first[group]:07d}"
        else:
            event.type, event.reason = "leave", "left"
        yield event


def name_of(user: str) -> str:
    """Return the display name of a member, made from the digits of the id: two of three Chinese, the others in letters."""
    digits = int(user[1:])
    if digits % 3:
        return _FAMILY[digits % 16] + _GIVEN[digits // 16 % 16] + (_GIVEN[digits // 256 % 16] if digits % 2 else "")
    letters = ""
    for _ in range(5):
        digits, rest = divmod(digits, 26)
        letters += _LETTERS[(rest * 7 + len(letters) * 5) % 26]
    return letters.capitalize()


def _speak(event: Event, rng: random.Random, recent: list[tuple[str, str, bool]]) -> None:
    kind = rng.random()
    asks = kind < 0.07
    template = rng.choice(_ASK if asks else _AD if kind < 0.072 else _ANSWER if kind < 0.2 else _SAY)
    event.text = template.format(
        a=rng.choice(_NOUNS),
        b=rng.choice(_OTHERS),
        v=rng.choice(_VERBS),
        c=rng.choice(_THINGS),
        d=rng.choice(_TOPICS),
        w=rng.choice(_DO),
        n=rng.randrange(1_000, 9_999),
    )
    if recent and not asks:
        link = rng.random()
        # Questions draw more replies than talk does: look for the last one that is still without.
        to = next((entry for entry in reversed(recent) if entry[2]), recent[rng.randrange(len(recent))])
        if to[1] != event.user_id:
            if link < 0.14:
                event.reply_to = to[0]
                if to in recent:
                    recent.remove(to)
            elif link < 0.23:
                event.mentions = [to[1]]
            elif link < 0.26:
                event.text = f"{name_of(to[1])}: {event.text}"
    recent.append((event.id, event.user_id, asks))
    if len(recent) > 30:
        del recent[0]
