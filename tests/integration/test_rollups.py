"""The rollups say what the tables they follow say, however often and in whatever order those were filled."""

import itertools
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from dashboards.queries import ALL, shipped
from huoqun import codec
from huoqun.events import Event
from huoqun.results import Activity, Question
from sinks import migrate, rows, tables
from sinks.embedded import EmbeddedStore, Limits
from tests.support.stores import insert

pytestmark = pytest.mark.chdb

HOUR, DAY = 3_600_000, 86_400_000
START = 1_767_225_600_000  # 2026-01-01
QUERIES = shipped()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    found = EmbeddedStore(tmp_path_factory.mktemp("rollups"), "huoqun")
    migrate.migrate(found, "huoqun")
    yield found
    found.close()


def fresh() -> str:
    """A platform that no other example has: the store is one for all."""
    return f"p{uuid.uuid4().hex}"


def store_results(store: EmbeddedStore, records: Sequence[msgspec.Struct]) -> None:
    for part in rows.read_results([codec.encode(r) for r in records]).parts:
        store.insert(tables.TABLES[part.table], part.columns)


def same(store: EmbeddedStore, rollup: str, truth: str) -> None:
    left, right = (
        store.select(f"SELECT * FROM ({rollup}) ORDER BY ALL"),
        store.select(f"SELECT * FROM ({truth}) ORDER BY ALL"),
    )
    assert left == right


def inserted_somehow(data: st.DataObject, things: list[Any]) -> list[list[Any]]:
    """Everything at least once, some of it again, in any order and any batches."""
    again = data.draw(st.lists(st.sampled_from(things), max_size=10))
    order = data.draw(st.permutations(things + again))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=3)))
    edges = [0, *cuts, len(order)]
    return [order[a:b] for a, b in itertools.pairwise(edges) if a < b]


few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

_events = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", "e", "f"]),
        st.sampled_from(["message", "message", "join", "leave", "reaction", "conversion"]),
        st.sampled_from([0, 1, 59 * 60_000, HOUR, 23 * HOUR, DAY, 40 * DAY]),
        st.sampled_from(["g", "h"]),
        st.sampled_from(["u", "v", "w"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda e: (e[0], e[3]),
)


@few
@given(_events, st.data())
def test_who_spoke_when_and_who_came_and_went_are_what_the_events_say(
    store: EmbeddedStore, drawn: list[tuple[str, Any, int, str, str, bool]], data: st.DataObject
):
    platform = fresh()
    events = [
        Event(
            id=i, type=kind, ts=START + after, platform=platform, group_id=group, user_id=user, is_bot=bot, source="s",
            inviter_id="w" if kind == "join" else "", campaign="c" if bot and kind != "message" else "",
            received_at=START + after + n,
        )
        for n, (i, kind, after, group, user, bot) in enumerate(drawn)
    ]  # fmt: skip
    for batch in inserted_somehow(data, events):
        insert(store, batch)
    mine = f"WHERE platform = '{platform}'"
    same(
        store,
        f"SELECT * EXCEPT (member, person) FROM huoqun.member_days {mine}",
        "SELECT platform, group_id, toDate(ts) AS day, user_id, groupBitOr(bitShiftLeft(toUInt32(1), toHour(ts))) AS hours "
        f"FROM huoqun.events {mine} AND type = 'message' AND NOT is_bot GROUP BY platform, group_id, day, user_id",
    )
    same(
        store,
        f"SELECT * EXCEPT member FROM huoqun.membership {mine}",
        f"SELECT id, type, ts, platform, group_id, user_id, inviter_id, reason, campaign FROM huoqun.events {mine} "
        "AND type IN ('join', 'leave')",
    )
    same(
        store,
        f"SELECT * EXCEPT member FROM huoqun.conversions {mine}",
        f"SELECT id, ts, platform, group_id, user_id, amount, currency, campaign FROM huoqun.events {mine} AND type = 'conversion'",
    )
    same(
        store,
        "SELECT platform, group_id, user_id, joined_at, invited, campaign, arraySort(leaves) AS leaves FROM huoqun.stays_rows "
        f"FINAL {mine}",
        "SELECT platform, group_id, user_id, min(if(type = 'join', ts, never)) AS joined_at, "
        "min(if(type = 'join' AND inviter_id NOT IN ('', user_id), (ts, inviter_id), (never, ''))) AS invited, "
        "min(if(type = 'join' AND e.campaign != '', (ts, toString(e.campaign)), (never, ''))) AS campaign, "
        "arraySort(groupUniqArrayIf(ts, type = 'leave')) AS leaves "
        f"FROM (SELECT *, toDateTime64('2200-01-01 00:00:00', 3, 'UTC') AS never FROM huoqun.events {mine}) AS e "
        "WHERE type IN ('join', 'leave') GROUP BY platform, group_id, user_id",
    )
    same(
        store,
        f"SELECT source, platform, last_event_at, last_received_at FROM huoqun.sources {mine}",
        f"SELECT source, platform, max(ts), max(received_at) FROM huoqun.events {mine} GROUP BY source, platform",
    )


def test_of_a_join_that_was_delivered_twice_the_first_accepted_counts(store: EmbeddedStore):
    platform = fresh()
    for received, inviter in ((2_000, "later"), (1_000, "first"), (3_000, "last")):
        event = Event(
            id="e", type="join", ts=START + received, platform=platform, group_id="g", user_id="u", inviter_id=inviter,
            received_at=received,
        )  # fmt: skip
        insert(store, [event])
    assert store.select(f"SELECT inviter_id FROM huoqun.membership WHERE platform = '{platform}'") == [("first",)]


@few
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4), st.booleans(), st.sampled_from([0, DAY, 40 * DAY])), min_size=1),
    st.data(),
)  # fmt: skip
def test_questions_by_time_are_the_questions(
    store: EmbeddedStore, drawn: list[tuple[str, int, bool, int]], data: st.DataObject
):
    platform = fresh()
    asked = {name: START + after for name, _, _, after in drawn}
    versions = {
        (name, version): Question(
            platform=platform, group_id="g", question_id=name, user_id="u", asked_at=asked[name], kind="question",
            version=version, status="answered" if version > 2 else "open", deleted=gone,
            answered_at=asked[name] + 1 if version > 2 else None, joined_to="x" if version == 2 else "",
        )
        for name, version, gone, _ in drawn
    }  # fmt: skip
    for batch in inserted_somehow(data, list(versions.values())):
        store_results(store, batch)
    columns = "platform, group_id, asked_at, question_id, user_id, kind, status, answered_at, by_staff"
    same(
        store,
        f"SELECT {columns}, standalone, due_at FROM huoqun.questions_by_time WHERE platform = '{platform}'",
        f"SELECT {columns}, joined_to = '' AS standalone, due_at FROM huoqun.questions WHERE platform = '{platform}'",
    )


def activity_of(platform: str, minutes: Mapping[int, int], version: int) -> list[Activity]:
    """The rows that the streams make of messages by minute: at the end of each minute that holds one, and as it leaves."""
    ends = sorted({m + 1 for m in minutes} | {m + 61 for m in minutes})
    return [
        Activity(
            platform=platform, group_id="g", window="1h", window_end=START + end * 60_000, version=version,
            messages=sum(n for m, n in minutes.items() if end - 60 <= m < end),
        )
        for end in ends
    ]  # fmt: skip


@few
@given(st.lists(st.integers(0, 400), min_size=1, max_size=20), st.integers(0, 20), st.data())
def test_a_groups_hours_are_what_the_hour_held(
    store: EmbeddedStore, said: list[int], known_first: int, data: st.DataObject
):
    platform = fresh()
    before, after = Counter(said[:known_first]), Counter(said)
    rows_made = activity_of(platform, after, 2)
    final = {row.window_end for row in rows_made}
    # What was told before a late event came: corrected since by a row of the same minute.
    rows_made += [row for row in activity_of(platform, before, 1) if row.window_end in final]
    rows_made += [msgspec.structs.replace(row, window="24h", messages=999) for row in rows_made[:3]]
    for batch in inserted_somehow(data, rows_made):
        store_results(store, batch)
    found = store.select(
        f"SELECT toUnixTimestamp(hour), messages FROM huoqun.group_hours WHERE platform = '{platform}' AND messages > 0"
    )
    expected = Counter(START // 1000 + minute // 60 * 3600 for minute in said)
    assert {int(hour): int(messages) for hour, messages in found} == expected


def test_what_was_stored_before_the_rollups_were_made_is_in_them(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch):
    every = migrate.shipped()
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "shipped", lambda: every[:2])
        migrate.migrate(store, "older")
    store.execute(
        "INSERT INTO older.events_rows (id, type, ts, platform, group_id, user_id, source) VALUES "
        f"('a', 'message', {START / 1000}, 'p', 'g', 'u', 's'), ('b', 'join', {START / 1000}, 'p', 'g', 'u', 's'), "
        f"('c', 'leave', {START / 1000 + 1}, 'p', 'g', 'u', 's'), ('d', 'conversion', {START / 1000}, 'p', 'g', 'u', 's')"
    )
    store.execute(
        f"INSERT INTO older.activity_rows (platform, group_id, window, window_end, messages) VALUES "
        f"('p', 'g', '1h', {START / 1000 + 60}, 7)"
    )
    store.execute(
        f"INSERT INTO older.questions_rows (platform, question_id, asked_at) VALUES ('p', 'q', {START / 1000})"
    )
    assert [m.number for m in migrate.migrate(store, "older")] == [m.number for m in every[2:]]
    assert store.select("SELECT user_id, hours FROM older.member_days") == [("u", 1)]
    assert store.select("SELECT id FROM older.membership ORDER BY id") == [("b",), ("c",)]
    assert store.select("SELECT user_id, left_at - joined_at FROM older.joiners") == [("u", 1)]
    assert store.select("SELECT id FROM older.conversions") == [("d",)]
    assert store.select("SELECT messages FROM older.group_hours") == [(7,)]
    assert store.select("SELECT question_id FROM older.questions_by_time") == [("q",)]
    assert store.select("SELECT source FROM older.sources") == [("s",)]


def test_hours_of_before_they_had_a_number_of_their_community_have_it(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
):
    every = migrate.shipped()
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "shipped", lambda: every[:10])
        migrate.migrate(store, "unnumbered")
    add = "INSERT INTO unnumbered.activity_rows (platform, group_id, window, window_end, messages) VALUES"
    store.execute(f"{add} ('p', 'g', '1h', {START / 1000 + 60}, 7)")
    assert [m.number for m in migrate.migrate(store, "unnumbered")] == [m.number for m in every[10:]]
    store.execute(f"{add} ('p', 'h', '1h', {START / 1000 + 60}, 8)")
    found = store.select(
        "SELECT group_id, messages, community = sipHash64(platform, group_id) FROM unnumbered.group_hours ORDER BY group_id"
    )
    assert found == [("g", 7, 1), ("h", 8, 1)]


def test_a_question_waits_until_a_later_version_says_that_it_was_answered_or_is_gone(store: EmbeddedStore):
    platform = fresh()
    asked_at = {"waits": START, "answered": START, "gone": START, "again": START, "other": START}
    made = [(name, 1, "open", False) for name in asked_at] + [
        ("answered", 2, "answered", False), ("gone", 2, "open", True), ("again", 2, "answered", False), ("again", 3, "open", False),
    ]  # fmt: skip
    for name, version, status, deleted in made:
        store_results(
            store,
            [
                Question(
                    platform=platform, group_id="g", question_id=name, user_id="u", asked_at=asked_at[name], kind="question",
                    version=version, status=status, deleted=deleted, joined_to="waits" if name == "other" else "",
                )
            ],
        )  # fmt: skip
    store.execute(f"INSERT INTO huoqun.groups_rows (platform, group_id) VALUES ('{platform}', 'g')")
    given = {"since": "2026-01-01 00:00:00", "until": "2026-01-02 00:00:00", **chosen(platform)}
    assert {row["question_id"] for row in asked(store, "open_questions", given)} == {"waits", "again"}


def test_comings_and_goings_by_hour_are_those_accepted_first(store: EmbeddedStore):
    platform = fresh()
    for event, kind, after, received, reason in (
        ("a", "join", 0, 5, None),
        ("a", "join", HOUR, 9, None),  # once more, with another time: the first one counts
        ("b", "leave", HOUR, 9, "kicked"),
        ("b", "leave", HOUR, 5, None),  # accepted before it, and no reason given
        ("c", "leave", HOUR, 5, "banned"),
        ("d", "leave", -HOUR, 5, None),
        ("d", "leave", HOUR, 9, None),  # it was before the range
    ):
        told = Event(
            id=event, type=kind, ts=START + after, platform=platform, group_id="g", user_id="u", reason=reason,  # type: ignore[arg-type]
            received_at=START + received,
        )  # fmt: skip
        insert(store, [told, msgspec.structs.replace(told, group_id="another")])
    given = {"platform": platform, "group_id": "g", "since": "2026-01-01 00:00:00", "until": "2026-01-02 00:00:00"}
    assert [tuple(row.values()) for row in asked(store, "group_leaves_by_hour", given)] == [
        ("2026-01-01 00:00:00", 1, 0, 0),
        ("2026-01-01 01:00:00", 0, 2, 1),
    ]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "America/New_York"])
def test_who_speaks_every_day_is_counted_once_a_day_however_long_the_range(store: EmbeddedStore, zone: str):
    platform = fresh()
    for n, group in enumerate(("g", "h")):
        insert(
            store,
            [
                Event(
                    id=f"e{hours}", type="message", ts=START + hours * HOUR, platform=platform, group_id=group, user_id="u",
                    received_at=START,
                )
                for hours in range(24 * 100 + n)
            ],
        )  # fmt: skip
    given = {"since": "2026-01-02 00:00:00", "until": "2026-04-05 00:00:00", "zone": zone, **chosen(platform)}
    store.execute(
        f"INSERT INTO huoqun.groups_rows (platform, group_id) VALUES ('{platform}', 'g'), ('{platform}', 'h')"
    )
    found = asked(store, "speakers_by_day", given)
    assert len(found) >= 93
    assert {row["speakers"] for row in found} == {1}


def chosen(platform: str) -> dict[str, str]:
    return {"platforms": f"['{platform}']", "kinds": ALL, "groups": ALL}


def asked(store: EmbeddedStore, name: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
    sql = QUERIES[name].sql
    data = store.read(sql, format_name="JSONCompact", database="huoqun", params=params, limits=Limits())
    answer = msgspec.json.decode(data)
    names = [column["name"] for column in answer["meta"]]
    return [dict(zip(names, row, strict=True)) for row in answer["data"]]
