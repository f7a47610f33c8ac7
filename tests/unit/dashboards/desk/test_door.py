"""The desk's door over real HTTP: who is let in, what a page elsewhere can't do, and what every answer says to the browser."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import REGISTRY

from dashboards.desk import signin
from dashboards.desk.asking import AskError, Asking
from dashboards.desk.attempts import MOST
from dashboards.desk.server import LARGEST_BODY, Access, Desk
from huoqun.results import Action

TOKEN = "a token of sixteen or more"
TOKENS = Access({"zhou": TOKEN})
OWN = {"X-Huoqun-Desk": "1"}
OWN_ = {"X_Huoqun_Desk": "1"}
"""The same as keywords."""

ACT = {"id": "1", "item": "i", "kind": "unanswered", "action": "note", "note": "n", "platform": "qq", "group_id": "1"}
NOW = 1_800_000_000_000


class Door:
    """A desk on a port of this machine, what was done by it, and its clock."""

    def __init__(self, access: Access) -> None:
        self.now = NOW
        self.done: list[Action] = []
        self.fails: Exception | None = None
        self.desk = Desk(Asking(self._ask), self._publish, access, lambda: self.now)
        self.address = ""
        self.client: aiohttp.ClientSession

    def _ask(self, _sql: str, _given: Mapping[str, Any]) -> list[dict[str, Any]]:
        if self.fails is not None:
            raise self.fails
        return [{"n": 1}]

    async def _publish(self, action: Action) -> None:
        self.done.append(action)

    async def get(self, path: str, **headers: str) -> aiohttp.ClientResponse:
        return await self.client.get(self.address + path, headers=_named(headers))

    async def post(self, path: str, document: Any, **headers: str) -> aiohttp.ClientResponse:
        data = document if isinstance(document, bytes) else None
        return await self.client.post(
            self.address + path, json=None if data is not None else document, data=data, headers=_named(headers)
        )

    async def sign_in(self, token: str = TOKEN, **headers: str) -> aiohttp.ClientResponse:
        return await self.post("/api/signin", {"token": token}, **(OWN_ | headers))


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextlib.asynccontextmanager
async def door(access: Access = TOKENS) -> AsyncIterator[Door]:
    found = Door(access)
    runner = web.AppRunner(found.desk.app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as found.client:
        yield found
    await runner.cleanup()


def run(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    @functools.wraps(test)
    def inner(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))  # type: ignore[arg-type]

    return inner


@run
async def test_nothing_is_shown_or_done_before_somebody_has_signed_in() -> None:
    async with door() as at:
        for path in ("me", "work", "live", "boards", "panel/x", "choose/group", "search?q=a"):
            assert (await at.get(f"/api/{path}")).status == 401, path
        assert (await at.post("/api/act", ACT, **OWN_)).status == 401
        assert (await at.sign_in("another token of that length")).status == 401
        assert (await at.sign_in()).status == 200
        assert (await (await at.get("/api/me")).json())["who"] == "zhou"
        assert (await at.post("/api/act", ACT, **OWN_)).status == 202
        assert [action.by for action in at.done] == ["zhou"]


@run
async def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it() -> None:
    async with door() as at:
        plain = (await at.sign_in()).headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in plain.split(";")}
        assert "Domain" not in plain
        assert TOKEN not in plain
        behind_tls = (await at.sign_in(X_Forwarded_Proto="https")).headers["Set-Cookie"]
        assert "Secure" in {part.strip() for part in behind_tls.split(";")}


@run
async def test_a_cookie_ends_after_two_weeks_whatever_the_browser_keeps() -> None:
    async with door() as at:
        await at.sign_in()
        at.now += signin.VALID_MS
        assert (await at.get("/api/me")).status == 401


@run
async def test_who_signs_out_has_no_cookie_any_more() -> None:
    async with door() as at:
        await at.sign_in()
        assert (await at.post("/api/signout", {}, **OWN_)).status == 200
        assert (await at.get("/api/me")).status == 401


FOREIGN: list[dict[str, str]] = [
    {},
    {"X_Huoqun_Desk": "0"},
    {"Origin": "https://evil.example", "X_Huoqun_Desk": "1"},
    {"Origin": "null", "X_Huoqun_Desk": "1"},
    {"Origin": "http://127.0.0.1:1", "X_Huoqun_Desk": "1"},
    {"Origin": "http://127.0.0.1.evil.example", "X_Huoqun_Desk": "1"},
    {"Origin": "http://", "X_Huoqun_Desk": "1"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@run
async def test_a_page_elsewhere_does_nothing_with_an_operators_cookie(headers: dict[str, str]) -> None:
    async with door() as at:
        await at.sign_in()
        for path in ("/api/act", "/api/signout", "/api/signin"):
            assert (await at.post(path, ACT, **headers)).status == 403
        assert at.done == []


@run
async def test_a_page_elsewhere_is_not_told_that_it_may_ask_or_read() -> None:
    """Without these headers a browser neither sends another site's POST with our header, nor shows it an answer."""
    async with door() as at:
        await at.sign_in()
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
        async with at.client.options(f"{at.address}/api/act", headers=asked) as answer:
            assert answer.status in (404, 405)
            assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        answer = await at.get("/api/me", Origin="https://evil.example")
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@run
async def test_no_other_method_does_anything() -> None:
    async with door() as at:
        await at.sign_in()
        for method in ("GET", "PUT", "PATCH", "DELETE", "HEAD"):
            async with at.client.request(method, f"{at.address}/api/act", json=ACT, headers=OWN) as answer:
                assert answer.status in (404, 405), method
        assert at.done == []


@run
async def test_a_name_that_only_resolves_to_this_machine_is_not_let_in() -> None:
    async with door(Access({})) as at:
        assert (await (await at.get("/api/me")).json())["who"] == signin.ANYBODY
        assert (await at.get("/api/me", Host="evil.example")).status == 401


@run
async def test_a_name_in_a_header_is_believed_of_a_proxy_that_was_named_and_of_nobody_else() -> None:
    async with door(Access({}, "X-User", ("10.0.0.1",))) as at:
        assert (await at.get("/api/me", X_User="zhou", Host="desk.example")).status == 401
    async with door(Access({"zhou": TOKEN}, "X-User", ("127.0.0.1",))) as at:
        assert (await (await at.get("/api/me", X_User="li")).json())["who"] == "li"
        assert (await at.get("/api/me")).status == 401, "the proxy names nobody"


@run
async def test_guessing_tokens_is_slow_and_who_is_in_stays_in() -> None:
    async with door() as at:
        await at.sign_in()
        for n in range(MOST):
            assert (await at.sign_in(f"a guess number {n} of that length")).status == 401
        answer = await at.sign_in(TOKEN)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "60")
        assert (await at.get("/api/me")).status == 200
        assert (await at.sign_in(TOKEN, X_Forwarded_For="192.0.2.7")).status == 429, "no proxy was named"
        at.now += 60_000
        assert (await at.sign_in(TOKEN)).status == 200


@run
async def test_behind_a_proxy_each_address_has_attempts_of_its_own() -> None:
    async with door(Access({"zhou": TOKEN}, proxies=("127.0.0.1",))) as at:
        for n in range(MOST):
            await at.sign_in(f"a guess number {n} of that length", X_Forwarded_For=f"198.51.100.{n}, 192.0.2.7")
        assert (await at.sign_in(TOKEN, X_Forwarded_For="192.0.2.7")).status == 429
        assert (await at.sign_in(TOKEN, X_Forwarded_For="192.0.2.8")).status == 200


@run
async def test_what_becomes_of_sign_ins_is_counted() -> None:
    def counted(outcome: str) -> float:
        return REGISTRY.get_sample_value("huoqun_desk_sign_ins_total", {"outcome": outcome}) or 0.0

    async with door() as at:
        before = [counted(outcome) for outcome in ("known", "unknown", "too_often")]
        await at.sign_in()
        for _ in range(MOST + 2):
            await at.sign_in("another token of that length")
        after = [counted(outcome) for outcome in ("known", "unknown", "too_often")]
        assert [b - a for a, b in zip(before, after, strict=True)] == [1, MOST, 2]


@pytest.mark.parametrize(
    "path", ["/", "/app.js", "/api/me", "/api/nothing", "/healthz", "/metrics", "/nothing.js", "/api/work"]
)
@run
async def test_every_answer_tells_the_browser_to_trust_nothing_else(path: str) -> None:
    async with door() as at:
        await at.sign_in()
        at.fails = AskError("away")
        for headers in ({}, {"X_Forwarded_Proto": "https"}):
            answer = await at.get(path, **headers)
            policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
            assert policy["default-src"] == "'none'"
            assert policy["script-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
            assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert answer.headers["Cache-Control"] in ("no-store", "no-cache")
            assert answer.headers["Server"] == "huoqun"
            assert ("Strict-Transport-Security" in answer.headers) is bool(headers)


@run
async def test_a_fault_of_ours_is_told_without_a_trace() -> None:
    async with door() as at:
        await at.sign_in()
        at.fails = RuntimeError("a value that nobody may see")
        answer = await at.get("/api/choose/group")
        text = await answer.text()
        assert answer.status == 500
        assert "nobody may see" not in text
        assert "Traceback" not in text
        assert answer.headers["Content-Type"] == "application/problem+json"


@run
async def test_a_body_that_is_too_large_or_no_json_is_refused() -> None:
    async with door() as at:
        await at.sign_in()
        for body, status in ((b"x" * (LARGEST_BODY + 1), 413), (b"[" * 60_000, 400), (b"\xff", 400), (b"", 400)):
            assert (await at.post("/api/act", body, **OWN_)).status == status
            assert (await at.post("/api/signin", body, **OWN_)).status == status


@pytest.mark.parametrize(
    "path",
    ["/../server.py", "/%2e%2e/server.py", "/..%2fserver.py", "//etc/passwd", "/static/../../signin.py", "/\\x00.js"],
)
@run
async def test_only_the_pages_own_files_are_served(path: str) -> None:
    async with door() as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(at.address.rpartition(":")[2]))
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        said = await reader.read()
        writer.close()
        assert b"def " not in said
        assert b"root:" not in said
        assert said.split(b" ", 2)[1] in (b"200", b"400", b"404")
