"""How a message opens, and whether it says "you": what tells an answer from a question and from talk. Chinese and English.

The classes stand in the order in which they speak for an answer: in training, neighbouring ones are held alike.
"""

from __future__ import annotations

import re
from typing import Final

from mypy_extensions import i64

from streams.core.scanning import ASCII, LAST_SPACE, SPACE, Pairs, is_ascii, mark, marks_of, pair, past

_CLASSES: Final = {
    "greets": """
        hi hello hey hola hiya good morning evening afternoon bye
        大家 你好 您好 早 早上 早安 晚安 晚上 中午 各位""",
    "calls for somebody": """
        anyone anybody someone somebody any guys
        有人 有没 谁 请问 求 求助 请教 问下 问一 想问 救命 跪求 哪位""",
    "goes on": """
        and also then so plus or
        然后 还有 而且 或者 所以 另外 以及""",
    "thanks, objects": """
        thanks thank thx ty cheers tnx well but actually though however
        谢 谢谢 多谢 感谢 但 但是 不过 可是 其实""",
    "takes note": """
        ok okay oh ah aha hmm hm k cool nice great wow awesome perfect ahh ooh um uh omg damn weird sorry np
        lol haha hehe heh hah rofl lmao
        哦 噢 喔 啊 好的 好滴 好吧 好 哈 哈哈 收到 嗯 嗯嗯 额 呃 唉 哎 笑死 原来""",
    "asks": """
        what how why where which who when does is are can did could would was will has have do am
        what's whats how's where's isn't doesn't wouldn't couldn't
        怎么 什么 为什 为啥 为何 哪 哪里 几 多少 怎 咋 啥 是不 能不 可不 要不 会不 难道 有什 有啥 有几""",
    "tells of itself": """
        i i'm im i've ive i'd i'll my me mine we our
        我 我们 咱 俺""",
    "anything else": "",
    "speaks of the other, of the thing": """
        you you're your youre u ur you'll you'd you've he she they these those
        it its it's that thats that's this there there's
        你 您 这 这个 那 那个 它 他 她 都 就""",
    "weighs it": """
        maybe probably perhaps possibly if depends because only not should might most usually
        应该 可能 大概 估计 也许 好像 如果 因为 要看 看情 一般 通常 多半 或许 感觉 除非 得看""",
    "shows a link, a path, a command": "http https www",
    "advises": """
        try use check look run install type see read open click make get set just sudo apt-get apt man edit add remove
        reboot restart download go search google change enable disable put start stop kill don't dont first please
        paste give tell let take ask
        试 试试 试下 用 看 看看 看下 去 先 把 打开 重启 装 安装 下载 直接 加 换 放 拿 买 找 搜 建议 最好 要 需要 得
        别 不要 推荐 选 走 按 点 记得 注意""",
    "says yes or no": """
        yes yeah yep yup no nope nah ya sure correct right exactly true indeed definitely absolutely never
        是 是的 对 对的 不 不是 不用 不行 不会 不能 没 没有 没问 有 有的 可以 能 会 行 当然 肯定 没错 确实""",
}
_KINDS: Final = list(_CLASSES)
CLASSES: Final = len(_CLASSES)
_OTHER: Final = _KINDS.index("anything else")
_SHOWS: Final = _KINDS.index("shows a link, a path, a command")
_WORDS: Final[dict[str, int]] = {word: number for number, kind in enumerate(_KINDS) for word in _CLASSES[kind].split()}
_MARKS: Final = marks_of(_WORDS)
"""Which marks (see :func:`streams.core.scanning.mark`) these words have: others need not be taken out of a text."""
_CLOSES: Final = bytes(chr(code) in ".!?;" for code in range(ASCII))
"""What may stand after such a word without being of it."""
_SIGNS: Final = bytes(chr(code) in "!/~$`<" for code in range(ASCII))
"""What links, paths and commands to a bot or a shell begin with."""
_ADDRESSES: Final = ":,：，"
"""What stands after the name of whom a message is addressed to."""
_ENDS: Final = bytes(chr(code).isspace() or chr(code) in _ADDRESSES for code in range(ASCII))
_AT: Final = ord("@")
_WIDE_COLON: Final = ord("：")
_WIDE_COMMA: Final = ord("，")
_LONGEST: Final = 32
"""No word of these is longer."""
_YO: Final = pair("you", 0)
_OU: Final = pair("you", 1)
_U_ALONE: Final = pair("u ", 0)
_YOU: Final = re.compile(r"\byou(?:rs?|re|rself)?\b")


def opening(text: str, addressed: bool) -> i64:
    """Return the class of the word that a message opens with; ``addressed``: it may be a name, then the next one counts."""
    at = past(text, 0, SPACE)
    end = _end(text, at)
    found = _class_of(text, at, end)
    if found == _OTHER and end < len(text) and (addressed or ord(text[at]) == _AT or text[end] in _ADDRESSES):
        at = past(text, end + 1, SPACE)
        found = _class_of(text, at, _end(text, at))
    return found


def says_you(text: str, pairs: Pairs) -> bool:
    """Whether a message speaks to somebody; ``pairs`` are its own: most texts have not even those of "you" in them."""
    you = pairs.may_hold(_YO) and pairs.may_hold(_OU)
    if you or pairs.may_hold(_U_ALONE):
        low = text.lower()
        if you and "you" in low:
            return _YOU.search(low) is not None
        if " u " in low or low.startswith("u "):
            return True
    return not is_ascii(text) and ("你" in text or "您" in text)


def _end(text: str, at: i64) -> i64:
    """Return where the word at ``at`` ends."""
    ends = _ENDS
    last: i64 = min(len(text), at + _LONGEST)
    while at < last:
        code: i64 = ord(text[at])
        if code < ASCII:
            if ends[code]:
                break
        elif code in (_WIDE_COLON, _WIDE_COMMA) or (code <= LAST_SPACE and chr(code).isspace()):
            break
        at += 1
    return at


def _class_of(text: str, at: i64, end: i64) -> i64:
    if at >= end:
        return _OTHER
    code: i64 = ord(text[at])
    if code >= ASCII:
        found = _WORDS.get(text[at : at + 2], -1)
        return found if found >= 0 else _WORDS.get(text[at : at + 1], _OTHER)
    if _SIGNS[code]:
        return _SHOWS
    while end > at:
        last: i64 = ord(text[end - 1])
        if last >= ASCII or not _CLOSES[last]:
            break
        end -= 1
    if not _MARKS[mark(text, at, end)]:
        return _OTHER
    return _WORDS.get(text[at:end].lower(), _OTHER)
