"""Everything else (Slack, Telegram, Discord, e-mail and a hundred more) by apprise, whose URLs say what and where.

apprise is synchronous and opens its connections by itself: it runs in a thread of its own, and a hook of the interpreter
(PEP 578) judges every address that this thread connects or sends to, so the rules of :mod:`sinks.notify.targets` hold
here too. The hook also refuses other programs being started. It does not reach threads that a plug-in starts itself
(``mqtt://``), which therefore is not taken, and neither are plug-ins that notify this machine.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Final

import apprise

from sinks.notify.channels.base import SIGNATURE
from sinks.notify.notice import Again, Limit, Notice, Outcome, Refused, Sent
from sinks.notify.plain import in_bytes, inert, link, shortened
from sinks.notify.targets import Allowed, Forbidden, judge
from sinks.notify.wording import Message, cut, worded

SECONDS: Final = 30.0
"""The longest that one notice may take; a thread that takes longer is left alone until it ends."""
ROOM: Final = 3_500
"""The most characters of a text, where the service takes as many."""
_LEAST_ROOM: Final = 140
_STATUS: Final = re.compile(r"error[=: ]+(\d{3})\b")
_NEVER: Final = frozenset({"400", "401", "403", "404", "410"})
_HERE: Final = frozenset(
    {"dbus", "qt", "kde", "glib", "gnome", "macosx", "windows", "syslog", "blink1", "mqtt", "mqtts"}
)
"""Schemas that notify the machine they run on, or that work in threads of their own."""


class _Guard(threading.local):
    """What the hook knows of the thread that it is called in."""

    allowed: Allowed | None = None
    name = ""
    refused = ""


_guard: Final = _Guard()
_installed = threading.Event()


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _guard.allowed is None:
        return
    if event == "socket.getaddrinfo":
        host = args[0]
        _guard.name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        _judge(args[1] if len(args) > 1 else None)
    elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        _guard.refused = "a program that was to be started"
        raise _RefusedError(_guard.refused)


class _RefusedError(OSError):
    """Stops a connection before it is made."""


def _judge(address: Any) -> None:
    if address is None:
        return  # a connected socket sends where it was connected to
    host = str(address[0]) if isinstance(address, tuple) and address else ""
    assert _guard.allowed is not None
    found = judge(host, [host], _guard.allowed)
    if isinstance(found, Forbidden) and _guard.name:
        found = judge(_guard.name, [host], _guard.allowed)
    if isinstance(found, Forbidden):
        _guard.refused = found.why if host else "a socket of this machine"
        raise _RefusedError(_guard.refused)


class _Wordless(logging.Filter):
    """Leaves of what apprise logs the status of a failure and nothing else: its words may quote the URL."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the words away."""
        found = _STATUS.search(record.getMessage())
        record.msg, record.args, record.exc_info = found[1] if found is not None else "", None, None
        return record.levelno >= logging.WARNING and found is not None


class _Statuses(logging.Handler):
    """Keeps the last status that apprise complained of in this thread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == threading.get_ident():
            self.last = record.getMessage()


_wordless: Final = _Wordless()


class Apprise:
    """One apprise URL."""

    groups_many: ClassVar[bool] = True
    resolves: ClassVar[bool] = False
    refresh_ms: ClassVar[int] = 0
    limit: ClassVar[Limit] = Limit(18, 60_000)
    """Below what Telegram takes for a group (20 a minute), Slack (1 a second) and Discord (30 a minute)."""

    def __init__(self, plugin: Any, allowed: Allowed, seconds: float = SECONDS) -> None:
        self._plugin = plugin
        self._allowed = allowed
        self._seconds = seconds
        self._room = min(ROOM, max(_LEAST_ROOM, int(plugin.body_maxlen) - max(0, int(plugin.title_maxlen)) // 4 - 50))
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="apprise")
        self._running: asyncio.Future[Outcome] | None = None

    @property
    def most_items(self) -> int:
        """Short messages have room for little."""
        return 10 if self._room >= 2_000 else 3  # noqa: PLR2004  # by eye

    async def send(self, notice: Notice) -> Outcome:
        """Send it in the channel's own thread."""
        if self._running is not None and not self._running.done():
            return Again(5_000, "the last notice is still on its way")
        message = cut(worded(notice, inert), notice.language, lambda each: in_bytes(_text(each)) <= self._room)
        loop = asyncio.get_running_loop()
        self._running = loop.run_in_executor(self._threads, self._notify, message.headline, _text(message))
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(self._running)
        except TimeoutError:
            return Again(0, f"no answer within {self._seconds:g} s")

    async def close(self) -> None:
        """Let the thread end when it is done."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _notify(self, title: str, body: str) -> Outcome:
        statuses = _Statuses()
        logger = logging.getLogger("apprise")
        logger.addHandler(statuses)
        _guard.allowed, _guard.name, _guard.refused = self._allowed, "", ""
        try:
            sent = self._plugin.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT)
        except Exception:  # noqa: BLE001  # a plug-in may raise anything; its words may quote the URL
            sent = False
        finally:
            _guard.allowed = None
            logger.removeHandler(statuses)
        if sent:
            return Sent()
        if _guard.refused:
            return Refused(_guard.refused)
        if statuses.last in _NEVER:
            return Refused(f"the service does not take it ({statuses.last}): look at the tokens in the URL of url_env")
        return Again(0, f"the service did not take it{f' ({statuses.last})' if statuses.last else ''}")


def opened(url: str, allowed: Allowed, seconds: float = SECONDS) -> Apprise | str:
    """Open a channel by its apprise URL, or say what is wrong with that without repeating it."""
    _quiet()
    asset = apprise.AppriseAsset(
        http_redirects=False,
        async_mode=False,
        app_id="huoqun",
        app_desc="huoqun",
        app_url="",
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    try:
        plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    except Exception:  # noqa: BLE001  # of whatever a plug-in thinks of a wrong URL
        plugin = None
    if plugin is None:
        return "is no URL that apprise knows, such as tgram://TOKEN/CHAT; github.com/caronc/apprise/wiki lists them"
    if url.partition("://")[0].lower() in _HERE or not getattr(plugin, "enabled", True):
        return "names a service that apprise can't reach from here safely"
    if not _installed.is_set():
        _installed.set()
        sys.addaudithook(_hook)
    return Apprise(plugin, allowed, seconds)


def _quiet() -> None:
    """Nothing that is logged on the way is kept: it may hold tokens."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.addFilter(_wordless)
    for name in ("urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _text(message: Message) -> str:
    lines = list(message.intro)
    for block in message.blocks:
        lines += ["", shortened(block.heading, ROOM), *block.lines, *([link(block.link)] if block.link else [])]
    lines += message.outro
    if message.link:
        lines += ["", f"{message.link_text}: {link(message.link)}"]
    return "\n".join([*lines, "", SIGNATURE]).strip()
