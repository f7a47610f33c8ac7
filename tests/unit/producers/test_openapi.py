"""The OpenAPI document that the gateway serves: complete, valid, and true to what is taken."""

import json
from typing import Any

import pytest
import schemathesis
from jsonschema import Draft202012Validator

from huoqun.events import Event
from producers.sources import PLATFORMS
from tests.support.every_platform import configured
from tests.support.gateway_kit import JSON, SIGNED, event, gateway, run

Document = dict[str, Any]


def served(**options: Any) -> Document:
    """Return the document as a client gets it."""
    found: list[Document] = []

    @run
    async def scenario() -> None:
        sources, environ = configured()
        async with gateway(sources, environ=environ, **options) as kit:
            async with kit.client.get(f"{kit.address}/openapi.json") as got:
                assert (got.status, got.content_type) == (200, "application/json")
                found.append(await got.json())
            async with kit.client.get(kit.address) as got:
                assert "/openapi.json" in got.headers["Link"]
                assert "/openapi.json" in await got.text()

    scenario()
    return found[0]


@pytest.fixture(scope="module")
def document() -> Document:
    return served()


def test_it_is_openapi(document: Document) -> None:
    schemathesis.openapi.from_dict(document).validate()


def test_every_reference_leads_somewhere(document: Document) -> None:
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    text = json.dumps(document)
    used = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert used == known
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_route_and_every_platform_is_in_it(document: Document) -> None:
    paths = document["paths"]
    assert {"/", "/v1/events", "/healthz", "/readyz", "/metrics", "/openapi.json"} <= set(paths)
    for kind, platform in PLATFORMS.items():
        own = [path for path in paths if path == f"/webhooks/{kind}" or path.startswith(f"/webhooks/{kind}/")]
        methods = {method.upper() for path in own for method in paths[path]}
        assert methods == set(platform.methods), kind
        for path in own:
            for method, operation in paths[path].items():
                assert str(platform.denied_status) in operation["responses"]
                if method in ("post", "put"):
                    kinds = set(operation["requestBody"]["content"])
                    assert kinds <= set(platform.kinds or ["*/*"])
    names = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(set(names)) == len(names)


def test_no_secret_is_in_it(document: Document) -> None:
    text = json.dumps(document)
    assert not [value for value in configured()[1].values() if value in text]


def test_the_event_has_the_fields_of_the_event_and_each_is_explained(document: Document) -> None:
    schema = document["components"]["schemas"]["Event"]
    assert set(schema["properties"]) == set(Event.__struct_fields__) - {"received_at", "source", "v", "extra"}
    assert all(each["description"] for each in schema["properties"].values())


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"ts": "2025-11-24T08:30:00Z"},
        {"type": "leave", "reason": "kicked"},
        {"type": "member_count", "user_id": "", "count": 7},
        {"mentions": ["a"], "amount": 1.5, "unknown": {"kept": True}},
        {"ts": "yesterday", "type": None},
        {"type": "shout"},
        {"id": ""},
        {"id": "a\nb"},
        {"platform": "a/b"},
        {"user_id": ""},
        {"group_id": "x" * 513},
        {"ts": -1},
        {"ts": 4_102_444_800_001},
        {"text": 5},
        {"count": "many"},
        {"reason": "bored"},
        {"coverage": "some"},
        {"is_bot": "yes"},
    ],
)
def test_what_the_schema_says_of_an_event_is_what_is_taken(document: Document, fields: dict[str, Any]) -> None:
    valid = Draft202012Validator(document["components"]["schemas"]["Event"]).is_valid(event() | fields)

    @run
    async def scenario() -> None:
        async with gateway() as kit:
            status, answer, _ = await kit.post("/v1/events", json.dumps(event() | fields).encode(), JSON)
            assert (status == 202) is valid, answer

    scenario()


@run
async def test_answers_are_what_the_document_promises() -> None:
    sources, environ = configured()
    async with gateway((*SIGNED, *sources), environ=environ | {"CANONICAL_KEY": "whsec_" + "A" * 40}) as kit:
        document = await (await kit.client.get(f"{kit.address}/openapi.json")).json()
        problem = Draft202012Validator(document["components"]["schemas"]["Problem"])
        for path in ("/v1/events", *(f"/webhooks/{name}" for name in kit.running.app._sources.platforms)):
            async with kit.client.post(kit.address + path, data=b"", headers=JSON) as got:
                if got.content_type == "application/problem+json":
                    problem.validate(await got.json(content_type=None))
                declared = document["paths"].get(path, {}).get("post", {}).get("responses", {})
                assert got.status < 500
                assert not declared or str(got.status) in declared or "2XX" in declared, (path, got.status)
