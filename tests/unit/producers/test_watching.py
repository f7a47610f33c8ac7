"""What one gateway process sees of its sources."""

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict

from huoqun import codec
from huoqun.events import Event
from huoqun.sources import Beat, Stepped
from producers.gateway.admission import KnownSource, Sources
from producers.publishing.publisher import Record
from producers.sources.base import Heartbeat, Step
from producers.watch.watching import OTHER, Rolling, Watch, Watches, stamp_of

NOW = 1_764_000_000_000
MINUTE = 60_000


def watch() -> Watch:
    return Watch("onebot11", "full", NOW)


def records(*ages: int, now: int = NOW) -> list[Record]:
    return [
        Record(b"qq/g", codec.encode(Event(id=f"e{age}", type="join", ts=now - age, platform="qq", group_id="g", user_id="u")))
        for age in ages
    ]  # fmt: skip


def test_a_count_rolls_over_whole_minutes() -> None:
    rolling = Rolling(5)
    for minute in range(8):
        rolling.add(minute * MINUTE, 2)
    assert rolling.total(7 * MINUTE) == 10
    assert rolling.total(9 * MINUTE) == 6
    assert rolling.total(99 * MINUTE) == 0


def test_a_clock_that_is_set_back_loses_nothing() -> None:
    rolling = Rolling(5)
    rolling.add(10 * MINUTE, 1)
    rolling.add(3 * MINUTE, 1)
    assert rolling.total(10 * MINUTE) == 2


def test_the_rate_is_of_the_last_minutes_and_of_those_that_there_were() -> None:
    found = watch()
    found.sent(NOW + 30_000, records(*range(6)))
    assert found.tell(NOW + 60_000).per_minute == 6
    assert found.tell(NOW + 3 * MINUTE).per_minute == 2
    assert found.tell(NOW + 60 * MINUTE).per_minute == 0
    assert found.events == 6


def test_refusals_are_told_by_reason_for_an_hour_and_counted_for_ever() -> None:
    found = watch()
    found.refuse(NOW, "signature")
    found.refuse(NOW + 30 * MINUTE, "signature", 2)
    found.refuse(NOW, "malformed")
    assert found.tell(NOW + 40 * MINUTE).refused == {"signature": 3, "malformed": 1}
    assert found.tell(NOW + 70 * MINUTE).refused == {"signature": 2}
    assert found.refused == {"signature": 3, "malformed": 1}


def test_the_skew_is_the_median_by_events_and_by_signed_times_where_there_are_any() -> None:
    found = watch()
    for second, age in enumerate((400, 500, 90_000)):
        found.sent(NOW + second * 1000, records(age, now=NOW + second * 1000))
    assert found.skew_ms(NOW + 3000) == 500
    for second in range(3):
        found.lives(NOW + second * 1000, headers(timestamp=str(NOW + second * 1000 + 7000)))
    assert found.skew_ms(NOW + 3000) == -7000
    assert found.skew_ms(NOW + 2 * 60 * MINUTE) is None, "what was long ago says nothing of now"


def test_history_says_nothing_about_clocks() -> None:
    found = watch()
    found.sent(NOW, records(10 * 24 * 60 * MINUTE))
    assert found.skew_ms(NOW) is None


def test_a_refusal_is_no_sign_of_life_and_anything_authentic_is() -> None:
    found = watch()
    found.refuse(NOW, "signature")
    assert (found.tell(NOW).last_sign_at, found.tell(NOW).last_event_at) == (0, 0)
    found.lives(NOW + 1)
    assert (found.tell(NOW).last_sign_at, found.tell(NOW).last_event_at) == (NOW + 1, 0)
    found.sent(NOW + 2, records(1))
    assert (found.tell(NOW).last_sign_at, found.tell(NOW).last_event_at) == (NOW + 2, NOW + 2)


def test_signs_are_numbered_and_told_again_and_again_and_are_bounded() -> None:
    found = watch()
    found.heard(NOW, [Heartbeat(15_000), Step("g", "a", "b")])
    for _time in range(2):
        assert found.tell(NOW).beats == [Beat(1, NOW, 15_000)]
        assert found.tell(NOW).steps == [Stepped(2, NOW, "g", "a", "b")]
    for number in range(500):
        found.heard(NOW + number, [Heartbeat(5000)])
    assert len(found.tell(NOW).beats) == 100
    assert found.tell(NOW).beats[-1].number == 502
    assert found.beats == 501


def sources(*platforms: str, canonical: int = 1) -> Sources:
    def known(name: str, kind: str) -> KnownSource:
        return KnownSource(name, kind, "full", ())

    return Sources(
        tuple(known(f"c{n}", "canonical") for n in range(canonical)), {name: known(name, "onebot11") for name in platforms}
    )  # fmt: skip


def test_names_that_are_not_configured_share_one_watch() -> None:
    watches = Watches(sources("qq"), NOW)
    assert set(watches.all()) == {"c0", "qq"}
    for name in ("x", "y"):
        watches.of(name).sent(NOW, records(1))
    assert set(watches.all()) == {"c0", "qq", OTHER}
    assert watches.all()[OTHER].events == 2


def test_a_configured_source_may_be_called_other() -> None:
    watches = Watches(sources(OTHER), NOW)
    watches.of("x").sent(NOW, records(1))
    assert watches.all()[OTHER] is watches.of(OTHER)


def test_an_unknown_canonical_sender_is_the_only_one_or_none_of_them() -> None:
    one, two = Watches(sources("qq"), NOW), Watches(sources("qq", canonical=2), NOW)
    assert one.unnamed is one.of("c0")
    assert two.unnamed is two.of("whoever")


def test_a_report_says_who_speaks_since_when_and_of_what() -> None:
    watches = Watches(sources("qq"), NOW)
    report = watches.report("p", NOW + 5, reads=False)
    assert (report.process, report.started_at, report.at, report.reads, report.ended) == (
        "p",
        NOW,
        NOW + 5,
        False,
        False,
    )
    assert {name: told.kind for name, told in report.sources.items()} == {"c0": "canonical", "qq": "onebot11"}


def headers(**named: str) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict({name.replace("_", "-"): value for name, value in named.items()}))


def stamp(query: str = "", **named: str) -> int | None:
    return stamp_of(headers(**named), MultiDict({"timestamp": query} if query else {}))


def test_the_time_of_signing_is_found_where_platforms_write_it() -> None:
    assert stamp(webhook_timestamp="1764000000") == NOW
    assert stamp(X_Slack_Request_Timestamp="1764000000") == NOW
    assert stamp(timestamp="1764000000000") == NOW
    assert stamp(query="1764000000") == NOW
    assert stamp() is None
    assert stamp(webhook_timestamp="soon") is None
    assert stamp_of(CIMultiDictProxy(CIMultiDict([("timestamp", "1"), ("timestamp", "2")]))) is None
