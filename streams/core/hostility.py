"""Whether a text is hostile to somebody: insults and aggression, in Chinese and English.

Insults count, and threats, and orders to be silent or gone; swearing at a thing or for joy doesn't, nor calling oneself
names, nor telling what somebody else said. One pass over the characters finds what insults are made of; only then is a text
looked at closely.
"""

# ruff: noqa: SIM905  # rows read better than a list of quotes

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import Final

from streams.core.rules import forms, small
from streams.core.scanning import Literals, is_ascii

_HARD_ZH: Final = (
    r"[傻煞沙][\s.]*[逼比屄bBxX叉×笔]|脑[残瘫]|智障|弱智|白痴|蠢[货猪驴得]|人渣|贱[人货]|狗东西|畜生|王八蛋|"
    r"不要脸|给脸不|死全家|全家[死爆]|不得好死|"
    r"[草操艹日肏]你[妈娘大全]|草泥马|你妈[的逼bB死了]|尼玛[的死]|你他妈|你(?:tm|特么)|"
    r"放[你他].?[娘妈]?.?屁|你放屁|懂个(?:屁|锤子|毛)|"
    r"[弄打整搞干]死你|抽你|去死|吃屎|找死|欠揍|没教养|没素质的|多管闲事的|关你屁事|装[逼bB][^格]|傻狗|"
    r"死骗子|滚[出远开蛋粗]|给(?:我|老子|爷)滚|"
    r"没爹没妈|孤儿吧|你配吗|也配[说和跟]|你算(?:什么东西|老几|哪根葱)|你装什么|看见你就|你真?让人恶心|"
    r"你们?(?:这群|这些|一群)骗子|"
    r"你就?是个?(?:骗子|猪吗)|垃圾(?:群主|客服|管理|东西|玩意)|嘴巴?放?干净点|有种(?:出来|单挑|线下)|"
    r"再(?:逼逼|bb)|少在这|有病吧|有病去治|进水了吧|"
    r"闭嘴(?:吧|[！!。\s]*$)|你闭嘴|给我闭嘴|穷鬼|乡巴佬|(?:^|[，,、 ])(?:废物|白痴|骗子|神经病|垃圾)[！!。.~]*$|"
    r"你(?:个|这个|们就是一群|就是个?)废物|舔狗|滚[！!。~\s]*$"
)
_HARD_EN: Final = (
    r"(?<![a-z])(?:n[mt]sl|cnm|sb$|s ?b(?=[吧啊呀吗\u4e00-\u9fff])|stfu|gtfo|kys|wtf is (?:your problem|"
    r"wrong with you)|"
    r"(?:f[u*]ck|fk|fck|screw) (?:you|u|off|yourself)(?![a-z])|go f[u*]ck yourself|"
    r"what the f[u*]ck is wrong with you|shut (?:the (?:hell|fuck) )?up(?=[\s!.,]*(?:$|you|idiot|noob|and))|"
    r"go (?:die|to hell)|eat shit|suck it|bite me|you[^.]{0,20} piece of (?:shit|trash|crap)|"
    r"^(?:what a )?piece of (?:shit|trash|crap)|get lost,? you|get out of here,? \w+er\b|"
    r"(?:you(?:'re| are| r)?|u(?: r)?|ur|you people are|are you|are u)(?: (?:an?|such|just|so|all|absolute|"
    r"fucking|pathetic|dumb|little|stupid|lying|a))* "
    r"(?:idiots?|morons?|stupid|pathetic|clowns?|scum|trash|retard(?:ed)?|dumb(?:ass)?|asshole|losers?|"
    r"liars?|bitch|disgusting|garbage|worthless)\b|"
    r"ur mom\b|you (?:disgust me|make me sick)|(?:nobody|who) (?:likes|asked) you|say that to my face|"
    r"^learn to read|cry more|"
    r"(?:find you|will|gonna|i'll)[^.]{0,12}(?:beat you|kill you)(?: up)?[.!\s]*$|keep your mouth shut|"
    r"mind your own (?:damn|fucking)|(?:dumbass|dickhead|asshole)\b|blind or just dumb|"
    r"[,\s](?:moron|clown|noob|loser|idiot)[.!\s]*$|is a joke and so are you)"
)
_HARD: Final = re.compile(f"{_HARD_ZH}|{_HARD_EN}")
_HARD_ASCII: Final = re.compile(_HARD_EN)
"""What of it can be in a text in ASCII."""
_NOT_MEANT: Final = re.compile(
    r"哈哈|他骂|她骂|有人骂|被骂|骂我|我(?:就|真|真的|可能)?(?:是|像)个?[^你]{0,4}(?:傻|蠢|废物|白痴|智障)|"
    r"我自己|i'll shut up|惊艳|闭嘴鱼|装[逼b]格|"
    r"(?:every|any|some|no)(?:one|body) (?:ever )?(?:calls?|called) (?:me|you|us)|"
    r"(?:he|she|they|people|who) (?:\w+ )?(?:calls?|called) (?:me|you|us)|"
    r"called me|calls me|wrote [\"“]|said [\"“]|i(?:'m| am)(?: such| just)?(?: an?)? (?:idiot|moron|stupid|"
    r"dumb|loser)|the loser (?:buys|pays)|"
    r"the clown|haha|\blol\b|are you (?:blind testing|stupid happy)|\bclown (?:fish|car)|jon snow"
)
"""Laughter, oneself, and reports of what others said."""

_ZH_SIGNS: Final = Literals(
    dict.fromkeys(
        (
            "傻 煞 脑残 脑瘫 智障 弱智 白痴 蠢 人渣 贱 狗东西 畜生 王八 要脸 给脸 全家 好死 你妈 你娘 你大 "
            "泥马 尼玛 他妈 你tm 特么 屁 个锤 个毛 死你 抽你 去死 吃屎 找死 欠揍 教养 素质 闲事 装 滚 没爹 "
            "孤儿 配吗 也配 你算 看见你 恶心 骗子 是猪 垃圾 干净点 有种 再逼 再bb 少在这 有病 进水 闭嘴 穷鬼 "
            "巴佬 废物 神经病 沙 舔狗 操 草你 艹 日你 肏"
        ).split(),
        1,
    ),
    alike=[(ord("B"), ord("B"), "b"), (ord("T"), ord("T"), "t"), (ord("M"), ord("M"), "m")],
    until=1,
)
_EN_PARTS: Final = (
    "msl|tsl|cnm|sb|stfu|gtfo|kys|wtf is|fuc|f*c|fk|fck|screw|shut|go die|to hell|eat s|suck|bite|piece of|get lost|"
    "of here|idiot|moron|stupid|pathe|clown|scum|trash|retard|dumb|asshole|loser|liar|bitch|disgust|garb|worthl|ur mom|"
    "me sick|sked you|ikes you|my face|to read|cry more|beat you|kill you|your own|dickhead|noob|joke a"
)
_MEANT_IN_CHINESE: Final = 2
_EN_SIGNS: Final = Literals(
    dict.fromkeys(_EN_PARTS.split("|"), 1) | {"s b": _MEANT_IN_CHINESE},
    alike=[(ord(form), ord(form), letter) for letter in ascii_lowercase for form in forms(letter)],
    until=1,
)
"""What an insult has in it, in either language; few other texts have any of these."""


def sounds_hostile(text: str) -> bool:
    """Whether a message insults or attacks somebody."""
    signs = _EN_SIGNS.found_in(text)
    if is_ascii(text):
        hard = _HARD_ASCII
        if signs in (0, _MEANT_IN_CHINESE):
            return False
    else:
        hard = _HARD
        if not signs and not _ZH_SIGNS.found_in(text):
            return False
    low = small(text)
    return hard.search(low) is not None and _NOT_MEANT.search(low) is None
