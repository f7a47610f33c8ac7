"""The rules that tell when the pipeline itself needs somebody."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.metrics import metrics_of_ours

HERE = Path(__file__).parent
RULES = HERE.parents[2] / "dashboards/prometheus/rules.yml"
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"
)


def rules() -> list[dict[str, object]]:
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


@needs_promtool
def test_the_rules_are_valid_and_say_what_their_tests_expect() -> None:
    for command in (["check", "rules", str(RULES)], ["test", "rules", str(HERE / "rules_test.yml")]):
        run = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_reads_metrics_that_exist_and_speaks_both_languages(rule: dict[str, object]) -> None:
    for name in re.findall(r"\bhuoqun_\w+", str(rule["expr"])):
        assert name in metrics_of_ours(), name
    annotations = rule["annotations"]
    assert isinstance(annotations, dict)
    for text in (annotations["summary"], annotations["description"]):
        assert re.search(r"[\u4e00-\u9fff]", text)
        assert " · " in text


def test_every_rule_leads_to_what_to_do_and_nothing_else_stands_there() -> None:
    page = (HERE.parents[2] / "docs/runbooks.md").read_text("utf-8")
    there = re.findall(r"^## (\w+)$", page, flags=re.MULTILINE)
    assert there == [rule["alert"] for rule in rules()]
    for rule in rules():
        annotations = rule["annotations"]
        assert isinstance(annotations, dict)
        assert annotations["runbook"] == f"docs/runbooks.md#{str(rule['alert']).lower()}"
