"""Grafana's alert rules for the pipeline, made of Prometheus's own: one definition, ``dashboards/prometheus/rules.yml``.

Prometheus tells who scrapes it with an Alertmanager at hand; Grafana shows and tells by itself. A rule's expression is a
filter: what it lets through fires, whatever its value, so the condition is that there is a number at all.
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

import yaml

FOLDER: Final = "活群 huoqun"
DATASOURCE: Final = "metrics"
"""The uid of the provisioned Prometheus (``provisioning/datasources``)."""
_STEP_SECONDS: Final = 10
"""Grafana's scheduler: intervals are multiples of it."""
_LOOKS_BACK_SECONDS: Final = 600
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_HEAD: Final = (
    "# Alert rules for the pipeline itself, made of dashboards/prometheus/rules.yml by `python -m dashboards.grafana`;\n"
    "# change that file, not this one.\n"
)


def provisioned(rules: str) -> str:
    """Return the provisioning file for a text of Prometheus rules."""
    groups = [_group(group) for group in yaml.safe_load(rules)["groups"]]
    text = yaml.dump(
        {"apiVersion": 1, "groups": groups}, Dumper=_Indented, allow_unicode=True, sort_keys=False, width=120
    )
    return _HEAD + text


class _Indented(yaml.SafeDumper):
    """Writes lists as this project's YAML has them: indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Never without an indent."""
        del indentless
        super().increase_indent(flow, indentless=False)


def _group(group: dict[str, Any]) -> dict[str, Any]:
    seconds = _STEP_SECONDS * math.ceil(_seconds(group["interval"]) / _STEP_SECONDS)
    return {
        "orgId": 1,
        "name": group["name"],
        "folder": FOLDER,
        "interval": f"{seconds}s",
        "rules": [_rule(rule) for rule in group["rules"]],
    }


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "uid": _uid(rule["alert"]),
        "title": rule["alert"],
        "condition": "B",
        "data": [
            _query("A", DATASOURCE, {"expr": rule["expr"], "instant": True, "range": False, "editorMode": "code"}),
            _query("B", "__expr__", {"type": "math", "expression": "is_number($A)"}),
        ],
        "noDataState": "OK",
        "execErrState": "Error",
        "for": rule.get("for", "0s"),
        "annotations": {name: _spoken(text) for name, text in rule["annotations"].items()},
        "labels": {**rule["labels"], "service": "huoqun"},
        "isPaused": False,
    }


def _query(name: str, datasource: str, model: dict[str, Any]) -> dict[str, Any]:
    kind = "__expr__" if datasource == "__expr__" else "prometheus"
    return {
        "refId": name,
        "relativeTimeRange": {"from": _LOOKS_BACK_SECONDS, "to": 0},
        "datasourceUid": datasource,
        "model": {"refId": name, "datasource": {"type": kind, "uid": datasource}, **model},
    }


def _spoken(text: str) -> str:
    """Return a text with Prometheus's ``$value`` as Grafana names it."""
    return re.sub(r"\$value\b", "$values.A.Value", text)


def _uid(alert: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", alert).lower()


def _seconds(text: str) -> int:
    return int(text[:-1]) * _SECONDS[text[-1]]
