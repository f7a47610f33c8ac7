"""What of others lies in this repository, by its first line; no package manager knows of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

PLACES: Final = {"uplot": Path("dashboards/desk/static/vendor/uplot.js")}
_VERSION: Final = re.compile(r"\(v(\d+\.\d+\.\d+)\)")


def components(root: Path) -> list[dict[str, Any]]:
    """Return CycloneDX components. Raises :class:`ValueError` where a file does not say its version."""
    found = []
    for name, place in PLACES.items():
        version = _VERSION.search((root / place).read_text("utf-8")[:200])
        if version is None:
            raise ValueError(f"{place}: its first line names no version")
        purl = f"pkg:npm/{name}@{version[1]}"
        found.append({"bom-ref": purl, "name": name, "purl": purl, "type": "library", "version": version[1]})
    return found
