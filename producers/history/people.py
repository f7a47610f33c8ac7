"""Names to ids: exports call people by name where they were added or removed, and by id where they speak."""

from __future__ import annotations

BY_NAME = "name:"
"""Begins the id of a person of whom only the name is known."""


class Names:
    """Whom a name means, as long as it means one person only."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def add(self, name: str, user_id: str) -> None:
        """Note that this person goes by this name."""
        if name and user_id and self._ids.setdefault(name, user_id) != user_id:
            self._ids[name] = ""  # two people share it: it tells nothing

    def find(self, name: str) -> str:
        """Return the person's id, made from the name if nobody by that name has spoken."""
        return self._ids.get(name) or f"{BY_NAME}{name}"
