"""What the judgement on answers looks at, as places in tables of weights.

Each feature is cut into a few classes, each class has a weight, and the log odds are the sum of the weights: an additive model
(Hastie and Tibshirani's, with steps for curves). All features are free of language but four: words in common, which are
Chinese characters in pairs as well, how a message opens, whether it says "you", and how warmly the asker reacts.
``training/answers.py`` learns the weights from what these very functions return.
"""

from __future__ import annotations

import math
from typing import Final

from mypy_extensions import i64, mypyc_attr

from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.openings import CLASSES, opening, says_you
from streams.core.reactions import thanks
from streams.core.scanning import (
    ASCII,
    LAST_SPACE,
    MARK_FACTOR,
    MARK_MASK,
    SMALL,
    Literals,
    Pairs,
    is_ascii,
    marks_of,
)
from streams.core.state import DAY_MS, HOUR_MS, Asked, Person, Said
from streams.core.tables import DAY, HOUR
from streams.core.wording import words_of

WATCHED_MS: Final = 30 * 60_000
"""So long after a question, messages without a link to it may answer it."""
STEPS_SECONDS: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200)
"""Upper ends (inclusive) of classes; one more class lies beyond the last."""
STEPS_BETWEEN: Final = (0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30)
STEPS_LENGTH: Final = (3, 8, 15, 25, 40, 60, 90, 140, 200)
"""Of a message, in bytes of UTF-8: a Chinese character says what three letters say."""
STEPS_GAP: Final = (10, 30, 60, 120, 300, 900, 3600)
STEPS_TODAY: Final = (0, 1, 3, 7, 15, 40)
STEPS_ODDS: Final[list[float]] = [-4.0, -3.0, -2.2, -1.6, -1.1, -0.6, -0.2, 0.2, 0.6, 1.1, 1.6, 2.2, 3.0, 4.0]


def _classes(steps: tuple[int, ...]) -> bytes:
    """Return the class of each number up to the last step and one more."""
    found: list[int] = []
    for value in range(steps[-1] + 2):
        place = 0
        for step in steps:
            if value > step:
                place += 1
        found.append(place)
    return bytes(found)


_SECONDS: Final = _classes(STEPS_SECONDS)
_BETWEEN: Final = _classes(STEPS_BETWEEN)
_LENGTH: Final = _classes(STEPS_LENGTH)
_GAP: Final = _classes(STEPS_GAP)
_TODAY: Final = _classes(STEPS_TODAY)


def _class(classes: bytes, value: i64) -> i64:
    last: i64 = len(classes) - 1
    if value >= last:
        return classes[last]
    return classes[value] if value > 0 else classes[0]


PAIR: Final[tuple[tuple[str, int], ...]] = (
    ("seconds", 14),
    ("between", 12),
    ("asks", 2),
    ("shared words", 4),
    ("shared letters", 4),
    ("author's pause", 9),
    ("author spoke since", 2),
    ("asker spoke since", 4),
    ("asker moved on", 3),
    ("since the asker", 12),
    ("length", 10),
    ("question's length", 10),
    ("asker's pause before", 9),
    ("question addressed", 3),
    ("author's last addressed", 3),
    ("asker's last addressed", 3),
    ("asked again", 3),
    ("addressing", 8),
    ("competing", 5),
    ("author asks", 2),
    ("author's messages today", 7),
    ("asker's pause", 14),
    ("asker told", 3),
    ("usual gaps", 11),
    ("opening", CLASSES),
    ("you", 2),
)
"""Features of a message as an answer to a question: name and number of classes."""

STATE: Final[tuple[tuple[str, int], ...]] = (
    ("candidates", 15),
    ("best", 15),
    ("before", 3),
    ("asked before", 2),
    ("after", 4),
    ("pause after", 9),
    ("warmth after", 5),
    ("asked after", 2),
    ("named after", 2),
    ("first pause", 15),
    ("first between", 12),
    ("first warmth", 5),
    ("first asks", 3),
    ("first length", 10),
    ("repeated", 6),
    ("moved on", 3),
    ("question's length", 10),
    ("asker's pause before", 9),
    ("question addressed", 2),
    ("spoke", 7),
    ("warmest", 5),
    ("asked again", 3),
    ("own question", 3),
    ("asker's messages today", 7),
    ("kind", 3),
    ("usual gap", 9),
    ("between best", 13),
    ("asked again, then best", 15),
    ("best told", 2),
)
"""Features of a question and all that happened since; from "own question" to "usual gap", of how it came to be asked. The
places of these four are kept with a question, so others come after them."""
LATEST: Final = 3
"""Features of a question that stand after those of its scene."""
_MOST_GAPS: Final = 10
FIVE_SECONDS: Final = 5_000.0
_SCENE: Final = 147
"""Where the places of those four begin."""
_BEYOND: Final = 169
"""Where those of the last three begin."""
_KINDS: Final[dict[str, int]] = {"question": 0, "newcomer": 1, "mention": 2}


def width(features: tuple[tuple[str, int], ...]) -> int:
    """Return how many weights there are."""
    return sum([size for _, size in features])


_NOBODY: Final = 0
_THEM: Final = 1
_OTHERS: Final = 2


def pause(before: int, now: int) -> i64:
    """Return the class of the time since somebody's last message (ms); the last one: they have not spoken before."""
    if before <= 0:
        return len(STEPS_GAP) + 1
    return _class(_GAP, (now - before) // 1000)


BY_NAME: Final = 0.3
"""From this share of messages that address somebody on, a group is one in which people are called by name."""


def addressing(share: float) -> i64:
    """Return the class of the share of messages that address somebody."""
    if share < 0.15:  # noqa: PLR2004  # edges of classes
        return 0 if share < 0.03 else 1  # noqa: PLR2004
    return min(i64(share * 10) + 1, 7)


def _addressed(said: Said | None, place: int) -> i64:
    """Return whom a message addressed: nobody (or it is long forgotten), the person at ``place``, or somebody else."""
    if said is None or said.to < 0:
        return _NOBODY
    return _THEM if said.to == place else _OTHERS


def usual_gap(h: History) -> float:
    """Return the group's usual time between messages, in ms: over the last hour, or, where it was silent, over the last day."""
    messages = h.windows[HOUR].messages
    if messages > 1:
        return HOUR_MS / messages
    return max(HOUR_MS / 2, DAY_MS / (h.windows[DAY].messages + 1))


def _gaps(waited: int, gap: float) -> i64:
    """Return the class of a time (ms) in usual gaps: doubled from class to class, from a quarter of one on."""
    place: i64 = 0
    limit = gap / 4
    while waited > limit and place < _MOST_GAPS:
        limit *= 2
        place += 1
    return place


@mypyc_attr(acyclic=True)
class Line:
    """A message as it is weighed, and what of it is the same for all questions."""

    __slots__ = (
        "_low",
        "_pairs",
        "_words",
        "addressing",
        "asks",
        "author",
        "author_asks",
        "event",
        "gap",
        "last",
        "length",
        "messages",
        "named",
        "opening",
        "pause",
        "place",
        "size",
        "today",
        "you",
    )

    def __init__(self, h: History, event: Arrival, author: Person, place: int, named: list[str], asks: bool) -> None:
        at, text = event.ts, event.text
        self.event: Arrival = event
        self.author: Person = author
        self.place: int = place
        """The author's, in the table of people."""
        self.named: list[str] = named
        """The members it addresses: by a mention, by name, or by replying to them."""
        self.asks: bool = asks
        """It is itself a question."""
        self.size: int = len(text) if is_ascii(text) else len(text.encode())
        """In bytes."""
        self.gap: float = usual_gap(h)
        """The group's usual time between messages, in ms."""
        self.messages: int = h.head.messages
        """Messages by people before it."""
        self.last: Said | None = h.recent(author.last_message, at)
        """The author's message before."""
        # Places of weights, as pair_places counts them.
        self.pause: i64 = 36 + pause(author.last_message_at, at)
        self.length: i64 = 66 + _class(_LENGTH, self.size)
        self.addressing: i64 = 107 + addressing(h.head.addressed)
        self.author_asks: i64 = 120 + (1 if author.user in h.askers else 0)
        self.today: i64 = 122 + _class(_TODAY, i64(author.today_count) if author.today == at // DAY_MS else 0)
        pairs = Pairs(text)
        self._pairs: Pairs = pairs
        self._low: str | None = None
        self.opening: i64 = 157 + opening(text, bool(named))
        self.you: i64 = 157 + CLASSES + (1 if says_you(text, pairs) else 0)
        self._words: frozenset[str] | None = None

    def words(self) -> frozenset[str]:
        """Return what it is about."""
        words = self._words
        if words is None:
            words = self._words = words_of(self.event.text)
        return words

    def may_share(self, asked: Asked) -> bool:
        """Whether one of a question's words may be in it: looking for some is cheaper than taking all out, and few are there.

        Only those are looked for whose first two characters and last two seem to stand in it.
        """
        pairs, openings = self._pairs, asked.openings
        at: i64 = 0
        end: i64 = len(openings)
        while at < end:
            if (
                pairs.may_hold(openings[at])
                and pairs.may_hold(openings[at + 1])
                and asked.words[at // 2] in self._small()
            ):
                return True
            at += 2
        return False

    def _small(self) -> str:
        low = self._low
        if low is None:
            low = self._low = self.event.text.lower()
        return low


PairPlaces = tuple[
    i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64,
    i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64,
]  # fmt: skip
"""One for each feature of :data:`PAIR`. So many numbers in a tuple, compiled, are no objects: no list of them is made."""
StatePlaces = tuple[
    i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64,
    i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64,
]  # fmt: skip
"""One for each feature of :data:`STATE` but those of the scene."""


def pair_places(h: History, asked: Asked, asker: Person, asker_place: int, line: Line, competing: int) -> PairPlaces:
    """Return the places of the weights for a message as an answer to a question.

    ``competing`` is how many later questions of others it may answer instead.
    """
    so_far, author, at, messages = asked.evidence, line.author, line.event.ts, line.messages
    shared: i64 = 0
    letters: i64 = 0
    if line.may_share(asked):
        words = line.words()
        for word in asked.words:
            if word in words:
                shared += 1
                letters += len(word) if word.isascii() else 3 * len(word)
    last = h.recent(asker.last_message, at)
    since: int = messages - last.place if last is not None else 99
    to: i64 = _NOBODY if not asked.to else (_THEM if asked.to == author.user else _OTHERS)
    told: i64 = _NOBODY if not so_far.told else (_THEM if author.user in so_far.told else _OTHERS)
    return (
        _class(_SECONDS, (at - asked.asked_at) // 1000),
        14 + _class(_BETWEEN, messages - asked.place - 1),
        26 + (1 if line.asks else 0),
        28 + _upto(shared, 3),
        32 + (0 if letters == 0 else 1 if letters <= 4 else 2 if letters <= 8 else 3),  # noqa: PLR2004
        line.pause,
        45 + (1 if author.last_message_at > asked.asked_at else 0),
        47 + _upto(so_far.said, 3),
        51 + _upto(so_far.moved_on, 2),
        54 + _class(_BETWEEN, since),
        line.length,
        76 + _class(_LENGTH, asked.length),
        86 + pause(asked.spoke_before, asked.asked_at),
        95 + to,
        98 + _addressed(line.last, asker_place),
        101 + _addressed(last, line.place),
        104 + _upto(so_far.asked_again, 2),
        line.addressing,
        115 + _upto(competing, 4),
        line.author_asks,
        line.today,
        129 + _class(_SECONDS, (at - asker.last_message_at) // 1000),
        143 + told,
        146 + _gaps(at - asked.asked_at, line.gap),
        line.opening,
        line.you,
    )


def _upto(value: i64, most: i64) -> i64:
    return min(value, most)


def state_places(asked: Asked) -> StatePlaces:
    """Return the places of the weights for a question and what has happened since, but for those of its scene."""
    seen = asked.evidence
    after: i64 = seen.after
    first: i64 = seen.first_ms
    none: bool = first < 0
    return (
        candidates_class(math.exp(asked.doubt)),
        15 + _odds_class(seen.best),
        30 + _upto(seen.before, 2),
        33 + _upto(seen.before_asked, 1),
        35 + _upto(after, 3),
        39 + (8 if after == 0 else _class(_GAP, seen.after_ms // 1000)),
        48 + (4 if after == 0 else i64(seen.after_thanks)),
        53 + (1 if seen.after_asked else 0),
        55 + (1 if seen.after_named else 0),
        57 + (14 if none else _class(_SECONDS, first // 1000)),
        72 + _class(_BETWEEN, seen.first_between),
        84 + (4 if none else i64(seen.first_thanks)),
        89 + (2 if none else 1 if seen.first_asks else 0),
        92 + _class(_LENGTH, seen.first_length),
        102 + _upto(seen.repeated, 5),
        108 + _upto(seen.moved_on, 2),
        111 + _class(_LENGTH, asked.length),
        121 + pause(asked.spoke_before, asked.asked_at),
        130 + (1 if asked.to else 0),
        132 + _upto(seen.said, 6),
        139 + (4 if none else i64(seen.warmest)),
        144 + _upto(seen.asked_again, 2),
        _BEYOND + (12 if seen.best_between < 0 else _class(_BETWEEN, seen.best_between)),
        _BEYOND + 13 + (_class(_SECONDS, seen.again_ms // 1000) if seen.before_asked > 0 <= seen.again_ms else 14),
        _BEYOND + 28 + (1 if seen.best_told else 0),
    )


def all_places(places: StatePlaces, scene: bytes) -> list[int]:
    """Return the places for all of :data:`STATE`, in its order."""
    every: list[int] = list(places)
    return [*every[:-LATEST], *scene, *every[-LATEST:]]


def scene_places(h: History, author: Person, at: int, kind: str) -> bytes:
    """Return the places of the weights for how a question at ``at`` (ms) came to be asked: they stay as they are."""
    asks: i64 = 0
    for other in h.askers.get(author.user, ()):
        asks = max(asks, 1 if other.status == "open" else 2)
    today: i64 = i64(author.today_count) if author.today == at // DAY_MS else 0
    return bytes(
        [
            _SCENE + asks,
            _SCENE + 3 + _class(_TODAY, today),
            _SCENE + 10 + _KINDS[kind],
            _SCENE + 13 + min(_gaps(i64(usual_gap(h)), FIVE_SECONDS), 8),
        ]
    )


def candidates_class(none: float) -> i64:
    """Return the class of the probability that any of the candidates answers a question; ``none``: that none does."""
    return _odds_class(1.0 - none)


def _odds_class(probability: float) -> i64:
    """Return the class of a probability, by its log odds."""
    if probability < 0.01:  # noqa: PLR2004  # below the first step
        return 0
    odds = math.log(probability / (1.0 - min(probability, 0.999)))
    steps = STEPS_ODDS
    low: i64 = 0
    high: i64 = len(steps)
    while low < high:
        middle: i64 = (low + high) // 2
        if odds <= steps[middle]:
            high = middle
        else:
            low = middle + 1
    return low


COLD: Final = 0
LUKEWARM: Final = 1
"""Somewhere in it, a word that takes up what was said."""
WARM: Final = 2
"""It begins with one."""
THANKFUL: Final = 3
_TAKES_UP: Final = frozenset(
    {
        "ok",
        "okay",
        "oh",
        "ah",
        "aha",
        "yes",
        "yeah",
        "yep",
        "yup",
        "no",
        "nope",
        "nah",
        "hmm",
        "hm",
        "right",
        "great",
        "perfect",
        "awesome",
        "cool",
        "nice",
        "well",
        "sure",
        "indeed",
        "ahh",
        "ohh",
        "exactly",
        "correct",
        "k",
        "kk",
        "true",
        "good",
        "excellent",
        "sweet",
        "heh",
        "wow",
        "works",
        "worked",
    }
)
_TAKES_UP_ZH: Final = (
    "好的", "好滴", "好嘞", "好哒", "好吧", "明白", "懂了", "收到", "知道了", "了解", "行吧", "原来",
    "嗯", "哦", "噢", "喔", "对的", "对啊", "是的", "是啊", "不是", "没有", "没用", "试试",
    "我试", "有道理", "厉害", "学到了", "哈哈", "不行", "还是不", "确实",
)  # fmt: skip
_LOOKED_AT: Final = 200
_NO_WORDS: Final[list[str]] = []
_ZH_SIGNS: Final = Literals(dict.fromkeys(_TAKES_UP_ZH, 1), until=1)
_ZH_BEGINNING: Final[dict[str, list[str]]] = {
    first: [word for word in _TAKES_UP_ZH if word[0] == first] for first in {word[0] for word in _TAKES_UP_ZH}
}
_MARKS: Final = marks_of(_TAKES_UP)
"""Which marks (see :func:`streams.core.scanning.mark`) words that take up have: others need not be taken out of a text."""
_SEPARATES: Final = bytes(chr(code).isspace() or chr(code) in ",.!" for code in range(ASCII))
_COLON: Final = ord(":")
_COMMA: Final = ord(",")
_SMALL_K: Final = ord("k")
_KELVIN: Final = 0x212A
"""The only letter beyond ASCII whose small form is in ASCII, and by itself."""


def warmth(text: str) -> int:
    """Return how a message takes up what was said before: not at all, with a word that does, or with thanks."""
    if thanks(text):
        return THANKFUL
    found = _warmest_word(text)
    if found == WARM or is_ascii(text) or not _ZH_SIGNS.found_in(text):
        return found
    start = text[:_LOOKED_AT].lower()
    if _begins_warm(start, 0) or _begins_warm(start, 1):
        return WARM
    return LUKEWARM if len(text) <= _LOOKED_AT or _ZH_SIGNS.found_in(start) else found


def _begins_warm(text: str, at: i64) -> bool:
    """Whether a Chinese word that takes up stands at just this place."""
    if at < len(text):
        for word in _ZH_BEGINNING.get(text[at], _NO_WORDS):
            if text.startswith(word, at):
                return True
    return False


def _warmest_word(text: str) -> int:
    """Return how the English words of a message take up what was said before."""
    small, separates, marks = SMALL, _SEPARATES, _MARKS
    found = COLD
    words: i64 = 0
    addressed = False  # "bob: ok" begins with it, too
    number: i64 = 0
    start: i64 = 0
    at: i64 = 0
    end: i64 = min(len(text), _LOOKED_AT)
    while at <= end:
        code: i64 = ord(text[at]) if at < end else _COMMA
        at += 1
        if code < ASCII:
            if not separates[code]:
                number = (number * MARK_FACTOR + small[code]) & MARK_MASK
                continue
        elif code > LAST_SPACE or not chr(code).isspace():
            number = (number * MARK_FACTOR + (_SMALL_K if code == _KELVIN else code)) & MARK_MASK
            continue
        if at - 1 > start:
            if marks[number] and text[start : at - 1].lower() in _TAKES_UP:
                if words == 0 or (words == 1 and addressed):
                    return WARM
                found = LUKEWARM
            addressed = words == 0 and ord(text[at - 2]) == _COLON
            words += 1
        number = 0
        start = at
    return found
