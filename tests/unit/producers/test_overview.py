"""All gateways together: when a source's silence is an alarm, what was lost, and that it is the same whoever computes it."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from huoqun import sources
from huoqun.results import Alert
from huoqun.sources import Report, State
from producers.gateway.admission import KnownSource, Sources
from producers.sources.base import Heartbeat, Step
from producers.watch.overview import ROUNDS, Overview
from producers.watch.rhythm import HOUR_MS, MINUTE_MS, WEEK_MS
from producers.watch.silence import DAY_MS, Rule, span
from producers.watch.watching import Watches

START = 2_800 * WEEK_MS
EVERY = 10_000
NAME = "qq-main"
CONFIGURED = Sources(
    (KnownSource("canonical", "canonical", "full", ()),), {NAME: KnownSource(NAME, "onebot11", "full", ())}
)

BY_RHYTHM = {NAME: Rule("onebot11")}
HALF_AN_HOUR = {NAME: Rule("onebot11", 30 * MINUTE_MS)}


def say(overview: Overview, report: Report) -> None:
    """Let a report go through the topic."""
    read = sources.decode(sources.encode(report))
    assert isinstance(read, Report)
    overview.take(overview.offset + 1, read)


class Gateways:
    """Processes that report every so often to an overview, and what it raised and resolved."""

    def __init__(self, rules: dict[str, Rule], processes: int = 1, every: int = EVERY) -> None:
        self.overview = Overview(rules)
        self.every = every
        self.now = START
        self.due = START
        self.turn = 0
        self.told: list[tuple[int, str]] = []
        self.reports: list[Report] = []
        self.born = 0
        self.watches: dict[str, Watches] = {}
        self.start(processes)
        self.wait(0)

    def start(self, processes: int) -> None:
        """Start processes in the place of those that there are."""
        self.watches = {f"p{self.born + number}": Watches(CONFIGURED, self.now) for number in range(processes)}
        self.born += processes
        self.due = self.now

    def wait(self, ms: int, *, reporting: bool = True) -> "Gateways":
        until = self.now + ms
        while self.due <= until:
            self.now = self.due
            self.due += self.every
            if reporting:
                self._report()
        self.now = until
        return self

    def next(self) -> Watches:
        """Deliveries go to one after the other."""
        self.turn += 1
        return list(self.watches.values())[self.turn % len(self.watches)]

    def event(self) -> "Gateways":
        self.next().of(NAME).lives(self.now)
        return self

    def heard(self, *signs: Heartbeat | Step) -> "Gateways":
        watches = self.next()
        watches.of(NAME).lives(self.now)
        watches.of(NAME).heard(self.now, signs)
        return self

    @property
    def alert(self) -> Alert | None:
        return self.overview.silences[NAME].alert

    @property
    def open(self) -> bool:
        return self.alert is not None and self.alert.state == "open"

    def _report(self) -> None:
        for name, watches in self.watches.items():
            report = watches.report(name, self.now)
            self.reports.append(report)
            before = self.alert
            say(self.overview, report)
            after = self.alert
            if after is not None and (before is None or before.state != after.state):
                self.told.append((after.updated_at, after.state))


def live(gateways: Gateways, days: float, *, seed: int = 1) -> None:
    """A group chat: every few minutes by day, nothing from 23 h to 7 h."""
    rng = random.Random(seed)
    end = gateways.now + round(days * DAY_MS)
    while gateways.now < end:
        hour = gateways.now // HOUR_MS % 24
        if 7 <= hour < 23:
            gateways.event()
        gateways.wait(rng.randrange(30_000, 6 * MINUTE_MS))


# By configuration.


def test_longer_than_is_set_for_it_is_an_alert_and_the_next_delivery_resolves_it() -> None:
    gateways = Gateways(HALF_AN_HOUR).event().wait(29 * MINUTE_MS)
    assert gateways.alert is None
    gateways.wait(2 * MINUTE_MS)
    alert = gateways.alert
    assert alert is not None
    assert (alert.kind, alert.state, alert.severity, alert.platform, alert.group_id) == (
        "source_silent", "open", "critical", "onebot11", "",
    )  # fmt: skip
    assert alert.title == "数据源 qq-main 已静默 30 min · source qq-main has been silent for 30 min"
    assert "30 min" in alert.reasons[0]
    assert msgspec.json.decode(alert.evidence)["source"] == NAME
    before = gateways.wait(3 * HOUR_MS).alert
    assert before == alert, "it is raised once"
    gateways.event().wait(MINUTE_MS)
    resolved = gateways.alert
    assert resolved is not None
    assert (resolved.state, resolved.alert_id, resolved.raised_at) == ("resolved", alert.alert_id, alert.raised_at)
    assert resolved.resolved_at == gateways.now - MINUTE_MS
    assert resolved.version > alert.version
    assert "3 h 31 min" in resolved.reasons[-1]


def test_a_source_that_has_never_delivered_is_silent_too_if_a_time_is_set() -> None:
    assert Gateways(HALF_AN_HOUR).wait(31 * MINUTE_MS).open
    assert not Gateways(BY_RHYTHM, every=HOUR_MS).wait(30 * DAY_MS).open


def test_zero_is_never() -> None:
    assert not Gateways({NAME: Rule("onebot11", 0)}, every=HOUR_MS).event().wait(10 * DAY_MS).open


def test_the_alert_of_a_source_that_is_not_watched_any_more_is_resolved() -> None:
    gateways = Gateways(HALF_AN_HOUR).event().wait(HOUR_MS)
    assert gateways.open
    unwatched = Overview({}, sources.decode(sources.encode(gateways.overview.state())))  # type: ignore[arg-type]  # a state
    say(unwatched, gateways.watches["p0"].report("p0", gateways.now + EVERY))
    alert = unwatched.silences[NAME].alert
    assert alert is not None
    assert alert.state == "resolved"


# By heartbeats.


def test_three_missing_heartbeats_are_an_alert_and_the_next_one_resolves_it() -> None:
    gateways = Gateways(BY_RHYTHM)
    for _beat in range(20):
        gateways.heard(Heartbeat(15_000)).wait(15_000)
    assert gateways.alert is None
    gateways.wait(50_000)
    assert gateways.open
    assert gateways.alert is not None
    assert "15 s" in gateways.alert.reasons[0]
    gateways.heard(Heartbeat(15_000)).wait(EVERY)
    assert not gateways.open


def test_a_source_that_beats_is_alive_however_quiet_its_groups_are() -> None:
    gateways = Gateways(BY_RHYTHM).event()
    for _beat in range(24 * 60):
        gateways.heard(Heartbeat(60_000)).wait(60_000)
    assert gateways.told == []


def test_a_source_that_goes_on_without_heartbeats_was_told_to_send_none() -> None:
    gateways = Gateways(BY_RHYTHM)
    for _beat in range(5):
        gateways.heard(Heartbeat(15_000)).wait(15_000)
    for _event in range(60):
        gateways.event().wait(30_000)
    assert gateways.told == []
    gateways.wait(HOUR_MS)
    assert gateways.told == []


def test_missing_heartbeats_are_counted() -> None:
    gateways = Gateways(BY_RHYTHM)
    for pause in (15_000, 15_000, 46_000, 15_500, 29_000):
        gateways.heard(Heartbeat(15_000)).wait(pause)
    gateways.heard(Heartbeat(15_000)).wait(EVERY)
    (seen,) = [s for s in gateways.overview.seen() if s.name == NAME]
    assert (seen.lost_beats, seen.lost_steps) == (3, 0)
    assert gateways.overview.silences[NAME].lost_beats == 3


# By its own rhythm.


def test_a_quiet_night_is_no_silence_and_a_quiet_noon_is() -> None:
    gateways = Gateways(BY_RHYTHM, every=MINUTE_MS)
    live(gateways, 15)
    assert gateways.told == [], "two weeks of nights, all as usual"
    live(gateways, 0.5)  # until noon
    gateways.wait(20 * MINUTE_MS)
    assert not gateways.open
    gateways.wait(60 * MINUTE_MS)
    assert gateways.open
    assert gateways.alert is not None
    assert gateways.alert.severity == "warning"


def test_a_silence_that_begins_at_night_is_told_in_the_morning_and_not_as_soon_as_the_day_begins() -> None:
    gateways = Gateways(BY_RHYTHM, every=MINUTE_MS)
    live(gateways, 14 + 23.5 / 24)
    gateways.wait(7 * HOUR_MS + 30 * MINUTE_MS)  # until seven, when the first ones wake up
    assert gateways.told == []
    gateways.wait(2 * HOUR_MS)  # the hour beside counts, too: habits are not kept to the minute
    assert gateways.told == []
    gateways.wait(45 * MINUTE_MS)
    assert gateways.open


def test_in_its_first_week_a_source_has_no_rhythm_and_days_have_to_pass() -> None:
    gateways = Gateways(BY_RHYTHM, every=MINUTE_MS)
    live(gateways, 3)
    gateways.wait(4 * DAY_MS)
    assert gateways.told == []
    gateways.wait(2 * DAY_MS)
    assert gateways.open


def test_what_was_imported_once_need_not_come_again() -> None:
    gateways = Gateways(BY_RHYTHM, every=MINUTE_MS)
    for _event in range(50):
        gateways.event().wait(1000)
    gateways.wait(20 * DAY_MS)
    assert gateways.told == []


# What was lost.


def lost(gateways: Gateways) -> int:
    gateways.wait(2 * MINUTE_MS)
    (seen,) = [s for s in gateways.overview.seen() if s.name == NAME]
    return seen.lost_steps


def steps(*pairs: tuple[str, str], group: str = "wr1", processes: int = 1) -> Gateways:
    gateways = Gateways(BY_RHYTHM, processes)
    for before, after in pairs:
        gateways.heard(Step(group, before, after)).wait(3000)
    return gateways


def test_steps_that_follow_each_other_lose_nothing_and_one_that_does_not_lost_something() -> None:
    assert lost(steps(("1", "2"), ("2", "3"), ("3", "4"))) == 0
    assert lost(steps(("1", "2"), ("3", "4"), ("4", "5"))) == 1
    assert lost(steps(("1", "2"), ("3", "4"), ("7", "8"))) == 2


def test_what_is_told_twice_or_comes_late_is_not_lost() -> None:
    assert lost(steps(("1", "2"), ("2", "3"), ("2", "3"), ("1", "2"))) == 0
    assert lost(steps(("1", "2"), ("3", "4"), ("2", "3"), ("4", "5"))) == 0


def test_steps_that_several_processes_have_seen_are_one_chain() -> None:
    assert lost(steps(*((str(n), str(n + 1)) for n in range(30)), processes=3)) == 0
    assert lost(steps(("1", "2"), ("2", "3"), ("4", "5"), processes=3)) == 1


def test_groups_have_chains_of_their_own_and_are_bounded() -> None:
    gateways = Gateways(BY_RHYTHM)
    for number in range(2000):
        gateways.heard(Step(f"g{number}", "1", "2"))
        if number % 40 == 0:
            gateways.wait(EVERY)
    assert lost(gateways) == 0
    assert len(gateways.overview.silences[NAME].kept.chains) == 500


def test_a_gap_is_shown_for_a_day() -> None:
    gateways = steps(("1", "2"), ("3", "4"))
    assert lost(gateways) == 1
    gateways.wait(DAY_MS)
    assert lost(gateways) == 0


# Several processes, and none.


def test_time_without_any_gateway_does_not_count() -> None:
    gateways = Gateways(HALF_AN_HOUR).event().wait(10 * MINUTE_MS)
    gateways.wait(8 * HOUR_MS, reporting=False)
    gateways.start(1)
    gateways.wait(15 * MINUTE_MS)
    assert gateways.told == []
    gateways.wait(10 * MINUTE_MS)
    assert gateways.open


def test_time_without_a_broker_counts_and_what_came_meanwhile_is_told_afterwards() -> None:
    gateways = Gateways(HALF_AN_HOUR, 2).event()
    for _ten in range(12):
        gateways.wait(10 * MINUTE_MS, reporting=False).event()
    gateways.wait(EVERY)
    gateways.wait(MINUTE_MS)
    assert gateways.told == [], "something came all the time, to one or the other"
    gateways.wait(2 * HOUR_MS, reporting=False)
    gateways.wait(2 * MINUTE_MS)
    assert gateways.open


def test_a_process_that_was_killed_holds_up_nobody_for_long() -> None:
    gateways = Gateways(HALF_AN_HOUR, 2).event().wait(MINUTE_MS)
    assert gateways.overview.speaker == "p0"
    at = gateways.now
    for number in range(1, 10):
        say(gateways.overview, gateways.watches["p1"].report("p1", at + number * EVERY))
        assert (gateways.overview.speaker, gateways.overview.at) == (
            ("p0", at) if number < ROUNDS - 1 else ("p1", at + number * EVERY)
        )


def test_one_that_ends_in_peace_holds_up_nobody_at_all() -> None:
    gateways = Gateways(HALF_AN_HOUR, 2).wait(MINUTE_MS)
    say(gateways.overview, gateways.watches["p0"].report("p0", gateways.now + 1000, ended=True))
    say(gateways.overview, gateways.watches["p1"].report("p1", gateways.now + EVERY))
    assert gateways.overview.speaker == "p1"
    assert gateways.overview.at == gateways.now + EVERY


def test_only_one_that_reads_speaks() -> None:
    overview, watches = Overview({}), Watches(CONFIGURED, START)
    say(overview, watches.report("a", START, reads=False))
    assert overview.speaker is None
    say(overview, watches.report("b", START + 1))
    assert overview.speaker == "b"


def test_what_processes_see_adds_up() -> None:
    gateways = Gateways(BY_RHYTHM, 3)
    for number, watches in enumerate(gateways.watches.values()):
        watch = watches.of(NAME)
        watch.refuse(gateways.now, "signature", number + 1)
        at = gateways.now + number
        watch.lives(at, CIMultiDictProxy(CIMultiDict(timestamp=str(at - 500))))
        watch._rate.add(gateways.now, 10)
        watch.last_event_at = gateways.now + number
    gateways.wait(EVERY)
    (seen,) = [s for s in gateways.overview.seen() if s.name == NAME]
    assert (seen.kind, seen.coverage, seen.refused) == ("onebot11", "full", {"signature": 6})
    assert (seen.last_sign_at, seen.last_event_at, seen.skew_ms) == (START + 2, START + 2, 500)
    assert seen.per_minute == 30.0


# The same, whoever computes it, and after whatever restart.


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[str, int]]:
    """What happens to a source: deliveries, beats, steps, and pauses between."""
    kinds = st.sampled_from(["event", "beat", "step", "lost step", "nothing"])
    pauses = st.one_of(st.integers(100, 60_000), st.integers(60_000, 3 * HOUR_MS))
    return draw(st.lists(st.tuples(kinds, pauses), max_size=25))


def play(gateways: Gateways, life: Sequence[tuple[str, int]]) -> Gateways:
    version = 0
    for kind, pause in life:
        if kind == "event":
            gateways.event()
        elif kind == "beat":
            gateways.heard(Heartbeat(20_000))
        elif kind != "nothing":
            version += 2 if kind == "lost step" else 1
            gateways.heard(Step("g", str(version - 1), str(version)))
        gateways.wait(pause)
    return gateways


def alerts_of(reports: Iterable[Report], rules: dict[str, Rule], restarts: frozenset[int] = frozenset()) -> list[Any]:
    """What one reader raises and resolves that is started anew, with what it wrote, before some of the reports."""
    overview = Overview(rules)
    found: list[Any] = []
    for number, report in enumerate(reports):
        if number in restarts:
            state = sources.decode(sources.encode(overview.state()))
            assert isinstance(state, State)
            overview = Overview(rules, state)
        say(overview, report)
        alert = overview.silences[NAME].alert
        if alert is not None and alert not in found:
            found.append(msgspec.structs.replace(alert))
    silence = overview.silences[NAME]
    return [*found, msgspec.to_builtins(silence.kept.gaps), overview.at]


@settings(max_examples=60)
@given(lives(), st.sampled_from([BY_RHYTHM, HALF_AN_HOUR]), st.integers(1, 3), st.sets(st.integers(0, 200), max_size=6))
def test_a_reader_that_is_started_anew_says_what_one_says_that_ran_all_the_time(
    life: list[tuple[str, int]], rules: dict[str, Rule], processes: int, restarts: set[int]
) -> None:
    reports = play(Gateways(rules, processes), life).reports
    assert alerts_of(reports, rules, frozenset(restarts)) == alerts_of(reports, rules)


@settings(max_examples=60)
@given(lives(), st.sampled_from([BY_RHYTHM, HALF_AN_HOUR]), st.integers(2, 4))
def test_however_deliveries_are_spread_over_processes_the_same_silences_are_told(
    life: list[tuple[str, int]], rules: dict[str, Rule], processes: int
) -> None:
    alone, together = play(Gateways(rules), life), play(Gateways(rules, processes), life)
    assert together.told == alone.told
    one, other = alone.overview.silences[NAME], together.overview.silences[NAME]
    assert (one.lost_beats, one.lost_steps) == (other.lost_beats, other.lost_steps)


@settings(max_examples=60)
@given(lives(), st.sampled_from([BY_RHYTHM, HALF_AN_HOUR]))
def test_an_alert_is_raised_then_resolved_then_raised_and_versions_only_rise(
    life: list[tuple[str, int]], rules: dict[str, Rule]
) -> None:
    gateways = play(Gateways(rules), life)
    assert [state for _, state in gateways.told] == ["open", "resolved"] * (len(gateways.told) // 2) + ["open"] * (
        len(gateways.told) % 2
    )
    seen = alerts_of(gateways.reports, rules)[:-2]
    assert [a.version for a in seen] == sorted({a.version for a in seen})


@settings(max_examples=40)
@given(lives(), st.integers(1, 100))
def test_repeated_reports_change_nothing(life: list[tuple[str, int]], every: int) -> None:
    reports = play(Gateways(HALF_AN_HOUR), life).reports
    repeated = [r for n, report in enumerate(reports) for r in ([report, report] if n % every == 0 else [report])]
    assert alerts_of(repeated, HALF_AN_HOUR) == alerts_of(reports, HALF_AN_HOUR)


@settings(max_examples=40)
@given(st.lists(st.integers(1000, 9 * MINUTE_MS), min_size=1, max_size=200))
def test_a_source_that_pauses_for_less_than_ten_minutes_is_never_silent(pauses: list[int]) -> None:
    gateways = Gateways(BY_RHYTHM)
    for pause in pauses:
        gateways.event().wait(pause)
    assert gateways.told == []


def test_a_state_is_bounded_and_read_back_as_it_was() -> None:
    gateways = Gateways(BY_RHYTHM, 2, every=MINUTE_MS)
    live(gateways, 9)
    for number in range(700):
        gateways.heard(Step(f"g{number}", "1", "2"))
        gateways.heard(Step(f"g{number}", "3", "4")).wait(1000)
    state = gateways.overview.state()
    value = sources.encode(state)
    assert len(value) < 100_000
    again = sources.decode(value)
    assert isinstance(again, State)
    assert sources.encode(Overview(BY_RHYTHM, again).state()) == value


@given(st.one_of(st.none(), st.binary(max_size=200)))
def test_what_is_no_record_is_refused_and_never_raises(value: bytes | None) -> None:
    sources.decode(value)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0 s"),
        (95_000, "95 s"),
        (120_000, "2 min"),
        (HOUR_MS, "1 h"),
        (125 * MINUTE_MS, "2 h 5 min"),
        (3 * DAY_MS, "3 d"),
    ],
)
def test_spans_are_read_at_a_glance(ms: int, text: str) -> None:
    assert span(ms) == text
