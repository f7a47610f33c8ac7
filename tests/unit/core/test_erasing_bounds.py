"""What tells of a person and what does not: of results not told yet, of an alert's words, of what a group remembers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from huoqun.control import Erase
from huoqun.results import Alert, AnyResult, Member, MemberRisk, Question
from streams.core import erasing
from streams.core.history import History
from streams.core.state import Asked, Crowd, Person
from streams.core.tables import ALERTS

ERASE = Erase(id="x", at=5, platform="qq", users=("gone", "p-gone-1"))
ONE: dict[str, Any] = {"platform": "qq", "group_id": "g"}
ALERT = Alert(
    **ONE, alert_id="a", kind="flood", severity="info", raised_at=1, updated_at=1, state="open", title="", reasons=[]
)
QUESTION = Question(**ONE, question_id="q", user_id="ada", asked_at=1, kind="question", status="answered")


def changed(row: Any, **fields: Any) -> Any:
    return msgspec.structs.replace(row, **fields)


THEIRS: list[AnyResult] = [
    Member(**ONE, user_id="gone"),
    MemberRisk(**ONE, user_id="p-gone-1", as_of=1, risk=0.5),
    changed(QUESTION, user_id="gone"),
]
NOT_THEIRS: list[AnyResult] = [
    Member(**ONE, user_id="ada"),
    MemberRisk(**ONE, user_id="ada", as_of=1, risk=0.5),
    QUESTION,
    changed(QUESTION, answered_by="bob", answer_event_id="e"),
    changed(ALERT, user_id="ada"),
]


def test_what_was_not_told_yet_is_told_without_what_is_theirs() -> None:
    everything = [each for pair in zip(THEIRS, NOT_THEIRS, strict=False) for each in pair] + NOT_THEIRS[3:]
    assert erasing.untold(everything, ERASE, set()) == NOT_THEIRS


@pytest.mark.parametrize("fields", [{"platform": "wecom"}, {"group_id": "other"}])
def test_of_another_platform_or_group_all_is_told(fields: dict[str, str]) -> None:
    asked = changed(ERASE, groups=("g", "h"))
    rows = [changed(row, **fields) for row in [*THEIRS, changed(ALERT, user_id="gone")]]
    assert erasing.untold(rows, asked, {"谢大宝"}) == rows
    here = [changed(row, group_id="h") for row in THEIRS]
    assert erasing.untold(here, asked, set()) == []


def test_an_answer_of_theirs_is_told_without_who_gave_it_and_an_alert_as_gone() -> None:
    answered = changed(QUESTION, answered_by="gone", answer_event_id="e", confidence=0.9)
    (told,) = erasing.untold([answered], ERASE, set())
    assert told == changed(answered, answered_by="", answer_event_id="")
    for about in ({"user_id": "gone"}, {"title": "谢大宝 shouts"}, {"reasons": ["to @gone"]}):
        (alert,) = erasing.untold([changed(ALERT, version=7, **about)], ERASE, {"谢大宝"})
        assert (alert.key(), alert.version, alert.deleted) == (ALERT.key(), 7, True)
        assert "谢大宝" not in str(alert)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"title": "begone now"}, False),  # a short id stands in other words by chance …
        ({"title": "@gone shouts"}, True),  # … unless it is meant
        ({"evidence": '{"by":"gone"}'}, True),
        ({"evidence": '{"by":"begone"}'}, False),
        ({"reasons": ["x", "by p-gone-1."]}, True),  # a longer one does not
        ({"subject_event_id": "e-p-gone-1"}, True),
        ({"title": "谢大宝 shouts"}, True),
        ({"title": "谢大 shouts"}, False),
    ],
)
def test_an_alert_names_somebody_by_id_or_name(words: dict[str, Any], named: bool) -> None:
    assert erasing._names(changed(ALERT, **words), ERASE.users, {"谢大宝"}) is named


@pytest.mark.parametrize(("user", "named"), [("abcd", False), ("abcde", True)])
def test_an_id_of_five_characters_is_no_chance(user: str, named: bool) -> None:
    assert erasing._names(changed(ALERT, title=f"x{user}x"), (user,), set()) is named
    person = erasing._Person(changed(ERASE, users=(user,)))
    assert person._clean(f"x{user}x") == ("xx" if named else f"x{user}x")
    assert person._clean(user) == "", "the whole of it always"


def test_one_character_is_no_name_and_two_are() -> None:
    for name, names in (("谢", set()), ("谢大", {"谢大"}), ("", set())):
        h = History()
        for user in ("ada", "gone"):
            person = Person(0, user)
            person.name = name if user == "gone" else "Ada"
            h.index[user] = len(h.people)
            h.people.append(person)
        assert erasing.names_of(h, ERASE) == names


def test_what_stands_for_them_stands_everywhere_and_their_messages_are_no_more() -> None:
    person = erasing._Person(ERASE)
    person.users["gone"], person.events = "erased.3", {"e1"}
    value = ["gone", ("e1", "e10"), {"gone": "e1", "k": ["p-gone-1 wrote", 5, None, 0.5]}, b"gone"]
    assert person._clean(value) == ["erased.3", ["", "e10"], {"erased.3": "", "k": [" wrote", 5, None, 0.5]}, b"gone"]


def asked(**fields: Any) -> History:
    h = History()
    question = Asked(0, "q", "ada", 1, "question")
    for name, value in fields.items():
        setattr(question, name, value)
    h.questions["q"] = question
    return h


def remembering(what: str) -> History:
    h = History()
    if what == "a member":
        h.index["p-gone-1"] = 0
    elif what == "who asked":
        return asked(user="gone")
    elif what == "who answered":
        return asked(answered_by="gone")
    elif what == "who was asked":
        return asked(to="gone")
    elif what == "trouble":
        h.troubles.ad = (1, "gone", "e", 1, 2)
    elif what == "an alert":
        h.tables[ALERTS]["a"] = changed(ALERT, title="@gone")
    elif what == "an inviter":
        h.life.crowds = (Crowd("ann", "e", 1, 2, ()), Crowd("gone", "e", 1, 2, ()))
    elif what == "others":
        h.index["ada"] = 0
        h.life.crowds = (Crowd("ann", "e", 1, 2, ()),)
        h.questions.update(asked(answered_by="bob").questions)
    return h


@pytest.mark.parametrize(
    ("what", "concerned"),
    [
        *(
            (each, True)
            for each in ("a member", "who asked", "who answered", "who was asked", "trouble", "an alert", "an inviter")
        ),
        ("others", False),
        ("nothing", False),
    ],
)
def test_a_group_is_concerned_that_remembers_them_as_whatever(what: str, concerned: bool) -> None:
    assert erasing.concerns(remembering(what), ERASE) is concerned


@pytest.mark.parametrize(
    ("word", "kept"),
    [("gone", False), ("谢大宝", False), ("ann", False), ("p-gone-1's", False), ("tomato", True), ("anna", True)],
)
def test_a_word_of_somebody_elses_question_is_kept_unless_it_tells_of_them(word: str, kept: bool) -> None:
    person = erasing._Person(ERASE)
    person.names = {"谢大宝", "Ann"}
    row: list[Any] = [0] * 15 + [["soil", word]]
    assert person._asked(row)[15] == (["soil", word] if kept else ["soil"])
    assert person._asked(["gone already"]) == ["gone already"]
