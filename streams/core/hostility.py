"""Whether a text is hostile to somebody: insults and aggression, in Chinese and English."""

from __future__ import annotations

import re
from typing import Final

_INSULT: Final = re.compile(
    r"傻[逼比屄bx叉×]|煞笔|沙雕玩意|脑残|智障|弱智|白痴|蠢货|废物|垃圾玩意|人渣|贱人|贱货|狗东西|畜生|王八蛋|滚蛋|滚出去|给我滚|"
    r"(?<![a-z])n[mt]sl|你妈[死的逼b]|尼玛死|你他妈|你tm|去死|闭嘴|不要脸|有病吧|你有病|神经病|找死|欠揍|弄死你|打死你|骂的就是你|"
    r"\b(?:stfu|gtfo|kys|fuck (?:you|off)|shut (?:the fuck )?up|go to hell|you(?:'re| are)? (?:an? |such an? |a fucking )?"
    r"(?:idiot|moron|stupid|pathetic|clown|scum|trash|retard(?:ed)?|dumbass|asshole|loser|liar)|piece of shit|screw you)\b",
    re.IGNORECASE,
)


def sounds_hostile(text: str) -> bool:
    """Whether a message insults or attacks somebody."""
    return _INSULT.search(text) is not None
