"""Whether a text advertises, in Chinese or English: a pitch together with a way to the seller.

A way is a call to get in touch (加V, 私信我, "DM me", a telephone number) or a link; a pitch, the words of selling. Either
alone is talk. Letters in full width, hearts and plus signs instead of characters count as what they stand for. A link with
words of a pitch in a question or a complaint is talk too; a call to get in touch isn't made harmless by a question, since
advertisements like to begin with one.
"""

# rows read better than a list of quotes

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import Final

from streams.core.rules import forms, small
from streams.core.scanning import Literals, is_ascii

NO_AD: Final = 0
MAYBE_AD: Final = 1
"""Half of an advertisement: a call to get in touch or a pitch with a link, in a sentence that asks or complains."""
AD: Final = 2

_SITES: Final = ("com", "cn", "net", "top", "xyz", "shop", "vip", "cc", "link", "site")
_LINK: Final = re.compile(rf"https?://|www\.|\w-*\.(?:{'|'.join(_SITES)})\b")
_CALL: Final = re.compile(
    r"加[我微v薇卫威群q扣客顾助老]|[➕+] ?[薇微v卫威q]|"
    r"[薇威微卫v][❤心星信]️?[^\w]{0,2}信?[^\w]{0,2}(?:[a-z]\w{3}|同)|加 ?v|vx|v ?x[：:]|扣扣|qq \d{6}|"
    r"私[聊信]?(?:我|了解)|私聊|私信|滴我|戳我|扫码|进群|联系|电话|要的[加私]|同微信|关注公众号|找我|"
    r"欢迎选购|主页|打开淘宝|下单|点击|点我|找小|滴滴|接龙|冲！|注册就|加微信|"
    r"t\.me/|\bdm\b|inbox me|message me|contact [@+]|text me|whatsapp|telegram|link (?:in bio|below)|"
    r"ask me how|order (?:now|today)|shop now|"
    r"click (?:here|the link)|claim (?:your|here|now)|sign up|enroll|order here|book (?:a|your|now|by)|"
    r"call (?:us|me|now|today|\w+ today)|try our|one call|get a free|register at|download now|talk to our|"
    r"apply now|book now|buy now|join (?:my|our|t)|\+\d{6}|1[3-9]\d{9}"
)
_ZH_PITCH: Final = (
    "优惠|特价|限时|秒杀|包邮|免费领|返利|兼职|日结|日入|月入|赚钱|代理|加盟|贷款|抢购|福利|领券|折扣|刷单|"
    "投资|稳赚|领资料|代购|秒批|"
    "一件代发|会员|送皮肤|体验|提额|高价回收|买一送一|立减|名额|看房|代写|外发|月入过|日赚|带单|内幕|免费|"
    "跟单|红包|全场|包退|无效退款|"
    "代开|办证|代练|粉丝|点赞员|急招|彩票|高仿|减肥|直供|互砍|套现|开锁|征信|逾期|搬砖|专业|注册就送|原单|"
    "微信领|送58|直邮|看货|专做|开团|代抢|见效|买二送|比价|一对一|便宜一半|批发|低价|段位|一键清理|押题|"
    "押一付一|包接送|先到先得|首月|首节|半价|清仓|开业|独家|正品|不见效"
)
_EN_PITCH: Final = (
    r"discount|promo|promotion|sale|% off|limited|earn|income|crypto|airdrop|giveaway|cheap|free shipping|"
    r"free trial|investment|"
    r"investors|bitcoin|invest|profit|make money|guaranteed|followers|signals|bonus|loans|credit score|"
    r"writing service|hot deals|part time job|"
    r"remote workers|forex|get rich|trading bot|iptv|weight loss|allowance|presale|likes|premium accounts|"
    r"to claim|claim here|for \$\d+|free (?:gift|consultation|call|lesson|trial lesson|valuation|audit|"
    r"month|delivery|quote|for \d+)|trial lesson|guarantee|extra income|from \$\d+|neighbours' discount|"
    r"band 7|changed my life|first (?:month|lesson|clean)|results guaranteed|half price|no experience"
)
_PITCH: Final = re.compile(rf"(?<![a-z])(?:{_EN_PITCH})(?![a-z])")
_TALK: Final = re.compile(
    r"加了|加过|骗|别信|谁有|有没有|没抢|抢到了|打不开|失败|请问|多少[^钱]*$|怎么[^破办？?]*$|什么时候|"
    r"我想找|我投资|下单了|下单两|我下单|"
    r"吗[？?]?$|还能[^，,。！!？?]{1,8}吗|[在去从]哪[^，,。！!？?]{0,8}[？?]\s*$|"
    r"\b(?:scam|spam|i'll dm|does (?:it|this|that|anyone)|doesn't|(?:how|where) (?:do|can) (?:i|we)|is there a|"
    r"is the \w+ still|don't post|got)\b|\?$"
)
"""What sells in these words only talks of selling."""
_WIDE: Final = {0xFF01 + offset: 0x21 + offset for offset in range(94)}
_ODD: Final = re.compile("[＋Ａ-Ｚａ-ｚ０-９]")
_ANY_ZH_PITCH: Final = re.compile(_ZH_PITCH)
_PITCHES: Final = Literals(dict.fromkeys(_ZH_PITCH.split("|"), 1), until=1)
_EN_PITCHED: Final = (
    "discount|promo|sale|% off|limited|earn|income|crypto|airdrop|giveaway|cheap|free|invest|bitcoin|profit|"
    "money|guarant|follow|signal|bonus|loan|credit|writing|deals|time job|remote|forex|rich|bot|iptv|weight|"
    "result|half|first|experience|trial|from $|my life|allow|likes|premium|claim|for $|band 7"
)
_SELLING: Final = Literals(
    dict.fromkeys(
        _EN_PITCHED.split("|"),
        1,
    ),
    alike=[(ord(form), ord(form), letter) for letter in ascii_lowercase for form in forms(letter)],
    until=1,
)


def ad_grade(text: str) -> int:
    """Return whether a message sells: 0 no, 1 perhaps, 2 yes."""
    if not is_ascii(text):
        if _ODD.search(text) is not None:
            text = text.translate(_WIDE)
        if _PITCHES.found_in(text) == 0 and _SELLING.found_in(text) == 0:
            return NO_AD
    elif _SELLING.found_in(text) == 0:
        return NO_AD
    return _grade(small(text))


def _grade(low: str) -> int:
    if _ANY_ZH_PITCH.search(low) is None and _PITCH.search(low) is None:
        return NO_AD
    if _CALL.search(low) is None and _LINK.search(low) is None:  # these look at every character: ten times the price
        return NO_AD
    return MAYBE_AD if _TALK.search(low) is not None else AD


def looks_like_ad(text: str) -> bool:
    """Whether a message sells: a pitch together with a link or a call to get in touch."""
    return ad_grade(text) == AD
