"""The fitted risk model as a file of the core, with where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streams.core import rhythm

ROOT: Final = Path(__file__).parents[1]
MODEL: Final = ROOT / "streams" / "core" / "risk_model.py"
VIEW: Final = Path(__file__).parent / "risk_everywhere.sql"
SCHEMA: Final = ROOT / "sinks" / "schema"
NAMES: Final = ("INTERCEPT", "SILENT", "ACTIVE", "USUAL", "MISSED", "KNOWN")
"""The names of the weights, in the order of :func:`streams.core.rhythm.terms`."""

_TEXT: Final = '''"""The weights of the risk that a member falls silent (:mod:`streams.core.rhythm`).

Made by ``python -m training.churn DATA --write``: not to be edited. Fitted to the first two thirds of the time of these
archives, all weighing the same; nothing of them is in here but these numbers.

{sources}
"""

from __future__ import annotations

from typing import Final

{weights}
'''


def write(model: Sequence[float], sources: Sequence[tuple[str, str, int]]) -> None:
    """Write the weights, and the view that applies them; ``sources`` are name, checksum (SHA-256, 16 digits), examples."""
    MODEL.write_text(text_of(model, sources), "utf-8")
    view = view_of([round(weight, 4) for weight in model])
    steps = sorted(SCHEMA.glob("*.sql"))
    shown = [step for step in steps if step.stem.endswith("_risk_everywhere")]
    if not shown or shown[-1].read_text("utf-8") != view:  # a step that was applied somewhere never changes
        number = int(steps[-1].name[:3]) + 1
        (SCHEMA / f"{number:03}_risk_everywhere.sql").write_text(view, "utf-8")


def view_of(model: Sequence[float]) -> str:
    """Return the statements that make the view over all groups, with the numbers of the model in it."""
    text = VIEW.read_text("utf-8")
    for name, weight in zip(NAMES, model, strict=True):
        text = text.replace(f"{{{name}}}", repr(weight))
    for name in (
        "HALF_LIFE",
        "FOREVER",
        "UNSEEN_DAYS",
        "WINDOW_DAYS",
        "MUCH_RARER",
        "RHYTHM_DAYS",
        "FEW_DAYS",
        "SHORTLY_DAYS",
    ):
        text = text.replace(f"{{{name}}}", repr(getattr(rhythm, name)))
    return text


def text_of(model: Sequence[float], sources: Sequence[tuple[str, str, int]]) -> str:
    """Return the file."""
    lines = [f"- ``{name}.events.ndjson.gz`` ({checksum}), {count:,} examples" for name, checksum, count in sources]
    weights = [f"{name}: Final = {weight:.4f}" for name, weight in zip(NAMES, model, strict=True)]
    return _TEXT.format(sources="\n".join(lines), weights="\n".join(weights))
