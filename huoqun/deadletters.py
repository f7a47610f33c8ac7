"""The dead letters as people look at them (pure): each once, newest first, with what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from huoqun import codec
from huoqun.events import Refused
from huoqun.results import DeadLetter, Replayed

KINDS: Final = ("empty", "encoding", "malformed", "schema", "range", "store", "other")
"""The names of what can be wrong with a record: few, for lists and for metrics."""

STORE_SAYS: Final = "the store does not take it: "
"""How a reason begins that is the store's."""

_BEGINS: Final = (("store", STORE_SAYS), ("empty", "the record has no value"), ("schema", "Expected `"))
_HOLDS: Final = (
    ("range", " lies outside "),
    ("schema", " - at `"),
    ("schema", "missing required field"),
    ("encoding", "UTF-8"),
    ("encoding", "utf-8"),
    ("malformed", "malformed"),
    ("malformed", "truncated"),
    ("malformed", "trailing"),
)
_ROW_BYTES: Final = 16


def kind_of(reason: str) -> str:
    """Return the name (:data:`KINDS`) of a reason."""
    begins = next((kind for kind, sign in _BEGINS if reason.startswith(sign)), None)
    return begins or next((kind for kind, sign in _HOLDS if sign in reason), "other")


class Letter(NamedTuple):
    """A dead letter without its value. The same one may stand in the topic several times: writers repeat after a crash."""

    number: int
    """Where it stands in the dead-letter topic, the first time: what people call it by."""
    times: int
    at: int
    service: str
    kind: str
    reason: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    size: int
    """Bytes of the value, as it was before it was cut."""
    cut: bool
    replayed: Replayed | None
    """The last time that it was sent again."""
    replay_of: int | None
    """The number of the letter that was sent again and has become this one."""

    @property
    def place(self) -> str:
        """Where the record was."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def waits(self) -> bool:
        """Whether it has not been sent again."""
        return self.replayed is None


class Letters(NamedTuple):
    """Everything in the dead-letter topic: the letters, newest first, and how many records there are none."""

    found: list[Letter]
    unreadable: int
    numbers: dict[int, int]
    """Every number under which a letter stands in the topic -> the number that it is called by."""

    def get(self, number: int) -> Letter | None:
        """Return the letter that stands at ``number``."""
        first = self.numbers.get(number)
        return next((letter for letter in self.found if letter.number == first), None)


class Choice(NamedTuple):
    """Which letters: those since a time (ms), whose reason is of that kind or has that text in it, that still wait."""

    since: int = 0
    reason: str = ""
    waiting: bool = False

    def takes(self, letter: Letter) -> bool:
        """Whether a letter is one of them."""
        wanted = self.reason.lower()
        return (
            letter.at >= self.since
            and (not wanted or wanted == letter.kind or wanted in letter.reason.lower())
            and (letter.waits or not self.waiting)
        )


class Heap(NamedTuple):
    """Letters of one cause: how many, how many of them wait, and the newest."""

    topic: str
    service: str
    kind: str
    letters: int
    waiting: int
    oldest_at: int
    newest: Letter


def index(records: Iterable[tuple[int, bytes | None]]) -> Letters:
    """Return what stands in the dead-letter topic, given its (offset, value) records in order."""
    first: dict[tuple[str, int, int, bytes], Letter] = {}
    numbers: dict[int, int] = {}
    notes: list[Replayed] = []
    unreadable = 0
    for number, value in records:
        found = codec.decode_letter(value)
        if isinstance(found, Refused):
            unreadable += 1
        elif isinstance(found, Replayed):
            notes.append(found)
        else:
            # What stands at one place may change: a log that is made anew begins at 0 again.
            same = (found.topic, found.partition, found.offset, hashlib.sha256(found.value).digest())
            known = first.get(same)
            first[same] = _letter(number, found) if known is None else known._replace(times=known.times + 1)
            numbers[number] = first[same].number
    replayed: dict[int, Replayed] = {}
    went: dict[tuple[str, int, int], int] = {}
    for note in notes:
        if note.letter in numbers:
            replayed[numbers[note.letter]] = note
            went[note.topic, note.partition, note.offset] = numbers[note.letter]
    letters = [
        letter._replace(
            replayed=replayed.get(letter.number),
            replay_of=went.get((letter.topic, letter.partition, letter.offset)),
        )
        for letter in first.values()
    ]
    return Letters(sorted(letters, key=lambda letter: -letter.number), unreadable, numbers)


def _letter(number: int, dead: DeadLetter) -> Letter:
    return Letter(
        number=number,
        times=1,
        at=dead.at,
        service=dead.service,
        kind=kind_of(dead.reason),
        reason=dead.reason,
        topic=dead.topic,
        partition=dead.partition,
        offset=dead.offset,
        key=dead.key,
        size=dead.cut or len(dead.value),
        cut=bool(dead.cut),
        replayed=None,
        replay_of=None,
    )


def heaps(letters: Sequence[Letter]) -> list[Heap]:
    """Return letters by topic, service and kind, the largest heap first. ``letters`` are newest first."""
    found: dict[tuple[str, str, str], list[Letter]] = {}
    for letter in letters:
        found.setdefault((letter.topic, letter.service, letter.kind), []).append(letter)
    made = [
        Heap(*cause, len(mine), sum(letter.waits for letter in mine), min(letter.at for letter in mine), mine[0])
        for cause, mine in found.items()
    ]
    return sorted(made, key=lambda heap: (-heap.letters, heap[:3]))


class Shown(NamedTuple):
    """A value as a person can look at it: ``form`` is ``json``, ``text`` or ``bytes``."""

    form: str
    text: str


def shown(value: bytes) -> Shown:
    """Return a value for a terminal: JSON indented, text as it is, anything else as hexadecimal rows.

    Nothing in it steers the terminal: what can't be seen is written as an escape.
    """
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return Shown("bytes", "\n".join(_rows(value)))
    try:
        return Shown("json", visible(msgspec.json.format(value, indent=2).decode(), keep="\n"))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Shown("text", visible(text, keep="\n"))


def visible(text: str, *, keep: str = "") -> str:
    """Return ``text`` with escapes for what can't be seen, such as control characters and marks that turn writing round."""
    return "".join(c if c.isprintable() or c in keep else _escape(c) for c in text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()  # as JSON has it: two for what four digits can't say
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _rows(value: bytes) -> Iterable[str]:
    for at in range(0, len(value), _ROW_BYTES):
        row = value[at : at + _ROW_BYTES]
        letters = "".join(chr(b) if 0x20 <= b < 0x7F else "." for b in row)  # noqa: PLR2004  # ASCII that can be seen
        yield f"{at:08x}  {row.hex(' '):<{_ROW_BYTES * 3}} {letters}"
