"""What an examination finds."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """What one check found. ``note``: worth knowing, nothing to mend before going on."""

    what: str
    state: Literal["ok", "note", "wrong"]
    said: str
    mend: str = ""
