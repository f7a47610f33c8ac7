"""Hostile requests on every route: no 5xx but a deliberate 503, nothing unhandled, nothing that hangs.

Five thousand by default; ``HUOQUN_HOSTILE=100000 pytest -s -p no:randomly`` on this file sends as many and tells what was
answered.
"""

import gzip
import http.client
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from huoqun.config import Config, Source
from producers.gateway.admission import read_sources
from producers.gateway.openapi import document
from producers.sources.base import Opened
from tests.support.every_platform import configured, without_secrets
from tests.support.gateway_kit import ENVIRONMENT, SIGNED
from tests.support.hostile import MOST_SECONDS, Victim, send_raw, statuses, victim
from tests.support.nonsense import anything, changed, places
from tests.support.specimens import SPECIMENS
from tests.support.specimens.base import NOW, Signed, Specimen, deliver

TOTAL = int(os.environ.get("HUOQUN_HOSTILE", "4700"))
BY_DOCUMENT, RAW, SIGNED_NONSENSE = 0.12, 0.65, 0.25
"""How the requests are shared out."""
AT_ONCE = 32

pytestmark = pytest.mark.timeout(1800 if TOTAL > 10_000 else 300)
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
sent: Counter[str] = Counter()


def hostile(examples: float) -> settings:
    """Return settings for so many examples: found once is enough, there is nothing to shrink over HTTP at length."""
    return settings(
        max_examples=max(2, round(examples)),
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture(scope="module")
def unlocked() -> Iterator[Victim]:
    """A gateway that takes what comes from this machine: everything gets as far as parsing."""
    with victim(without_secrets()) as found:
        yield found
        tell("without secrets", found)


@pytest.fixture(scope="module")
def locked() -> Iterator[Victim]:
    """A gateway that asks everybody for a signature."""
    sources, environ = configured()
    with victim((*SIGNED, *sources), {**ENVIRONMENT, **environ}) as found:
        yield found
        tell("with secrets", found)


def tell(which: str, found: Victim) -> None:
    answered, closed = (dict(sorted(each.items())) for each in (found.statuses(), found.closed()))
    print(f"\nsent so far {sum(sent.values())} {dict(sent)}; {which}: answered {answered}, hung up on {closed}")


# From the document.


def inferred(value: Any) -> dict[str, Any]:
    """Return a schema that a payload fits: what is made of it gets further than any JSON would."""
    if isinstance(value, dict):
        properties = {name: inferred(each) for name, each in value.items()}
        return {"type": "object", "properties": properties, "required": sorted(properties)}
    if isinstance(value, list):
        return (
            {"type": "array", "items": {"anyOf": [inferred(each) for each in value[:3]]}}
            if value
            else {"type": "array"}
        )
    if isinstance(value, bool):
        return {"type": "boolean"}
    if isinstance(value, str):
        return {"anyOf": [{"type": "string"}, {"const": value}]}
    return {"type": "integer"} if isinstance(value, int) else {}


def known_bodies(specimen: Specimen) -> dict[str, Any]:
    """Return a schema of what the platform sends, wrappings taken off."""
    seen = []
    for payload in specimen.payloads.values():
        opened = deliver(specimen, specimen.sign(payload, NOW // 1000))
        seen += [opened.payload] if isinstance(opened, Opened) else []
    return {"anyOf": [inferred(each) for each in seen[:4]]}


def operations() -> dict[str, Any]:
    """Return every operation of the document, its bodies made plain where only the platform tells what they are."""
    sources = (Source(name="canonical", kind="canonical"), *without_secrets())
    made = document(read_sources(Config(sources=list(sources)), {}))
    for specimen in SPECIMENS:
        for path, methods in made["paths"].items():
            for operation in methods.values() if path.startswith(f"/webhooks/{specimen.kind}") else ():
                content = operation.get("requestBody", {}).get("content", {})
                for kind, media in content.items():
                    if kind == "application/json" and not media["schema"]:
                        media["schema"] = known_bodies(specimen)
    found = schemathesis.openapi.from_dict(made).get_all_operations()
    return {operation.label: operation for operation in (result.ok() for result in found)}


@schemathesis.serializer(
    "application/x-ndjson", "application/ndjson", "application/jsonlines", "application/jsonl", "*/*"
)
def as_text(_context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


OPERATIONS = operations()


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_what_is_made_from_the_document_is_answered_as_the_document_says(
    label: str, unlocked: Victim, locked: Victim
) -> None:
    operation = OPERATIONS[label]
    good, bad = (
        operation.as_strategy(generation_mode=mode) for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )

    with requests.Session() as session:

        @hostile(TOTAL * BY_DOCUMENT / 2 / len(OPERATIONS))
        @given(good | bad)
        def attack(case: Any) -> None:
            for each in (unlocked, locked):
                sent["from the document"] += 1
                answer = case.call(base_url=each.kit.address, session=session, timeout=MOST_SECONDS)
                case.validate_response(answer, checks=CHECKS)

        attack()
    unlocked.check()
    locked.check()


@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_methods_that_a_route_has_not_are_told_which_it_has(label: str, unlocked: Victim) -> None:
    path = label.split(" ", 1)[1]
    has = {name.split(" ", 1)[0] for name in OPERATIONS if name.split(" ", 1)[1] == path}
    for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"} - has:
        address = unlocked.kit.address + path.replace("{", "").replace("}", "")
        answer = requests.request(method, address, json={}, timeout=MOST_SECONDS)
        assert (answer.status_code, method in answer.headers.get("Allow", method)) == (405, False), method


# Raw bytes.


def raw(signed: Signed, path: str) -> bytes:
    """Return a request as it goes over the wire."""
    query = "?" + "&".join(f"{name}={value}" for name, value in signed.query.items()) if signed.query else ""
    headers = {"Host": "127.0.0.1", **signed.headers, "Content-Length": str(len(signed.body))}
    lines = [f"{signed.method} {path}{signed.path}{query} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + signed.body


NASTY = st.sampled_from(
    [
        b"\r\n", b"\r\n\r\n", b"\n", b"\r", b"\x00", b"\xff\xfe", b" ", b":", b"\t folded\r\n", b"%00%ff%2e%2e/", b"?", b"#",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"ffffffffffffffff\r\n", b"5\r\nhello\r\n0\r\n\r\n", b"GET /healthz HTTP/1.1\r\n\r\n",
        b"[" * 3000, b'{"a":' * 300, b'"\\ud800"', b"1e999", b"NaN", b"9" * 400, b'"\\u0000"', b"&#0;", b"<!ENTITY x 'y'>", b"]]>", b"=&=&",
        gzip.compress(b"0" * 100_000), "𝟙＂\u202e".encode(),
    ]
)  # fmt: skip
NASTY_HEADERS = st.sampled_from(
    [
        b"Content-Length: 0\r\n", b"Content-Length: 99999999999\r\n", b"Content-Length: -1\r\n", b"Content-Length: 1_0\r\n",
        b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding: xchunked\r\n",
        b"Content-Encoding: gzip\r\n", b"Content-Encoding: deflate\r\n", b"Content-Encoding: br\r\n",
        b"Content-Type: \xe6\x96\x87/json\r\n", b"Content-Type: application/json; charset=\xff\r\n", b"Expect: 100-continue\r\n",
        b"Expect: the worst\r\n", b"Connection: close\r\n", b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n",
        b"Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
        b"X-Huoqun-Source: a b\r\n", b"X-Huoqun-Source: \xff\r\n", b"ce-specversion: 1.0\r\nce-id: %ff\r\n", b"Origin: null\r\n",
        b"X: " + b"y" * 9000 + b"\r\n", b"Authorization: Bearer \xff\r\n", b"webhook-signature: v1a,\xff\r\n", b"Host: \xff\r\n",
        b"Cookie: a\r\n", b"Range: bytes=0-\r\n", b"If-Match: *\r\n", b"Via: 1.1 a\r\n", b"Host: evil.example\r\n",
    ]
)  # fmt: skip
METHODS = st.sampled_from(
    [b"GET", b"HEAD", b"PUT", b"POST", b"OPTIONS", b"CONNECT", b"TRACE", b"M-SEARCH", b"post", b"", b"\xff", b"G" * 300]
)
TARGETS = st.sampled_from(
    [b"/", b"*", b"//", b"/v1/events", b"http://a.example/v1/events", b"a.example:443", b"/webhooks/", b"/webhooks/%00",
     b"/v1/events?" + b"a=b&" * 500, b"/" + b"a" * 9000, b"/\xff", b"/webhooks/../metrics", b"\\", b""]
)  # fmt: skip
VERSIONS = st.sampled_from([b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2", b"HTTP/1.11", b"HTTP/9.9", b"", b"http/1.1"])


@st.composite
def spoiled(draw: st.DrawFn, wires: tuple[bytes, ...]) -> bytes:
    """Return a good request with some of its bytes changed, doubled, lost, or joined by worse ones."""
    wire = draw(st.sampled_from(wires))
    head, _, body = wire.partition(b"\r\n\r\n")
    if not draw(st.booleans()):
        return draw(mangled(wire, wires, most=3))
    body = draw(mangled(body, wires, most=3))
    head = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), head)
    if draw(st.booleans()):
        head += b"\r\n" + draw(NASTY_HEADERS).removesuffix(b"\r\n")
    return head + b"\r\n\r\n" + body


@st.composite
def mangled(draw: st.DrawFn, data: bytes, wires: tuple[bytes, ...], *, most: int) -> bytes:
    for _ in range(draw(st.integers(1, most))):
        how = draw(st.integers(0, 6))
        at = draw(st.integers(0, max(0, len(data) - 1)))
        other = min(len(data), at + draw(st.integers(1, 40)))
        if how == 0:
            data = data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at + 1 :]
        elif how == 1:
            data = data[:at] + data[other:]
        elif how == 2:
            data = data[:at] + data[at:other] * draw(st.integers(2, 50)) + data[other:]
        elif how == 3:
            data = data[:at] + draw(NASTY | NASTY_HEADERS) + data[at:]
        elif how == 4:  # a line more
            line = data.find(b"\r\n", at) + 2
            data = data[:line] + draw(NASTY | NASTY_HEADERS) + data[line:] if line > 1 else draw(NASTY) + data
        elif how == 5:
            data = data[:at] if draw(st.booleans()) else data + draw(st.sampled_from(wires))
        else:
            line_, _, rest = data.partition(b"\r\n")
            words = [*line_.split(b" ", 2), b"", b"", b""][:3]
            place = draw(st.integers(0, 2))
            words[place] = draw((METHODS, TARGETS, VERSIONS)[place])
            data = b" ".join(words) + b"\r\n" + rest
    return data


def canonical_wires() -> tuple[bytes, ...]:
    event = {"id": "m", "type": "message", "ts": NOW, "platform": "p", "group_id": "g", "user_id": "u", "text": "你好"}
    body = json.dumps(event, ensure_ascii=False).encode()
    lines = body + b"\n" + body
    kinds = {"application/json": body, "application/x-ndjson": lines}
    wires = [raw(Signed(data, {"Content-Type": kind}), "/v1/events") for kind, data in kinds.items()]
    packed = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    wires.append(raw(Signed(gzip.compress(lines), packed), "/v1/events"))
    chunked = b"POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    half = len(body) // 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:half], body[half:], b""))
    return (*wires, chunked + chunks, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")


def platform_wires(specimen: Specimen) -> tuple[bytes, ...]:
    return tuple(
        raw(specimen.sign(payload, NOW // 1000), f"/webhooks/{specimen.kind}") for payload in specimen.payloads.values()
    )


WIRES = {"canonical": canonical_wires(), **{s.kind: platform_wires(s) for s in SPECIMENS}}


@pytest.mark.parametrize("kind", sorted(WIRES))
def test_any_bytes_on_the_wire_are_answered_or_hung_up_on(kind: str, unlocked: Victim, locked: Victim) -> None:
    for good in WIRES[kind]:
        assert statuses(send_raw(locked.port, [good], quiet=MOST_SECONDS)[0])[0] in (200, 202, 204, 401)

    @hostile(TOTAL * RAW / AT_ONCE / len(WIRES))
    @given(st.lists(spoiled(WIRES[kind]), min_size=AT_ONCE, max_size=AT_ONCE), st.booleans())
    def attack(wires: list[bytes], open_: bool) -> None:
        sent["raw"] += len(wires)
        for wire, answer in zip(wires, send_raw((unlocked if open_ else locked).port, wires), strict=True):
            assert all(status < 500 or status == 503 for status in statuses(answer)), (wire, answer)
            assert b"Traceback" not in answer

    attack()
    unlocked.check()
    locked.check()


# Signed, and nonsense all the same.


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda s: s.kind)
def test_what_is_signed_and_nonsense_is_answered(specimen: Specimen, locked: Victim) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", locked.port, timeout=MOST_SECONDS)

    @hostile(TOTAL * SIGNED_NONSENSE / len(SPECIMENS))
    @given(st.data())
    def attack(data: st.DataObject) -> None:
        payload = specimen.payloads[data.draw(st.sampled_from(sorted(specimen.payloads)))]
        for _ in range(data.draw(st.integers(1, 3))):
            payload = changed(payload, data.draw(st.sampled_from(places(payload))), data.draw(anything))
        try:
            signed = specimen.sign(payload, NOW // 1000)
        except (TypeError, ValueError, AttributeError, KeyError, LookupError):
            assume(False)  # the platform itself could not send it
            raise
        sent["signed"] += 1
        head = raw(signed._replace(body=b""), f"/webhooks/{specimen.kind}").split(b" ", 2)[1].decode()
        connection.request(signed.method, head, signed.body, dict(signed.headers))
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status < 500 or answer.status == 503, (payload, text)
        assert b"Traceback" not in text
        if answer.status >= 400:
            assert json.loads(text)

    try:
        attack()
    finally:
        connection.close()
    locked.check()
