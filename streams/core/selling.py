"""Whether a text advertises, in Chinese or English."""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import Final

from streams.core.rules import forms, small
from streams.core.scanning import Literals

_SITES: Final = ("com", "cn", "net", "top", "xyz", "shop", "vip", "cc", "link", "site")
_CONTACT: Final = re.compile(
    rf"https?://|www\.|\w-*\.(?:{'|'.join(_SITES)})\b|加[我微v薇卫群q]|微信|薇信|vx|扫码|私[聊信我]|\+\d{{6}}|1[3-9]\d{{9}}|t\.me/|"
    r"whatsapp|\bdm me\b"
)
_ZH_PITCH: Final = (
    "优惠|特价|限时|秒杀|包邮|免费领|返利|兼职|日结|日入|月入|赚钱|代理|加盟|贷款|下单|抢购|福利|领券|折扣|招代理|刷单|投资|"
    "稳赚"
)
_EN_PITCH: Final = (
    "discount|promo|promotion|sale|% off|limited time|earn|income|crypto|airdrop|giveaway|cheap|buy now|click here|"
    "free shipping|investment|profit"
)
_PITCH: Final = re.compile(rf"\b(?:{_EN_PITCH})\b")

_CONTACTS: Final = (
    *"://|www.|.me/|whatsapp|dm me|vx|微信|薇信|扫码|私聊|私信|私我|加我|加微|加v|加薇|加卫|加群|加q".split("|"),  # noqa: SIM905  # shorter than quotes
    *(f".{site}" for site in _SITES),
    "+",
    *(f"1{digit}" for digit in "3456789"),
)
"""Literals of which every contact has one."""
_ZH_PITCHES: Final = 1
_EN_MAY_PITCH: Final = 2
_MAY_CONTACT: Final = 4
"""Above the others: see :func:`looks_like_ad`."""
_SELLING: Final = Literals(
    dict.fromkeys(_ZH_PITCH.split("|"), _ZH_PITCHES)
    | dict.fromkeys(_EN_PITCH.split("|"), _EN_MAY_PITCH)
    | dict.fromkeys(_CONTACTS, _MAY_CONTACT),
    alike=[(ord(form), ord(form), letter) for letter in ascii_lowercase for form in forms(letter)],
)


def looks_like_ad(text: str) -> bool:
    """Whether a message sells: a link or a contact together with the words of a pitch."""
    seen = _SELLING.found_in(text)
    if seen <= _MAY_CONTACT or not seen & _MAY_CONTACT:  # one without the other, or neither
        return False
    low = small(text)
    return (seen & _ZH_PITCHES != 0 or _PITCH.search(low) is not None) and _CONTACT.search(low) is not None
