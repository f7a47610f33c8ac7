"""The desk's web server: the page, what it shows, and what operators do.

Everything that changes something is a POST that the page itself sends: a cookie alone is not enough (see :func:`_own_page`).
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from importlib import resources
from typing import Any, Final, NamedTuple

import msgspec
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from dashboards.boards import BOARDS
from dashboards.desk import metrics, signin
from dashboards.desk.acting import Refusal, read_action
from dashboards.desk.asking import PANELS, AskError, Asking, ParameterError, parameters
from dashboards.desk.attempts import Attempts
from dashboards.desk.describing import described
from dashboards.desk.live import Live
from dashboards.panels import LANGUAGES
from huoqun import log
from huoqun.results import Action

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Publish = Callable[[Action], Awaitable[None]]
"""Returns when the broker has acknowledged. Raises :class:`PublishError`."""

LARGEST_BODY: Final = 64 * 1024
LONGEST_WORD: Final = 100
WATCH_SECONDS: Final = 20.0
LOOK_SECONDS: Final = 0.2
"""Between two looks for other work: what is stored is on the page within that, and the time to ask for it."""
OWN: Final = "X-Huoqun-Desk"
_WAITS: Final = "/api/live"
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_KINDS: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "Server": "huoqun",
}
_HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}
_encoder: Final = msgspec.json.Encoder()


class PublishError(Exception):
    """The broker did not take what an operator did; the message is for them."""


class Access(NamedTuple):
    """Who may come in. ``tokens`` by name; ``user_header`` is believed from ``proxies`` only."""

    tokens: Mapping[str, str]
    user_header: str = ""
    proxies: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Tell nobody's token."""
        return f"Access({len(self.tokens)} tokens, {self.user_header!r}, {self.proxies!r})"


class Desk:
    """The web application. ``clock`` is in ms."""

    def __init__(self, asking: Asking, publish: Publish, access: Access, clock: Callable[[], int]) -> None:
        self._asking = asking
        self._publish = publish
        self._access = access
        self._clock = clock
        self._attempts = Attempts()
        self._log = log.get("desk")
        self.live = Live(asking.changed, LOOK_SECONDS)
        self._files = _files()
        self.app = web.Application(middlewares=[self._guard], client_max_size=LARGEST_BODY)
        self.app.add_routes(
            [
                web.get("/healthz", self._healthy),
                web.get("/readyz", self._ready),
                web.get("/metrics", self._metrics),
                web.post("/api/signin", self._sign_in),
                web.post("/api/signout", self._sign_out),
                web.get("/api/me", self._me),
                web.get("/api/work", self._work),
                web.get(_WAITS, self._watch),
                web.post("/api/act", self._act),
                web.get("/api/boards", self._boards),
                web.get("/api/panel/{name}", self._panel),
                web.get("/api/choose/{name:platform|groups|group}", self._choose),
                web.get("/api/search", self._search),
                web.get("/{path:.*}", self._file),
            ]
        )
        self.app.on_startup.append(self._start)
        self.app.on_cleanup.append(self._stop)

    async def _start(self, _: web.Application) -> None:
        self.live.start()

    async def _stop(self, _: web.Application) -> None:
        await self.live.stop()
        self._asking.close()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let in who may come in, and answer what goes wrong in words."""
        began = time.monotonic()
        answer = await self._answered(request, handler)
        for name, value in (_HEADERS | _HTTPS_ONLY if _over_https(request) else _HEADERS).items():
            answer.headers.setdefault(name, value)
        route = request.match_info.route.resource.canonical if request.match_info.route.resource else "none"
        metrics.REQUESTS.labels(route, str(answer.status)).inc()
        if route != _WAITS:
            metrics.REQUEST_SECONDS.labels(route).observe(time.monotonic() - began)
        return answer

    async def _answered(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return self._turned_away(request) or await handler(request)
        except ParameterError as error:
            return _problem(400, str(error))
        except (AskError, PublishError) as error:
            return _problem(503, str(error))
        except web.HTTPRequestEntityTooLarge:
            return _problem(413, f"at most {LARGEST_BODY} bytes")
        except web.HTTPException as error:
            return _problem(error.status, error.reason)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001  # the last line of defence: no trace leaves the house
            self._log.error("request failed", error=type(error).__name__, exc_info=error)
            return _problem(500, "this is our fault; the log says more")

    def _turned_away(self, request: web.Request) -> web.Response | None:
        if request.path.startswith("/api/") and request.path != "/api/signin":
            who = self._who(request)
            if who is None:
                return _problem(401, "sign in first")
            request["who"] = who
        if request.method == "POST" and not _own_page(request):
            return _problem(403, "this request does not come from the desk's own page")
        return None

    def _who(self, request: web.Request) -> str | None:
        access = self._access
        if access.user_header and signin.from_proxy(request.remote or "", access.proxies):
            return request.headers.get(access.user_header, "").strip()[: signin.LONGEST_NAME] or None
        if access.tokens:
            return signin.opened(access.tokens, request.cookies.get(signin.COOKIE, ""), self._clock())
        if signin.is_local(request.remote or "") and request.host.rpartition(":")[0] in _LOCAL_NAMES:
            return signin.ANYBODY  # the name too: a page elsewhere may have pointed its own name at this machine
        return None

    async def _healthy(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _ready(self, _: web.Request) -> web.Response:
        await self._asking.changed()
        return web.Response(text="ready\n")

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _sign_in(self, request: web.Request) -> web.Response:
        peer = self._peer(request)
        wait = self._attempts.wait_seconds(peer, self._clock())
        if wait:
            metrics.SIGN_INS.labels("too_often").inc()
            answer = _problem(429, "too many wrong tokens; wait")
            answer.headers["Retry-After"] = str(wait)
            return answer
        try:
            token = msgspec.json.decode(await request.read(), type=dict[str, str])["token"]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
            return _problem(400, "token: is missing")
        name = signin.who(self._access.tokens, token)
        if name is None:
            self._attempts.wrong(peer, self._clock())
            metrics.SIGN_INS.labels("unknown").inc()
            return _problem(401, "this token is not known")
        metrics.SIGN_INS.labels("known").inc()
        answer = _json({"who": name})
        answer.set_cookie(
            signin.COOKIE,
            signin.sealed(self._access.tokens, name, self._clock()),
            max_age=signin.VALID_MS // 1000,
            httponly=True,
            samesite="Strict",
            secure=_over_https(request),
        )
        return answer

    def _peer(self, request: web.Request) -> str:
        """Return the address that somebody comes from: what the last trusted proxy saw, or the connection's."""
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        remote = request.remote or ""
        return seen if seen and signin.from_proxy(remote, self._access.proxies) else remote

    async def _sign_out(self, _: web.Request) -> web.Response:
        answer = _json({})
        answer.del_cookie(signin.COOKIE)
        return answer

    async def _me(self, request: web.Request) -> web.Response:
        return _json({"who": request["who"], "now": self._clock(), "tokens": bool(self._access.tokens)})

    async def _work(self, _: web.Request) -> web.Response:
        seen = self.live.seen
        now = self._clock()
        return _json({"seen": seen, "now": now, "items": await self._asking.work(now)})

    async def _watch(self, request: web.Request) -> web.Response:
        seen = await self.live.after(request.query.get("seen", ""), WATCH_SECONDS)
        return _json({"seen": seen})

    async def _act(self, request: web.Request) -> web.Response:
        action = read_action(await request.read(), by=request["who"], now=self._clock())
        if isinstance(action, Refusal):
            return _problem(400, f"{action.where}: {action.why}")
        await self._publish(action)
        metrics.ACTIONS.labels(action.action).inc()
        return _json(action, status=202)

    async def _boards(self, request: web.Request) -> web.Response:
        language = request.query.get("lang", "zh")
        if language not in LANGUAGES:
            return _problem(400, f"lang: one of {', '.join(LANGUAGES)}")
        return _json(described(BOARDS, language))

    async def _panel(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in PANELS:
            return _problem(404, "there is no such panel")
        return _json({"rows": await self._asking.panel(name, parameters(request.query, self._clock()))})

    async def _choose(self, request: web.Request) -> web.Response:
        given = parameters(request.query, self._clock())
        return _json({"rows": await self._asking.choices(request.match_info["name"], given)})

    async def _search(self, request: web.Request) -> web.Response:
        word = request.query.get("q", "").strip()[:LONGEST_WORD]
        return _json({"found": await self._asking.found(word) if word else []})

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["path"] or "index.html"
        if name not in self._files and "." not in name and not name.startswith("api/"):
            name = "index.html"  # a place within the page
        found = self._files.get(name)
        if found is None:
            return _problem(404, "there is nothing here")
        body, kind, tag = found
        headers = {**_HEADERS, "Cache-Control": "no-cache", "ETag": tag}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers, content_type=kind, charset="utf-8")


def _own_page(request: web.Request) -> bool:
    """Whether a POST is the page's own: other sites can't set the header without asking first, and are not answered then."""
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        return False
    return request.headers.get(OWN) == "1"


def _over_https(request: web.Request) -> bool:
    """Whether the browser came by TLS, as far as we or a proxy know; who lies about it harms himself alone."""
    return request.secure or request.headers.get("X-Forwarded-Proto") == "https"


def _files() -> dict[str, tuple[bytes, str, str]]:
    """Return the page's files by their path: content, type and tag. They are few and stay as they are."""
    found: dict[str, tuple[bytes, str, str]] = {}
    waiting = [("", resources.files("dashboards.desk").joinpath("static"))]
    while waiting:
        path, place = waiting.pop()
        for each in place.iterdir():
            name = f"{path}{each.name}"
            if each.is_dir():
                waiting.append((f"{name}/", each))
            elif (kind := _KINDS.get(name[name.rfind(".") :])) is not None:
                body = each.read_bytes()
                found[name] = (body, kind, f'"{hashlib.sha256(body).hexdigest()[:20]}"')
    return found


def _json(value: Any, status: int = 200) -> web.Response:
    return web.Response(body=_encoder.encode(value), status=status, content_type="application/json", headers=_HEADERS)


def _problem(status: int, detail: str) -> web.Response:
    body = _encoder.encode({"type": "about:blank", "status": status, "detail": detail})
    return web.Response(body=body, status=status, content_type="application/problem+json", headers=_HEADERS)
