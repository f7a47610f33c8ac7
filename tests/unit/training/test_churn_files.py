"""What the training command writes is what is shipped."""

from __future__ import annotations

from streams.core import risk_model
from training import churn_files

WEIGHTS = [getattr(risk_model, name) for name in churn_files.NAMES]


def test_the_view_over_all_groups_has_the_weights_of_the_core() -> None:
    shown = max(churn_files.SCHEMA.glob("*_risk_everywhere.sql"))
    assert shown.read_text("utf-8") == churn_files.view_of(WEIGHTS)


def test_the_weights_file_is_the_commands_own_work() -> None:
    text = churn_files.MODEL.read_text("utf-8")
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    assert lines, "it says what it was fitted to"
    assert text == churn_files.text_of(WEIGHTS, [_source(line) for line in lines])


def _source(line: str) -> tuple[str, str, int]:
    name, rest = line.removeprefix("- ``").split(".events.ndjson.gz`` (")
    checksum, examples = rest.split("), ")
    return name, checksum, int(examples.removesuffix(" examples").replace(",", ""))
