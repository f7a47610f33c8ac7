"""The shell around the view of the sources: what is read, said, said again and remembered."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from huoqun import codec, sources
from huoqun.config import Source
from huoqun.records import Record as Stored
from huoqun.results import Alert
from huoqun.sources import Report, State
from producers.publishing.memory import MemoryPublisher
from producers.publishing.publisher import Record
from producers.watch.reporting import STATE_EVERY_MS, Reporter, Speaker, rules_of
from producers.watch.silence import Rule
from producers.watch.source_metrics import SourceMetrics
from producers.watch.watching import Watches
from tests.unit.producers.test_overview import CONFIGURED, HALF_AN_HOUR, MINUTE_MS, NAME, START


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    def runner() -> None:
        asyncio.run(test())

    runner.__name__ = test.__name__
    return runner


class Process:
    """One gateway process on a topic that is a list."""

    def __init__(self, name: str, topic: MemoryPublisher, at: int = START, file: Path | None = None) -> None:
        self.name = name
        self.topic = topic
        self.read = 0
        self.now = at
        self.watches = Watches(CONFIGURED, at)
        self.metrics = SourceMetrics(self.watches)
        self.alerts = MemoryPublisher(partitions=2)
        self.reporter = Reporter(self.watches, process=name, clock=lambda: self.now, publisher=topic, reads=True)
        self.speaker = Speaker(
            HALF_AN_HOUR, process=name, publisher=topic, alerts=self.alerts, metrics=self.metrics, file=file
        )

    async def round(self, ms: int = 10_000) -> None:
        self.now += ms
        await self.reporter.report()
        self.catch_up()
        await self.speaker.speak()

    def catch_up(self) -> None:
        log = self.topic.log[0]
        self.speaker.take([Stored(0, n, 0, r.key, r.value) for n, r in enumerate(log) if n >= self.read])
        self.read = len(log)

    def raised(self) -> list[Alert]:
        values = [record.value for partition in self.alerts.log for record in partition]
        return [alert for value in values if isinstance(alert := codec.decode_result(value), Alert)]

    def exposed(self) -> str:
        registry = CollectorRegistry()
        registry.register(self.metrics)
        return generate_latest(registry).decode()


def topic() -> MemoryPublisher:
    return MemoryPublisher(partitions=1)


def states(log: list[Record]) -> list[State]:
    return [state for record in log if isinstance(state := sources.decode(record.value), State)]


def test_rules_come_from_the_configuration() -> None:
    configured = [
        Source(name="a", kind="onebot11"),
        Source(name="b", kind="slack", silent_minutes=0.5),
        Source(name="c", kind="canonical", silent_minutes=0),
    ]
    assert rules_of(configured) == {
        "a": Rule("onebot11"), "b": Rule("slack", 30_000), "c": Rule("canonical", 0),
    }  # fmt: skip


@run
async def test_one_speaks_and_the_alert_is_sent_once_with_the_state_behind_it() -> None:
    log = topic()
    first = Process("a", log)
    second = Process("b", log, START + 1)
    for _minute in range(40):
        await first.round(MINUTE_MS)
        await second.round(MINUTE_MS)
    (alert,) = first.raised()
    assert (alert.kind, alert.state) == ("source_silent", "open")
    assert second.raised() == []
    assert 'huoqun_gateway_source_silent{source="qq-main"} 1.0' in first.exposed()
    assert "huoqun_gateway_source_silent{" not in second.exposed()
    assert states(log.log[0])[-1].sources[NAME].alert is not None
    first.watches.of(NAME).lives(first.now + 1)
    for process in (first, second, first, second):
        await process.round()
    assert [a.state for a in first.raised()] == ["open", "resolved"]


@run
async def test_what_did_not_get_through_is_said_again() -> None:
    process = Process("a", topic())
    process.alerts.down = True
    for _minute in range(40):
        await process.round(MINUTE_MS)
    assert process.raised() == []
    process.alerts.down = False
    await process.round()
    assert [a.state for a in process.raised()] == ["open"]
    await process.round()
    assert len(process.raised()) == 1


@run
async def test_reports_that_did_not_get_through_are_made_up_for_by_the_next() -> None:
    process = Process("a", topic())
    await process.round()
    process.topic.down = True
    for _minute in range(50):
        process.watches.of(NAME).lives(process.now)
        await process.round(MINUTE_MS)
    process.topic.down = False
    process.watches.of(NAME).lives(process.now)
    await process.round()
    await process.round()
    assert process.raised() == []


@run
async def test_another_takes_over_and_says_what_is_known() -> None:
    log = topic()
    first, second = Process("a", log), Process("b", log, START + 1)
    for _minute in range(40):
        await first.round(MINUTE_MS)
        await second.round(MINUTE_MS)
    second.watches.of(NAME).lives(second.now)
    for _round in range(8):
        await second.round()  # the first one is dead
    assert [a.state for a in second.raised()] == ["resolved"]
    assert second.raised()[0].raised_at == first.raised()[0].raised_at
    assert second.raised()[0].version > first.raised()[0].version


@run
async def test_one_that_starts_goes_on_from_the_last_state() -> None:
    log = topic()
    first = Process("a", log)
    for _minute in range(40):
        await first.round(MINUTE_MS)
    await first.reporter.report(ended=True)
    second = Process("c", log, first.now + MINUTE_MS)
    await second.round()
    assert [(a.state, a.version) for a in second.raised()] == [("open", first.raised()[0].version)], (
        "the same once more"
    )
    second.watches.of(NAME).lives(second.now)
    await second.round()
    assert [a.state for a in second.raised()] == ["open", "resolved"]


@run
async def test_the_state_is_written_now_and_then() -> None:
    process = Process("a", topic())
    for _minute in range(0, 3 * STATE_EVERY_MS, MINUTE_MS):
        process.watches.of(NAME).lives(process.now)
        await process.round(MINUTE_MS)
    assert 2 <= len(states(process.topic.log[0])) <= 4


@run
async def test_where_the_broker_forgets_a_file_remembers() -> None:
    from tempfile import TemporaryDirectory  # noqa: PLC0415  # a fixture does not go with a coroutine

    with TemporaryDirectory() as directory:
        file = Path(directory) / "data" / "sources.json"
        first = Process("a", topic(), file=file)
        for _minute in range(40):
            await first.round(MINUTE_MS)
        assert len(first.raised()) == 1
        second = Process("b", topic(), first.now + 60 * MINUTE_MS, file=file)
        await second.round()
        second.watches.of(NAME).lives(second.now)
        await second.round()
        assert [a.state for a in second.raised()][-1] == "resolved"
        file.write_bytes(b"{damaged")
        third = Process("d", topic(), file=file)
        await third.round()
        assert third.raised() == []


@run
async def test_what_is_no_record_of_ours_is_passed_over() -> None:
    process = Process("a", topic())
    process.topic.log[0] += [Record(None, b"nonsense", 0), Record(None, b"", 0)]
    await process.round()
    assert process.speaker.overview is not None
    assert process.speaker.overview.speaker == "a"


@run
async def test_what_was_lost_is_counted_by_the_one_that_speaks() -> None:
    from producers.sources.base import Step  # noqa: PLC0415  # only here

    log = topic()
    first, second = Process("a", log), Process("b", log, START + 1)
    for step in (("1", "2"), ("5", "6")):
        first.watches.of(NAME).lives(first.now)
        first.watches.of(NAME).heard(first.now, [Step("g", *step)])
        await first.round()
        await second.round()
    for _minute in range(3):
        await first.round(MINUTE_MS)
        await second.round(MINUTE_MS)
    assert 'huoqun_gateway_source_lost_total{kind="step",source="qq-main"} 1.0' in first.exposed()
    assert 'huoqun_gateway_source_lost_total{kind="step",source="qq-main"} 0.0' in second.exposed() or (
        "lost_total{" not in second.exposed()
    )
    reports = [r for record in log.log[0] if isinstance(r := sources.decode(record.value), Report)]
    assert {report.process for report in reports} == {"a", "b"}
