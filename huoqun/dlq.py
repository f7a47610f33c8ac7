"""Looking into the dead-letter topic, and sending what is in it again.

A letter that is sent again goes back to the topic it came from, as it was, and a note of it (:class:`Replayed`) goes into the
dead-letter topic behind it. If we die between the two, the letter still counts as waiting; sending it twice does no harm:
events are counted once by id, results replace each other by version. What fails again becomes a letter of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from huoqun import broker, codec, records, topics
from huoqun.broker import BrokerError
from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.deadletters import Letter, Letters, index
from huoqun.records import Place, Record, Writer
from huoqun.results import DeadLetter, Replayed

HEADER: Final = "huoqun-replayed"
"""On a record that was sent again: the place that its letter names."""

MOST_COUNTED: Final = 5_000
"""With more records than that in the dead-letter topic, :func:`count` does not read them all."""

_AT_ONCE: Final = 100
_PLACE: Final = re.compile(rb".+/\d+/\d+", re.DOTALL)
"""The key of a letter: where its record was. Without a value it unmakes what stands before it under that key."""


class Count(NamedTuple):
    """Letters that wait, and those that were sent again (``None``: so many that they were not told apart)."""

    waiting: int
    replayed: int | None


class Sent(NamedTuple):
    """What became of the letters to be sent again: how many were, and of the others the number and why not."""

    sent: int
    failed: list[tuple[int, str]]


def topic_of(config: Config) -> str:
    """Return the dead-letter topic."""
    return topics.full_name(config.kafka.topic_prefix, topics.DEADLETTER)


def look(config: Config) -> Letters:
    """Return all letters. Raises :class:`BrokerError`."""
    found = list(records.read(config.kafka, topic_of(config)))
    unmade = {
        record.key: record.offset for record in found if record.value is None and _PLACE.fullmatch(record.key or b"")
    }
    left = (record for record in found if record.offset > unmade.get(record.key or b"", -1))
    return index((record.offset, record.value) for record in left)


def count(config: Config) -> Count:
    """Return how many letters there are. Raises :class:`BrokerError`."""
    depth = broker.depth(config.kafka, topic_of(config))
    if depth > MOST_COUNTED:
        return Count(depth, None)
    letters = look(config).found if depth else []
    waiting = sum(letter.waits for letter in letters)
    return Count(waiting, len(letters) - waiting)


def open_letter(config: Config, number: int) -> DeadLetter | None:
    """Return a letter with its value."""
    record = records.read_one(config.kafka, topic_of(config), 0, number)
    letter = None if record is None else codec.decode_letter(record.value)
    return letter if isinstance(letter, DeadLetter) else None


def original(config: Config, letter: DeadLetter) -> Record | None:
    """Return the record that a letter is about if it is still in its topic; ``None`` when something else stands there."""
    try:
        found = records.read_one(config.kafka, letter.topic, letter.partition, letter.offset)
    except BrokerError:
        return None
    if found is None or found.key != letter.key or not (found.value or b"").startswith(letter.value):
        return None
    return found if len(found.value or b"") == (letter.cut or len(letter.value)) else None


def send_again(config: Config, letters: Sequence[Letter], advanced: Callable[[int], None]) -> Sent:
    """Send letters again, in the order in which they were written; ``advanced`` is told how many more are done.

    Raises :class:`BrokerError`.
    """
    cuts = {topic: _partitions(config, topic) for topic in {letter.topic for letter in letters}}
    sent, failed = 0, list[tuple[int, str]]()
    with Writer(config.kafka) as writer:
        for batch in _batches(_opened(config, letters)):
            good: list[tuple[int, DeadLetter, bytes]] = []
            for number, letter in batch:
                value = _value(config, letter, cuts[letter.topic])
                if isinstance(value, str):
                    failed.append((number, value))
                else:
                    good.append((number, letter, value))
            outcomes = writer.wait([_send(config, writer, letter, value) for _, letter, value in good])
            notes = []
            for (number, letter, _), outcome in zip(good, outcomes, strict=True):
                if isinstance(outcome, Place):
                    notes.append(_note(config, writer, number, letter, outcome))
                else:
                    failed.append((number, f"the broker did not take it: {outcome}"))
            writer.wait(notes)
            sent += len(notes)
            advanced(len(batch))
    return Sent(sent, failed)


def _batches(opened: Iterable[tuple[int, DeadLetter]]) -> Iterator[list[tuple[int, DeadLetter]]]:
    left = iter(opened)
    while batch := list(islice(left, _AT_ONCE)):
        yield batch


def _opened(config: Config, letters: Sequence[Letter]) -> Iterator[tuple[int, DeadLetter]]:
    wanted = {letter.number for letter in letters}
    if not wanted:
        return
    start, end = min(wanted), max(wanted) + 1
    for record in records.read_between(config.kafka, topic_of(config), {0: start}, {0: end}):
        letter = codec.decode_letter(record.value) if record.offset in wanted else None
        if isinstance(letter, DeadLetter):
            yield record.offset, letter


def _partitions(config: Config, topic: str) -> int:
    """Return how many partitions a topic has; 0 for what is none of ours to write to."""
    ours = {topics.full_name(config.kafka.topic_prefix, name) for name in (topics.EVENTS, *topics.RESULT_TOPICS)}
    return records.partitions(config.kafka, topic) if topic in ours else 0


def _value(config: Config, letter: DeadLetter, partitions: int) -> bytes | str:
    """Return what to send, or why it can't be sent."""
    if not partitions:
        return f"{letter.topic} is no topic of this configuration (kafka.topic_prefix)"
    if letter.partition >= partitions:
        return f"{letter.topic} has no partition {letter.partition} any more"
    if not letter.value:
        return "it holds no value: there is nothing to send"
    if not letter.cut:
        return letter.value
    record = original(config, letter)
    if record is None or record.value is None:
        return f"only the first {len(letter.value)} of its {letter.cut} bytes are kept, and the record is gone"
    return record.value


def _send(config: Config, writer: Writer, letter: DeadLetter, value: bytes) -> object:
    # An event's partition follows from its key, whatever was done with the topic since; a result's is that of its event.
    by_key = letter.key is not None and letter.topic == topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    return writer.write(
        letter.topic,
        key=letter.key,
        value=value,
        partition=None if by_key else letter.partition,
        headers=[(HEADER, f"{letter.topic}/{letter.partition}/{letter.offset}".encode())],
    )


def _note(config: Config, writer: Writer, number: int, letter: DeadLetter, place: Place) -> object:
    note = Replayed(letter=number, at=now_ms(), topic=letter.topic, partition=place.partition, offset=place.offset)
    key = (
        f"{letter.topic}/{letter.partition}/{letter.offset}#replayed".encode()
    )  # not the letter's, which it would replace
    return writer.write(topic_of(config), key=key, value=codec.encode(note), partition=0)
