"""Small scenes for tests of the signals: who says what when, in a few words."""

from __future__ import annotations

from typing import Any

from huoqun import codec
from huoqun.config import Config
from huoqun.control import Tick
from huoqun.events import Event
from tests.support.core import Machine, View

T0 = 1_700_006_400_000
"""A midnight UTC (2023-11-15), so that minutes, hours and days of a scene begin where one expects."""
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


class Scene:
    """One group; times are seconds after :data:`T0`."""

    def __init__(self, config: Config | None = None) -> None:
        self.config = config or Config()
        self.events: list[Event] = []
        self.until: int | None = None

    def add(self, at: float, user: str, text: str = "", **fields: Any) -> str:
        """Add an event (a message unless ``type`` says else) and return its id."""
        ts = T0 + round(at * 1000)
        fields.setdefault("type", "message")
        name = fields.pop("id", f"e{len(self.events)}")
        self.events.append(
            Event(id=name, ts=ts, platform="qq", group_id="1", user_id=user, text=text, received_at=ts, **fields)
        )
        return name

    def join(self, at: float, user: str, **fields: Any) -> str:
        return self.add(at, user, type="join", **fields)

    def leave(self, at: float, user: str, **fields: Any) -> str:
        return self.add(at, user, type="leave", **fields)

    def silence_until(self, at: float) -> None:
        """Let only time pass until then, as the ticker tells it."""
        self.until = T0 + round(at * 1000)

    def view(self) -> View:
        log = [codec.encode(e) for e in self.events]
        if self.until is not None:
            log.append(codec.encode(Tick(self.until)))
        return Machine(self.config).run(log)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return [row for (name, _), row in self.view().items() if name == kind]

    def question(self, name: str) -> dict[str, Any] | None:
        return self.view().get(("Question", f"qq/1/{name}"))

    def alerts(self, kind: str) -> list[dict[str, Any]]:
        return [row for row in self.rows("Alert") if row["kind"] == kind]
