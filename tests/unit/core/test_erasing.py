"""Who is erased is out of the state, of what is saved of it, and of what is told later; counts and the others stay."""

import random

import msgspec
import pytest

from huoqun import codec
from huoqun.config import Config
from huoqun.control import Erase, Tick
from huoqun.events import Event
from huoqun.results import Alert, Question
from streams.core import erasing, saved
from streams.core.activity import members_of
from streams.core.state import Crowd, Person
from streams.core.tables import ALERTS
from streams.core.tracked import Tracked
from tests.support.core import LAG, Machine, View, encoded, view_of
from tests.unit.core.test_saved_is_all import plain

T0 = 1_767_225_600_000
MINUTE = 60_000
GONE = "gone-1234"
NAME = "谢大宝"
WORDS = "how do I open the confidential box"


def message(number: int, user: str, text: str, **fields: object) -> Event:
    base = {
        "id": f"e{number}-{user}", "type": "message", "ts": T0 + number * 20_000, "platform": "qq", "group_id": "g",
        "user_id": user, "user_name": NAME if user == GONE else user.title(), "text": text,
        "received_at": T0 + number * 20_000 + 200,
    }  # fmt: skip
    return Event(**(base | fields))


def talk(seed: int, count: int = 120) -> list[Event]:
    rng = random.Random(seed)
    events = []
    for number in range(count):
        user = rng.choice([GONE, "ada", "bob", "eve"])
        before = rng.choice(events) if events else None
        text = rng.choice(
            [
                f"{WORDS}?",
                f"@{NAME} look here",
                "it is under the table",
                "大家好，请问怎么报名？",
                "滚，你这个骗子",
                "加我微信 vx12345678 兼职日结",
            ]
        )
        if user != GONE:
            text = text.replace("confidential ", "")
        fields: dict[str, object] = {}
        if before is not None and rng.random() < 0.4:
            fields = {"reply_to": before.id, "mentions": [before.user_id]}
        kind = rng.choices(["message", "join", "leave", "reaction"], [8, 1, 1, 1])[0]
        if kind == "join":
            fields = {"type": "join", "inviter_id": rng.choice([GONE, "bob"])}
            text = ""
        elif kind != "message":
            fields = {"type": kind, "reply_to": before.id if before else ""}
            text = ""
        events.append(message(number, user, text, **fields))
    return events


def erase(events: list[Event]) -> Erase:
    return Erase(id="x", at=events[-1].received_at + 1, platform="qq", users=(GONE,))


def after(events: list[Event]) -> list[Event]:
    start = len(events) + 10
    return [message(start + n, user, "是的，明天见？") for n, user in enumerate(["ada", "bob", "eve"] * 10)]


def log_of(events: list[Event], asked: Erase, later: list[Event]) -> list[bytes]:
    log = [codec.encode(Tick(now=T0))]
    for event in events:
        log += [codec.encode(event), codec.encode(Tick(now=event.received_at + 500))]
    log += [codec.encode(asked), codec.encode(Tick(now=asked.at + 1_000))]
    for event in later:
        log += [codec.encode(event), codec.encode(Tick(now=event.received_at + 500))]
    log.append(codec.encode(Tick(now=later[-1].received_at + 3 * 86_400_000)))  # some midnights
    return log


def erased(view: View) -> View:
    """What a store shows that has erased them, too."""
    left: View = {}
    for key, row in view.items():
        if row.get("answered_by") == GONE:
            row = {**row, "answered_by": "", "answer_event_id": ""}  # noqa: PLW2901  # a copy
        if not told_of(str(row)) and f"-{GONE}" not in str(row):
            left[key] = row
    return left


def told_of(text: str) -> list[str]:
    return [sign for sign in (GONE, NAME, "confidential") if sign in text]


def test_a_word_of_somebody_elses_question_that_holds_their_id_goes_whole() -> None:
    """What was left of it, a single letter or nothing, was no word, and the state could not be read back."""
    known = message(1, "gone1234", "hello, good morning")
    asked = message(2, "ada", "does anyone know what happened to order xgone1234 please?")
    request = Erase(id="x", at=asked.received_at + 1, platform="qq", users=("gone1234",))
    answered = message(9, "bob", "the order was sent yesterday", reply_to=asked.id)
    machine = Machine(Config())
    view = machine.run(log_of([known, asked], request, [answered]), batch=1)
    assert view["Question", f"qq/g/{asked.id}"]["status"] == "answered"


@pytest.mark.parametrize("name", ["Gardenia", "gardenia", "番茄"])
def test_a_word_of_somebody_elses_question_that_is_their_name_goes_however_it_is_written(name: str) -> None:
    known = message(1, GONE, "hello, good morning", user_name=name)
    asked = message(2, "ada", f"does anyone know where {name} keeps the watering can?")
    machine = Machine(Config())
    log = encoded([Tick(now=T0), known, asked])
    machine.feed(log, 0, len(log))
    (before,) = machine.state.groups["qq/g"].group.h.questions.values()
    assert name.lower() in before.words
    machine.feed([*log, codec.encode(erase([asked]))], len(log), len(log) + 1)
    (after_it,) = machine.state.groups["qq/g"].group.h.questions.values()
    assert set(after_it.words) == set(before.words) - {name.lower()}


@pytest.mark.parametrize("bot", [False, True], ids=["a member", "a bot"])
@pytest.mark.parametrize("messages", range(1, 5))
def test_of_a_person_nothing_is_left_but_a_place_of_a_bot_that_left_and_one_member_fewer(
    messages: int, bot: bool
) -> None:
    reply = message(0, "ada", "good morning everybody")
    events = [reply, message(1, GONE, "", type="join", inviter_id="ada", is_bot=bot)]
    for day in range(messages):
        events.append(message(day * 4320 + 2, GONE, "morning, my dear", is_bot=bot, reply_to=reply.id))
        events.append(message(day * 4320 + 3, "ada", "and you, too", reply_to=events[-1].id))
        events.append(message(day * 4320 + 4, GONE, "", type="reaction", reply_to=events[-1].id, is_bot=bot))
        events.append(message(day * 4320 + 5, "ada", "does anyone know how to repot a tomato?"))
    machine = Machine(Config())
    log = encoded([*events, erase(events)])
    machine.feed(log, 0, len(log) - 1)
    machine.checkpoint()
    h = machine.state.groups["qq/g"].group.h
    place, there = h.index[GONE], members_of(h.head)
    assert (h.people[place].messages, there) == ((0, 1) if bot else (messages, 2))
    machine.feed(log, len(log) - 1, len(log))
    h = machine.state.groups["qq/g"].group.h
    nobody = Person(0, f"erased.{place}")
    nobody.left_at, nobody.is_bot = events[-1].received_at + 1, True
    assert of_whom(h.people[place]) == of_whom(nobody)
    assert members_of(h.head) == 1, "ada"


def test_what_others_did_to_the_group_is_remembered_and_what_they_did_is_not() -> None:
    """Filled by hand: of each sort one of theirs, one that has to do with them, and one that is none of their business."""
    events = [message(n, user, "hello, good morning") for n, user in enumerate(["ada", GONE, "bob"])]
    events.append(message(3, "bob", "and to you", reply_to=events[0].id))
    machine = Machine(Config())
    machine.run(encoded([*events, Tick(now=events[-1].received_at + 500)]))
    tracked = settled(machine)
    h = tracked.group.h
    t, last = h.troubles, h.find(GONE).last_message  # type: ignore[union-attr]  # they wrote
    theirs, others = (1, GONE, last, 4, 5), (1, "ada", "e", 4, 5)
    t.ad, t.announcement, t.flood_cause, t.quarrel_cause = theirs, others, theirs, others
    t.pasted = (
        (1, "ada", "e", 2, 3, 0, ("ada", "bob")),
        (2, GONE, "f", 2, 3, 0, ("bob",)),
        (3, "bob", "g", 2, 3, 1, (GONE, "ada")),
    )
    t.insults = ((1, "ada", "bob", "e"), (2, GONE, "bob", "f"), (3, "bob", GONE, "g"))
    t.calls = ((1, "e", "ada", ("bob", GONE)), (2, "f", GONE, ("bob",)))
    h.life.crowds = (Crowd("ada", "e", 1, 2, (0, 2)), Crowd(GONE, "f", 1, 2, (0,)))
    said = plain(h.said)
    made, came = erasing.erased(h, tracked.arrivals, erase(events))
    t = made.troubles
    assert (t.ad, t.announcement, t.flood_cause, t.quarrel_cause) == (None, others, None, others)
    assert t.pasted == ((1, "ada", "e", 2, 3, 0, ("ada", "bob")),)
    assert t.insults == ((1, "ada", "bob", "e"),)
    assert t.calls == ((1, "e", "ada", ("bob", "erased.1")),)
    assert [crowd.inviter for crowd in made.life.crowds] == ["ada"]
    assert plain(made.said) == [each for each in said if each[0] != repr(last)]
    assert len(made.said) == 3
    assert (made.head.known, made.head.correction, made.head.messages) == (2, 0, 4)
    assert made.group_changed, "there is one member fewer, and the group's row says so"
    assert plain(came) == plain(tracked.arrivals)


@pytest.mark.parametrize(
    ("fields", "goes"),
    [
        ({"user_id": GONE}, True),
        ({"title": f"somebody asked {NAME}"}, True),
        ({"reasons": [f"answer {NAME}"]}, True),
        ({"evidence": f'{{"by":["{GONE}"]}}'}, True),
        ({"subject_event_id": f"e1-{GONE}"}, True),
        ({"evidence": '{"events":["m1"]}'}, True),
        ({"subject_event_id": "m1"}, True),
        ({"evidence": '{"events":["m10","m2"]}'}, False),
        ({"title": "谢大 大宝"}, False),
    ],
)
def test_an_alert_goes_if_it_is_about_them_or_names_them_or_their_last_message(
    fields: dict[str, object], goes: bool
) -> None:
    events = [message(0, "ada", "hello", id="m2"), message(1, GONE, "hello", id="m1")]
    machine = Machine(Config())
    machine.run(encoded([*events, Tick(now=events[-1].received_at + 500)]))
    tracked = settled(machine)
    alert = Alert(
        platform="qq", group_id="g", alert_id="a", kind="flood", severity="info", raised_at=1, updated_at=1,
        state="open", title="", reasons=[],
    )  # fmt: skip
    tracked.group.h.tables[ALERTS]["a"] = msgspec.structs.replace(alert, **fields)
    made, _ = erasing.erased(tracked.group.h, tracked.arrivals, erase(events))
    assert ("a" not in made.tables[ALERTS]) is goes
    assert made.news[ALERTS] == ({"a"} if goes else set())


def settled(machine: Machine) -> Tracked:
    """Return the group once nothing in it can be taken back any more, as it is before somebody is erased."""
    tracked = machine.state.groups["qq/g"]
    machine.state._settle_all(tracked, T0 + MINUTE)
    return tracked


def of_whom(person: Person) -> list[tuple[str, object]]:
    """What is kept of a person, but for what is counted again from the minutes, and the risk, which ends at midnight."""
    return [(name, value) for name, value in plain(person)[1] if not name.startswith(("count_", "risk"))]


def test_who_had_left_before_is_not_taken_from_the_members_again() -> None:
    events = [message(n, user, "hello") for n, user in enumerate(["ada", "bob", GONE])]
    events.append(message(4, GONE, "", type="leave"))
    machine = Machine(Config())
    machine.run(encoded([*events, erase(events)]))
    assert members_of(machine.state.groups["qq/g"].group.h.head) == 2


def test_nothing_that_is_saved_or_told_later_tells_of_them() -> None:
    for seed in range(20):
        events = talk(seed)
        asked = erase(events)
        later = after(events)
        log = log_of(events, asked, later)
        machine = Machine(Config())
        place = log.index(codec.encode(asked))
        machine.feed(log, 0, place)
        machine.checkpoint()
        assert GONE in view_of(machine.results)["Member", f"qq/g/{GONE}"].values()
        machine.feed(log, place, place + 1)
        machine.results.clear()  # those from before, the sink erases
        machine.feed(log, place + 1, len(log))
        machine.checkpoint()
        stored = b"".join(machine.store.values())
        assert told_of(stored.decode("utf-8", "replace")) == [], seed
        told = b"\n".join(codec.encode(r) for r in machine.results).decode()
        assert told_of(told) == [], seed
        assert f"-{GONE}" not in told


def test_an_alert_that_was_told_before_goes_with_who_ended_it_if_its_end_was_not_told_yet() -> None:
    question = message(1, "bob", "大家好，请问怎么报名？")
    answer = message(100, GONE, "在群公告里", reply_to=question.id, mentions=["bob"])
    asked = erase([answer])
    log = encoded([Tick(now=T0), question, Tick(now=answer.ts), answer, asked, Tick(now=asked.at + MINUTE)])

    def is_open(machine: Machine) -> list[object]:
        return [row["user_id"] for row in view_of(machine.results).values() if row.get("state") == "open"]

    machine = Machine(Config())
    machine.feed(log, 0, 3)
    assert is_open(machine) == ["bob"]
    machine.feed(log, 3, len(log))
    machine.checkpoint()
    assert is_open(machine) == []


def test_it_is_the_same_however_the_log_is_read_and_wherever_a_worker_dies() -> None:
    for seed in range(12):
        events = talk(seed, 60)
        log = log_of(events, erase(events), after(events))
        whole = Machine(Config())
        whole.run(log, batch=len(log))
        expected = erased(view_of(whole.results))
        rng = random.Random(seed)
        machine = Machine(Config(), LAG)
        at = 0
        crashes = 4
        while at < len(log):
            at = machine.feed_to_rest(log, at, min(len(log), at + rng.randint(1, 30)))
            if rng.random() < 0.5:
                machine.checkpoint(save=rng.choice([0.0, 0.5, 1.0, 1.0]))
            if crashes and rng.random() < 0.2:
                crashes -= 1
                at = machine.crash()
            if at < len(log) and machine.state.up_to_rest([(o, log[o]) for o in range(at, len(log))]) == 0:
                break
        machine.feed(log, at, len(log))
        machine.checkpoint()
        found = erased(view_of(machine.results))
        assert found == expected, seed


def test_what_comes_again_from_before_is_not_placed_and_what_they_write_later_is_theirs() -> None:
    events = talk(3)
    asked = erase(events)
    log = log_of(events, asked, after(events))
    machine = Machine(Config())
    machine.run(log)
    machine.results.clear()
    again = [codec.encode(each) for each in (message(900, GONE, WORDS, ts=asked.at - 1), *events)]
    start = len(log)
    machine.feed(log + again, start, start + len(again))
    machine.checkpoint()
    assert told_of(str(view_of(machine.results))) == []

    back = message(20_000, GONE, "hello again")
    machine.feed([*log, *again, codec.encode(back)], start + len(again), start + len(again) + 1)
    machine.checkpoint()
    row = view_of(machine.results)["Member", f"qq/g/{GONE}"]
    assert row["messages_28d"] == 1


def test_alerts_about_them_are_withdrawn_and_the_others_questions_stay() -> None:
    asker = message(0, GONE, f"{WORDS}?")
    other = message(1, "ada", "where do I sign up for the course?")
    asked = Erase(id="x", at=T0 + 21 * MINUTE, platform="qq", users=(GONE,))
    log = [codec.encode(each) for each in (Tick(now=T0), asker, other, Tick(now=T0 + 20 * MINUTE), asked)]
    log.append(codec.encode(Tick(now=T0 + 22 * MINUTE)))
    machine = Machine(Config())
    machine.feed(log, 0, 4)
    machine.checkpoint()
    raised = {r.alert_id: r.user_id for r in machine.results if isinstance(r, Alert)}
    assert set(raised.values()) == {GONE, "ada"}
    machine.feed(log, 4, 6)
    machine.checkpoint()

    view = view_of(machine.results)
    assert {row["user_id"] for (kind, _), row in view.items() if kind == "Alert"} == {"ada"}
    kept = machine.state.groups["qq/g"].group.h
    assert [q.user for q in kept.questions.values()] == ["ada"]
    assert [r.user_id for r in machine.results if isinstance(r, Question)][-1:] != [GONE]


def test_only_the_groups_that_were_asked_for_forget() -> None:
    events = [message(0, GONE, "hello"), message(1, GONE, "hello", group_id="other")]
    asked = msgspec.structs.replace(erase(events), groups=("other",))
    machine = Machine(Config())
    machine.run([codec.encode(each) for each in (Tick(now=T0), *events, asked)])
    assert GONE in machine.state.groups["qq/g"].group.h.index
    assert GONE not in machine.state.groups["qq/other"].group.h.index


def test_the_save_after_it_is_whole_and_comes_at_once() -> None:
    events = talk(5, 40)
    log = log_of(events, erase(events), after(events)[:1])
    machine = Machine(Config())
    place = log.index(codec.encode(erase(events)))
    machine.feed(log, 0, place)
    machine.checkpoint()
    machine.feed(log, place, place + 1)
    machine.checkpoint()
    (chain,) = saved.chains(machine.store.items()).values()
    assert len(chain.payloads) == 1
    assert told_of(chain.payloads[0].decode("utf-8", "replace")) == []
