"""The part that each member plays, over 28 days as of the last midnight UTC, and the layers that carry a group.

Roles; of the first three, where several fit, the one of which the member does the largest share in the group; else the first
that fits:

* *thinker*: began at least :data:`LEAST_STARTS` conversations that several others joined (:data:`SEVERAL` within half an
  hour), and at least a tenth of all such in the group: one or two carry a group (field), never more than ten;
* *critic*: answered others with disagreement, or with a question to what they link, and was replied to, at least
  :data:`LEAST_CRITIQUES` times and for a twentieth of all such in the group;
* *helper*: answered at least :data:`LEAST_ANSWERS` questions, and a fiftieth of all that were answered;
* *onlooker*: wrote less than once a week, or only reacted;
* *silent*: said nothing, and reacted to nothing. Somebody who joined within the week has no role yet instead.

Who talks, and does none of this, has no role: the rest of the five who fill the screen.

Expect (field) a thinker or two, a few critics, four in ten onlookers, half or more silent. Up to 80 % only taking is usual.

Layers: *leader* (staff and thinkers), *core* (helpers, and the key people of the week: the fewest who wrote 80 % of its
member messages), *ordinary*. A pyramid stands on all three; without a middle, a few carry everything: when they tire, nobody
follows. Bots and those who have left are in none.
"""

from __future__ import annotations

import math
from typing import Final

from streams.core import deeds
from streams.core.activity import KEY_PEOPLE_SHARE
from streams.core.daily import messages_from
from streams.core.history import History
from streams.core.kinds import Kind
from streams.core.state import DAY_MS, LONG_DAYS, NEWCOMER_MS, Person
from streams.core.structure_changes import RoleWas

SEVERAL: Final = 3
"""So many others make a conversation (and a message one of value): the domain's number for value."""
LEAST_STARTS: Final = 2
LEAST_CRITIQUES: Final = 3
LEAST_ANSWERS: Final = 3
STARTS_SHARE: Final = 10
"""One of so many: a tenth; likewise the next two. Without a share everybody in a busy group would be one."""
CRITIQUES_SHARE: Final = 20
ANSWERS_SHARE: Final = 50
ONCE_A_WEEK: Final = 4

NONE: Final = 0
THINKER: Final = 1
CRITIC: Final = 2
HELPER: Final = 3
ONLOOKER: Final = 4
SILENT: Final = 5
ROLES: Final = ("", "thinker", "critic", "helper", "onlooker", "silent")

ORDINARY: Final = 1
CORE: Final = 2
LEADER: Final = 3
LAYERS: Final = ("", "ordinary", "core", "leader")

LEAST_OF_A_PYRAMID: Final = 10
"""Fewer members than this have no layers to speak of."""


def on_day(h: History, today: int) -> tuple[int, int, int]:
    """Give everybody their role and layer as of the day ``today``; return how many are leaders, core and ordinary."""
    since = today - LONG_DAYS
    people = h.people
    starts = critiques = answers = 0
    for person in people:
        if person.deeds:
            some, more, most = deeds.totals(person.deeds, since)
            starts, critiques, answers = starts + some, critiques + more, answers + most
    key = key_people(people)
    leaders = core = ordinary = 0
    for place in range(len(people)):
        person = people[place]
        role = layer = NONE
        if not person.is_bot and not person.left_at:
            if person.deeds:
                role = _by_deeds(person, since, starts, critiques, answers)
            if not role:
                role = _by_messages(person, since, today)
            if person.is_staff or role == THINKER:
                layer, leaders = LEADER, leaders + 1
            elif role == HELPER or (person.count_7d and place in key):
                layer, core = CORE, core + 1
            else:
                layer, ordinary = ORDINARY, ordinary + 1
        if role != person.role or layer != person.layer:
            give(h, place, role, layer)
    return leaders, core, ordinary


def give(h: History, place: int, role: int, layer: int) -> None:
    """Give the person at ``place`` a role and a layer."""
    person = h.people[place]
    h.log.append(RoleWas(place, person))
    person.role, person.layer = role, layer
    h.changed_people.add(person.user)


def key_people(people: list[Person]) -> set[int]:
    """Return the places of the fewest members who wrote 80 % of the week's member messages; of equals those known longer."""
    ranked: list[tuple[int, int]] = []
    total = 0
    for place in range(len(people)):
        count = people[place].count_7d
        if count:
            ranked.append((-count, place))
            total += count
    ranked.sort()
    left = math.ceil(KEY_PEOPLE_SHARE * total)
    found: set[int] = set()
    for minus, place in ranked:
        if left <= 0:
            break
        found.add(place)
        left += minus
    return found


def shape_of(kind: Kind, leaders: int, core: int, ordinary: int) -> str:
    """Return whether a group's layers are a ``pyramid``, have ``no_middle`` or ``no_top``; empty if that is not asked."""
    members = leaders + core + ordinary
    if not kind.middle or members < LEAST_OF_A_PYRAMID:
        return ""
    if not leaders:
        return "no_top"
    return "pyramid" if core >= leaders and core >= kind.middle * members else "no_middle"


def _by_deeds(person: Person, since: int, starts: int, critiques: int, answers: int) -> int:
    mine = deeds.totals(person.deeds, since)
    role, share = NONE, 0.0
    if mine[0] >= LEAST_STARTS and mine[0] * STARTS_SHARE >= starts:
        role, share = THINKER, mine[0] / starts
    if mine[1] >= LEAST_CRITIQUES and mine[1] * CRITIQUES_SHARE >= critiques and mine[1] / critiques > share:
        role, share = CRITIC, mine[1] / critiques
    if mine[2] >= LEAST_ANSWERS and mine[2] * ANSWERS_SHARE >= answers and mine[2] / answers > share:
        role = HELPER
    return role


def _by_messages(person: Person, since: int, today: int) -> int:
    messages = messages_from(person.days, since)
    if person.today_count and since <= person.today < today:
        messages += person.today_count
    if messages >= ONCE_A_WEEK:
        return NONE
    if messages or person.reacted >= since:
        return ONLOOKER
    new = person.joined_at and today * DAY_MS - person.joined_at < NEWCOMER_MS
    return NONE if new else SILENT
