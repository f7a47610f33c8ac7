"""Every row of every community, as it stands in the end and as it was told, and what is saved of it, as checksums.

Nothing that the core tells changes unnoticed; and nothing that it keeps, which the next release must still read, or refuse by name.

``python -m tests.golden.scenarios.recorded`` records them anew, after a change that was meant. Which rows changed:
``python -m tests.golden.scenarios.recorded NAME`` prints a community's rows; compare what it prints before the change and after.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from huoqun.results import Activity, MemberRisk
from streams.core.saved import chains
from tests.golden.scenarios.judge import Outcome
from tests.golden.scenarios.run import outcome, scripts

RECORDED = Path(__file__).parent / "recorded.json"
DIGITS = 6
"""Of a fraction: the last ones are the machine's."""


OFTEN = (Activity, MemberRisk)
"""Hardly one of these is ever told anew: that the last of each is as recorded is enough."""

RISKS = 17
"""The place in a save of packed fractions, whose last digits are the machine's; they are in the rows."""


def lines(found: Outcome) -> Iterator[tuple[str, str]]:
    """Yield what there is, each with its kind: the rows that are shown, those that were told, and what is saved, as JSON."""
    for table, key in sorted(found.view):
        yield table, _json(found.view[table, key])
    for row in found.told:
        if not isinstance(row, OFTEN):
            yield f"told {type(row).__name__}", _json(msgspec.to_builtins(row))
    for when, kept in zip(("middle", "end"), found.kept, strict=True):
        for chain in chains(kept.items()).values():
            for payload in chain.payloads:
                saved = msgspec.msgpack.decode(payload)
                saved[RISKS] = None
                yield f"saved {when}", _json(saved)


def checksums(found: Outcome) -> dict[str, str]:
    """Return kind -> how many there are, and their checksum."""
    counts: dict[str, int] = {}
    sums: dict[str, hashlib._Hash] = {}
    for kind, line in lines(found):
        counts[kind] = counts.get(kind, 0) + 1
        sums.setdefault(kind, hashlib.sha256()).update(f"{line}\n".encode())
    return {kind: f"{counts[kind]} rows, {sums[kind].hexdigest()[:12]}" for kind in counts}


def recorded() -> dict[str, dict[str, str]]:
    """Return community -> table -> its checksum, as recorded."""
    return json.loads(RECORDED.read_text("utf-8"))  # type: ignore[no-any-return]  # written below


def _json(value: object) -> str:
    return json.dumps(_rounded(value), ensure_ascii=False, sort_keys=True)


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    if sys.argv[1:]:
        for asked in sys.argv[1:]:
            for which, row in lines(outcome(asked)):
                print(which, row)
    else:
        found = {name: checksums(outcome(name)) for name in scripts()}
        RECORDED.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
