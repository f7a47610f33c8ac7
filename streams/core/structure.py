"""How a group hangs together: who replies to whom, what draws responses, whether it is always the same few.

Definitions (domain, section 1; what is ours is marked). All are of the days that ended before the last midnight UTC, for
over a week they change slowly; rows of the window ``7d`` carry them, and one such row is made each midnight.

* ``same_faces``: of the members who spoke in the last seven days, the share who also spoke in the seven before. ``new_faces``:
  the share of the week's member messages by people who had never spoken before it. Both only after 14 days of watching.
* ``mesh_index``, ``reciprocity``, ``centralisation``, ``pairs``, ``new_pairs``: see :class:`streams.core.pairs.Graph`. A
  reply is a link, a name, or else the next person's message within two minutes of the one before, all within half an hour.
  Without a link it goes to whom the conversation began with, and theirs to who spoke last: where twenty pupils write
  "received" one after the other, they answer the teacher and not each other. 28 days for ``pairs`` (ours: a tie that rests is
  none).
* ``value_cadence``: messages a day, over the last seven, by staff or by the core (key people and helpers as of the midnight
  before) that drew :data:`~streams.core.roles.SEVERAL` distinct responders within half an hour: people who replied, reacted,
  or took part in the conversation that the message began.
* ``check_in_people``, ``check_in_streak``, ``check_in_same_faces``: how many members checked in in the last seven (local)
  days, the most days in a row of anybody who still does, and the share of the people who had also done so the week before.
  ``None`` where nobody did in four weeks.

A conversation begins with a message that replies to nothing: no link, no name, nobody else's message within two minutes
before; or that asks. What replies to a message belongs to its conversation.
"""

from __future__ import annotations

import re
from typing import Final

from streams.core import checkins, coverage, deeds, falseness, kinds, roles
from streams.core.activity import members_of
from streams.core.arrival import Arrival
from streams.core.daily import from_day, messages_from, with_day
from streams.core.fabric import Fabric
from streams.core.history import History
from streams.core.pairs import MOST_PAIRS, Graph, fold, graph_of, ordered
from streams.core.reactions import disagrees
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS, Asked, Person, Said
from streams.core.structure_changes import FabricWas, Paired, Responded

WATCHED: Final = 14
"""Days of watching before anybody can be said to be new, or the same."""


def on_reply(h: History, said: Said, event: Arrival, target: str, place: int, *, linked: bool) -> None:
    """Count a message of the person at ``place`` that replies to ``said``, somebody else's, whose event is ``target``.

    ``linked``: it says so itself. Called before it is counted as the first reply.
    """
    ts = event.ts
    whom = said.person
    if said.critical and not said.answered:
        credit(h, whom, ts, deeds.CRITIQUE)
    _respond(h, said, target, place, ts)
    root = said.root
    if root and root != target:
        first = h.recent(root, ts)
        if first is not None and first.person != place:
            _respond(h, first, root, place, ts)
            if not linked:
                whom = first.person
    pair = ordered(place, whom)
    if pair not in h.pairs and len(h.pairs) < MOST_PAIRS:
        h.do(Paired(pair))


def on_reaction(h: History, event: Arrival, place: int) -> None:
    """Count a reaction of the person at ``place`` to a message that can still draw responses."""
    day = event.ts // DAY_MS
    person = h.people[place]
    if person.is_bot:
        return
    if person.reacted != day:
        h.change_person(place).reacted = day
    said = h.recent(event.reply_to, event.ts)
    if said is not None and said.person != place:
        _respond(h, said, event.reply_to, place, event.ts)


def _respond(h: History, said: Said, target: str, place: int, ts: int) -> None:
    responders = said.responders
    if place in responders or len(responders) >= roles.SEVERAL:
        return
    several = len(responders) + 1 == roles.SEVERAL
    author = h.people[said.person]
    h.do(Responded(target, said, place, several and (author.is_staff or author.layer >= roles.CORE)))
    if several and said.root == target:
        credit(h, said.person, ts, deeds.START)


def credit(h: History, place: int, ts: int, kind: int) -> None:
    """Credit the person at ``place`` with a deed (see :mod:`streams.core.deeds`) at ``ts`` (ms)."""
    day = ts // DAY_MS
    person = h.change_person(place)
    person.deeds = deeds.with_deed(person.deeds, day, kind, day - LONG_DAYS)


def helped(h: History, asked: Asked) -> None:
    """Credit whoever answered a question, once it is settled that they did; one that goes on with another counts with that."""
    place = h.index.get(asked.answered_by, -1)
    if place >= 0 and asked.status == "answered" and not asked.joined_to:
        credit(h, place, asked.answered_at, deeds.ANSWER)


def root_of(event: Arrival, target: Said | None, place: int, *, linked: bool, asks: bool) -> str:
    """Return the message with which the conversation began that a message belongs to; empty: not known.

    ``target``: what it replies to, or its author's own message that it goes on with; ``linked``: it says so itself.
    """
    if target is None:
        return "" if linked else event.id
    if asks and not linked and target.person != place:
        return event.id
    return target.root


def is_critical(event: Arrival, target: Said | None, place: int, *, linked: bool, asks: bool) -> bool:
    """Whether a message answers somebody with disagreement, or, where it links what it answers, with a question."""
    if target is None or target.person == place:
        return False
    return (linked and asks) or disagrees(event.text)


def on_message(
    h: History, settings: GroupSettings, pattern: re.Pattern[str] | None, event: Arrival, place: int
) -> None:
    """See whether a message checks in."""
    if checkins.is_check_in(event.text, pattern):
        checkins.on_check_in(h, place, checkins.local_day(event.ts, settings.time_zone))


def on_day(h: History, settings: GroupSettings, today: int) -> None:
    """Make the group's fabric and everybody's role anew for the day ``today``."""
    before, people, kind = h.fabric, h.people, kinds.of(settings.kind)
    fabric = Fabric(today)
    fabric.replies = fold(before.replies, today - before.day, h.pairs)
    if h.head.valued_today:
        fabric.values = with_day(before.values, today - 1, h.head.valued_today, today - LONG_DAYS)
        h.change_head().valued_today = 0
    else:
        fabric.values = from_day(before.values, today - LONG_DAYS)
    if coverage.is_full(h):
        graph: Graph = graph_of(fabric.replies, people)
        fabric.mesh_index, fabric.reciprocity = graph.mesh_index, graph.reciprocity
        fabric.centralisation, fabric.pairs, fabric.new_pairs = graph.centralisation, graph.pairs, graph.new_pairs
        watched = today - h.life.first_ts // DAY_MS
        fabric.value_cadence = messages_from(fabric.values, today - 7) / 7 if watched >= 7 else None  # noqa: PLR2004  # a week
        if watched >= WATCHED:
            _faces(fabric, people, today)
        _check_ins(fabric, people, checkins.local_day(today * DAY_MS, settings.time_zone))
        fabric.leaders, fabric.core, known = roles.on_day(h, today)
        fabric.ordinary = max(
            known, members_of(h.head) - fabric.leaders - fabric.core
        )  # some only the platform counted
        fabric.shape = roles.shape_of(kind, fabric.leaders, fabric.core, fabric.ordinary)
        fabric.false_activity = falseness.on_day(h, settings, kind, today, before.false_activity)
    else:
        for place in range(len(people)):
            if people[place].role or people[place].layer:
                roles.give(h, place, roles.NONE, roles.NONE)
    if fabric.layers() != before.layers():
        h.group_changed = True  # time alone changed it: no event comes that would have the row sent
    h.do(FabricWas(fabric))


def _faces(fabric: Fabric, people: list[Person], today: int) -> None:
    speakers = known = messages = by_new = 0
    for person in people:
        if person.is_bot or person.is_staff or not person.messages:
            continue
        week = two_weeks = 0
        if person.today >= today - 7:  # else none of the days before is of the week either
            week = two_weeks = person.today_count
        if person.days:
            week += messages_from(person.days, today - 7)
            two_weeks += messages_from(person.days, today - 14)
        if week:
            speakers += 1
            known += two_weeks > week
            messages += week
            if week == person.messages:
                by_new += week
    if speakers:
        fabric.same_faces = known / speakers
        fabric.new_faces = by_new / messages


def _check_ins(fabric: Fabric, people: list[Person], day: int) -> None:
    this_week = both = longest = 0
    habit = False
    for person in people:
        if not person.check_ins or person.is_bot or person.is_staff or person.left_at:
            continue
        habit = habit or checkins.lately(person.check_ins, day)
        longest = max(longest, checkins.streak_of(person.check_ins, day))
        now, before = checkins.weeks_of(person.check_ins, day)
        if now:
            this_week += 1
            both += before
    if habit:
        fabric.check_in_people, fabric.check_in_streak = this_week, longest
        fabric.check_in_same_faces = both / this_week if this_week else None
