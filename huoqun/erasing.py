"""Asking everybody to erase a person: through the log, so in its order, again after a crash, and by a rebuild.

The request (:class:`huoqun.control.Erase`) goes into every partition of the events, and of the topics that the streams don't
write. Workers take the person out of their state and pass it on behind what they told before; the sink erases when it meets
it. Dead letters are unmade one by one: a record without a value, under the same key, lets the broker drop the letter.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from huoqun import broker, codec, records, topics
from huoqun.broker import BrokerError
from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.control import ERASE_KEY, Erase
from huoqun.records import Place, Record, Writer

ASKED: Final = (topics.EVENTS, topics.ACTIONS, topics.DELIVERIES)
"""Where we ask; the workers pass it on into the next."""
PASSED_ON: Final = (topics.QUESTIONS, topics.ALERTS, topics.MEMBERS)
_SHORTEST: Final = 5
"""A shorter id counts only where it stands by itself, in quotes."""
_EVERY_SECONDS: Final = 0.3

Offsets = dict[tuple[str, int], int]
"""(topic, partition) -> the offset of a request there, or of the end."""


class Asked(NamedTuple):
    """A request on its way, and where it stands."""

    erase: Erase
    places: Offsets
    ends: Offsets
    """The ends of the topics into which workers pass it on, as they were before."""


class Waited(NamedTuple):
    """How far it has come: what is still missing, in words; empty: it is done."""

    done: int
    of: int
    missing: str


def request(platform: str, users: Iterable[str], groups: Iterable[str] = ()) -> Erase:
    """Return a request to erase a person, as of now."""
    return Erase(
        id=uuid.uuid4().hex,
        at=now_ms(),
        platform=platform,
        users=tuple(dict.fromkeys(users)),
        groups=tuple(dict.fromkeys(groups)),
    )


def ask(config: Config, erase: Erase) -> Asked:
    """Write a request into the log. Raises :class:`BrokerError`."""
    ends = _ends(config, PASSED_ON)
    wanted = list(_ends(config, ASKED))
    with Writer(config.kafka) as writer:
        sent = [
            writer.write(topic, key=ERASE_KEY, value=codec.encode(erase), partition=partition)
            for topic, partition in wanted
        ]
        places: Offsets = {}
        for where, outcome in zip(wanted, writer.wait(sent), strict=True):
            if not isinstance(outcome, Place):
                raise BrokerError(f"{where[0]}/{where[1]} did not take the request, run it again: {outcome}")
            places[where] = outcome.offset
    return Asked(erase, places, ends)


def wait(config: Config, asked: Asked, seconds: float, told: Callable[[Waited], None]) -> Waited:
    """Wait until workers have taken the person out of their state and the sink has out of the store; tell how far it is."""
    deadline = time.monotonic() + seconds
    places = dict(asked.places)
    starts, total = dict(asked.ends), len(asked.places) + 2 * len(asked.ends)
    while True:
        found = _passed_on(config, asked.erase, starts)
        places |= found
        for where in found:
            del starts[where]
        committed = broker.committed(config, topics.sink_group(config.kafka.topic_prefix))
        stored = sum(committed.get(where, 0) > offset for where, offset in places.items())
        done = len(asked.ends) - len(starts) + stored
        missing = ""
        if starts:
            missing = f"{len(starts)} partitions wait for a worker"
        elif stored < len(places):
            missing = f"{len(places) - stored} partitions wait for the sink"
        waited = Waited(done, total, missing)
        told(waited)
        if not missing or time.monotonic() >= deadline:
            return waited
        time.sleep(_EVERY_SECONDS)


def letters_of(config: Config, erase: Erase) -> list[Record]:
    """Return the dead letters that tell of the person, and are not unmade yet. Raises :class:`BrokerError`."""
    topic = topics.full_name(config.kafka.topic_prefix, topics.DEADLETTER)
    found: dict[bytes, Record] = {}
    for record in records.read(config.kafka, topic):
        if record.key is None:
            continue
        if record.value is None:
            found.pop(record.key, None)
        elif _tells(record, erase):
            found[record.key] = record
    return list(found.values())


def unmake(config: Config, letters: Iterable[Record]) -> int:
    """Unmake dead letters, and return how many. Raises :class:`BrokerError`."""
    topic = topics.full_name(config.kafka.topic_prefix, topics.DEADLETTER)
    with Writer(config.kafka) as writer:
        sent = [writer.write(topic, key=letter.key, value=None, partition=letter.partition) for letter in letters]
        for outcome in writer.wait(sent):
            if not isinstance(outcome, Place):
                raise BrokerError(f"a dead letter could not be unmade, run it again: {outcome}")
    return len(sent)


def tells(data: bytes, erase: Erase) -> bool:
    """Whether bytes hold one of the person's ids: long ones anywhere, short ones in quotes."""
    for user in erase.users:
        raw = user.encode("utf-8", "surrogatepass")
        if (raw if len(user) >= _SHORTEST else b'"' + raw + b'"') in data:
            return True
    return False


def _tells(record: Record, erase: Erase) -> bool:
    letter = codec.decode_letter(record.value)
    value = getattr(letter, "value", b"") or b""
    said = f"{getattr(letter, 'reason', '')}".encode("utf-8", "surrogatepass")
    return tells(b"\n".join((record.value or b"", value, getattr(letter, "key", None) or b"", said)), erase)


def _passed_on(config: Config, erase: Erase, starts: Mapping[tuple[str, int], int]) -> Offsets:
    """Return where workers have passed it on, of the partitions that it was not seen in yet."""
    found: Offsets = {}
    for topic in dict.fromkeys(topic for topic, _ in starts):
        first = {partition: offset for (name, partition), offset in starts.items() if name == topic}
        ends = {p: end for p, end in broker.end_offsets(config.kafka, topic).items() if p in first}
        for record in records.read_between(config.kafka, topic, first, ends):
            here = codec.erasure_in(record.value)
            if here is not None and here.id == erase.id:
                found.setdefault((topic, record.partition), record.offset)
    return found


def _ends(config: Config, names: Iterable[str]) -> Offsets:
    full = [topics.full_name(config.kafka.topic_prefix, name) for name in names]
    return {(topic, part): end for topic in full for part, end in broker.end_offsets(config.kafka, topic).items()}
