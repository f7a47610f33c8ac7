"""Make the pictures of the documentation: the desk with the simulated community, in a real browser.

    python -m tests.browser.pictures

Needs Chromium (Debian: chromium) and the extras ``local`` and ``dev``. Takes about a minute; writes docs/pictures/*.png.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright

from huoqun.clock import now_ms
from huoqun.config import Config
from huoqun.local.stack import LocalStack
from producers.simulator import sample_community
from tests.browser.conftest import CHROMIUM, Looking
from tests.support.stack import send

PLACE: Final = Path(__file__).parents[2] / "docs" / "pictures"
BALCONY: Final = "board/community/qq/sim-balcony"
SHOTS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("desk", "answer", {"viewport": {"width": 1280, "height": 720}, "locale": "zh-CN"}),
    ("desk-en", "answer", {"viewport": {"width": 1280, "height": 720}, "locale": "en", "color_scheme": "dark"}),
    ("desk-phone", "answer", {"viewport": {"width": 360, "height": 720}, "locale": "zh-CN", "device_scale_factor": 2}),
    ("community", BALCONY, {"viewport": {"width": 1280, "height": 1100}, "locale": "zh-CN"}),
    ("communities-en", "board/communities", {"viewport": {"width": 1280, "height": 1100}, "locale": "en"}),
    ("members-en", "board/members", {"viewport": {"width": 1280, "height": 900}, "locale": "en"}),
)


def main() -> None:
    """Start a stack, send it the sample community, and photograph the desk."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        LocalStack(Config(data_dir=directory), free_ports=True, desk=True) as stack,
        sync_playwright() as playwright,
    ):
        send(stack, sample_community(end_ms=now_ms()))
        assert stack.wait_processed(60), "the sample community was not computed within a minute"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for name, place, options in SHOTS:
            context = browser.new_context(timezone_id="Asia/Shanghai", **options)
            looking = Looking(context.new_page(), stack.addresses.desk).open(place)
            looking.page.wait_for_timeout(1_000)
            looking.settle()
            looking.page.screenshot(path=PLACE / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
