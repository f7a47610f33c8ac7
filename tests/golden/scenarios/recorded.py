"""Every row of every community, as a checksum of each table: nothing that the core tells changes unnoticed.

``python -m tests.golden.scenarios.recorded`` records them anew, after a change that was meant. Which rows changed:
``python -m tests.golden.scenarios.recorded NAME`` prints a community's rows; compare what it prints before the change and after.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.golden.scenarios.run import outcome, scripts
from tests.support.core import View

RECORDED = Path(__file__).parent / "recorded.json"
DIGITS = 6
"""Of a fraction: the last ones are the machine's."""


def lines(view: View) -> Iterator[tuple[str, str]]:
    """Yield the rows in order: table, and the row as JSON."""
    for table, key in sorted(view):
        yield table, json.dumps(_rounded(view[table, key]), ensure_ascii=False, sort_keys=True)


def checksums(view: View) -> dict[str, str]:
    """Return table -> how many rows, and their checksum."""
    counts: dict[str, int] = {}
    sums: dict[str, hashlib._Hash] = {}
    for table, line in lines(view):
        counts[table] = counts.get(table, 0) + 1
        sums.setdefault(table, hashlib.sha256()).update(f"{line}\n".encode())
    return {table: f"{counts[table]} rows, {found.hexdigest()[:12]}" for table, found in sums.items()}


def recorded() -> dict[str, dict[str, str]]:
    """Return community -> table -> its checksum, as recorded."""
    return json.loads(RECORDED.read_text("utf-8"))  # type: ignore[no-any-return]  # written below


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    if sys.argv[1:]:
        for asked in sys.argv[1:]:
            for which, row in lines(outcome(asked).view):
                print(which, row)
    else:
        found = {name: checksums(outcome(name).view) for name in scripts()}
        RECORDED.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
