"""The changes by which :mod:`streams.core.structure` is remembered (see :mod:`streams.core.changes`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mypy_extensions import mypyc_attr

from streams.core.changes import Change
from streams.core.fabric import Fabric
from streams.core.state import Person, Said

if TYPE_CHECKING:
    from streams.core.history import History


@mypyc_attr(acyclic=True)
class Paired(Change):
    """Somebody replied to somebody for the first time today."""

    __slots__ = ("pair",)

    def __init__(self, pair: int) -> None:
        self.pair: int = pair

    def swap(self, h: History) -> None:
        """Count the pair in, or out."""
        if self.pair in h.pairs:
            h.pairs.discard(self.pair)
        else:
            h.pairs.add(self.pair)

    def settle(self, h: History) -> None:
        """The pair."""
        h.unsaved_pairs.append(self.pair)


@mypyc_attr(acyclic=True)
class Responded(Change):
    """Somebody responded to a message for the first time; ``valued``: the one who makes it a message of value."""

    __slots__ = ("done", "place", "said", "target", "valued")

    def __init__(self, target: str, said: Said, place: int, valued: bool) -> None:
        self.target: str = target
        self.said: Said = said
        self.place: int = place
        self.valued: bool = valued
        self.done: bool = False

    def swap(self, h: History) -> None:
        """Count them in, or out."""
        said = self.said
        if self.done:
            said.responders = said.responders[:-1]
        else:
            said.responders = (*said.responders, self.place)
        if self.valued:
            h.head.valued_today += -1 if self.done else 1
        self.done = not self.done

    def settle(self, h: History) -> None:
        """The message."""
        h.unsaved_said.append(self.target)


@mypyc_attr(acyclic=True)
class RoleWas(Change):
    """A member's role or layer changed."""

    __slots__ = ("layer", "place", "role")

    def __init__(self, place: int, person: Person) -> None:
        self.place: int = place
        self.role: int = person.role
        self.layer: int = person.layer

    def swap(self, h: History) -> None:
        """Exchange the two."""
        person = h.people[self.place]
        role, layer = person.role, person.layer
        person.role, person.layer = self.role, self.layer
        self.role, self.layer = role, layer

    def note(self, h: History) -> None:
        """The member's row."""
        h.changed_people.add(h.people[self.place].user)

    def settle(self, h: History) -> None:
        """The member's state."""
        h.unsaved_people.add(self.place)


@mypyc_attr(acyclic=True)
class FabricWas(Change):
    """A day ended: the group's fabric was made anew, and today's pairs begin with none."""

    __slots__ = ("other", "pairs")

    def __init__(self, other: Fabric) -> None:
        self.other: Fabric = other
        self.pairs: set[int] = set()

    def swap(self, h: History) -> None:
        """Exchange the two."""
        h.fabric, self.other = self.other, h.fabric
        h.pairs, self.pairs = self.pairs, h.pairs

    def note(self, h: History) -> None:
        """The group's row."""
        h.group_changed = True

    def settle(self, h: History) -> None:
        """The fabric; the pairs of the day before are in it."""
        h.fabric_unsaved = True
        h.unsaved_pairs.clear()
