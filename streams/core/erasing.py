"""A person taken out of a group's state: rarely done, so it is done to all of what would be saved, and read back.

What is settled is written as a save has it, everything in it that tells of the person is blanked, and the state is made of it
anew: nothing that is ever saved can be forgotten here, whatever is added to it. What they left in counts stays, under a name
that says no more than their place in the table; so does who replied to whom, for it is numbers. Questions of theirs, and alerts
about them or naming them, are dropped.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from huoqun.control import Erase
from huoqun.results import Alert, AnyResult, Member, MemberRisk, Question
from streams.core import saved
from streams.core.arrivals import Arrivals
from streams.core.daily import NO_DAYS
from streams.core.history import History
from streams.core.rows import no_alert
from streams.core.tables import ALERTS

PREFIX: Final = "erased."
"""How those begin who are nobody any more; no row is told of them."""
_SHORTEST: Final = 2
"""One character is no name."""
_SHORTEST_ID: Final = 5
"""A shorter id may stand in another text by chance."""
_BOT: Final = 2
"""The flag of a person's row: who is a bot is no member, and counts nowhere."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder()
_alerts: Final = msgspec.msgpack.Decoder(Alert)


def concerns(h: History, erase: Erase) -> bool:
    """Whether a group's state may tell of the person: as one of its people, or named by what it remembers."""
    for user in erase.users:
        if user in h.index:
            return True
    asked: list[Any] = [(q.user, q.answered_by, q.to, q.evidence.row(q.doubt)) for q in h.questions.values()]
    data = _encoder.encode([h.troubles.row(), asked, list(h.tables[ALERTS].values())])
    for user in erase.users:
        if user.encode() in data:
            return True
    return any(crowd.inviter in erase.users for crowd in h.life.crowds)


def erased(h: History, arrivals: Arrivals, erase: Erase) -> tuple[History, Arrivals]:
    """Return the same state without the person. All of it must have settled, and been told."""
    data = saved.save(h, arrivals, whole=True, fence=-1, pending=[], kept=[])
    payload: list[Any] = _decoder.decode(data)
    person = _Person(erase)
    person.find(h, payload)
    gone = person.take_out(payload)
    chain = saved.Chain()
    chain.payloads = [_encoder.encode(payload)]
    made, came = History(), Arrivals()
    saved.load(chain, made, came)
    made.news[ALERTS].update(gone)  # that they are gone is told
    made.group_changed = True
    return made, came


def untold(results: list[AnyResult], erase: Erase, names: set[str]) -> list[AnyResult]:
    """Return results that have not been told yet without those about the person.

    An alert among them may have been told before in words that nobody is named in: then it would stay as it was, open, for
    ever. So that it is gone is told instead.
    """
    left: list[AnyResult] = []
    for result in results:
        if isinstance(result, (Member, MemberRisk, Question, Alert)) and result.platform == erase.platform:
            if erase.groups and result.group_id not in erase.groups:
                left.append(result)
            elif isinstance(result, Alert):
                theirs = result.user_id in erase.users or _names(result, erase.users, names)
                left.append(no_alert(result) if theirs else result)
            elif result.user_id in erase.users:
                continue
            elif isinstance(result, Question) and result.answered_by in erase.users:
                left.append(msgspec.structs.replace(result, answered_by="", answer_event_id=""))
            else:
                left.append(result)
        else:
            left.append(result)
    return left


def names_of(h: History, erase: Erase) -> set[str]:
    """Return what the person is called in a group."""
    names: set[str] = set()
    for user in erase.users:
        known = h.find(user)
        if known is not None and len(known.name) >= _SHORTEST:
            names.add(known.name)
    return names


class _Person:
    """What tells of one person in one group's saved state."""

    def __init__(self, erase: Erase) -> None:
        self.at: int = erase.at
        self.users: dict[str, str] = dict.fromkeys(erase.users, "")
        """Id -> what stands for it from now on."""
        self.places: set[int] = set()
        self.names: set[str] = set()
        self.events: set[str] = set()

    def find(self, h: History, payload: list[Any]) -> None:
        """Find out their places, names, and messages."""
        for user in list(self.users):
            place = h.index.get(user, -1)
            if place >= 0:
                self.places.add(place)
                self.users[user] = f"{PREFIX}{place}"
        for row in payload[9]:
            if row[0] in self.places:
                if len(row[2]) >= _SHORTEST:
                    self.names.add(row[2])
                self.events.add(row[6])
        for row in payload[14]:
            if len(row) > 1 and row[1] in self.users:
                self.events.add(row[0])
        for row in payload[16]:
            if len(row) > 1 and row[2] in self.places:
                self.events.add(row[0])
        self.events.discard("")

    def take_out(self, payload: list[Any]) -> list[str]:
        """Take them out of a whole save; return the ids of the alerts that went with them."""
        counted = 0
        people: list[Any] = []
        for row in payload[9]:
            if row[0] in self.places:
                counted += row[4] == 0 and not row[7] & _BOT
                people.append(self._nobody(row))
            else:
                people.append(row)
        payload[9] = people
        payload[7][3] -= counted  # who still is there counts as somebody new, once they are seen again
        payload[14] = [self._asked(row) for row in payload[14] if len(row) == 1 or row[1] not in self.users]
        gone: list[str] = []
        alerts: list[Any] = []
        for key, encoded in payload[15]:
            alert = _alerts.decode(encoded)
            if alert.user_id in self.users or alert.subject_event_id in self.events or self._is_named(alert):
                gone.append(key)
            else:
                alerts.append((key, encoded))
        payload[15] = alerts
        payload[16] = [row for row in payload[16] if row[0] not in self.events]
        self._troubles(payload[18])
        growth = payload[8][14]
        growth[4] = [crowd for crowd in growth[4] if crowd[0] not in self.users]
        for place in (7, 8, 14, 16, 18):
            payload[place] = self._clean(payload[place])
        return gone

    def _nobody(self, row: list[Any]) -> list[Any]:
        user = self.users[row[1]]
        return [row[0], user, "", 0, self.at, 0, "", _BOT, 0, 0, 0, 0, NO_DAYS, NO_DAYS, 0, 0, 0, 0, 0, 0.0]

    def _asked(self, row: list[Any]) -> list[Any]:
        """Of somebody else's question: without the words that are their names or tell of them; what is left of one is no word."""
        if len(row) > 1:
            row[15] = [word for word in row[15] if not self._is_name(word) and self._clean(word) == word]
        return row

    def _is_name(self, word: str) -> bool:
        if word in self.users:
            return True
        return any(word == name.lower() for name in self.names)  # words are kept in small letters

    def _is_named(self, alert: Alert) -> bool:
        if _names(alert, tuple(self.users), self.names):
            return True
        return any(f'"{event}"' in alert.evidence for event in self.events)

    def _troubles(self, row: list[Any]) -> None:
        row[0] = [None if cause is None or cause[1] in self.users else cause for cause in row[0]]
        row[3] = [
            text
            for text in row[3]
            if text[1] not in self.users and not any([sender in self.users for sender in text[6]])  # noqa: C419  # compiled
        ]
        row[6][0] = [i for i in row[6][0] if i[1] not in self.users and i[2] not in self.users]
        row[7][0] = [call for call in row[7][0] if call[2] not in self.users]

    def _clean(self, value: Any) -> Any:
        """Return a value with what stands for them instead of their ids, and without their messages."""
        if isinstance(value, str):
            if value in self.events:
                return ""
            known = self.users.get(value)
            if known is not None:
                return known
            for user in self.users:  # some platforms make ids of messages of those of people
                if len(user) >= _SHORTEST_ID and user in value:
                    value = value.replace(user, "")
            return value
        if isinstance(value, (list, tuple)):
            return [self._clean(each) for each in value]
        if isinstance(value, dict):
            return {self._clean(key): self._clean(each) for key, each in value.items()}
        return value


def _names(alert: Alert, users: tuple[str, ...], names: set[str]) -> bool:
    """Whether an alert that is about somebody else names them."""
    said = " ".join([alert.title, *alert.reasons, alert.evidence, alert.subject_event_id])
    for user in users:
        if f'"{user}"' in said or f"@{user}" in said or (len(user) >= _SHORTEST_ID and user in said):
            return True
    return any(name in said for name in names)
