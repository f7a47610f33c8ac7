"""What is kept of the runs (``bench/results.json``), and the page made of it (``BENCHMARKS.md``). Pure but for the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.machine import Machine
from bench.suites import SUITES, Suite
from bench.table import Row, number

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "bench" / "results.json"
PAGE: Final = ROOT / "BENCHMARKS.md"


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The kept rows by suite: of full runs, and of quick ones, which the smoke test compares with its own."""

    machine: Machine | None = None
    full: dict[str, list[Row]] = {}
    quick: dict[str, list[Row]] = {}

    def of(self, quick: bool) -> dict[str, list[Row]]:
        """Return the rows of one kind of run."""
        return self.quick if quick else self.full


def load(path: Path = RESULTS) -> Results:
    """Return what is kept, nothing if there is no file."""
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else Results()


def keep(results: Results, path: Path = RESULTS, page: Path = PAGE) -> None:
    """Write the results and the page."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    page.write_text(page_of(results), "utf-8")


def with_rows(results: Results, suite: str, rows: Sequence[Row], machine: Machine, date: str, quick: bool) -> Results:
    """Return the results with a suite's rows in place of its old ones, stamped with commit and date."""
    stamped = [msgspec.structs.replace(row, commit=machine.commit, date=date) for row in rows]
    kept = results.of(quick) | {suite: stamped}
    if quick:
        return msgspec.structs.replace(results, machine=machine, quick=kept)
    return msgspec.structs.replace(results, machine=machine, full=kept)


def line(row: Row) -> str:
    """Return a row for the terminal."""
    if row.failure:
        return f"{row.name}: FAILED ({row.failure})"
    verdict = {True: ", met", False: ", NOT MET", None: ""}[row.met]
    return f"{row.name}: {_figure(row)} ({_spread(row)}, n = {row.n})" + (
        f"; asked: {row.target}{verdict}" if row.target else ""
    )


def page_of(results: Results) -> str:
    """Return the page."""
    return "\n".join(
        [
            *_head(results.machine if results.full else None),
            *(part for suite in SUITES for part in _section(suite, results.full)),
        ]
    )


def _head(machine: Machine | None) -> Iterable[str]:
    yield "# Benchmarks"
    yield ""
    yield "Made by `make bench`; do not edit. Every figure is a median over runs that alternate with those it is compared"
    yield 'with; "a core" is a second of CPU time of the measured process, which has a core to itself while the broker and'
    yield "the load have another. `make bench QUICK=1` is the short form, `make bench ARGS=contest` one part."
    yield ""
    if machine is None:
        yield "Nothing has been measured yet."
        yield ""
        return
    yield from machine.told()
    yield ""


def _section(suite: Suite, kept: dict[str, list[Row]]) -> Iterable[str]:
    yield f"## {suite.about}"
    yield ""
    rows = kept.get(suite.name, [])
    if not rows:
        yield f"Not run. Asked for: {'; '.join(suite.asked)}. (`make bench ARGS={suite.name}`)"
        yield ""
        return
    yield "| figure | median | least to greatest | n | asked | met |"
    yield "|---|---|---|---|---|---|"
    notes: list[str] = []
    for row in rows:
        mark = ""
        if row.note:
            if row.note not in notes:
                notes.append(row.note)
            mark = f" <sup>{notes.index(row.note) + 1}</sup>"
        met = {True: "yes", False: "**no**", None: ""}[row.met]
        figure = f"failed: {row.failure}" if row.failure else _figure(row)
        yield f"| {_cell(row.name)}{mark} | {_cell(figure)} | {_spread(row)} | {row.n or ''} | {row.target} | {met} |"
    yield ""
    yield from (f"{place}. {note}" for place, note in enumerate(notes, 1))
    if notes:
        yield ""
    if suite.limits and any(row.met is False for row in rows):
        yield f"*What limits it*: {suite.limits}"
        yield ""
    stamps = sorted({f"{row.commit} on {row.date}" for row in rows if row.date})
    yield f"`python -m bench run --keep {suite.name}`, commit {', '.join(stamps)}."
    yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _figure(row: Row) -> str:
    return "" if row.median is None else f"{number(row.median)} {row.unit}"


def _spread(row: Row) -> str:
    return "" if row.low is None or row.high is None else f"{number(row.low)} to {number(row.high)}"
