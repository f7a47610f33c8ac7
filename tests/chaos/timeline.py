"""What happened in a run and when, as JSON lines, to be read beside the services' logs."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any


class Timeline:
    """Written line by line, from any thread: it is whole up to the moment of a failure."""

    def __init__(self, file: Path, *, aloud: bool = False) -> None:
        self.file = file
        self._aloud = aloud
        self._began = time.monotonic()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._began

    def note(self, what: str, **more: Any) -> None:
        at = round(self.seconds, 3)
        with self._lock:
            with self.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps({"at": at, "what": what, **more}, ensure_ascii=False) + "\n")
            if self._aloud:
                told = " ".join(f"{name}={value}" for name, value in more.items())
                print(f"{at:8.1f} s  {what} {told}", flush=True)
