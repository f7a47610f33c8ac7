"""What the dashboards ask, on the sample community as the streams see it, and on nothing at all."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from dashboards.queries import ALL, PARAMETERS, shipped
from huoqun import codec
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.events import Event, read_event
from producers.simulator import sample_community
from sinks import migrate, rows, tables
from sinks.embedded import EmbeddedStore, Limits
from streams.core.partition import Partition
from tests.support.stores import insert

pytestmark = pytest.mark.chdb

END = 1_795_262_400_000  # 20:00 in Shanghai
SINCE = END - 60 * 86_400_000
ZONES = ["Asia/Shanghai", "UTC", "America/New_York", "Pacific/Auckland"]
QUERIES = shipped()


class World:
    def __init__(self, store: EmbeddedStore, events: list[Event]) -> None:
        self.store, self.events = store, events
        (self.platform, self.group), _ = Counter((e.platform, e.group_id) for e in events).most_common(1)[0]

    def ask(self, sql: str, database: str = "huoqun", **params: str) -> list[dict[str, Any]]:
        data = self.store.read(sql, format_name="JSONCompact", database=database, params=params, limits=Limits())
        answer = msgspec.json.decode(data)
        names = [column["name"] for column in answer["meta"]]
        return [dict(zip(names, row, strict=True)) for row in answer["data"]]

    def answer(self, name: str, zone: str = "Asia/Shanghai", database: str = "huoqun") -> list[dict[str, Any]]:
        given = {
            "platform": self.platform, "group_id": self.group, "zone": zone, "since": text(SINCE), "until": text(END + 60_000),
            "platforms": ALL, "kinds": ALL, "groups": ALL,
        }  # fmt: skip
        query = QUERIES[name]
        return self.ask(query.sql, database, **{n: v for n, v in given.items() if n in query.parameters})

    def people(self) -> set[tuple[str, str]]:
        """(group, user) of those who are neither staff nor bots, as the streams know them."""
        found = self.ask("SELECT group_id, user_id FROM members WHERE NOT is_staff AND NOT is_bot")
        return {(row["group_id"], row["user_id"]) for row in found}

    def messages(self) -> list[Event]:
        return [e for e in self.events if e.type == "message" and not e.is_bot]


def text(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def local(ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = EmbeddedStore(tmp_path_factory.mktemp("dashboards"), "huoqun")
    migrate.migrate(store, "huoqun")
    migrate.migrate(store, "empty")
    events = []
    for raw in sample_community(END):
        event = read_event(raw, received_at=END, source="sample")
        assert isinstance(event, Event)
        events.append(event)
    partition = Partition(0, Config())
    log = [*(codec.encode(e) for e in events), codec.encode(Tick(END)), codec.encode(Tick(END + 60_000))]
    assert partition.apply(list(enumerate(log))) == []
    results = [codec.encode(r) for r in partition.checkpoint().results]
    for _ in range(2):  # a replay tells everything again
        insert(store, events)
        for part in rows.read_results(results).parts:
            store.insert(tables.TABLES[part.table], part.columns)
    yield World(store, events)
    store.close()


def test_there_are_questions_for_every_part_of_a_dashboard():
    assert len(QUERIES) >= 20
    for query in QUERIES.values():
        assert query.title, query.name
        assert query.parameters <= set(PARAMETERS), query.name


@pytest.mark.parametrize("name", QUERIES)
def test_no_question_reads_the_events_one_by_one(name: str):
    assert not re.search(r"\b(FROM|JOIN)\s+events(_rows)?\b", QUERIES[name].sql)


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_is_answered_where_nothing_happened_yet(world: World, name: str):
    answer = world.answer(name, database="empty")
    assert [row for row in answer if any(row.values())] == []


@pytest.mark.parametrize("name", QUERIES)
def test_a_question_is_answered_from_a_community_that_lives(world: World, name: str):
    quiet = {"leave_bursts", "campaigns", "campaign_fatigue"}  # the sample has none
    answer = world.answer(name)
    assert answer or name in quiet
    assert world.answer(name) == answer, "the order is settled"


def test_the_key_figures_are_those_of_the_kind_in_its_order_as_the_activity_has_them(world: World):
    (group,) = world.ask(f"SELECT kpis FROM groups WHERE group_id = '{world.group}'")
    found = world.answer("group_kpis")
    assert [row["kpi"] for row in found] == group["kpis"] != []
    (latest,) = world.ask(
        f"SELECT reply_rate, active_ratio FROM activity WHERE window = '7d' AND group_id = '{world.group}' "
        "ORDER BY window_end DESC LIMIT 1"
    )
    shown = {row["kpi"]: row["now"] for row in found}
    for name, value in latest.items():
        assert shown[name] == f"{math.floor(100 * value + 0.5)}%"


@pytest.mark.parametrize("zone", ZONES)
def test_messages_by_day_are_those_among_the_events(world: World, zone: str):
    expected = Counter(str(local(e.ts, zone).date()) for e in world.messages())
    assert {r["day"]: r["messages"] for r in world.answer("messages_by_day", zone) if r["messages"]} == expected
    mine = Counter(str(local(e.ts, zone).date()) for e in world.messages() if e.group_id == world.group)
    found = world.answer("group_messages_by_day", zone)
    assert {r["day"]: r["messages"] for r in found if r["messages"]} == mine


@pytest.mark.parametrize("zone", ZONES)
def test_the_heat_map_is_of_the_hours_there(world: World, zone: str):
    expected: Counter[tuple[int, int]] = Counter()
    for e in world.messages():
        if e.group_id == world.group:
            at = local(e.ts, zone)
            expected[at.isoweekday(), at.hour] += 1
    found = world.answer("heat_map", zone)
    assert {(r["weekday"], r["hour_of_day"]): r["messages"] for r in found if r["messages"]} == expected


@pytest.mark.parametrize("zone", ZONES)
def test_speakers_by_day_are_people_counted_once(world: World, zone: str):
    people = world.people()
    spoke: dict[str, set[str]] = defaultdict(set)
    here: dict[str, set[str]] = defaultdict(set)
    first, last = local(SINCE, zone).date(), local(END + 60_000, zone).date()
    for e in world.messages():
        day = local(e.ts, zone).date()
        if (e.group_id, e.user_id) in people and first <= day < last:
            spoke[str(day)].add(e.user_id)
            if e.group_id == world.group:
                here[str(day)].add(e.user_id)
    assert {r["day"]: r["speakers"] for r in world.answer("speakers_by_day", zone)} == {
        d: len(u) for d, u in spoke.items()
    }
    found = world.answer("group_speakers_by_day", zone)
    assert {r["day"]: r["speakers"] for r in found} == {d: len(u) for d, u in here.items()}


def test_speakers_of_28_days_are_people_counted_once(world: World):
    people = world.people()
    first = datetime.fromtimestamp(END / 1000, UTC).date() - timedelta(days=27)
    spoke = {
        (e.group_id, e.user_id)
        for e in world.messages()
        if (e.group_id, e.user_id) in people and datetime.fromtimestamp(e.ts / 1000, UTC).date() >= first
    }
    expected = Counter(group for group, _ in spoke)
    found = {r["group_id"]: r["speakers"] for r in world.answer("speakers_28_days")}
    assert found.pop("") == len({user for _, user in spoke})
    assert found == expected


def test_answer_times_are_those_of_the_questions(world: World):
    expected: dict[tuple[str, str], list[int]] = defaultdict(list)
    for q in world.ask(
        "SELECT toUnixTimestamp64Milli(asked_at) AS asked, toUnixTimestamp64Milli(answered_at) AS answered, by_staff "
        "FROM questions WHERE status = 'answered' AND joined_to = ''"
    ):
        asked, answered = int(q["asked"]), int(q["answered"])
        key = str(local(asked, "Asia/Shanghai").date()), "staff" if q["by_staff"] else "members"
        expected[key].append(answered // 1000 - asked // 1000)
    found = world.answer("answer_times")
    assert {(r["day"], r["answered_by"]): r["answers"] for r in found} == {k: len(v) for k, v in expected.items()}
    for row in found:
        times = sorted(expected[row["day"], row["answered_by"]])
        assert row["median_seconds"] == times[len(times) // 2]


def test_retention_is_who_joined_and_spoke_so_many_weeks_later(world: World):
    joined: dict[tuple[str, str], Any] = {}
    for e in sorted(world.events, key=lambda e: e.ts):
        if e.type == "join" and e.ts >= SINCE:
            day = local(e.ts, "Asia/Shanghai").date()
            joined.setdefault((e.group_id, e.user_id), day - timedelta(days=day.weekday()))
    expected: dict[tuple[str, int], set[tuple[str, str]]] = defaultdict(set)
    for e in world.messages():
        cohort = joined.get((e.group_id, e.user_id))
        day = datetime.fromtimestamp(e.ts / 1000, UTC).date()
        monday = day - timedelta(days=day.weekday())
        if cohort is not None and monday >= cohort and day < datetime.fromtimestamp((END + 60_000) / 1000, UTC).date():
            expected[str(cohort), (monday - cohort).days // 7].add((e.group_id, e.user_id))
    sizes = Counter(map(str, joined.values()))
    found = world.answer("retention")
    assert {(r["cohort"], r["weeks"]): r["spoke"] for r in found} == {k: len(v) for k, v in expected.items()}
    assert all(r["people"] == sizes[r["cohort"]] and r["share"] == r["spoke"] / r["people"] for r in found)


def test_the_list_of_communities_begins_with_the_one_that_is_worst_off(world: World):
    found = world.answer("communities")
    assert len(found) == len({e.group_id for e in world.events})
    health = [math.inf if r["health"] is None else r["health"] for r in found]
    assert health == sorted(health)
    open_ones = Counter(
        r["group_id"] for r in world.ask("SELECT group_id FROM questions WHERE status = 'open' AND joined_to = ''")
    )
    assert {r["group_id"]: r["open_questions"] for r in found if r["open_questions"]} == open_ones
