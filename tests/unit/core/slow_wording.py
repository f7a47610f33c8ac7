"""The plain statement of the wording rules, slow and easy to follow: what ``streams/core/wording.py`` must answer too.

A change of the rules is made here and there; the tests compare the two on any text.
"""

from __future__ import annotations

import re
from typing import Final

from streams.core.lexicon import STOP_WORDS

_URL: Final = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_COMMAND: Final = re.compile(r"^\s*[!/.][A-Za-z]")
_ADDRESS: Final = re.compile(r"^\s*@?[\w\[\]\\`^{}|-]{2,32}\s*[:,]\s+")
_GREETING: Final = re.compile(
    r"^(?:(?:hi+|hello|hey+|hiya|howdy|yo|sup|morning|evening|greetings|ok(?:ay)?|so|well|and|but|um+|uh+|erm?|oh|ah|"
    r"all|everyone|everybody|guys|folks|there|people|room|please|pls|again|sorry|thanks|good|now|then|also|just|anyway|"
    r"quick question|question)\b[\s,.!:;-]*)+",
    re.IGNORECASE,
)
_QUESTION_WORD: Final = re.compile(
    r"^(?:what(?:'?s)?|whats|why|how(?:'?s)?|hows|where(?:'?s)?|wheres|when|who(?:'?s)?|whos|which|whose|"
    r"(?:is|are|am|was|were|isn'?t|aren'?t|do|does|did|don'?t|doesn'?t|didn'?t|can|could|can'?t|couldn'?t|will|would|"
    r"won'?t|should|shall|has|have|had|hasn'?t|haven'?t|may|might)\s+(?:i|you|u|we|they|he|she|it|there|this|that|these|"
    r"those|the|a|an|any|some|my|your|ya|anyone|anybody|someone|somebody|one)|any(?:one|body)\b|any\s+(?:idea|clue|"
    r"suggestion|recommend|chance|help|thought|advice)|some(?:one|body)\s+(?:know|help|tell|explain))\b",
    re.IGNORECASE,
)
_PHRASE: Final = re.compile(
    r"\b(?:any(?:one|body)\s+(?:\w+\s+)?(?:know|here|help|have|has|ha[ds]|use[ds]?|using|got|tried|seen|able|else|around|"
    r"familiar|experience|recommend|willing|want|tell|explain|got)|does\s+any(?:one|body)|can\s+(?:any|some)(?:one|body)|"
    r"(?:some|any)one\s+(?:please\s+)?help|how\s+(?:do|can|would|should|could|to|does|did|come|about)\b|need(?:\s+\w+)?\s+help|"
    r"help\s+(?:me|please|pls)|please\s+help|pls\s+help|i(?:'?m| am)\s+(?:looking\s+for|trying\s+to\s+(?:find|figure)|"
    r"wondering|having\s+(?:a\s+)?(?:problem|trouble|issue)|stuck)|(?:i\s+)?(?:was\s+)?wondering\s+(?:if|how|what|why|where)|"
    r"what(?:'s| is| are)\s+the\s+(?:best|right|proper|difference|command|name|way|package)|is\s+there\s+(?:a|an|any|some)|"
    r"are\s+there\s+any|i\s+(?:need|want)\s+to\s+know|could\s+(?:you|someone|anyone)|do\s+you\s+know|does\s+it\s+matter|"
    r"i\s+have\s+a\s+(?:question|problem|issue)|got\s+a\s+question|how\s+much|how\s+many|where\s+(?:can|do|is|are|would|should))\b",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"[A-Za-z0-9']+|[\u3400-\u9fff]")

_ZH_NOT: Final = re.compile(
    r"什么的|没什么|没有什么|不算什么|什么都|什么也|不怎么|怎么都|怎么也|没怎么|怎么着都|无论如何|不管怎么|不管什么|"
    r"多少有点|多少有些|多少都|没多少|几个人一起|好几|没几|十几|几十|几百|几千|几万|哪里哪里|哪都|哪儿都|哪里都|谁都|"
    r"谁也|随便什么|不是吗|不就是|难道|为什么不呢|何必|何苦|谁知道呢|怎么说呢|怎么可能|哪有这么|哪能|哪敢|"
    r"还在为[^？?]{1,20}[吗？?]|想不想(?:赚|变)|你还在|吃了吗[？?]?$|在吗[？?]?$|是吧[？?]?$"
)
_ZH_WORD: Final = re.compile(
    r"谁(?!都|也)|什么|啥|哪(?:里|儿|个|些|家|款|种|位|天|年|怕)?(?!怕)|怎么|怎样|咋|为什么|为啥|干嘛|多少|几(?:点|号|个|块|钱|天|次|时|月|岁|斤|楼)|"
    r"多久|多长|多大|多远|多高|多重|如何|何时"
)
_ZH_A_NOT_A: Final = re.compile(
    r"([\u3400-\u9fff]{1,2})(?:不|没)\1|有没有|能不能|可不可以|会不会|要不要|是不是|行不行|好不好|对不对"
)
_ZH_ASK: Final = re.compile(
    r"请问|求(?:助|推荐|教|指点|解|问|帮|个|大佬|一份|分享|链接)|有(?:没有)?(?:人|谁|大佬|朋友|群友|邻居|老师)(?:知道|懂|用过|会|能|了解|试过|买过|去过|有|可以)|"
    r"谁(?:知道|有|会|懂|能|用过|家)|想(?:问|请教|咨询|了解)(?:一?下)?|咨询(?:一?下)?|请教|怎么办|咋办|咋整|怎么弄|怎么回事|咋回事|"
    r"帮(?:忙|我)?(?:看看|看下|看一下)|麻烦(?:问|看|大家|各位)|急[，,!！]?(?:在线等|求)|在线等|能推荐|推荐(?:一?下|个|几)|"
    r"不知道(?:怎么|该|如何|能不能|是不是|有没有|为什么|哪)"
)
_ZH_FINAL_SURE: Final = re.compile(r"(?:吗|有没有|了没|没有|好不|行不|是不)[\s~～。.!！…)）]*$")
_ZH_NEVER_FINAL: Final = re.compile(
    r"(?:还没有|都没有|并没有|也没有|真没有|才没有|没有没有|可不|那么|这么|要么|什么么)[\s~～。.!！…)）]*$"
)

_CONTACT: Final = re.compile(
    r"https?://|www\.|\b[\w-]+\.(?:com|cn|net|top|xyz|shop|vip|cc|link|site)\b|加(?:我|微|V|v|薇|卫|群|q|Q)|微信|薇信|VX|vx|扫码|"
    r"私(?:聊|信|我)|\+\d{6,}|1[3-9]\d{9}|t\.me/|whatsapp|\bDM me\b",
    re.IGNORECASE,
)
_PITCH: Final = re.compile(
    r"优惠|特价|限时|秒杀|包邮|免费领|返利|兼职|日结|日入|月入|赚钱|代理|加盟|贷款|下单|抢购|福利|领券|折扣|招代理|刷单|投资|稳赚|"
    r"\b(?:discount|promo(?:tion)?|sale|% off|limited time|earn|income|crypto|airdrop|giveaway|cheap|buy now|click here|"
    r"free shipping|investment|profit)\b",
    re.IGNORECASE,
)

MAX_WORDS: Final = 24


def wants_answer(text: str) -> bool:
    """Whether a message is a question or a request for help, with or without a question mark."""
    if not text or _COMMAND.match(text):
        return False
    bare = _URL.sub(" ", text)
    if _HAN.search(bare):
        return _wants_zh(bare)
    return _wants_en(bare)


def _wants_en(text: str) -> bool:
    text = _ADDRESS.sub("", text)
    rest = _GREETING.sub("", text.strip())
    if "?" in rest and len(re.findall(r"[^\W_]+", rest)) >= 2:  # a lone word with a mark is an echo
        return True
    return (_QUESTION_WORD.match(rest) is not None and len(rest.split()) >= 3) or _PHRASE.search(rest) is not None


def _wants_zh(text: str) -> bool:
    if looks_like_ad(text):
        return False
    left = _ZH_NOT.sub("，", text)
    if _ZH_ASK.search(left):
        return True
    asks = _ZH_WORD.search(left) is not None or _ZH_A_NOT_A.search(left) is not None
    if "？" in left or "?" in left:
        return len(_WORDS.findall(left)) >= 3 or asks
    parts = [p for p in re.split(r"[，,。；;\n\s]+", left) if p]
    if any(_ZH_FINAL_SURE.search(p) and not _ZH_NEVER_FINAL.search(p) for p in parts):
        return True
    if _ZH_A_NOT_A.search(left):
        return True
    return asks and _ZH_WORD.search(left) is not None and not re.search(r"[！!]", left) and len(left) <= 60


_STOP_ZH: Final = frozenset(
    "的了吗么呢吧啊是我你他她它们在有不和就都也还这那个人说要会能可以什怎样哪谁多少几请问大家知道一下没"
)


def words_of(text: str) -> frozenset[str]:
    """Return what a message is about: its English words without the commonest, its Chinese characters in pairs, side by side."""
    found: list[str] = []
    before, end = "", -1
    for match in _WORDS.finditer(_URL.sub(" ", text)):
        word = match.group()
        if match.start() != end:
            before = ""
        end = match.end()
        if len(word) == 1 and _HAN.match(word):
            if word in _STOP_ZH:
                before = ""
                continue
            if before:
                found.append(before + word)
            before = word
        else:
            before = ""
            small = word.lower()
            if len(small) > 1 and small not in STOP_WORDS:
                found.append(small)
        if len(found) >= MAX_WORDS:
            break
    return frozenset(found)


def looks_like_ad(text: str) -> bool:
    """Whether a message sells: a link or a contact together with the words of a pitch."""
    return _CONTACT.search(text) is not None and _PITCH.search(text) is not None


_TOKEN: Final = re.compile(r"[\w\[\]\\`^{}|-]{2,}")


def tokens_of(text: str) -> set[str]:
    """Return the tokens of a text that may be names, case folded."""
    return {t.casefold() for t in _TOKEN.findall(text)}
