"""Growth and survival as SQL, on made-up communities, beside the same figures in plain Python."""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from dashboards.queries import ALL, shipped
from huoqun import codec
from huoqun.config import Campaign, Config, Group
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.store_config import Store
from sinks import campaigns, migrate, rows, tables
from sinks.embedded import EmbeddedStore, Limits
from streams.core.partition import Partition
from tests.support.stores import insert

pytestmark = pytest.mark.chdb

HOUR, DAY, WEEK = 3_600_000, 86_400_000, 7 * 86_400_000
START = 1_780_272_000_000  # Monday, 2026-06-01, 00:00 UTC
DAYS = 150
UNTIL = START + DAYS * DAY
ZONE = "Asia/Shanghai"
GROUPS = [f"g{n}" for n in range(6)]
KINDS = {"g0": "commerce", "g1": "commerce", "g2": "interest", "g3": "learning", "g4": "fan", "g5": "interest"}
STAFF, BOT = "boss", "robot"
QUERIES = shipped()
WORLDS: dict[int, World] = {}
"""Those that are in the store: each is made once."""

Key = tuple[str, str]
"""Group and person."""


def marked(seed: int) -> dict[str, list[Campaign]]:
    """The campaigns that are configured: some apart, some that touch, one name that comes again."""
    rng = random.Random(seed)
    found: dict[str, list[Campaign]] = {}
    for group in GROUPS[:4]:
        day, made = rng.randrange(35, 60), []
        for number in range(rng.randrange(1, 5)):
            first = date(2026, 6, 1) + timedelta(days=day)
            made.append(Campaign(name=f"c{number % 3}", start=first, end=first + timedelta(days=rng.choice([0, 2, 9]))))
            day += rng.choice([3, 12, 21])
        found[group] = made
    return found


def config_of(seed: int, database: str) -> Config:
    groups = [
        Group(platform="qq", group_id=group, kind=KINDS[group], staff=[STAFF], campaigns=marked(seed).get(group, []))  # type: ignore[arg-type]
        for group in GROUPS
    ]
    return Config(groups=groups, store=Store(database=database))


def community(seed: int) -> list[Event]:
    """People who join, bring others, talk for a while, buy, leave and come back, in groups of which some die."""
    rng = random.Random(seed)
    made: list[Event] = []

    def add(group: str, user: str, kind: str, ts: float, **fields: Any) -> None:
        if START <= ts < UNTIL:
            made.append(
                Event(
                    id="",
                    type=kind,
                    ts=int(ts),
                    platform="qq",
                    group_id=group,
                    user_id=user,
                    is_bot=user == BOT,
                    **fields,
                )  # type: ignore[arg-type]
            )

    for number, group in enumerate(GROUPS):
        born = START + rng.uniform(0, 20) * DAY
        ends = born + rng.choice([25, 60, 400]) * DAY
        add(group, STAFF, "message", born)
        there = [STAFF]
        for n in range(rng.randrange(20, 60)):
            user, at = f"u{number}.{n}" if rng.random() < 0.9 else f"s{n}", born + rng.uniform(0, 90) * DAY
            at = at // DAY * DAY if rng.random() < 0.1 else at  # ties
            inviter = rng.choice([*there, "", "", user]) if rng.random() < 0.8 else ""
            add(group, user, "join", at, inviter_id=inviter, campaign=rng.choice(["", "", "", "ad"]))
            there.append(user)
            stays = rng.choice([0.0, 1 / 24, 3, 7, 7, 30, 400]) * DAY
            if stays < 400 * DAY:
                add(group, user, "leave", at + stays)
                if rng.random() < 0.3:
                    add(group, user, "join", at + stays + rng.choice([0, DAY, 20 * DAY]), inviter_id=rng.choice(there))
            talk = at
            for _ in range(rng.choice([0, 0, 1, 4, 25])):
                talk += rng.choice([rng.expovariate(1 / DAY), 30 * DAY, 31 * DAY, 2 * HOUR])
                if talk < ends:
                    add(group, user, "message", talk)
            if rng.random() < 0.3 and group != "g5":
                for _ in range(rng.randrange(1, 4)):
                    tag = rng.choice(["", "", "flash"])
                    money = {"amount": float(rng.randrange(1, 50)), "currency": rng.choice(["CNY", "USD"])}
                    add(group, user, "conversion", at + rng.uniform(-2, 30) * DAY, campaign=tag, **money)
        add(group, BOT, "join", born + DAY, inviter_id=STAFF)
        add(group, BOT, "message", born + DAY + 1)
        for _ in range(400):
            talk = born + rng.uniform(0, 150) * DAY
            if talk < ends:
                add(group, f"u{number}.{rng.randrange(3)}", "message", talk)
    made.sort(key=lambda event: event.ts)
    for n, event in enumerate(made):
        event.id, event.received_at = f"e{n:06}", event.ts + n % 5
    return made


class World:
    """A community in a database of its own."""

    def __init__(self, store: EmbeddedStore, seed: int) -> None:
        self.store, self.database = store, f"world{seed}"
        self.config = config_of(seed, self.database)
        self.events = community(seed)
        migrate.migrate(store, self.database)
        writer = _In(store, self.database)
        campaigns.register(writer, self.config)
        partition = Partition(0, self.config)
        log = [*(codec.encode(e) for e in self.events), codec.encode(Tick(UNTIL))]
        results: list[bytes] = []
        at = 0
        while at < len(log):
            assert partition.apply(list(enumerate(log))[at : at + 5000]) == []
            at = partition.offset + 1
            results += [codec.encode(r) for r in partition.checkpoint().results]
        rng = random.Random(seed)
        again = [*self.events, *rng.sample(self.events, 200)]
        rng.shuffle(again)
        for n in range(0, len(again), 3000):
            insert(writer, again[n : n + 3000])
        for part in rows.read_results(results).parts:
            writer.insert(tables.TABLES[part.table], part.columns)
        self.joined = joined(self.events)
        self.by_key: dict[Key, list[Event]] = defaultdict(list)
        for event in self.events:
            self.by_key[event.group_id, event.user_id].append(event)

    def ask(self, sql: str, **params: str) -> list[dict[str, Any]]:
        data = self.store.read(sql, format_name="JSONCompact", database=self.database, params=params, limits=Limits())
        answer = msgspec.json.decode(data)
        names = [column["name"] for column in answer["meta"]]
        return [dict(zip(names, row, strict=True)) for row in answer["data"]]

    def answer(self, name: str, since: int = START, until: int = UNTIL, **chosen: str) -> list[dict[str, Any]]:
        given = {
            "zone": ZONE, "since": text(since), "until": text(until), "platforms": ALL, "kinds": ALL, "groups": ALL, **chosen,
        }  # fmt: skip
        query = QUERIES[name]
        return self.ask(query.sql, **{n: v for n, v in given.items() if n in query.parameters})

    def days(self, key: Key) -> list[date]:
        """The days (UTC) on which somebody spoke."""
        return sorted({day_of(e.ts) for e in self.by_key[key] if e.type == "message"})

    def edges(self) -> dict[Key, tuple[str, int, int | None]]:
        """Who was brought -> (by whom, when, left when)."""
        found = {}
        for key, mine in self.by_key.items():
            named = [e for e in mine if e.type == "join" and e.inviter_id not in ("", e.user_id)]
            named.sort(key=lambda e: (e.ts, e.inviter_id))
            if named:
                at = named[0].ts
                found[key] = (
                    named[0].inviter_id,
                    at,
                    min((e.ts for e in mine if e.type == "leave" and e.ts > at), default=None),
                )
        return found


class _In:
    """The store as its writers see it, with another database."""

    def __init__(self, store: EmbeddedStore, database: str) -> None:
        self.store, self.database = store, database

    def insert(self, table: tables.Table, columns: tables.Columns) -> None:
        before, self.store._database = self.store._database, self.database
        try:
            self.store.insert(table, columns)
        finally:
            self.store._database = before

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        return self.store.select(sql)

    def execute(self, sql: str) -> None:
        self.store.execute(sql)

    def close(self) -> None:
        """Nothing: the store is closed elsewhere."""


def text(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def day_of(ms: int, zone: str = "UTC") -> date:
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).date()


def monday(ms: int, zone: str = "UTC") -> date:
    day = day_of(ms, zone)
    return day - timedelta(days=day.weekday())


def joined(events: Iterable[Event]) -> dict[Key, tuple[int, int | None]]:
    """Who was seen joining -> (first join, first leave after it)."""
    found: dict[Key, tuple[int, int | None]] = {}
    for event in events:
        key = event.group_id, event.user_id
        if event.type == "join" and key not in found:
            found[key] = (event.ts, None)
        elif event.type == "leave" and key in found and found[key][1] is None and event.ts > found[key][0]:
            found[key] = (found[key][0], event.ts)
    return found


@pytest.fixture(params=range(2))
def world(request: pytest.FixtureRequest, store: EmbeddedStore) -> World:
    if request.param not in WORLDS:
        WORLDS[request.param] = World(store, request.param)
    return WORLDS[request.param]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    found = EmbeddedStore(tmp_path_factory.mktemp("growth"), "huoqun")
    yield found
    WORLDS.clear()
    found.close()


def test_edges_of_referral_are_the_first_joins_that_name_somebody_else(world: World) -> None:
    found = {
        (r["group_id"], r["user_id"]): (r["inviter_id"], int(r["at"]), None if r["gone"] is None else int(r["gone"]))
        for r in world.ask(
            "SELECT group_id, user_id, inviter_id, toUnixTimestamp64Milli(invited_at) AS at, "
            "toUnixTimestamp64Milli(left_at) AS gone FROM invites"
        )
    }
    assert len(found) > 50
    assert found == world.edges()


def test_inviters_are_credited_with_who_stayed(world: World) -> None:
    for since, until in ((START, UNTIL), (START + 20 * DAY, UNTIL - 40 * DAY)):
        expected: dict[Key, Counter[str]] = defaultdict(Counter)
        for key, (inviter, at, left) in world.edges().items():
            if not since <= at < until or key[1] == BOT:
                continue
            row = expected[key[0], inviter]
            row["invited"] += 1
            row["gone"] += left is not None and left < until
            row["spoke"] += any(day_of(at) <= day <= day_of(until) for day in world.days(key))
            for days in (7, 30):
                if at + days * DAY <= until:
                    row[f"due_{days}d"] += 1
                    row[f"stayed_{days}d"] += left is None or left >= at + days * DAY
        found = world.answer("inviters", since, until)
        assert len(found) == min(100, len(expected))
        for r in found:
            row = expected[r["group_id"], r["inviter_id"]]
            assert r["invited"] == row["invited"]
            assert r["stayed"] == row["invited"] - row["gone"]
            assert {name: r[name] for name in ("gone", "spoke", "due_7d", "stayed_7d", "due_30d", "stayed_30d")} == {
                name: row[name] for name in ("gone", "spoke", "due_7d", "stayed_7d", "due_30d", "stayed_30d")
            }


def test_chains_count_whom_an_invitation_leads_to(world: World) -> None:
    edges = world.edges()
    expected: dict[Key, list[int]] = defaultdict(list)
    for edge in edges:
        group, above, depth = edge[0], edges.get(edge), 0
        before = UNTIL
        while above is not None and above[1] < before:
            depth, before = depth + 1, above[1]
            expected[group, above[0]].append(depth)
            above = edges.get((group, above[0]))
    found = world.answer("invite_chains")
    assert max(r["generations"] for r in found) >= 3
    for r in found:
        depths = expected.pop((r["group_id"], r["inviter_id"]))
        assert (r["direct"], r["in_all"], r["generations"]) == (depths.count(1), len(depths), max(depths))
    assert not expected or len(found) == 100


def test_the_k_factor_is_of_those_who_joined_in_a_week(world: World) -> None:
    brought: dict[Key, list[tuple[int, int | None]]] = defaultdict(list)
    for (group, _), (inviter, at, left) in world.edges().items():
        brought[group, inviter].append((at, left))
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    until = UNTIL - 30 * DAY
    for key, (at, _) in world.joined.items():
        if at < until and key[1] not in (STAFF, BOT):
            row = expected[str(monday(at, ZONE))]
            row["joined"] += 1
            for when, left in brought[key]:
                if at < when < at + 28 * DAY and when < until:
                    row["brought"] += 1
                    row["stayed"] += (left is None or left >= when + WEEK) and when + WEEK <= until
    found = world.answer("k_factor", START, until)
    assert {r["cohort"]: {n: r[n] for n in ("joined", "brought", "stayed")} for r in found} == {
        cohort: {n: row[n] for n in ("joined", "brought", "stayed")} for cohort, row in expected.items()
    }
    assert all(math.isclose(r["k"], r["stayed"] / r["joined"]) for r in found)
    assert {bool(r["complete"]) for r in found} == {True, False}


def campaign_of(world: World, key: Key, at: int) -> str:
    named = [(event.ts, event.campaign) for event in world.by_key[key] if event.type == "join" and event.campaign]
    if named:
        return min(named)[1]
    running = [
        (midnight(c.start), c.name)
        for g in world.config.groups
        for c in g.campaigns
        if g.group_id == key[0] and midnight(c.start) <= at < midnight(c.end + timedelta(days=1))
    ]
    return max(running)[1] if running else ""


def midnight(day: date) -> int:
    return round(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


def test_the_funnel_counts_people_step_by_step(world: World) -> None:
    last = day_of(max(e.ts for e in world.events))
    brought: dict[Key, int] = {}
    for (group, _), (inviter, at, _) in world.edges().items():
        brought[group, inviter] = max(at, brought.get((group, inviter), 0))
    expected: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    amounts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for key, (at, _) in world.joined.items():
        if key[1] in (STAFF, BOT):
            continue
        cell = key[0], campaign_of(world, key, at), str(monday(at))
        row, day = expected[cell], day_of(at)
        row["joined"] += 1
        row["spoke"] += any(d >= day for d in world.days(key))
        row["week_2_over"] += day + timedelta(days=14) <= last
        row["spoke_week_2"] += any(7 <= (d - day).days < 14 for d in world.days(key))
        row["invited"] += brought.get(key, 0) > at
        bought = [e for e in world.by_key[key] if e.type == "conversion" and e.ts >= at]
        row["converted"] += bool(bought)
        row["conversions"] += len(bought)
        for e in bought:
            amounts[cell][e.currency] += e.amount or 0  # type: ignore[assignment]
    found = world.ask("SELECT * EXCEPT (platform) FROM funnel")
    names = ("joined", "spoke", "week_2_over", "spoke_week_2", "invited", "converted", "conversions")
    assert {(r["group_id"], r["campaign"], r["cohort"]): {n: int(r[n]) for n in names} for r in found} == {
        cell: {n: row[n] for n in names} for cell, row in expected.items()
    }
    for r in found:
        assert r["amounts"] == pytest.approx(dict(amounts[r["group_id"], r["campaign"], r["cohort"]]))
    assert len({r["campaign"] for r in found}) >= 3
    for name, field in (("funnel", "cohort"), ("funnel_by_campaign", "campaign"), ("funnel_by_group", "group_id")):
        sums: dict[str, Counter[str]] = defaultdict(Counter)
        for (group, campaign, cohort), row in expected.items():
            sums[{"cohort": cohort, "campaign": campaign, "group_id": group}[field]].update(row)
        assert {r[field]: {n: int(r[n]) for n in names} for r in world.answer(name)} == {
            value: {n: row[n] for n in names} for value, row in sums.items()
        }


def test_talk_and_sales_are_set_side_by_side(world: World) -> None:
    summaries = {r["group_id"]: r["members"] for r in world.ask("SELECT group_id, members FROM groups")}
    found = {r["group_id"]: r for r in world.answer("heat_and_conversion")}
    assert set(found) == set(summaries)
    figures = {}
    for group, members in summaries.items():
        here = [e for e in world.events if e.group_id == group]
        talk = sum(e.type == "message" and e.user_id not in (STAFF, BOT) for e in here) / DAYS
        bought = [e for e in here if e.type == "conversion"]
        figures[group] = (talk, len(bought), len({e.user_id for e in bought}), members)
        row = found[group]
        assert (row["conversions"], row["converters"], row["members"]) == figures[group][1:]
        assert row["messages_a_day"] == pytest.approx(talk)
    overall = sum(f[2] for f in figures.values()) / sum(f[3] for f in figures.values())
    for group, (talk, conversions, converters, members) in figures.items():
        converting = min(1, converters / members) if members else 0
        quiet = talk < 20 and conversions > 0 and converting >= overall
        expected = "hot_sells_nothing" if talk >= 99 and conversions == 0 else "quiet_sells" if quiet else ""
        assert found[group]["finding"] == expected
    assert "quiet_sells" in {r["finding"] for r in found.values()}


def test_a_hot_chat_that_converts_nobody_is_a_finding_only_where_conversions_are_told(store: EmbeddedStore) -> None:
    database = "hot"
    migrate.migrate(store, database)
    writer = _In(store, database)
    store.execute(
        f"INSERT INTO {database}.groups_rows (platform, group_id, kind, members) VALUES ('a', 'hot', 'commerce', 50), "
        "('a', 'other', 'commerce', 50), ('b', 'hot', 'commerce', 50)"
    )
    hours = ", ".join(f"('{p}', 'hot', '{text(START + h * HOUR)}', 10, 1)" for p in ("a", "b") for h in range(48))
    store.execute(f"INSERT INTO {database}.group_hours_rows (platform, group_id, hour, messages, rank) VALUES {hours}")
    insert(
        writer,
        [Event(id="e", type="conversion", ts=START, platform="a", group_id="other", user_id="u", received_at=START)],
    )
    given = {"since": text(START), "until": text(START + 2 * DAY), "platforms": ALL, "kinds": ALL, "groups": ALL}
    data = store.read(
        QUERIES["heat_and_conversion"].sql, format_name="JSONCompact", database=database, params=given, limits=Limits()
    )
    findings = {(row[0], row[1]): row[-1] for row in msgspec.json.decode(data)["data"]}
    assert findings == {("a", "hot"): "hot_sells_nothing", ("a", "other"): "quiet_sells", ("b", "hot"): ""}


Period = tuple[int, int, str]


def configured(world: World) -> dict[str, list[Period]]:
    return {
        g.group_id: sorted((midnight(c.start), midnight(c.end + timedelta(days=1)), c.name) for c in g.campaigns)
        for g in world.config.groups
    }


def told_by_events(world: World) -> dict[str, list[Period]]:
    """Group -> the campaigns that only events name."""
    known = {(group, name) for group, theirs in configured(world).items() for _, _, name in theirs}
    tagged: dict[tuple[str, str], list[int]] = defaultdict(list)
    for e in world.events:
        if e.campaign and e.type in ("join", "conversion") and (e.group_id, e.campaign) not in known:
            tagged[e.group_id, e.campaign].append(e.ts)
    found: dict[str, list[Period]] = defaultdict(list)
    for (group, name), times in tagged.items():
        found[group].append((min(times) // HOUR * HOUR, (max(times) // HOUR + 1) * HOUR, name))
    return {group: sorted(theirs) for group, theirs in found.items()}


def counts_by_hour(world: World, group: str) -> dict[int, Counter[str]]:
    hours: dict[int, Counter[str]] = defaultdict(Counter)
    there: set[str] = set()
    for e in world.events:
        if e.group_id != group:
            continue
        hour = e.ts // HOUR * HOUR
        new = e.user_id not in there
        if e.type == "leave":
            there.discard(e.user_id)
            continue
        there.add(e.user_id)
        if e.type == "message":
            hours[hour]["messages"] += e.user_id not in (STAFF, BOT)
        elif e.type == "join":
            hours[hour]["joins"] += new and e.user_id != BOT
        else:
            hours[hour]["conversions"] += 1
    return hours


def test_a_campaigns_lift_is_against_the_groups_own_clear_weeks(world: World) -> None:
    since = START + 10 * DAY
    found = {(r["group_id"], r["name"], r["starts_at"]): r for r in world.answer("campaigns", since)}
    checked = 0
    sums: dict[int, Counter[str]] = defaultdict(Counter)
    marked = configured(world)
    for group, theirs in [*marked.items(), *told_by_events(world).items()]:
        hours = counts_by_hour(world, group)
        first = min(e.ts for e in world.events if e.group_id == group)
        for number, (begin, end, name) in enumerate(theirs, 1):
            if not since <= begin < UNTIL:
                continue
            row = found.pop((group, name, text(begin) + ".000"))
            assert row["number"] == number
            clear = [
                w
                for w in range(1, 9)
                if begin - w * WEEK >= first
                and not any(b < begin - (w - 1) * WEEK and e > begin - w * WEEK for b, e, _ in marked[group])
            ][:4]
            assert row["weeks_before"] == len(clear)
            stop = min(end, UNTIL)
            after = max(stop, min([stop + WEEK, UNTIL, *(b for b, e, _ in marked[group] if e > end)]))
            for ending, one, other in (("", begin, stop), ("_after", stop, after)):
                for what in ("messages", "joins", "conversions"):
                    got = sum(hours[h][what] for h in range(one, other, HOUR))
                    assert row[what + ending] == got, (group, name, what, ending)
                    if not clear:
                        assert row[f"usual_{what}{ending}"] is None
                        continue
                    usual = sum(
                        hours[begin + (h - begin) % WEEK - w * WEEK][what]
                        for h in range(one, other, HOUR)
                        for w in clear
                    ) / len(clear)
                    assert row[f"usual_{what}{ending}"] == pytest.approx(usual)
                    lift = row[f"{what}_lift{ending}"]
                    assert lift == (pytest.approx(got / usual - 1) if usual else None)
                    if usual:
                        sums[number][what + ending] += got  # type: ignore[assignment]
                        sums[number][f"usual_{what}{ending}"] += usual  # type: ignore[assignment]
                        checked += 1
    assert not found
    assert checked > 20
    for r in world.answer("campaign_fatigue", since):
        row = sums[r["number"]]
        for what in ("messages", "joins", "conversions"):
            usual = row[f"usual_{what}"]
            assert r[f"{what}_lift"] == (pytest.approx(row[what] / usual - 1) if usual else None)


Life = tuple[Sequence[tuple[str, str]], int, bool]
"""Strata, age in days at its end, whether it ended in death."""


def kaplan_meier(lives: Iterable[Life]) -> dict[tuple[str, str, int], tuple[int, int, float]]:
    """(stratum, value, week) -> (at risk at its beginning, died in it, surviving its end), straight from the definition."""
    by_stratum: dict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
    for strata, age, died in lives:
        for stratum in strata:
            by_stratum[stratum].append((age, died))
    curves = {}
    for stratum, mine in by_stratum.items():
        for week in sorted({age // 7 for age, _ in mine}):
            alive = 1.0
            for day in range(week * 7 + 7):
                at_risk = sum(age >= day for age, _ in mine)
                if at_risk:
                    alive *= 1 - sum(died for age, died in mine if age == day) / at_risk
            curves[*stratum, week] = (
                sum(age >= week * 7 for age, _ in mine), sum(died for age, died in mine if age // 7 == week), alive,
            )  # fmt: skip
    return curves


def same_curves(found: Iterable[Mapping[str, Any]], lives: Sequence[Life]) -> None:
    expected = kaplan_meier(lives)
    got = {(r["stratum"], r["value"], r["week"]): (r["at_risk"], r["died"], r["survival"]) for r in found}
    assert got.keys() == expected.keys()
    for key, (at_risk, died, survival) in got.items():
        assert (at_risk, died) == expected[key][:2], key
        assert math.isclose(survival, expected[key][2], abs_tol=1e-9), key
    assert any(died for _, died, _ in expected.values())
    assert any(0 < survival < 1 for _, _, survival in expected.values())


@pytest.mark.parametrize("until", [UNTIL, START + 70 * DAY + 5 * HOUR])
def test_members_survive_as_kaplan_and_meier_say(world: World, until: int) -> None:
    by_month: list[Life] = []
    compared: list[Life] = []
    for (group, user), (at, left) in world.joined.items():
        if at < until and user != BOT:
            died = left is not None and left < until
            age = ((left if died and left is not None else until) - at) // DAY
            by_month.append(([("cohort", str(day_of(at, ZONE).replace(day=1)))], age, died))
            compared.append(([("all", ""), ("platform", "qq"), ("kind", KINDS[group])], age, died))
    same_curves(
        [
            {**r, "stratum": "cohort", "value": r["month"], "died": r["left_in_week"]}
            for r in world.answer("survival", START, until)
        ],
        by_month,
    )
    same_curves(world.answer("survival_compared", START, until), compared)


def first_silence(days: Sequence[date], longest: int, today: date) -> date | None:
    for one, other in zip(days, [*days[1:], today], strict=True):
        if (other - one).days > longest:
            return one + timedelta(days=longest)
    return None


@pytest.mark.parametrize("until", [UNTIL, START + 100 * DAY])
def test_speakers_survive_until_they_leave_or_fall_silent(world: World, until: int) -> None:
    today, lives = day_of(until), []
    for key, mine in world.by_key.items():
        days = [day for day in world.days(key) if day < today]
        if not days or key[1] in (STAFF, BOT):
            continue
        ends = [day_of(e.ts) for e in mine if e.type == "leave" and days[0] <= day_of(e.ts) < today]
        silent = first_silence(days, 30, today)
        ends += [silent] if silent is not None else []
        end = min(ends, default=today)
        strata = [("all", ""), ("platform", "qq"), ("kind", KINDS[key[0]]), ("cohort", str(days[0].replace(day=1)))]
        lives.append((strata, (end - days[0]).days, end < today))
    same_curves(world.answer("survival_of_speakers", START, until), lives)


def test_groups_survive_until_nobody_has_spoken_for_four_weeks(world: World) -> None:
    today, lives, dead = day_of(UNTIL), [], set()
    for group in GROUPS:
        here = [e for e in world.events if e.group_id == group]
        born = day_of(here[0].ts)
        talk = {day_of(e.ts) for e in here if e.type == "message" and e.user_id not in (STAFF, BOT)}
        end = first_silence(sorted({born, *talk}), 28, today)
        if end is not None and max(talk, default=born) <= end - timedelta(days=28):
            dead.add(group)
        strata = [("all", ""), ("platform", "qq"), ("kind", KINDS[group]), ("cohort", str(born.replace(day=1)))]
        lives.append((strata, ((end or today) - born).days, end is not None))
    same_curves(world.answer("survival_of_groups"), lives)
    stages = {r["group_id"]: r["stage"] for r in world.ask("SELECT group_id, stage FROM groups")}
    assert {group for group, stage in stages.items() if stage == "dead"} == dead, "the same as the stage"


def test_the_silent_majority_is_who_never_spoke_by_age_of_membership(world: World) -> None:
    expected: dict[int, Counter[str]] = defaultdict(Counter)
    for (group, user), mine in world.by_key.items():
        ins = [e for e in mine if e.type in ("join", "leave")]
        if user in (STAFF, BOT) or not ins:
            continue
        since, there = 0, False
        for e in mine:  # the streams' view: a join of who is there is none, and any other sign means being there
            if e.type == "leave":
                there = False
            elif not there:
                there = True
                since = e.ts if e.type == "join" else since
        if there and since:
            days = (UNTIL - since) / DAY
            row = expected[max(edge for edge in (0, 7, 30, 90, 365) if days >= edge)]
            row["members"] += 1
            row["never_spoke"] += not any(e.type == "message" for e in mine)
        assert group
    found = world.answer("silent_members")
    assert {r["from_days"]: (r["members"], r["never_spoke"]) for r in found} == {
        edge: (row["members"], row["never_spoke"]) for edge, row in expected.items()
    }
    assert all(r["share"] == r["never_spoke"] / r["members"] for r in found)


def test_only_the_chosen_communities_are_counted(world: World) -> None:
    chosen = {"groups": "['qq/g1', 'qq/g4']", "platforms": ALL, "kinds": ALL}
    assert {r["group_id"] for r in world.answer("inviters", **chosen)} == {"g1", "g4"}
    assert {r["group_id"] for r in world.answer("funnel_by_group", **chosen)} == {"g1", "g4"}
    assert {r["group_id"] for r in world.answer("heat_and_conversion", **chosen)} == {"g1", "g4"}
    assert {r["group_id"] for r in world.answer("campaigns", **chosen)} <= {"g1", "g4"}
    kinds = {r["value"] for r in world.answer("survival_compared", **chosen) if r["stratum"] == "kind"}
    assert kinds <= {"commerce", "fan"}


def test_campaigns_that_are_not_configured_any_more_are_gone(store: EmbeddedStore) -> None:
    database = "marks"
    migrate.migrate(store, database)
    writer = _In(store, database)
    config = config_of(0, database)
    campaigns.register(writer, config)
    campaigns.register(writer, config)
    found = store.select(f"SELECT group_id, name, toString(starts_at), toString(ends_at) FROM {database}.campaigns")
    expected = {
        (g.group_id, c.name, text(midnight(c.start)) + ".000", text(midnight(c.end + timedelta(days=1))) + ".000")
        for g in config.groups
        for c in g.campaigns
    }
    assert set(found) == expected
    del config.groups[0].campaigns[0]
    campaigns.register(writer, config)
    assert store.select(f"SELECT count() FROM {database}.campaigns") == [(len(expected) - 1,)]
    config.groups.clear()
    campaigns.register(writer, config)
    assert store.select(f"SELECT count() FROM {database}.campaigns") == [(0,)]
