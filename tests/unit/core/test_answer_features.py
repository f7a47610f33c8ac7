"""What is looked at to say whether a message answers a question, class by class, at the bounds of each."""

from __future__ import annotations

import pytest

from huoqun.config import Config
from huoqun.events import Event
from streams.core.answer_features import PAIR, STEPS_BETWEEN, STEPS_GAP, STEPS_LENGTH, STEPS_SECONDS, STEPS_TODAY
from streams.core.answer_model import AnswerModel, blank
from streams.core.partition import Partition
from tests.support.core import encoded
from tests.support.scenes import T0

ASK = "how do I repot a ficus?"
Message = tuple[int, str, str]
"""Milliseconds since T0, author, text."""


def features(*messages: Message, ask: str = ASK, asked_at: int = 3_600_000) -> dict[str, int]:
    """The class of each feature of the last message as an answer to the question that bob asks at ``asked_at``."""
    model = AnswerModel(blank())
    model.recorded = []
    told = sorted([*messages[:-1], (asked_at, "bob", ask), messages[-1]], key=lambda each: each[0])
    events = [
        Event(id=f"e{n}", type="message", ts=T0 + at, platform="qq", group_id="1", user_id=who, text=text)
        for n, (at, who, text) in enumerate(told)
    ]
    question, answer = (f"e{told.index(each)}" for each in ((asked_at, "bob", ask), messages[-1]))
    Partition(0, Config(), answers=model).apply(list(enumerate(encoded(events))))
    (places,) = [places for kind, q, a, _, places in model.recorded if (kind, q, a) == ("undirected", question, answer)]
    found, first = {}, 0
    for place, (name, size) in zip(places, PAIR, strict=True):
        found[name] = place - first
        first += size
    return found


def at_each_step(steps: tuple[int, ...]) -> list[tuple[int, int]]:
    """A step is the last of its class: it and the next value, with the class of each."""
    return [
        (value, place + beyond) for place, step in enumerate(steps) for beyond, value in enumerate((step, step + 1))
    ]


ASKED = 3_600_000


@pytest.mark.parametrize(("seconds", "place"), at_each_step(STEPS_SECONDS))
def test_seconds_since_the_question_and_since_its_asker_spoke(seconds: int, place: int) -> None:
    found = features((ASKED + seconds * 1000 + 999, "carol", "in spring"))
    assert (found["seconds"], found["asker's pause"]) == (place, place)


@pytest.mark.parametrize(("messages", "place"), at_each_step(STEPS_BETWEEN))
def test_messages_between_it_and_the_question(messages: int, place: int) -> None:
    between = [(ASKED + 100 * n + 100, f"u{n}", "hm") for n in range(messages)]
    found = features(*between, (ASKED + 10_000, "carol", "in spring"))
    assert (found["between"], found["since the asker"]) == (place, place)


@pytest.mark.parametrize(
    ("text", "words", "letters"),
    [
        ("in spring", 0, 0),
        ("mine is a bonsai", 1, 2),
        ("fig in spring", 1, 1),
        ("leaf in spring", 1, 1),
        ("peach in spring", 1, 2),
        ("seedling in spring", 1, 2),
        ("succulent in spring", 1, 3),
        ("fig leaf in spring", 2, 2),
        ("fig leaf peach seedling", 3, 3),
        ("fig leaf peach seedling succulent", 3, 3),
        ("番茄 in spring", 1, 2),
    ],
)
def test_words_in_common_and_their_letters(text: str, words: int, letters: int) -> None:
    ask = "how do I repot a bonsai fig leaf peach seedling succulent 番茄?"
    found = features((ASKED + 60_000, "carol", text), ask=ask)
    assert (found["shared words"], found["shared letters"]) == (words, letters)


@pytest.mark.parametrize(("size", "place"), at_each_step(STEPS_LENGTH))
def test_its_length_in_bytes(size: int, place: int) -> None:
    assert features((ASKED + 60_000, "carol", "x" * size))["length"] == place


@pytest.mark.parametrize(("size", "place"), at_each_step(STEPS_LENGTH[3:]))
def test_the_questions_length_in_bytes(size: int, place: int) -> None:
    ask = ASK[:-1] + "x" * (size - len(ASK)) + "?"
    assert features((ASKED + 60_000, "carol", "in spring"), ask=ask)["question's length"] == 3 + place


@pytest.mark.parametrize(("seconds", "place"), at_each_step(STEPS_GAP))
def test_how_long_its_author_and_the_asker_had_said_nothing(seconds: int, place: int) -> None:
    before = (ASKED + 60_000 - seconds * 1000 - 999, "carol", "morning all")
    assert features(before, (ASKED + 60_000, "carol", "in spring"))["author's pause"] == place
    before = (ASKED - seconds * 1000 - 999, "bob", "morning all")
    assert features(before, (ASKED + 60_000, "carol", "in spring"))["asker's pause before"] == place


def test_who_had_never_spoken_has_a_class_of_their_own() -> None:
    found = features((ASKED + 60_000, "carol", "in spring"))
    assert found["author's pause"] == found["asker's pause before"] == len(STEPS_GAP) + 1


@pytest.mark.parametrize(("when", "since"), [(-1, 0), (1, 1)])
def test_whether_its_author_spoke_since_the_question(when: int, since: int) -> None:
    found = features((ASKED + when, "carol", "hm"), (ASKED + 60_000, "carol", "in spring"))
    assert found["author spoke since"] == since


@pytest.mark.parametrize(("times", "place"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3)])
def test_how_often_the_asker_spoke_since(times: int, place: int) -> None:
    own = [(ASKED + 1_000 * n + 1_000, "bob", "hm") for n in range(times)]
    assert features(*own, (ASKED + 60_000, "carol", "in spring"))["asker spoke since"] == place


@pytest.mark.parametrize(("messages", "place"), at_each_step(STEPS_TODAY[:-1]))
def test_how_much_its_author_said_today(messages: int, place: int) -> None:
    before = [(ASKED - 1_000 * n - 1_000, "carol", "hm") for n in range(messages)]
    assert features(*before, (ASKED + 60_000, "carol", "in spring"))["author's messages today"] == place
