"""What has been seen of a question is saved whole, and read of an older release, too."""

from typing import Any

from streams.core.evidence import MOST_TOLD, NOTHING, Evidence, doubt_from, evidence_from


def seen() -> Evidence:
    """Evidence of which nothing is as it was at first."""
    found = Evidence()
    for number, name in enumerate(Evidence.__slots__, 2):
        value: Any = getattr(found, name)
        if name == "told":
            setattr(found, name, ("bob", "carol"))
        elif name != "judged":
            setattr(found, name, not value if isinstance(value, bool) else f"e{number}" if value == "" else number)
    return found


def contents(evidence: Evidence) -> dict[str, Any]:
    return {name: getattr(evidence, name) for name in Evidence.__slots__}


def test_all_of_it_comes_back_and_is_in_a_copy() -> None:
    evidence = seen()
    assert all(contents(evidence)[name] != value for name, value in contents(NOTHING).items() if name != "judged")
    assert contents(evidence_from(evidence.row(-0.5))) == contents(evidence)
    assert contents(evidence.copy()) == contents(evidence)
    assert doubt_from(evidence.row(-0.5)) == -0.5


def test_before_anything_has_happened_nothing_is_known() -> None:
    texts = dict.fromkeys(("best_event", "best_by"), "")
    unknown = dict.fromkeys(("again_ms", "best_between", "first_ms"), -1)
    flags = (
        "after_asked",
        "after_named",
        "best_among",
        "best_by_staff",
        "best_directed",
        "best_told",
        "first_asks",
        "judged",
    )
    known: dict[str, Any] = texts | unknown | dict.fromkeys(flags, False) | {"told": ()}
    found = contents(NOTHING)
    assert found == dict.fromkeys(found, 0) | known
    assert all(type(found[name]) is bool for name in flags)
    assert MOST_TOLD == 4, "of whom the asker addresses the first four are kept, in every row that was saved"


def test_nothing_takes_no_room() -> None:
    assert NOTHING.row(0.0) == []
    assert evidence_from([]) is NOTHING
    assert doubt_from([]) == 0.0


def test_an_older_release_has_not_looked_at_the_last_four() -> None:
    evidence = evidence_from(seen().row(0.0)[:25])
    later = ("best_between", "best_told", "again_ms", "best_among")
    assert [getattr(evidence, name) for name in later] == [-1, False, -1, False]
    rest = contents(seen())
    assert {name: value for name, value in contents(evidence).items() if name not in later} == {
        name: value for name, value in rest.items() if name not in later
    }
