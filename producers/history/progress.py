"""How far an import has come: a small file for each, so that one that was stopped goes on where it was."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

DIRECTORY: Final = "imports"


class Progress(msgspec.Struct, kw_only=True):
    """What has become of the events of one import; ``settled`` are the first so many of them."""

    events: int
    settled: int = 0
    refused: int = 0
    paths: list[str] = []

    @property
    def complete(self) -> bool:
        """Return whether there is nothing left to send."""
        return self.settled >= self.events


class ProgressFile:
    """Where it is kept: below the data directory, named after the events and where they go."""

    def __init__(self, data_dir: Path, name: str) -> None:
        self._path = data_dir / DIRECTORY / f"{name}.json"

    def read(self, events: int) -> Progress | None:
        """Return what was written; ``None`` if there is nothing that fits."""
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=Progress)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return found if found.events == events and 0 <= found.settled <= events else None

    def write(self, progress: Progress) -> None:
        """Replace what was written, all at once. Raises :class:`OSError`."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(msgspec.json.encode(progress))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
