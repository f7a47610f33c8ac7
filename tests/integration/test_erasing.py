"""Who is erased from the store is gone from every table of it, on the embedded engine and on a server; the others stay."""

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from huoqun import codec
from huoqun.control import Erase
from huoqun.events import Event
from huoqun.results import Action, Alert, Delivery, Member, MemberRisk, Question, alert_id
from sinks import rows, tables
from sinks.erasing import Eraser
from sinks.rows import Part
from tests.support.engines import ENGINES, Engine, opened
from tests.support.stores import insert

T0 = 1_767_225_600_000
AT = T0 + 3_600_000
ERASE = Erase(id="x1", at=AT, platform="qq", users=("gone-1234",))
TRACES = ("gone-1234", "谢大宝", "Zebedee", "their-first", "their-question", "confidential words")
"""What would tell of the person: ids, names, ids of messages, words."""

_numbers = itertools.count(1)


def event(**fields: Any) -> Event:
    n = next(_numbers)
    base = {
        "id": f"e{n}",
        "type": "message",
        "ts": T0 + n,
        "platform": "qq",
        "group_id": "g",
        "user_id": "ada",
        "received_at": T0 + n,
    }
    return Event(**(base | fields))


def theirs(**fields: Any) -> Event:
    return event(**({"user_id": "gone-1234", "user_name": "谢大宝"} | fields))


EVENTS = [
    theirs(id="their-first", text="confidential words"),
    theirs(id="their-question", text="confidential words?", user_name="Zebedee"),
    theirs(type="join", inviter_id="ada"),
    theirs(type="conversion", amount=3.5, currency="CNY"),
    theirs(type="leave"),
    event(text="@谢大宝 thanks, and zebras stay", mentions=["gone-1234", "bob"], reply_to="their-first"),
    event(
        text="ask Zebedee or @gone-1234",
        thread_id="their-question",
        extra={"operator_id": "gone-1234", "note": "谢大宝"},
    ),
    event(type="join", user_id="eve", inviter_id="gone-1234"),
    event(user_id="bob", text="Zebras are others"),
    event(group_id="other", user_id="gone-1234", text="confidential words"),
]


def common(**fields: Any) -> dict[str, Any]:
    return {"platform": "qq", "group_id": "g", "version": 1} | fields


def alert(**fields: Any) -> Alert:
    base = common(kind="unanswered", severity="warning", raised_at=T0, updated_at=T0, state="open", title="t")
    return Alert(**(base | fields))


RESULTS: list[msgspec.Struct] = [
    Member(**common(user_id="gone-1234", user_name="谢大宝", as_of=T0)),
    Member(**common(user_id="ada", user_name="Ada", as_of=T0, risk_reasons=["谢大宝 left"])),
    MemberRisk(**common(user_id="gone-1234", as_of=T0, risk=0.5)),
    MemberRisk(**common(user_id="ada", as_of=T0, risk=0.5)),
    Question(**common(question_id="their-question", user_id="gone-1234", asked_at=T0, kind="question", status="open")),
    Question(
        **common(
            question_id="q2", user_id="ada", asked_at=T0, kind="question", status="answered", answered_by="gone-1234",
            answer_event_id="their-first",
        )
    ),
    alert(alert_id="about", user_id="gone-1234"),
    alert(alert_id="quotes", evidence='{"quarrel":"their-first"}'),
    alert(alert_id="lists", evidence='{"senders":["gone-1234","bob"]}'),
    alert(alert_id="names", title="Zebedee and Ada quarrel"),
    alert(alert_id="others", user_id="ada"),
    Action(**common(action_id="a1", item="about", kind="unanswered", action="note", by="op", at=T0, note="谢大宝 is kind")),
    Action(**common(action_id="a2", item=alert_id("thank", "qq", "g", "gone-1234"), kind="thank", action="acknowledge", by="op", at=T0)),  # type: ignore[arg-type]
    Action(**common(action_id="a3", item="others", kind="unanswered", action="note", by="op", at=T0, note="tell 谢大宝")),
    Delivery(**common(delivery_id="d1", route="r", channel="c", step="raised", outcome="sent", at=T0, alerts=["about"])),
    Delivery(**common(delivery_id="d2", route="r", channel="c", step="raised", outcome="sent", at=T0, alerts=["others"])),
]  # fmt: skip


def results(*records: msgspec.Struct) -> list[Part]:
    return rows.read_results([codec.encode(r) for r in records]).parts


def everything(engine: Engine) -> dict[str, list[str]]:
    """Table -> its rows as text, with all that is stored, whatever version it is."""
    named = engine.store.select(
        f"SELECT name FROM system.tables WHERE database = '{engine.database}' AND engine NOT LIKE '%View'"
    )
    return {
        str(name): sorted(str(row) for row in engine.store.select(f"SELECT * FROM {engine.database}.{name}"))
        for (name,) in named
    }


def traces(engine: Engine) -> dict[str, set[str]]:
    found = {
        table: {trace for trace in TRACES for row in stored if trace in row}
        for table, stored in everything(engine).items()
    }
    return {table: seen for table, seen in found.items() if seen}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with opened(request, tmp_path_factory.mktemp("erasing")) as found:
        insert(found.store, EVENTS)
        found.insert(*results(*RESULTS))
        yield found


@pytest.fixture(scope="module")
def before(engine: Engine) -> dict[str, set[str]]:
    """What there was of them."""
    return traces(engine)


@pytest.fixture(scope="module")
def eraser(engine: Engine, before: dict[str, set[str]]) -> Eraser:
    del before
    made = Eraser(engine.database, clock=lambda: AT + 5)
    made.begin(engine.store)
    return made


@pytest.fixture(scope="module")
def done(engine: Engine, eraser: Eraser) -> int:
    """How many rows were erased: first in one group, then everywhere."""
    one = eraser.erase(engine.store, msgspec.structs.replace(ERASE, id="x0", groups=("other",)))
    assert "gone-1234" in {row["user_id"] for row in engine.view("events", where="group_id = 'g'")}
    assert engine.view("events", where="group_id = 'other'") == []
    assert one >= 1, "where there are rollups, a row of one as well"
    return eraser.erase(engine.store, ERASE)


def test_nothing_in_any_table_tells_of_who_was_erased(engine: Engine, before: dict[str, set[str]], done: int) -> None:
    assert {"events_rows", "questions_rows", "alerts_rows", "members_rows", "actions_rows"} <= set(before)
    assert done > 0
    assert traces(engine) == {}
    changes = engine.store.select(f"SELECT command FROM system.mutations WHERE database = '{engine.database}'")
    assert changes
    assert not [change for (change,) in changes for trace in TRACES if trace in change]


@pytest.mark.usefixtures("done")
def test_the_others_stay_as_they_were(engine: Engine) -> None:
    texts = {row["text"] for row in engine.view("events")}
    assert texts == {"", "[…] thanks, and zebras stay", "ask […] or […]", "Zebras are others"}
    (replied,) = [row for row in engine.view("events") if "thanks" in row["text"]]
    assert (replied["mentions"], replied["reply_to"]) == (["bob"], "")
    assert [row["user_id"] for row in engine.view("members")] == ["ada"]
    assert [row["alert_id"] for row in engine.view("alerts")] == ["others"]
    (question,) = engine.view("questions")
    assert (question["question_id"], question["answered_by"], question["answer_event_id"]) == ("q2", "", "")
    assert [row["delivery_id"] for row in engine.view("deliveries")] == ["d2"]


@pytest.mark.usefixtures("done")
def test_a_second_run_is_a_look_and_nothing_else(engine: Engine, eraser: Eraser) -> None:
    before = everything(engine)
    changes = engine.count_of("system.mutations")

    assert eraser.erase(engine.store, ERASE) == 0
    assert eraser.erase(engine.store, msgspec.structs.replace(ERASE, id="x2")) == 0

    after = everything(engine)
    assert engine.count_of("system.mutations") == changes
    del before["erasures_rows"], after["erasures_rows"]
    assert after == before


def test_an_audit_row_says_what_was_done_and_not_to_whom(engine: Engine, done: int) -> None:
    ((platform, count, listed),) = engine.store.select(
        f"SELECT platform, rows, tables FROM {engine.database}.erasures WHERE erasure_id = 'x1'"
    )
    assert platform == "qq"
    assert int(count) >= done > 0, "more, where another test has erased once more"
    assert any(str(entry).startswith("events=") for entry in listed)


@pytest.mark.usefixtures("done")
def test_what_comes_again_is_kept_away_also_by_the_next_sink_as_long_as_it_can(engine: Engine, eraser: Eraser) -> None:
    eraser.erase(engine.store, msgspec.structs.replace(ERASE, id="asked for once more"))
    following = Eraser(engine.database, clock=lambda: AT + 86_400_000)
    following.begin(engine.store)
    back = theirs(id="back", ts=AT + 1, text="new words")
    late = rows.read_events([codec.encode(e) for e in [*EVENTS, back]], range(len(EVENTS) + 1), store_text=True)

    for one in (eraser, following):
        (kept,) = one.without_erased(late.parts)
        users = kept.columns[tables.EVENTS.names.index("user_id")]
        assert users.count("gone-1234") == 1, "what they write after it is theirs again"
        assert len(kept.at) == len(users) == 5

    # a worker that was given up tells of them as if nothing had been; that a row is gone may be told
    member = Member(
        platform="qq", group_id="g", version=1, user_id="gone-1234", last_message_at=AT - 1, as_of=AT - 1
    )  # fmt: skip
    told = [member, msgspec.structs.replace(member, as_of=AT + 1), msgspec.structs.replace(member, deleted=True)]
    read = rows.read_results([codec.encode(each) for each in told])
    for one in (eraser, following):
        (kept_rows,) = one.without_erased(read.parts)
        assert list(kept_rows.at) == [1, 2]

    # in a rebuild the others tell of them again, and their names are known by what was kept away
    others = [[v for v, u in zip(column, users, strict=True) if u != "gone-1234"] for column in kept.columns]
    engine.store.insert(tables.EVENTS, others)
    assert "events_rows" in traces(engine)
    following.erase(engine.store, ERASE)
    assert traces(engine) == {}

    # nothing can come again after the log's retention: the marks by which they are known go
    following = Eraser(engine.database, clock=lambda: AT + 40 * 86_400_000)
    following.begin(engine.store)
    ((salt, marks),) = engine.store.select(
        f"SELECT salt, marks FROM {engine.database}.erasures_rows FINAL WHERE deleted = 0 AND erasure_id = 'x1'"
    )
    assert (salt, list(marks)) == ("", [])
