"""The service around the decisions: what is read first, what is sent, what is kept, and what goes wrong meanwhile."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from huoqun.clock import now_ms
from huoqun.notify_config import NotifyRoute
from huoqun.results import Action, Delivery
from sinks.notify.notice import Limit, Notice, Outcome, Sent, Week
from sinks.notify.reading import Heard, LogError
from sinks.notify.remembering import StoreAwayError
from sinks.notify.rules import Route, Rules
from sinks.notify.service import Service
from tests.support.notifying import alert, configured


class Chat:
    """A channel that remembers, and may first fail in any way."""

    limit = Limit(1_000, 60_000)
    groups_many = True
    most_items = 10
    resolves = False
    refresh_ms = 0

    def __init__(self, *fails: Exception) -> None:
        self.got: list[Notice] = []
        self.fails = list(fails)
        self.closed = False

    async def send(self, notice: Notice) -> Outcome:
        if self.fails:
            raise self.fails.pop(0)
        self.got.append(notice)
        return Sent()

    async def close(self) -> None:
        self.closed = True


class Records:
    """The log: what it holds at the start, then what is put there. Also who leads."""

    def __init__(self, *held: Any) -> None:
        self.waiting = [Heard(record, 0) for record in held]
        self.caught_up = False
        self.leads = True
        self.opened = 0

    def poll(self, _seconds: float) -> list[Heard]:
        time.sleep(0.005)
        found, self.waiting = self.waiting, []
        self.caught_up = not found
        return found

    def look(self) -> bool:
        return self.leads

    def open(self) -> "Records":
        self.opened += 1
        return self

    def close(self) -> None:
        pass


class Memory:
    """The store: away for its first so many questions."""

    def __init__(self, *history: Delivery | Action, away: int = 0, remembers_more: bool = False) -> None:
        self.kept, self.away, self.remembers_more = list(history), away, remembers_more
        self.found: tuple[Week, ...] = ()

    def history(self, _now: int) -> list[Delivery | Action]:
        if self.away:
            self.away -= 1
            raise StoreAwayError("away")
        return self.kept

    def names(self) -> list[tuple[str, str, str]]:
        return [("qq", "1", "读书群")]

    def weeks(self, _rules: Rules, _route: Route, _until: int) -> tuple[tuple[Week, ...], int]:
        return self.found, 0


def live(chat: Chat, log: Records, until: Callable[[], bool], *, store: Memory | None = None, kept: list[Delivery] | None = None,
         keep: Callable[[Delivery], None] | None = None, during: Callable[[Service], None] = lambda _: None) -> list[Delivery]:  # fmt: skip
    """Run the service until something is so, or for ten seconds; return the records that it kept."""
    records: list[Delivery] = [] if kept is None else kept
    config = configured(NotifyRoute(name="all", channels=["chat"]), channels="chat", group_wait_seconds=0)

    async def run() -> None:
        service = Service(Rules(config), {"chat": chat}, log, log.open, keep or records.append, store or Memory())
        running = asyncio.create_task(service.run())
        during(service)
        for _ in range(1_000):
            await asyncio.sleep(0.01)
            if until():
                break
        service.stop()
        await asyncio.wait_for(running, 10)

    asyncio.run(run())
    return records


def test_an_alert_is_sent_and_recorded_with_its_groups_name() -> None:
    chat, log = Chat(), Records(alert(at=now_ms()))
    records = live(chat, log, lambda: bool(chat.got))
    assert [(r.alerts, r.outcome, r.platform, r.group_id) for r in records] == [(["a"], "sent", "qq", "1")]
    assert chat.closed


def test_what_is_recorded_in_the_log_is_not_sent_again() -> None:
    first, second = alert("a", at=now_ms()), alert("b", at=now_ms(), group="2")
    (record,) = live(chat := Chat(), Records(first), lambda: bool(chat.got))
    again = Chat()
    live(again, Records(first, second, record), lambda: bool(again.got))
    assert [item.alert_id for notice in again.got for item in notice.items] == ["b"]


def test_beside_a_broker_that_forgets_nothing_is_sent_before_the_store_has_said_what_was_told() -> None:
    first, second = alert("a", at=now_ms()), alert("b", at=now_ms(), group="2")
    (record,) = live(chat := Chat(), Records(first), lambda: bool(chat.got))
    again = Chat()
    live(again, Records(first, second), lambda: bool(again.got), store=Memory(record, away=1, remembers_more=True))
    assert [item.alert_id for notice in again.got for item in notice.items] == ["b"]


def test_nothing_more_is_sent_until_the_last_record_is_kept() -> None:
    chat, log = Chat(), Records(alert("a", at=now_ms()))
    fails = 2
    seen: list[int] = []
    records: list[Delivery] = []

    def keep(record: Delivery) -> None:
        nonlocal fails
        log.waiting.append(Heard(alert("b", at=now_ms(), group="2"), 0))
        if fails:
            fails -= 1
            seen.append(len(chat.got))
            raise LogError("the broker is away")
        records.append(record)

    live(chat, log, lambda: len(records) == 2, keep=keep)
    assert seen == [1, 1]
    assert [item.alert_id for notice in chat.got for item in notice.items] == ["a", "b"]


def test_a_channel_that_breaks_is_tried_again() -> None:
    chat = Chat(ValueError("a bug"))
    live(chat, Records(alert(at=now_ms())), lambda: bool(chat.got))
    assert len(chat.got) == 1


def test_who_does_not_lead_sends_nothing_and_who_comes_to_lead_reads_everything_first() -> None:
    chat, log = Chat(), Records(alert(at=now_ms()))
    log.leads = False
    live(
        chat,
        log,
        lambda: log.leads,
        during=lambda _: asyncio.get_running_loop().call_later(0.7, setattr, log, "leads", True),
    )
    assert chat.got == []
    live(chat, log, lambda: bool(chat.got))
    assert log.opened >= 1
    assert len(chat.got) == 1
