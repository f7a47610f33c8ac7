"""However many ids, names and paths come, the metrics stay few: a series is for ever, in us and in Prometheus."""

import itertools
import json
import random

from tests.support.gateway_kit import JSON, ONEBOT, SIGNED, gateway, run
from tests.support.metrics import series_in

OURS = 500
"""Of the 2,000 that all services together may have."""


@run
async def test_hostile_ids_names_paths_and_headers_make_no_series() -> None:
    chance = random.Random(11)

    def any_text() -> str:
        return "".join(chr(chance.randrange(33, 0x2FFF)) for _ in range(8)).replace("/", "_")

    async with gateway() as kit:
        kinds = ("message", "join", "leave", "reaction", "nonsense")
        for round_ in range(20):
            events = [
                {
                    "id": f"{round_}-{n}", "type": kinds[n % 5], "ts": kit.clock[0], "platform": any_text(), "group_id": any_text(),
                    "user_id": any_text(), "source": any_text(), "coverage": any_text() if n % 7 == 0 else "full",
                }
                for n in range(100)
            ]  # fmt: skip
            await kit.post(
                "/v1/events", _encoded(events), JSON | {"X-Huoqun-Source": f"s{round_}", "User-Agent": f"u{round_}"}
            )
        first = series_in(kit.metrics())
        for n in range(300):
            await kit.post(f"/{n}", b"{}", JSON)
            await kit.post(f"/webhooks/{n}", b"{}", JSON | {"Content-Type": f"x/{n}"})
            await kit.post("/v1/events", _encoded({"type": f"t{n}"}), JSON | {"Content-Encoding": f"e{n}"})
            async with kit.client.request(f"M{n}", kit.address + "/v1/events") as answer:
                await answer.read()
        then = series_in(kit.metrics())
    print(f"{first} series, then {then}")
    assert then < OURS
    assert then - first < 60  # routes, statuses and reasons that had not been met before


@run
async def test_sources_cost_a_bounded_number_of_series_each() -> None:
    counts = []
    for sources in ((), SIGNED, (*SIGNED, *ONEBOT)):
        async with gateway(tuple(sources)) as kit:
            counts.append(series_in(kit.metrics()))
    assert max(b - a for a, b in itertools.pairwise(counts)) <= 40, counts


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
