"""What is remembered of a person, a group, its troubles and its questions is saved field by field: each must come back as itself."""

from itertools import count
from typing import Any

from streams.core import saved
from streams.core.arrivals import Arrivals
from streams.core.history import History
from streams.core.scanning import openings
from streams.core.state import Asked, Crowd, Life, Person, Said
from tests.unit.core.test_saved_is_all import plain

NEVER_SAVED = {
    "step",
    "risk",
    "risk_reasons",
    "risk_as_of",
    "place",
    "person",
    "asker",
    "to",
    "places",
    "doubt",
    "openings",
    "over",
}
"""What other tests look at, what follows from the rest, and what must be a person's or a message's place."""


def filled(thing: Any, numbers: Any, chosen: int = -1) -> Any:
    """Give every field a value that no other has; of those that are true or false, one is true."""
    truths = 0
    for name in sorted(type(thing).__slots__):
        value = getattr(thing, name)
        if name in NEVER_SAVED or name.startswith("count_"):  # those are counted again from the minutes
            continue
        if isinstance(value, bool):
            setattr(thing, name, truths == chosen)
            truths += 1
        elif isinstance(value, int):
            setattr(thing, name, next(numbers))
        elif isinstance(value, float):
            setattr(thing, name, next(numbers) + 0.5)
        elif isinstance(value, str) and name not in {"kind", "status", "stage"}:
            setattr(thing, name, f"{name} {next(numbers)}")
    return thing


def again(h: History, arrivals: Arrivals) -> tuple[History, Arrivals, list[int], list[bytes]]:
    chain, made, came = saved.Chain(), History(), Arrivals()
    chain.payloads = [saved.save(h, arrivals, whole=True, fence=7, pending=[8, 9], kept=[b"kept"])]
    pending, kept = saved.load(chain, made, came)
    assert chain.fence == 7
    return made, came, pending, kept


def test_people_come_back_field_by_field() -> None:
    numbers, h = count(1000), History()
    for chosen in range(5):
        person = filled(Person(0, ""), numbers, chosen)
        h.index[person.user] = len(h.people)
        h.people.append(person)
    made, _, pending, kept = again(h, Arrivals())
    assert plain(made.people) == plain(h.people)
    assert [each.last_message for each in made.people] == [each.last_message for each in h.people]
    assert made.index == h.index
    assert (pending, kept) == ([8, 9], [b"kept"])


def test_a_groups_life_its_crowds_and_its_arrivals_come_back_field_by_field() -> None:
    numbers, h, arrivals = count(1000), History(), filled(Arrivals(), count(5000))
    h.life = filled(Life(0), numbers)
    h.life.reasons = ("why", "because")
    h.life.crowds = tuple(filled(Crowd("", "", 0, 0, (1, 2, n)), numbers, n) for n in range(2))
    filled(h.head, numbers)
    t = filled(h.troubles, numbers)
    t.ad, t.announcement, t.flood_cause, t.quarrel_cause = [(n, "who", f"e{n}", n + 1, n + 2) for n in (10, 20, 30, 40)]
    t.left, t.gone, t.burst_from, t.quarrel_people = (1, 2), ("g1", "g2"), ("f1",), ("q1", "q2")
    t.pasted = ((1, 2, "a", "b", "c", 3, ("x", "y")),)
    t.insults = ((5, "by", "to", "text"),)
    t.calls = ((6, "event", "user", (7, 8)),)
    t.drawn = b"\x01\x02"
    made, came, _, _ = again(h, arrivals)
    assert plain(made.life) == plain(h.life)
    assert plain(made.head) == plain(h.head)
    assert plain(made.troubles) == plain(h.troubles)
    assert plain(came) == plain(arrivals)


def test_questions_and_what_was_said_come_back_field_by_field() -> None:
    numbers, h = count(1000), History()
    h.people.append(Person(0, "ada"))
    h.index["ada"] = 0
    h.head.messages = 1_000_000
    for chosen in range(4):
        asked = filled(Asked(0, "", "ada", 0, "question"), numbers, chosen)
        asked.user, asked.words = "ada", [f"leaf{chosen}", "tomato"]
        asked.openings = openings(asked.words)
        h.tables[0][asked.event] = asked
        said = filled(Said(5, 0, 7, answered=False, counts=False), numbers, chosen)
        said.responders = (chosen, chosen + 1)
        h.said[f"m{chosen}"] = said
    made, _, _, _ = again(h, Arrivals())
    assert plain(made.said) == plain(h.said)
    assert plain(made.questions) == plain(h.questions)
