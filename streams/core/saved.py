"""State as bytes: a group is a base and the deltas since, each record atomic by itself.

Only what has settled is saved (see :mod:`streams.core.history`). Of the events that can still be taken back a save holds
the offsets, for they are read again from the log, or the events themselves where the log would have to be read from too
far back. A delta holds what settled since the last save, so a save costs what happened and not what is known; when the
deltas outweigh the base, a new base replaces them (as a log-structured store compacts). Keys are
``partition|chain|number|part|group`` (and ``partition|generation`` for the log's generation); number 0 is the base, and a
higher chain replaces a lower one once its base is complete.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from huoqun.results import Alert
from streams.core import daily, names
from streams.core.arrivals import Arrivals
from streams.core.changes import move
from streams.core.evidence import doubt_from, evidence_from
from streams.core.fabric import fabric_from
from streams.core.history import History
from streams.core.risk import REASONS
from streams.core.scanning import openings
from streams.core.state import DAY_MS, Asked, Crowd, Head, Life, Person, Said, minute_from, tight
from streams.core.tables import ALERTS, HOUR, QUESTIONS, WEEK
from streams.core.troubles import troubles_from

PART_BYTES: Final = 700_000
"""Largest record value; Kafka's default limit is 1 MiB with its overhead."""
FORMAT: Final = 6
"""Of the saves; another one can't be read, and the state has to be built anew from the log."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder()
_alerts: Final = msgspec.msgpack.Decoder(Alert)
_GENERATION: Final = "generation"


class UnknownFormatError(Exception):
    """The state was saved by another version of this software."""


def generation_entry(partition: int, generation: int) -> tuple[bytes, bytes]:
    """Return the entry that remembers the log's generation: its marker is read once, maybe before any group is known."""
    return f"{partition}|{_GENERATION}".encode(), _encoder.encode(generation)


def generation_in(entries: Iterable[tuple[bytes, bytes]]) -> int:
    """Return the generation that was saved; 0 if none was."""
    found = 0
    for key, value in entries:
        if _is_generation(key):
            found = max(found, _decoder.decode(value))
    return found


def _is_generation(key: bytes) -> bool:
    return key.endswith(b"|generation") and key.count(b"|") == 1


class Chain:
    """What is stored of one group: which records, how large, and up to which offset."""

    __slots__ = ("base_bytes", "delta_bytes", "fence", "keys", "number", "payloads", "records", "stale")

    def __init__(self) -> None:
        self.number: int = 0
        self.records: int = 0
        self.keys: list[bytes] = []
        self.base_bytes: int = 0
        self.delta_bytes: int = 0
        self.fence: int = -1
        self.payloads: list[bytes] = []
        self.stale: list[bytes] = []
        """What is stored of older chains: its deletion was lost with who wrote this one. Nobody else would ever delete it."""

    def needs_base(self, compaction: int) -> bool:
        """Whether the next save should be whole; ``compaction``: what deltas may have in any case, in bytes."""
        return self.records == 0 or self.delta_bytes > max(compaction, self.base_bytes)

    def write(
        self, partition: int, group: str, payload: bytes, *, whole: bool, fence: int
    ) -> list[tuple[bytes, bytes | None]]:
        """Return the entries that store ``payload``, and the deletions that a new base allows."""
        stale: list[bytes] = []
        if whole:
            stale, self.keys = self.keys, []
            self.number += 1
            self.records = 0
            self.base_bytes, self.delta_bytes = len(payload), 0
        else:
            self.delta_bytes += len(payload)
        chunks = [payload[i : i + PART_BYTES] for i in range(0, len(payload), PART_BYTES)]
        entries: list[tuple[bytes, bytes | None]] = []
        for part, chunk in enumerate(chunks):
            key = f"{partition}|{self.number}|{self.records}|{part}|{group}".encode()
            self.keys.append(key)
            entries.append((key, _encoder.encode((len(chunks), chunk))))
        self.records += 1
        self.fence = fence
        entries += [(key, None) for key in stale]
        return entries


def save(h: History, arrivals: Arrivals, *, whole: bool, fence: int, pending: list[int], kept: list[bytes]) -> bytes:
    """Return what settled in ``h`` since the last save (all of it if ``whole``) as bytes, and start anew.

    ``pending`` are the offsets, and ``kept`` the records, of the events that come after what has settled.
    """
    now = h.settled_now()
    h.rewind()
    people: list[int] = list(range(len(h.people))) if whole else sorted(h.unsaved_people)
    first = h.first
    last = h.settled_minutes
    places = list(range(first, last)) if whole else [p for p in sorted(h.unsaved_minutes) if first <= p < last]
    payload: list[Any] = [
        FORMAT,
        whole,
        fence,
        [arrivals.max_ts, arrivals.received_at, arrivals.watermark, arrivals.floor, arrivals.late],
        arrivals.seen.tolist() if whole else arrivals.seen_new,
        pending,
        kept,
        _head_row(h.head),
        _life_row(h.life),
        [_person_row(place, h.people[place]) for place in people],
        [now, h.responses, h.staff_responses],
        first,
        [window.oldest for window in h.windows],
        [(place, h.minute_at(place).pack()) for place in places],
        [_asked_row(key, h.questions.get(key)) for key in _keys(h, QUESTIONS, whole)],
        [(key, _alert_bytes(h.tables[ALERTS].get(key))) for key in _keys(h, ALERTS, whole)],
        _said_rows(h, whole),
        _risks(h.people) if whole or h.risks_unsaved else None,
        h.troubles.row() if whole or h.troubles_unsaved else None,
        h.record if whole or h.record_unsaved else None,
        h.fabric.row() if whole or h.fabric_unsaved else None,
        sorted(h.pairs) if whole else h.unsaved_pairs,
    ]
    data = _encoder.encode(payload)
    h.said_saved = h.head.messages
    h.forward()
    h.unsaved[QUESTIONS].clear()
    h.unsaved[ALERTS].clear()
    h.unsaved_said.clear()
    h.gone_said.clear()
    h.unsaved_pairs.clear()
    h.fabric_unsaved = False
    h.unsaved_people.clear()
    h.risks_unsaved = h.troubles_unsaved = h.record_unsaved = False
    h.unsaved_minutes.clear()
    arrivals.seen_new = []
    return data


def _keys(h: History, table: int, whole: bool) -> list[str]:
    return list(h.tables[table]) if whole else sorted(h.unsaved[table])


def _alert_bytes(alert: Alert | None) -> bytes:
    return b"" if alert is None else _encoder.encode(alert)


def _said_rows(h: History, whole: bool) -> list[Any]:
    rows: list[Any] = [] if whole else [(key,) for key in h.gone_said]
    for key in h.said if whole else dict.fromkeys(h.unsaved_said):
        said = h.said.get(key)
        if said is not None and said.place <= h.head.messages:  # else it is forgotten, or has not settled
            flags = said.answered + 2 * said.counts + 4 * said.staff_answered + 8 * said.critical
            rows.append((key, said.ts, said.person, said.place, flags, said.root, said.responders, said.to))
    return rows


def load(chain: Chain, h: History, arrivals: Arrivals) -> tuple[list[int], list[bytes]]:
    """Bring ``h`` and ``arrivals`` to a chain's last save; return the offsets and the records of the events after it."""
    pending: list[int] = []
    kept: list[bytes] = []
    oldest = [0, 0, 0, 0]
    minutes: dict[int, bytes] = {}
    seen: list[int] = []
    risks: list[Any] | None = None
    for data in chain.payloads:
        payload: list[Any] = _decoder.decode(data)
        if payload[0] != FORMAT:
            raise UnknownFormatError(
                f"the saved state has format {payload[0]}, this version reads {FORMAT}: "
                "stop the workers and sinks, run `huoqun rebuild`, and start them again"
            )
        chain.fence = payload[2]
        times = payload[3]
        arrivals.max_ts, arrivals.received_at, arrivals.watermark = times[0], times[1], times[2]
        arrivals.floor, arrivals.late = times[3], times[4]
        seen.extend(payload[4])
        pending, kept = payload[5], payload[6]
        h.head = _head_from(payload[7])
        h.life = _life_from(payload[8])
        for row in payload[9]:
            _restore_person(h, row)
        h.now, h.responses, h.staff_responses = payload[10][0], payload[10][1], payload[10][2]
        h.first = payload[11]
        oldest = payload[12]
        minutes.update(dict(payload[13]))
        for row in payload[14]:
            _restore_asked(h, row)
        for key, encoded in payload[15]:
            if encoded:
                h.tables[ALERTS][key] = _alerts.decode(encoded)
            else:
                h.tables[ALERTS].pop(key, None)
        for row in payload[16]:
            _restore_said(h, row)
        if payload[17] is not None:
            risks = payload[17]
        _restore_rarely_changed(h, payload)
    chain.payloads = []
    if risks is not None:
        _restore_risks(h.people, risks)
    h.said_saved = h.head.messages
    seen.sort()
    arrivals.seen.fromlist(seen)
    _restore_minutes(h, minutes, oldest)
    _restore_order(h)
    return pending, kept


def _restore_rarely_changed(h: History, payload: list[Any]) -> None:
    if payload[18] is not None:
        h.troubles = troubles_from(payload[18])
    if payload[19] is not None:
        h.record = payload[19]
    if payload[20] is not None:
        h.fabric = fabric_from(payload[20])
        h.pairs = set()  # those of the days before are in it
    h.pairs.update(payload[21])


def _restore_minutes(h: History, minutes: dict[int, bytes], oldest: list[int]) -> None:
    packed = [minutes[place] for place in sorted(minutes) if place >= h.first]
    h.minutes = []
    end = h.first + len(packed)
    h.settled_minutes = end
    h.gone_minutes = oldest[WEEK]
    for number, window in enumerate(h.windows):
        window.oldest = oldest[number]
    whole = array("I", b"".join(packed))  # all at once: four times cheaper than one by one
    numbers: list[int] = whole.tolist()
    size, at = whole.itemsize, 0
    for i in range(len(packed)):
        place, upto = h.first + i, at + len(packed[i]) // size
        minute = minute_from(numbers, at, upto)
        h.minutes.append(minute if place >= oldest[HOUR] else tight(numbers[at:upto]))
        at = upto
        for window in h.windows:
            if window.oldest <= place:
                move(h, window, minute, 1)


def _restore_order(h: History) -> None:
    """Make anew what follows from the tables: the order of the open questions, who asks, what they are called."""
    h.said = dict(sorted(h.said.items(), key=_said_order))
    asked: list[Asked] = list(h.questions.values())
    asked.sort(key=_asked_order)
    for entry in asked:
        h.open.append(entry)
        theirs = h.askers.get(entry.user, ())
        h.askers[entry.user] = (*theirs, entry)
        person = h.find(entry.user)
        if not theirs and person is not None:
            names.add(h, person)
    h.log.clear()


def _asked_order(asked: Asked) -> tuple[int, int, str]:
    return asked.asked_at, len(asked.event), asked.event


def _said_order(item: tuple[str, Said]) -> int:
    return item[1].place


def chains(entries: Iterable[tuple[bytes, bytes]]) -> dict[str, Chain]:
    """Sort stored entries into one chain a group: the newest whose base is complete, and its deltas up to the first gap."""
    found: dict[str, dict[int, dict[int, dict[int, tuple[int, bytes]]]]] = {}
    keys: dict[str, dict[int, list[bytes]]] = {}
    for key, value in entries:
        if _is_generation(key):
            continue
        _, chain, record, part, group = key.decode().split("|", 4)
        total, chunk = _decoder.decode(value)
        found.setdefault(group, {}).setdefault(int(chain), {}).setdefault(int(record), {})[int(part)] = (total, chunk)
        keys.setdefault(group, {}).setdefault(int(chain), []).append(key)
    result: dict[str, Chain] = {}
    for name, by_number in found.items():
        stored = Chain()
        stored.number = max(by_number)
        left = keys[name]
        for number in sorted(by_number, reverse=True):
            payloads = _complete(by_number[number])
            if payloads:
                stored.payloads = payloads
                stored.keys = left.pop(number)
                break
        stored.stale = [key for others in left.values() for key in others]
        # The next save is whole, under a new number: what is left of an unfinished save can then never be mistaken.
        result[name] = stored
    return result


def _complete(records: dict[int, dict[int, tuple[int, bytes]]]) -> list[bytes]:
    payloads: list[bytes] = []
    number = 0
    while number in records:
        parts = records[number]
        total = parts[0][0] if 0 in parts else -1
        if total < 0 or any(part not in parts for part in range(total)):
            break
        payloads.append(b"".join([parts[part][1] for part in range(total)]))
        number += 1
    return payloads


def _head_row(head: Head) -> list[Any]:
    return [
        head.last_ts,
        head.last_member_message,
        head.last_message,
        head.known,
        head.correction,
        head.messages,
        head.messages_today,
        head.addressed,
        head.minute,
        head.minute_messages,
        head.staff_messages,
        head.joins,
        head.leaves,
        head.due_activity,
        head.due_questions,
        head.due_days,
        head.due_troubles,
        head.replies_today,
        head.mesh_today,
        head.peak_today,
        head.valued_today,
    ]


def _head_from(row: list[Any]) -> Head:
    head = Head(0)
    head.last_ts, head.last_member_message, head.last_message = row[0], row[1], row[2]
    head.known, head.correction, head.messages, head.messages_today = row[3], row[4], row[5], row[6]
    head.addressed, head.minute, head.minute_messages = row[7], row[8], row[9]
    head.staff_messages, head.joins, head.leaves = row[10], row[11], row[12]
    head.due_activity, head.due_questions, head.due_days, head.due_troubles = row[13], row[14], row[15], row[16]
    head.replies_today, head.mesh_today, head.peak_today, head.valued_today = row[17], row[18], row[19], row[20]
    return head


def _life_row(life: Life) -> list[Any]:
    return [
        life.name,
        life.first_ts,
        life.candidate,
        life.candidate_since,
        life.record_day,
        life.stage,
        life.stage_since,
        life.health,
        life.reasons,
        life.usual_week,
        life.days,
        life.coverage,
        life.full_day,
        life.mentions_day,
        _growth_row(life),
    ]


def _life_from(row: list[Any]) -> Life:
    life = Life(0)
    life.name, life.first_ts = row[0], row[1]
    life.candidate, life.candidate_since, life.record_day = row[2], row[3], row[4]
    life.stage, life.stage_since, life.health = row[5], row[6], row[7]
    life.reasons, life.usual_week, life.days = tuple(row[8]), row[9], row[10]
    life.coverage, life.full_day, life.mentions_day = row[11], row[12], row[13]
    _restore_growth(life, row[14])
    return life


def _growth_row(life: Life) -> list[Any]:
    crowds = [(c.inviter, c.event, c.first_ts, c.last_ts, c.places, c.joined, c.raised) for c in life.crowds]
    return [life.conversions, life.goal_met, life.usual_until, life.usual_at_end, crowds]


def _restore_growth(life: Life, row: list[Any]) -> None:
    life.conversions, life.goal_met, life.usual_until, life.usual_at_end = row[0], row[1], row[2], row[3]
    crowds: list[Crowd] = []
    for inviter, event, first_ts, last_ts, places, joined, raised in row[4]:
        crowd = Crowd(inviter, event, first_ts, last_ts, tuple(places))
        crowd.joined, crowd.raised = joined, raised
        crowds.append(crowd)
    life.crowds = tuple(crowds)


def _person_row(place: int, person: Person) -> tuple[Any, ...]:
    flags = person.is_staff + 2 * person.is_bot + 4 * person.newcomer_flagged + 8 * person.greeted
    return (
        place,
        person.user,
        person.name,
        person.joined_at,
        person.left_at,
        person.last_message_at,
        person.last_message,
        flags,
        person.messages,
        person.replies,
        person.today,
        person.today_count,
        person.days,
        person.deeds,
        person.check_ins,
        person.reacted,
        person.role,
        person.layer,
        person.first_day,
        person.usual,
    )


def _restore_person(h: History, row: list[Any]) -> None:
    place: int = row[0]
    person = Person(0, row[1])
    person.name, person.joined_at, person.left_at = row[2], row[3], row[4]
    person.last_message_at, person.last_message = row[5], row[6]
    flags: int = row[7]
    person.is_staff, person.is_bot, person.newcomer_flagged = bool(flags & 1), bool(flags & 2), bool(flags & 4)
    person.greeted = bool(flags & 8)
    person.messages, person.replies = row[8], row[9]
    person.today, person.today_count, person.days = row[10], row[11], daily.shared(row[12])
    person.deeds, person.check_ins, person.reacted, person.role, person.layer = (
        row[13],
        row[14],
        row[15],
        row[16],
        row[17],
    )
    person.first_day, person.usual = row[18], row[19]
    if place == len(h.people):
        h.people.append(person)
        h.index[person.user] = place
    else:
        h.people[place] = person


def _risks(people: list[Person]) -> tuple[bytes, bytes, bytes, list[tuple[str, ...]]]:
    """Return everybody's risk, its day, and which of the reasons it has: sixteen bytes each, and a few hundred reasons.

    Each midnight they all change, and nothing else of most members: as a part of the member's row, they were most of what
    was ever saved.
    """
    known: dict[tuple[str, ...], int] = {}
    risks: list[float] = []
    days: list[int] = []
    which: list[int] = []
    for person in people:
        risks.append(person.risk)
        days.append(person.risk_as_of // DAY_MS)
        place = known.get(person.risk_reasons, -1)
        if place < 0:
            place = known[person.risk_reasons] = len(known)
        which.append(place)
    return array("d", risks).tobytes(), array("I", days).tobytes(), array("I", which).tobytes(), list(known)


def _restore_risks(people: list[Person], saved: list[Any]) -> None:
    """Of a chain's saves the last one counts: each is of everybody, and there may be one for each midnight."""
    reasons = [REASONS.one(tuple(texts)) for texts in saved[3]]
    risks: list[float] = array("d", saved[0]).tolist()
    days: list[int] = array("I", saved[1]).tolist()
    which: list[int] = array("I", saved[2]).tolist()
    for place in range(len(risks)):
        person = people[place]
        person.risk, person.risk_as_of = risks[place], days[place] * DAY_MS
        person.risk_reasons = reasons[which[place]]


def _asked_row(key: str, asked: Asked | None) -> tuple[Any, ...]:
    if asked is None:
        return (key,)
    return (
        key,
        asked.user,
        asked.asked_at,
        asked.kind,
        asked.status,
        asked.due_at,
        asked.escalates_at,
        asked.raised,
        asked.joined_to,
        asked.answer,
        asked.answered_by,
        asked.answered_at,
        asked.confidence,
        asked.by_staff,
        asked.thread,
        sorted(asked.words),
        asked.place,
        asked.length,
        asked.spoke_before,
        asked.to,
        asked.wait,
        asked.until,
        asked.evidence.row(asked.doubt),
        asked.scene,
        asked.held,
    )


def _restore_asked(h: History, row: list[Any]) -> None:
    if len(row) == 1:
        h.questions.pop(row[0], None)
        return
    asked = Asked(0, row[0], row[1], row[2], row[3])
    asked.status, asked.due_at, asked.escalates_at, asked.raised = row[4], row[5], row[6], row[7]
    asked.joined_to, asked.answer, asked.answered_by = row[8], row[9], row[10]
    asked.answered_at, asked.confidence, asked.by_staff = row[11], row[12], row[13]
    asked.thread, asked.words, asked.place, asked.length = row[14], row[15], row[16], row[17]
    asked.openings = openings(asked.words)
    asked.spoke_before, asked.to, asked.wait, asked.until = row[18], row[19], row[20], row[21]
    asked.evidence, asked.doubt = evidence_from(row[22]), doubt_from(row[22])
    asked.scene, asked.held = row[23], row[24]
    h.questions[asked.event] = asked


def _restore_said(h: History, row: list[Any]) -> None:
    if len(row) == 1:
        h.said.pop(row[0], None)
    else:
        flags: int = row[4]
        said = Said(row[1], row[2], row[3], bool(flags & 1), bool(flags & 2))
        said.staff_answered, said.critical = bool(flags & 4), bool(flags & 8)
        said.root, said.responders, said.to = row[5], tuple(row[6]), row[7]
        h.said[row[0]] = said
