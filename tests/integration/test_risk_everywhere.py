"""The risk over all groups: the store says of all groups together what the core says of them read as one."""

import random
import uuid
from collections.abc import Iterator, Sequence

import msgspec
import pytest

pytest.importorskip("chdb", reason="the embedded engine is not installed (extra `local`)")

from huoqun import codec
from huoqun.events import Event
from sinks import migrate, rows, tables
from sinks.embedded import EmbeddedStore
from tests.support.core import Machine
from tests.support.scenes import DAY, HOUR, T0
from tests.support.stores import insert

pytestmark = pytest.mark.chdb

Risks = dict[tuple[str, int], tuple[float, tuple[str, ...]]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    found = EmbeddedStore(tmp_path_factory.mktemp("everywhere"), "huoqun")
    migrate.migrate(found, "huoqun")
    yield found
    found.close()


class World:
    """Some groups of a platform that no other test has."""

    def __init__(self) -> None:
        self.platform = f"p{uuid.uuid4().hex}"
        self.events: list[Event] = []

    def add(self, at: float, group: str, user: str, kind: str = "message", **fields: object) -> None:
        """Add an event, ``at`` days after the beginning."""
        ts = T0 + round(at * DAY)
        self.events.append(
            msgspec.convert(
                {"id": f"e{len(self.events)}", "type": kind, "ts": ts, "platform": self.platform, "group_id": group,
                 "user_id": user, "text": "早" if kind == "message" else "", "received_at": ts, **fields}, Event,
            )
        )  # fmt: skip

    def store(self, store: EmbeddedStore) -> None:
        events = sorted(self.events, key=lambda e: e.ts)
        insert(store, events)
        self._results(store, events)

    def _results(self, store: EmbeddedStore, events: Sequence[Event]) -> None:
        machine = Machine()
        machine.run([codec.encode(e) for e in events])
        for part in rows.read_results([codec.encode(r) for r in machine.results]).parts:
            store.insert(tables.TABLES[part.table], part.columns)

    def everywhere(self, store: EmbeddedStore, where: str = "") -> Risks:
        found = store.select(
            "SELECT user_id, toUnixTimestamp64Milli(as_of), risk, reasons FROM huoqun.member_risk "
            f"WHERE platform = '{self.platform}' AND group_id = '*' {where}"
        )
        assert len({row[:2] for row in found}) == len(found), "one row a person and midnight"
        return {(str(user), int(at)): (float(risk), tuple(reasons)) for user, at, risk, reasons in found}

    def as_one(self, until: int) -> Risks:
        """What the core says of all groups read as one; reasons that take more than the five facts left out."""
        events = [msgspec.structs.replace(e, group_id="all") for e in sorted(self.events, key=lambda e: e.ts)]
        machine = Machine()
        view = machine.run([codec.encode(e) for e in events])
        more = ("从未得到回应", "本周")
        return {
            (str(row["user_id"]), int(str(row["as_of"]))): (
                float(str(row["risk"])),
                tuple(r for r in row["reasons"] if not any(m in r for m in more)),  # type: ignore[attr-defined]
            )
            for (kind, _), row in view.items()
            if kind == "MemberRisk" and int(str(row["as_of"])) <= until
        }


def same(found: Risks, expected: Risks) -> None:
    assert found.keys() == expected.keys()
    for key, (risk, reasons) in expected.items():
        assert found[key][0] == pytest.approx(risk, abs=1.1e-4), key
        if reasons:
            assert found[key][1][: len(reasons)] == reasons, key


@pytest.mark.parametrize("seed", range(3))
def test_what_people_write_anywhere_counts_as_if_all_were_one_group(store: EmbeddedStore, seed: int) -> None:
    rng, world = random.Random(seed), World()
    ends = {"a": 75, "b": 75, "c": 40, "d": 20}
    for person in range(14):
        homes = rng.sample(sorted(ends), rng.randint(1, 3))
        rate, stops = rng.choice((0.05, 0.3, 0.9)), rng.choice((25, 50, 75))
        for day in range(75):
            for group in homes:
                if day < min(stops, ends[group]) and rng.random() < rate:
                    for _ in range(rng.randint(1, 3)):
                        world.add(day + rng.randrange(86_400) / 86_400, group, f"u{person}")
    world.add(0.001, "a", "first")
    for day in range(75):
        world.add(day + 0.999, "a", "bell", is_staff=True)
    world.store(store)
    same(world.everywhere(store), world.as_one(T0 + 74 * DAY))
    assert len(world.everywhere(store)) > 100


def test_one_midnight_and_one_person_are_cuts_of_the_whole(store: EmbeddedStore) -> None:
    world = World()
    for day in range(40):
        world.add(day + 0.4, "a", f"u{day % 3}")
        world.add(day + 0.6, "b", f"u{day % 5}")
    world.store(store)
    every, at = world.everywhere(store), T0 + 20 * DAY
    assert world.everywhere(store, f"AND as_of = fromUnixTimestamp64Milli({at}, 'UTC')") == {
        key: value for key, value in every.items() if key[1] == at
    }
    assert world.everywhere(store, "AND user_id = 'u4'") == {
        key: value for key, value in every.items() if key[0] == "u4"
    }


def test_a_dead_group_keeps_nobody_from_having_a_row_and_nobody_in_it_for_ever(store: EmbeddedStore) -> None:
    world = World()
    for day in range(12):
        world.add(day + 0.5, "dead", "u")
        world.add(day + 0.5, "dead", "only-there")
    for day in range(60):
        world.add(day + 0.5, "alive", "bell")
    world.add(50.5, "alive", "u")
    world.store(store)
    days = {
        user: sorted((at - T0) // DAY for who, at in world.everywhere(store) if who == user)
        for user in ("u", "only-there")
    }
    assert days["only-there"] == list(range(1, 40)), "28 days after the last word"
    assert days["u"] == [*range(1, 40), *range(51, 60)]
    ((new,),) = store.select(
        "SELECT risk FROM huoqun.member_risk WHERE group_id = 'alive' AND user_id = 'u' "
        f"AND platform = '{world.platform}' AND as_of = fromUnixTimestamp64Milli({T0 + 51 * DAY}, 'UTC')"
    )
    assert world.everywhere(store)["u", T0 + 51 * DAY][0] < new, "there they are new, but not here"


def test_who_left_all_groups_for_good_has_no_row_unless_leaving_means_a_lost_connection(store: EmbeddedStore) -> None:
    world = World()
    for day in range(10):
        for user in ("stays", "leaves-one", "leaves-both"):
            world.add(day + 0.5, "a", user)
            world.add(day + 0.6, "b", user)
    for day in range(10, 20):
        world.add(day + 0.5, "a", "bell")
        world.add(day + 0.5, "b", "bell")
    world.add(10.1, "a", "leaves-one", "leave")
    world.add(10.1, "a", "leaves-both", "leave")
    world.add(12.1, "b", "leaves-both", "leave")
    world.store(store)
    last = {user: max((at - T0) // DAY for who, at in world.everywhere(store) if who == user) for user in ("stays", "leaves-one", "leaves-both")}  # fmt: skip
    assert last == {"stays": 19, "leaves-one": 19, "leaves-both": 12}

    irc = World()
    for day in range(15):
        for n in range(3):
            irc.add(day + 0.3, "c", f"u{n}", "join")
            irc.add(day + 0.5, "c", f"u{n}")
            irc.add(day + 0.7, "c", f"u{n}", "leave")
    irc.add(17.5, "c", "bell")
    irc.store(store)
    assert max((at - T0) // DAY for who, at in irc.everywhere(store) if who == "u1") == 17


def test_staff_bots_and_what_is_seen_in_part_are_left_out(store: EmbeddedStore) -> None:
    world = World()
    for day in range(6):
        world.add(day + 0.5, "a", "member")
        world.add(day + 0.5, "a", "boss", is_staff=True)
        world.add(day + 0.5, "b", "boss", is_staff=True)
        world.add(day + 0.5, "a", "owner", is_staff=True)
        world.add(day + 0.5, "b", "owner")
        world.add(day + 0.5, "a", "robot", is_bot=True)
        world.add(day + 0.5, "half", "passer-by", coverage="mentions")
    world.store(store)
    assert {user for user, _ in world.everywhere(store)} == {"member", "owner"}


def test_a_late_hour_counts_from_its_beginning_in_both(store: EmbeddedStore) -> None:
    world = World()
    for day in (0, 1, 5):
        world.add(day + 23.99 / 24, "a", "u")
    world.add(0.0, "a", "u")
    world.add(9 + HOUR / DAY, "a", "bell")
    world.store(store)
    same(world.everywhere(store), world.as_one(T0 + 9 * DAY))
