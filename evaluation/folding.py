"""Folds of the annotated chats: weights that were trained without the files that they are judged on.

``python -m training.answers --folds N --out DIRECTORY`` makes them, with a list of which files belong to which; the stack
is told of them as an operator would, in its configuration.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from evaluation.task import ROOT

TRAINING: Final = "training.answers"
LIST: Final = "folds.json"
"""File of the split -> the number of its fold."""
WEIGHTS: Final = "fold-{}.json"


class FoldError(Exception):
    """There are no folds; the message says why."""


class Fold(NamedTuple):
    """Files to be judged, and the settings (TOML) with which."""

    files: list[str]
    settings: str = ""


def folds_of(split: Path, files: Sequence[str], count: int, work: Path) -> list[Fold]:
    """Train ``count`` times, each time without a part of the split's files. Raises :class:`FoldError`.

    What lies in ``work`` already, from a run before, is used again.
    """
    if (work / LIST).exists():
        return listed(work, files)
    try:
        there = importlib.util.find_spec(TRAINING) is not None
    except ModuleNotFoundError:
        there = False
    if not there:
        raise FoldError(f"{TRAINING} is not there")
    done = subprocess.run(
        [sys.executable, "-m", TRAINING, str(split), "--folds", str(count), "--out", str(work)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise FoldError(f"{TRAINING} ended with status {done.returncode}: {lines[-1] if lines else 'nothing said'}")
    return listed(work, files)


def listed(work: Path, files: Sequence[str]) -> list[Fold]:
    """Return the folds that training left in ``work``; files that it does not tell of are an error."""
    try:
        fold_of = msgspec.json.decode((work / LIST).read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError) as error:
        raise FoldError(f"{LIST}: {error}") from None
    if missing := set(files) - fold_of.keys():
        raise FoldError(f"{LIST} tells nothing of {len(missing)} files, such as {min(missing)}")
    found: dict[int, list[str]] = {}
    for file in files:
        found.setdefault(fold_of[file], []).append(file)
    return [Fold(each, settings_of(work / WEIGHTS.format(number))) for number, each in sorted(found.items())]


def settings_of(weights: Path) -> str:
    """Return the settings (TOML) that have answers judged by these weights."""
    return f"[streams]\nanswer_weights = {msgspec.json.encode(str(weights.resolve())).decode()}\n"
