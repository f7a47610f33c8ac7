"""What is installed because of what: the packages that a distribution needs, and those that they need (pure but for the look)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, distribution
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


class Installed(NamedTuple):
    """A distribution that is here: its version, and its requirements as it states them."""

    version: str
    requires: tuple[str, ...]


Look = Callable[[str], Installed | None]


def here(name: str) -> Installed | None:
    """Return what is installed under a name, ``None`` if nothing is."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return Installed(found.version, tuple(found.requires or ()))


def closure(name: str, extras: Iterable[str], look: Look = here) -> dict[str, str]:
    """Return name -> version of everything that ``name`` with ``extras`` needs and that is installed, itself left out."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(name, extra) for extra in ("", *extras)]
    while waiting:
        each, extra = waiting.pop()
        if (each, extra) in seen:
            continue
        seen.add((each, extra))
        installed = look(each)
        if installed is None:
            continue
        found[each] = installed.version
        for text in installed.requires:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(wanted.name), one) for one in ("", *wanted.extras)]
    found.pop(name, None)
    return dict(sorted(found.items()))
