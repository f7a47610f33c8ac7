"""What is kept of the runs (``evaluation/results.json``), and the page made of it (``EVALUATION.md``). Pure but for the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.machine import Machine
from evaluation.figures import WITHOUT, Figure, interval_text, value_text
from evaluation.suites import SUITES, Suite
from evaluation.task import ROOT

RESULTS: Final = ROOT / "evaluation" / "results.json"
PAGE: Final = ROOT / "EVALUATION.md"
COLUMNS: Final = ("figure", "on", "value", "95 %", "n", "asked", "met", "s", "beside it")
_VERDICT: Final = {True: "yes", False: "no", None: ""}


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """The kept rows by part."""

    machine: Machine | None = None
    rows: dict[str, list[Figure]] = {}


def load(path: Path = RESULTS) -> Results:
    """Return what is kept, nothing if there is no file."""
    return msgspec.json.decode(path.read_bytes(), type=Results) if path.exists() else Results()


def keep(results: Results, path: Path = RESULTS, page: Path = PAGE) -> None:
    """Write the results and the page."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
    page.write_text(page_of(results), "utf-8")


def with_rows(results: Results, suite: str, rows: Sequence[Figure], machine: Machine, date: str) -> Results:
    """Return the results with a part's rows in place of its old ones, stamped with commit and date."""
    stamped = [msgspec.structs.replace(row, commit=machine.commit, date=date) for row in rows]
    return Results(machine=machine, rows=results.rows | {suite: stamped})


def cells(row: Figure) -> tuple[str, ...]:
    """Return a row as text, in the order of :data:`COLUMNS`."""
    value = f"{'failed' if row.failed else WITHOUT}: {row.absent}" if row.absent else value_text(row)
    seconds = f"{row.seconds:.0f}" if row.seconds else ""
    n = f"{row.n:,}" if row.n else ""
    return row.name, row.on, value, interval_text(row), n, row.asked, _VERDICT[row.met], seconds, row.beside


def page_of(results: Results) -> str:
    """Return the page."""
    return "\n".join([*_head(results.machine), *(line for suite in SUITES for line in _section(suite, results))])


def _head(machine: Machine | None) -> Iterable[str]:
    yield "# How right it is"
    yield ""
    yield "Made by `make evaluate KEEP=1`; do not edit. Every figure is made of what the product's own views say after a replay"
    yield "through the webhook of the embedded stack. What the figures are: [docs/evaluation.md](docs/evaluation.md)."
    yield ""
    if machine is None:
        yield "Nothing has been measured yet."
        yield ""
        return
    yield from machine.told()
    yield ""


def _section(suite: Suite, results: Results) -> Iterable[str]:
    yield f"## {suite.about}"
    yield ""
    rows = results.rows.get(suite.name, [])
    if not rows:
        yield f"Not run. (`make evaluate ONLY={suite.name}`)"
        yield ""
        return
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * len(COLUMNS)}"
    remarks = list(dict.fromkeys(row.remark for row in rows if row.remark))
    for row in rows:
        mark = f" <sup>{remarks.index(row.remark) + 1}</sup>" if row.remark else ""
        texts = [text.replace("|", "\\|") for text in cells(row)]
        yield f"| {texts[0]}{mark} | {' | '.join(f'**{t}**' if t == _VERDICT[False] else t for t in texts[1:])} |"
    yield ""
    yield from (f"{place}. {remark}" for place, remark in enumerate(remarks, 1))
    if remarks:
        yield ""
    stamps = sorted({f"{row.commit} on {row.date}" for row in rows if row.date})
    yield f"`python -m evaluation --keep --only {suite.name}`, commit {', '.join(stamps)}."
    yield ""
