"""What an evaluation is asked to do, and what it evaluates with."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from evaluation.running import Show

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDS: Final = 5


class Task(NamedTuple):
    """One run of :mod:`evaluation.__main__`."""

    directory: Path
    """Where the data lie."""
    quick: bool
    """Small splits and samples only: to see that it works. Nothing is judged then."""
    show: Show
    folds: int = FOLDS
    """The train split is judged by weights that were trained without the files at hand; 0: by the shipped ones."""
    questions: Path = ROOT / "tests" / "data" / "questions"
    scenarios: Path = ROOT / "tests" / "golden" / "scenarios"
    work: Path = Path(tempfile.gettempdir())
