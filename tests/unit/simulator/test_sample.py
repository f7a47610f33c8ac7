"""The sample community holds what it says, and reads as events of real people would."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huoqun.events import Event, read_event
from producers.sample.script import book, fill, parse_talk
from producers.sample.stage import DAY, HOUR, MINUTE
from producers.simulator import planted, sample_community

END = 1_795_300_000_000
EVENTS = sample_community(END)
PLANTED = planted(END)
BY_ID = {e["id"]: e for e in EVENTS}


def group_of(event: dict) -> str:
    return f"{event['platform']}/{event['group_id']}"


def messages_of(user_id: str) -> list[dict]:
    return [e for e in EVENTS if e.get("user_id") == user_id and e["type"] == "message"]


@given(end=st.integers(min_value=1_600_000_000_000, max_value=4_000_000_000_000), seed=st.integers(0, 50))
@settings(max_examples=15, deadline=None)
def test_at_whatever_hour_it_ends_every_event_is_accepted_in_order_once_and_up_to_the_end(end: int, seed: int) -> None:
    events = sample_community(end, seed)
    times = [e["ts"] for e in events]
    assert times == sorted(times)
    assert times[-1] == end
    assert len({e["id"] for e in events}) == len(events)
    for raw in events:
        event = read_event(raw, received_at=end, source="sample")
        assert isinstance(event, Event), (raw, event)
        assert event.extra == {"simulated": True}


@given(end=st.integers(min_value=1_600_000_000_000, max_value=4_000_000_000_000))
@settings(max_examples=10, deadline=None)
def test_at_whatever_hour_it_ends_everything_planted_is_there(end: int) -> None:
    ids = {e["id"] for e in sample_community(end)}
    found = planted(end)
    wanted = [q.event_id for q in (*found.open_questions, *found.unanswered_questions)]
    wanted += [i for a in (*found.answered, *found.answered_late) for i in (a.event_id, a.answer_id)]
    assert ids.issuperset([*wanted, *found.advertisement.event_ids, found.edited])
    assert all(15 * MINUTE <= end - q.asked_at <= 45 * MINUTE for q in found.open_questions)


def test_the_same_end_and_seed_give_the_same_events_and_another_end_gives_other_ids() -> None:
    assert sample_community(END) == EVENTS
    later = {e["id"] for e in sample_community(END + HOUR)}
    assert later.isdisjoint(BY_ID)


def test_it_has_a_few_hundred_to_fifteen_hundred_events_of_every_type_but_delete() -> None:
    kinds = Counter(e["type"] for e in EVENTS)
    assert 800 <= len(EVENTS) <= 1500
    assert set(kinds) == {"message", "join", "leave", "reaction", "edit", "rename", "conversion", "member_count"}


def test_all_of_it_is_labelled_simulated() -> None:
    assert {e["source"] for e in EVENTS} == {"simulated"}
    assert all(e["extra"]["simulated"] is True for e in EVENTS)


def test_people_sleep_at_night() -> None:
    # The last hour is scripted and ends whenever the demo runs, so it does not count.
    hours = Counter((e["ts"] // HOUR + 8) % 24 for e in EVENTS if e["type"] == "message" and e["ts"] < END - HOUR)
    night, evening = sum(hours[h] for h in range(2, 6)), sum(hours[h] for h in range(19, 23))
    assert night * 8 < evening


def test_nobody_speaks_before_joining_or_after_leaving_in_the_group_that_forms() -> None:
    joined = {e["user_id"]: e["ts"] for e in EVENTS if e["type"] == "join" and group_of(e) == PLANTED.main_group}
    left = {e["user_id"]: e["ts"] for e in EVENTS if e["type"] == "leave" and group_of(e) == PLANTED.main_group}
    for e in EVENTS:
        if group_of(e) == PLANTED.main_group and e["type"] in ("message", "reaction"):
            assert joined[e["user_id"]] < e["ts"] < left.get(e["user_id"], END + 1), e


def test_the_platforms_member_count_is_joins_minus_leaves() -> None:
    counts = [e for e in EVENTS if e["type"] == "member_count" and group_of(e) == PLANTED.main_group]
    assert len(counts) == 4
    for count in counts:
        past = Counter(e["type"] for e in EVENTS if group_of(e) == PLANTED.main_group and e["ts"] <= count["ts"])
        assert count["count"] == past["join"] - past["leave"]


def test_nothing_points_at_a_message_that_is_not_there_or_comes_later() -> None:
    for e in EVENTS:
        if e.get("reply_to"):
            target = BY_ID[e["reply_to"]]
            assert target["type"] == "message"
            assert target["ts"] < e["ts"]
            assert group_of(target) == group_of(e)


def test_nothing_responds_to_what_was_planted_as_unanswered() -> None:
    for asked in (*PLANTED.open_questions, *PLANTED.unanswered_questions):
        after = [
            e for e in EVENTS if group_of(e) == asked.group and e["ts"] > asked.asked_at and e["type"] == "message"
        ]
        assert not [e for e in after if e.get("reply_to") == asked.event_id]
        # The bot greets; a person who mentions the asker within the next 30 minutes would be answering.
        soon = [e for e in after if e["ts"] < asked.asked_at + 30 * MINUTE and not e.get("is_bot")]
        assert not [e for e in soon if asked.user_id in e.get("mentions", [])]
        assert BY_ID[asked.event_id]["user_id"] == asked.user_id


def test_after_an_old_unanswered_question_the_group_is_silent_for_half_an_hour() -> None:
    for asked in PLANTED.unanswered_questions:
        assert not [
            e
            for e in EVENTS
            if group_of(e) == asked.group
            and e["type"] == "message"
            and not e.get("is_bot")
            and asked.asked_at < e["ts"] < asked.asked_at + 30 * MINUTE
        ]


def test_while_questions_are_open_all_other_talk_is_tied_to_someone_else() -> None:
    asked = {q.event_id for q in PLANTED.open_questions} | {a.event_id for a in PLANTED.answered}
    last_hour = [e for e in EVENTS if e["ts"] > END - 44 * MINUTE and e["type"] == "message" and e["id"] not in asked]
    assert len(last_hour) > 8
    assert all(e.get("reply_to") or e.get("mentions") for e in last_hour)


@pytest.mark.parametrize("answered", [*PLANTED.answered, *PLANTED.answered_late], ids=lambda a: a.event_id)
def test_the_planted_answers_are_tied_as_they_say(answered) -> None:
    question, answer = BY_ID[answered.event_id], BY_ID[answered.answer_id]
    assert answer["user_id"] == answered.answered_by != question["user_id"]
    assert answer["ts"] - question["ts"] == answered.seconds * 1000
    assert (f"{answer['platform']}/{answer['user_id']}" in PLANTED.staff) is answered.by_staff
    assert (answer.get("reply_to") == question["id"]) is (answered.how == "reply")
    assert (question["user_id"] in answer.get("mentions", [])) is (answered.how == "mention")
    between = [
        e
        for e in EVENTS
        if group_of(e) == answered.group and question["ts"] < e["ts"] < answer["ts"] and e["type"] == "message"
    ]
    if answered in PLANTED.answered:
        assert answered.seconds <= 120
        assert not between
    else:
        assert answered.seconds >= 30 * 60


def test_questions_are_answered_in_all_three_ways() -> None:
    assert {a.how for a in PLANTED.answered} == {"reply", "mention", "adjacent"}


def test_every_newcomer_who_speaks_is_answered_except_those_planted() -> None:
    joined = {e["user_id"] for e in EVENTS if e["type"] == "join" and not e.get("is_bot") and not e.get("is_staff")}
    ignored = {a.user_id for a in PLANTED.newcomers_without_response}
    assert len(ignored) == 2
    for user_id in joined - ignored - {PLANTED.advertisement.user_id}:
        if said := messages_of(user_id):
            replies = [e for e in EVENTS if e.get("reply_to") == said[0]["id"] and e["type"] == "message"]
            assert replies, said[0]
            assert replies[0]["ts"] - said[0]["ts"] < 2 * MINUTE


def test_the_silent_newcomers_stay_and_never_speak() -> None:
    left = {e["user_id"] for e in EVENTS if e["type"] == "leave"}
    assert len(PLANTED.newcomers_silent) >= 5
    for user_id in PLANTED.newcomers_silent:
        assert user_id not in left
        assert not messages_of(user_id)


def test_the_leave_burst_follows_the_advertisement_by_twenty_to_thirty_minutes_and_stands_alone() -> None:
    burst, ad = PLANTED.leave_burst, PLANTED.advertisement
    leaves = [e["ts"] for e in EVENTS if e["type"] == "leave" and group_of(e) == burst.group]
    inside = [t for t in leaves if burst.first_at <= t <= burst.last_at]
    assert len(inside) == len(burst.user_ids) >= 8
    assert burst.last_at - burst.first_at < 5 * MINUTE
    assert len(leaves) - len(inside) <= 1  # the advertiser, removed
    assert 20 * MINUTE <= burst.first_at - ad.first_at <= 30 * MINUTE
    assert len(ad.event_ids) >= 3
    assert all("https://" in BY_ID[i]["text"] for i in ad.event_ids)


def test_the_regulars_who_went_quiet_spoke_often_and_then_not_at_all() -> None:
    assert len(PLANTED.gone_quiet) == 3
    for quiet in PLANTED.gone_quiet:
        said = messages_of(quiet.user_id)
        assert len(said) >= 15
        assert said[-1]["ts"] == quiet.last_message_at < END - 2 * DAY
        assert not [e for e in EVENTS if e.get("user_id") == quiet.user_id and e["type"] == "leave"]


def test_two_groups_have_five_weeks_of_history_and_one_of_them_fades() -> None:
    for group in (PLANTED.steady_group, PLANTED.fading_group):
        assert END - next(e["ts"] for e in EVENTS if group_of(e) == group) > 34 * DAY
    people = [
        e for e in EVENTS if group_of(e) == PLANTED.fading_group and e["type"] == "message" and not e.get("is_staff")
    ]
    early = [e for e in people if e["ts"] < END - 28 * DAY]
    late = [e for e in people if e["ts"] > END - 8 * DAY]
    assert len(early) > 5 * max(len(late), 1)


@pytest.mark.parametrize("name", ["balcony", "runners", "market"])
def test_every_talk_can_be_played_and_filled(name: str) -> None:
    of = book(name)
    for text in (*of.talks.general, *of.talks.english):
        for line in parse_talk(text):
            assert "{" not in fill(line.text, of.fill, random.Random(1), {})


@pytest.mark.parametrize(
    ("talk", "place"),
    [("a hello", "line 1"), ("a: hi\nb>2: yes", "line 2"), ("a: hi\nz: yes", "line 2"), ("a>1: hi", "line 1")],
)
def test_a_talk_written_wrongly_is_refused_with_its_line(talk: str, place: str) -> None:
    with pytest.raises(ValueError, match=place):
        parse_talk(talk)
