"""A partition's own part: what is told when, when each group is saved, how far the log may be committed, and logs made anew."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from huoqun.codec import encode
from huoqun.config import Config, Worker
from huoqun.control import Erase, Generation, Tick
from huoqun.events import Event
from huoqun.results import Alert, Member
from streams.core.lag import Lag
from streams.core.partition import MOST_KEPT, Partition
from tests.support.core import Machine
from tests.support.scenes import DAY, HOUR, MINUTE, T0

MUCH = Lag(checkpoints=1_000, work=1_000_000, silent=1_000, little=0)
"""Nothing is due to be saved for long."""


def said(at: int, user: str = "u", group: str = "1", **fields: Any) -> Event:
    """Something said ``at`` ms after the beginning, received then."""
    name = fields.pop("id", f"{group}-{user}-{at}")
    fields = {"type": "message", "text": "早", "received_at": T0 + at, **fields}
    return Event(id=name, ts=T0 + at, platform="qq", group_id=group, user_id=user, **fields)


class Log:
    """A partition, and the log that it reads, record by record."""

    def __init__(self, lag: Lag = MUCH, config: Config | None = None) -> None:
        self.state = Partition(0, config or Config(), lag)
        self.end = 0

    def add(self, *records: Event | Tick | Erase | Generation) -> Log:
        """Append records, and apply them one by one."""
        for record in records:
            assert not self.state.apply([(self.end, encode(record))])
            self.end += 1
        return self

    def at_once(self, *records: Event | Tick | bytes) -> int:
        """Append records, apply what is applied of them at once, and return how many that were."""
        values = [record if isinstance(record, bytes) else encode(record) for record in records]
        self.state.apply([(self.end + n, value) for n, value in enumerate(values)])
        applied = self.state.offset + 1 - self.end
        self.end += applied
        return applied

    def saved(self, **how: Any) -> list[str]:
        """Return the names of the groups that a checkpoint saves."""
        saves = self.state.checkpoint(**how).saves
        return sorted({key.decode().rpartition("|")[2] for key, value in saves if value is not None})


def test_before_the_first_record_nothing_was_applied_and_nothing_can_be_committed() -> None:
    state = Partition(0, Config())
    assert state.offset == -1
    assert state.checkpoint().offset == -1


@pytest.mark.parametrize(
    ("ticks", "need", "committed"),
    [
        ([3, 7, 12], 99, 11),  # the next holder begins with a tick: the last one
        ([3, 7, 12], 12, 11),
        ([3, 7, 12], 11, 6),  # from which all that it needs comes later
        ([3, 7, 12], 3, 2),
        ([3, 7, 12], 2, -1),
        ([0], 0, -1),
        ([], 9, -1),  # the time is known by a tick that can't be read again: that place is not given up
    ],
)
def test_the_log_is_committed_up_to_the_last_tick_before_all_that_is_needed_again(
    ticks: list[int], need: int, committed: int
) -> None:
    state = Partition(0, Config())
    state.offset, state._ticks, state._now = 14, ticks.copy(), T0
    assert state._safe_with(need) == committed
    assert state._ticks == [tick for tick in ticks if committed < tick], "those before it are not asked for again"
    assert state._safe_with(0) == committed, "it never goes back"
    state._now, state._ticks = 0, []
    assert state._safe_with(99) == 14, "without ticks, all that was applied"
    assert state._safe_with(12) == 14


@pytest.mark.parametrize(
    ("lag", "talks", "saves"),
    [
        (MUCH._replace(checkpoints=3), False, [6]),
        (MUCH._replace(checkpoints=3), True, [6, 10]),  # since what is not saved began, and not since the last of it
        (MUCH._replace(silent=3), False, [6]),
        (MUCH._replace(silent=3), True, []),
    ],
)
@pytest.mark.parametrize("before", [0, 2])
def test_a_group_is_saved_so_many_checkpoints_after_it_changed_or_fell_silent_and_another_that_talks_is_not(
    lag: Lag, talks: bool, saves: list[int], before: int
) -> None:
    log, found = Log(lag), []
    for n in range(11 - 2 + before):
        log.add(said(n * 1_000, group="2"))
        if n == before or (talks and n > before):
            log.add(said(n * 1_000, group="1"))
        if "qq/1" in log.saved():
            found.append(n + 3 - before)
    assert found == saves


def test_a_partition_that_falls_silent_is_saved_at_the_third_checkpoint_though_its_minutes_close() -> None:
    log = Log().add(Tick(T0), said(0))
    found = []
    for n in range(1, 5):
        log.add(Tick(T0 + n * 5 * MINUTE + n))
        found.append(log.saved())
    assert found == [[], [], ["qq/1"], []]


def test_silent_groups_are_saved_up_to_so_many_steps_at_a_time() -> None:
    log = Log(MUCH._replace(steps=5))
    log.add(*(said(n, group=group) for group in "1234" for n in range(3)))
    assert [len(log.saved()) for _ in range(4)] == [0, 2, 2, 0]


@pytest.mark.parametrize(("people", "spare", "at"), [(2, 3, 1), (3, 3, 2), (5, 3, 2), (6, 3, 3), (6, 7, 1), (7, 7, 2)])
def test_all_is_saved_once_as_many_entries_may_be_as_there_are_people_and_one_for_the_group(
    people: int, spare: int, at: int
) -> None:
    log = Log(MUCH._replace(little=1_000, spare=spare, steps=0))
    log.add(*(said(n, f"u{n}") for n in range(people)))
    assert [log.saved() for _ in range(at)] == [[]] * (at - 1) + [["qq/1"]]
    assert log.state._spare == at * spare - people - 1, "what is spent is spent"
    log.state._spare = 0
    log.state._horizon.lag = MUCH._replace(little=2, spare=2, steps=0)
    log.add(said(1_000, "u0"))
    assert log.saved() == ["qq/1"], "now one of them alone has changed"


def test_of_what_can_be_taken_back_eight_steps_cost_as_much_as_one_person() -> None:
    for steps, enough in ((15, True), (16, False)):
        log = Log(MUCH._replace(little=1_000, spare=3, steps=0)).add(*(said(n) for n in range(steps)))
        assert (log.saved() == ["qq/1"]) is enough


def test_where_many_members_change_they_are_told_of_at_every_fifth_checkpoint_and_only_so_many_at_a_time() -> None:
    def told(most: int, checkpoints: int, soon: int = 8, **how: Any) -> list[str]:
        """Return of which groups members were told at each checkpoint: three talk, of three members each."""
        log, found = Log(), []
        with patch("streams.core.partition.SOON_MEMBERS", soon), patch("streams.core.partition.MOST_ROWS", most):
            for n in range(checkpoints):
                for group in "123":
                    log.add(*(said(n * 1_000 + each, f"u{each}", group) for each in range(3)))
                rows = [row for row in log.state.checkpoint(**how).results if isinstance(row, Member)]
                groups = [row.group_id for row in rows]
                assert all(groups.count(each) == 3 for each in groups)
                found.append("".join(dict.fromkeys(groups)))
        return found

    assert told(6, 12) == ["", "", "", "", "123", "", "", "", "", "123", "", ""]
    assert told(5, 7) == ["", "", "", "", "12", "31", "21"], "those that have waited longest first"
    assert told(5, 2, soon=9) == ["12", "31"], "so few are told at once"
    assert told(5, 2, final=True) == ["123", "123"], "for nobody comes after"


@pytest.mark.parametrize("ends", ["a tick", "an event", "an event among some that can't be read"])
def test_a_midnight_of_exactly_as_many_members_as_may_be_at_once_stops_nothing(ends: str) -> None:
    for most, stops in ((10, False), (9, True)):
        with patch("streams.core.partition.MOST_WOKEN", most):
            log = Log()
            log.at_once(Tick(T0), *(said(n, f"u{n}") for n in range(10)), *(said(n, f"u{n}", "2") for n in range(9)))
            log.at_once(Tick(T0 + 2 * HOUR), *(said(2 * HOUR + n, "u0", "2") for n in range(64)))
            if ends == "a tick":
                log.at_once(Tick(T0 + 4 * HOUR))
            log.state.checkpoint()
            assert not log.state.crowded()
            if ends == "a tick":
                log.at_once(Tick(T0 + DAY))
                waiting = log.state.groups["qq/2"].held or log.state.groups["qq/1"].held
                assert waiting is stops, "until what came of the first midnight is sent"
                assert log.state.crowded()
                continue
            event, rest = said(DAY, "u0"), [said(DAY + n, f"u{n}") for n in range(1, 20)]
            bad = [b"{"] if "can't" in ends else []
            applied = log.at_once(*bad, event, *rest)
            assert log.state.crowded() is stops
            assert stops or applied == len(bad) + 20
            assert log.state.groups["qq/1"].group.h.head.messages == 10 + applied - len(bad)


def test_after_a_midnight_no_more_than_sixteen_events_are_put_into_order_before_it_is_looked_again() -> None:
    with patch("streams.core.partition.MOST_WOKEN", 0):
        log = Log()
        log.at_once(Tick(T0), *(said(n, group=str(n % 100)) for n in range(600)))
        assert log.at_once(said(DAY, group="0")) == 1
        log.state.checkpoint()
        assert log.at_once(*(said(DAY + n, group=str(n)) for n in range(1, 60))) == 16


@pytest.mark.parametrize("wait", [-1, 0, 1])
def test_a_log_made_anew_has_all_saved_at_the_next_checkpoint_that_was_not_and_says_so_once(wait: int) -> None:
    log = Log().add(Tick(T0))
    if wait >= 0:
        log.add(*(said(n, group="saved") for n in range(20)))
        log.saved(final=True)
    for _ in range(wait):
        log.add(said(1, group="2"))
        log.state.checkpoint()
    log.add(said(2, group="1")).end = 0
    log.add(Generation(7))
    assert log.saved() == ["generation", "qq/1", *["qq/2"] * wait]
    assert log.saved() == []
    log.add(Tick(T0 + MINUTE), Generation(7), said(3))
    assert log.saved() == [], "told twice, it is no other, and how far the old one was saved says nothing of the new"
    assert log.state.checkpoint().offset == 0, "the tick is known"


def test_an_urgent_row_is_told_each_time_it_changes_and_once() -> None:
    log = Log()
    for n in range(3):
        log.add(said(n * HOUR, f"u{n}", text="有人知道番茄叶子发黄怎么回事吗？", id=f"q{n}"))
        assert f"q{n}" in {row.question_id for row in log.state.urgent() if hasattr(row, "question_id")}
        assert log.state.urgent() == []
        assert not any(hasattr(row, "question_id") for row in log.state.checkpoint().results)


@pytest.mark.parametrize(("at", "late", "unplaced"), [(6, 1, 0), (5, 0, 1)])
def test_what_comes_too_late_is_counted_as_late_where_it_would_be_recognised_if_it_came_again(
    at: int, late: int, unplaced: int
) -> None:
    log = Log().add(said(0, "gone"), erase(5), said(10 * MINUTE, "ada"), said(at, "bob"))
    assert log.state.checkpoint().unplaced == unplaced
    assert log.state.groups["qq/1"].arrivals.late == late


def test_as_many_events_again_as_are_kept_decoded_come_before_the_first_of_them_are_forgotten() -> None:
    with patch("streams.core.partition.LATEST", 4):
        log, found = Log(), []
        for n in range(9):
            log.add(said(n))
            found.append(len(log.state._latest))
    assert found == [1, 2, 3, 4, 5, 6, 7, 4, 5]
    assert log.state._arrived == []


def test_a_clock_that_runs_ahead_makes_nobody_elses_words_late() -> None:
    log = Log().add(said(0), said(9 * HOUR, "ahead", received_at=T0 + MINUTE), said(MINUTE, "ada"))
    assert log.state.groups["qq/1"].arrivals.max_ts == T0 + MINUTE + 120_000
    log.add(said(2 * MINUTE, "bob"))
    assert log.state.checkpoint().unplaced == 0
    assert log.state.groups["qq/1"].group.h.head.messages == 4


@pytest.mark.parametrize(("at", "placed"), [(MINUTE, True), (MINUTE - 1, False)])
def test_a_clock_moved_by_ticks_alone_is_taken_back_for_three_days(at: int, placed: bool) -> None:
    log = Log().add(said(0, "a"), said(2 * MINUTE - 1, "b"))
    log.add(Tick(T0 + 3 * DAY + MINUTE))
    log.state.checkpoint()
    log.add(said(at, "c", received_at=T0 + 3 * DAY + MINUTE))
    assert log.state.checkpoint().unplaced == (not placed)
    assert log.state.groups["qq/1"].group.h.head.messages == 2 + placed


@pytest.mark.parametrize(("ts", "received", "why"), [
    (T0, -1, "received before 1970"), (-T0 - 1, T0, "said before 1970"), (2**53, T0, "said in the far future"),
    (T0, 2**53, "received then"),
])  # fmt: skip
def test_what_has_no_possible_time_is_passed_over_and_counted(ts: int, received: int, why: str) -> None:
    log = Log().add(said(0), said(ts - T0, "x", id="x", received_at=received))
    checkpoint = log.state.checkpoint()
    assert checkpoint.unplaced == 1, why
    assert log.state.checkpoint().unplaced == 0
    assert log.state.groups["qq/1"].group.h.head.messages == 1


def erase(at: int, *groups: str) -> Erase:
    return Erase(id="x", at=T0 + at, platform="qq", users=("gone",), groups=groups)


def test_who_is_erased_is_taken_out_of_each_group_that_knows_them_whatever_the_others_know() -> None:
    log = Log().add(said(0, "ada", "1"), said(0, "gone", "2"), said(0, "ada", "3"), said(0, "gone", "4"), erase(5))
    assert [name for name, each in log.state.groups.items() if "gone" in each.group.h.index] == []
    assert log.saved() == ["qq/2", "qq/4"], "at once, and the others need not be"
    assert not log.state._latest, "nothing decoded is kept"


def test_what_a_save_has_behind_it_already_is_not_erased_twice_and_what_it_has_not_is() -> None:
    """A worker died while it saved: of one group the save arrived, of the other it did not."""
    machine = Machine()
    records = [Tick(T0), said(0, "gone", "1"), said(0, "gone", "2"), erase(5), Tick(T0 + MINUTE)]
    log = [encode(record) for record in records]
    machine.feed(log, 0, len(log))
    machine.checkpoint(save=0.5)
    machine.feed(log, machine.crash(), len(log))
    for name in ("qq/1", "qq/2"):
        assert "gone" not in machine.state.groups[name].group.h.index


@pytest.mark.parametrize(("last", "asked", "at", "placed"), [
    (0, 9, 9, False),  # what happened up to then never comes back
    (0, 9, 10, True),
    (20, 9, 20, False),  # nor what happened before the last thing that was known then
    (20, 9, 21, True),
])  # fmt: skip
def test_after_somebody_was_erased_only_what_is_later_is_placed(last: int, asked: int, at: int, placed: bool) -> None:
    log = Log().add(said(0, "gone"), said(last, "ada"), erase(asked), said(at, "bob"))
    assert log.state.checkpoint().unplaced == (not placed)
    assert ("bob" in log.state.groups["qq/1"].group.h.index) is placed


def test_what_was_not_told_of_the_others_is_told_and_their_timers_go_on() -> None:
    log = Log().add(Tick(T0), said(0, "gone"), said(1, "ada", text="有人知道番茄叶子发黄怎么回事吗？", id="q"))
    log.state._early.append(
        Alert(
            platform="qq", group_id="1", alert_id="a", kind="flood", severity="info", raised_at=1, updated_at=1,
            state="open", title="谢大宝", reasons=[],
        )
    )  # fmt: skip
    log.state.groups["qq/1"].group.h.people[0].name = "谢大宝"
    log.add(erase(5))
    results = log.state.checkpoint().results
    assert "谢大宝" not in str(results)
    assert [row.user_id for row in results if isinstance(row, Member)] == ["ada"]
    log.add(Tick(T0 + HOUR))
    assert [row.user_id for row in log.state.urgent() if isinstance(row, Alert) and row.state == "open"] == ["ada"]


@pytest.mark.parametrize(("events", "ago"), [(MOST_KEPT, 0), (MOST_KEPT + 1, MOST_KEPT)])
def test_the_first_event_that_can_be_taken_back_counts_of_groups_with_many_and_that_talk(events: int, ago: int) -> None:
    log = Log(MUCH._replace(silent=2), Config(worker=Worker(lateness_seconds=10)))
    log.add(*(said(n) for n in range(events)))
    log.state._checkpoints = 2
    assert log.state._unsettled() == ago
    log.state._checkpoints = 3
    assert log.state._unsettled() == 0, "it has fallen silent"
