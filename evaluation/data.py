"""What there is to judge by: annotated chats, and archives with what became of their members. Only reading, any names.

The layout is found by its files, wherever they lie below the directory, packed (``.gz``) or not:

- ``events.ndjson`` beside ``answers.ndjson`` is a split of annotated chats, named after its directory; ``gold.ndjson``
  beside them holds the links between messages;
- ``NAME.events.ndjson`` beside ``NAME.churn_labels.ndjson`` is a community; ``NAME.threads.ndjson`` beside them holds its
  threads' answers.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

Raw = dict[str, Any]

_decode = msgspec.json.Decoder(Raw).decode


class Split(NamedTuple):
    """Annotated chats."""

    name: str
    events: Path
    answers: Path
    links: Path | None


class Community(NamedTuple):
    """An archive of a community, and who fell silent in it."""

    name: str
    events: Path
    labels: Path
    threads: Path | None


def splits(directory: Path) -> list[Split]:
    """Return the annotated chats, by name."""
    found = []
    for answers in _files(directory, "answers.ndjson"):
        events = _beside(answers, "events.ndjson")
        if events is not None:
            found.append(Split(_name(answers.parent, directory), events, answers, _beside(answers, "gold.ndjson")))
    return found


def communities(directory: Path) -> list[Community]:
    """Return the archives, by name; one that is there in several directories has its directory's name, too."""
    end = ".churn_labels.ndjson"
    files = [(file, file.name.removesuffix(".gz").removesuffix(end)) for file in _files(directory, f"*{end}")]
    names = [stem for _, stem in files]
    found = []
    for labels, stem in files:
        events = _beside(labels, f"{stem}.events.ndjson")
        name = stem if names.count(stem) == 1 else f"{stem} ({_name(labels.parent, directory)})"
        if events is not None:
            found.append(Community(name, events, labels, _beside(labels, f"{stem}.threads.ndjson")))
    return found


def rows(path: Path) -> Iterator[Raw]:
    """Return the lines of a file as objects."""
    return map(_decode, lines(path))


def lines(path: Path) -> Iterator[bytes]:
    """Return the non-empty lines of a file, as they are."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            if stripped := line.strip():
                yield stripped


def moment(text: Any) -> float:
    """Return a time as the views or the archives write it, in seconds since the epoch."""
    found = datetime.fromisoformat(str(text))
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


def _files(directory: Path, pattern: str) -> list[Path]:
    return sorted([*directory.rglob(pattern), *directory.rglob(f"{pattern}.gz")])


def _beside(file: Path, name: str) -> Path | None:
    return next((path for path in (file.with_name(f"{name}.gz"), file.with_name(name)) if path.exists()), None)


def _name(directory: Path, root: Path) -> str:
    return directory.relative_to(root).as_posix() if directory != root else directory.resolve().name
