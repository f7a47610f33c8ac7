"""Grafana's alert rules are Prometheus's own, in the form that Grafana takes."""

import re
from typing import Any

import pytest
import yaml

pytest.importorskip("grafana_foundation_sdk", reason="the dashboards' builder is not installed (extra `dev`)")

from grafana_foundation_sdk.models.alerting import Query, Rule
from jsonschema import Draft202012Validator

from dashboards.grafana.__main__ import ALERTING, KEPT, RULES
from dashboards.grafana.alerting import DATASOURCE, provisioned

TEXT = RULES.read_text("utf-8")
OURS: list[dict[str, Any]] = [rule for group in yaml.safe_load(TEXT)["groups"] for rule in group["rules"]]
FILE: dict[str, Any] = yaml.safe_load(provisioned(TEXT))
THEIRS: list[dict[str, Any]] = [rule for group in FILE["groups"] for rule in group["rules"]]
TEXT_FIELD = {"type": "string", "minLength": 1}
DURATION = {"type": "string", "pattern": "^([0-9]+[smhd])+$"}
# What pkg/services/provisioning/alerting/rules_types.go of Grafana reads; it passes over keys that it does not know, we refuse them.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "groups"],
    "properties": {
        "apiVersion": {"const": 1},
        "groups": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["orgId", "name", "folder", "interval", "rules"],
                "properties": {
                    "orgId": {"const": 1},
                    "name": TEXT_FIELD,
                    "folder": TEXT_FIELD,
                    "interval": DURATION,
                    "rules": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/rule"}},
                },
            },
        },
    },
    "$defs": {
        "rule": {
            "type": "object",
            "additionalProperties": False,
            "required": ["uid", "title", "condition", "data", "noDataState", "execErrState", "for"],
            "properties": {
                "uid": {"type": "string", "pattern": "^[a-zA-Z0-9_-]{1,40}$"},
                "title": {"type": "string", "minLength": 1, "maxLength": 190},
                "condition": TEXT_FIELD,
                "noDataState": {"enum": ["Alerting", "NoData", "OK", "KeepLast"]},
                "execErrState": {"enum": ["Alerting", "Error", "OK", "KeepLast"]},
                "for": DURATION,
                "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "isPaused": {"type": "boolean"},
                "data": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["refId", "relativeTimeRange", "datasourceUid", "model"],
                        "properties": {
                            "refId": TEXT_FIELD,
                            "queryType": {"type": "string"},
                            "relativeTimeRange": {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["from", "to"],
                                "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}},
                            },
                            "datasourceUid": TEXT_FIELD,
                            "model": {"type": "object", "required": ["refId"]},
                        },
                    },
                },
            },
        }
    },
}


def test_what_is_kept_is_what_the_rules_say() -> None:
    assert ALERTING.read_text("utf-8") == provisioned(TEXT), "run python -m dashboards.grafana"


def test_the_file_is_one_that_grafana_reads() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert [error.message for error in Draft202012Validator(SCHEMA).iter_errors(FILE)] == []
    assert len({rule["uid"] for rule in THEIRS}) == len(THEIRS)


@pytest.mark.parametrize("rule", THEIRS, ids=lambda rule: rule["title"])
def test_grafanas_own_types_know_every_field_of_a_rule(rule: dict[str, Any]) -> None:
    again = Rule.from_json({**rule, "data": []}).to_json()
    assert {name: again[name] for name in rule if name != "data"} == {k: v for k, v in rule.items() if k != "data"}
    for query in rule["data"]:
        named = Query.from_json({k: v for k, v in query.items() if k != "model"})
        assert (named.ref_id, named.datasource_uid) == (query["refId"], query["datasourceUid"])


def test_every_rule_of_prometheus_is_there_with_its_expression_and_its_words() -> None:
    assert [rule["title"] for rule in THEIRS] == [rule["alert"] for rule in OURS]
    for ours, theirs in zip(OURS, THEIRS, strict=True):
        asked, condition = theirs["data"]
        assert asked["model"]["expr"] == ours["expr"]
        assert theirs["condition"] == condition["refId"]
        assert "$A" in condition["model"]["expression"]
        assert theirs["for"] == ours.get("for", "0s")
        assert theirs["labels"]["severity"] == ours["labels"]["severity"]
        for name, text in ours["annotations"].items():
            assert theirs["annotations"][name].replace("$values.A.Value", "$value") == text


def test_no_word_is_taken_for_a_variable_of_the_environment() -> None:
    """Grafana puts the environment's ``${NAME}`` into annotations, and ``$NAME`` into titles and labels."""
    for rule in THEIRS:
        assert "${" not in "".join(rule["annotations"].values())
        assert "$" not in rule["title"] + "".join(rule["labels"].values())


def test_rules_are_looked_at_as_often_as_grafanas_clock_ticks() -> None:
    for group in FILE["groups"]:
        assert re.fullmatch(r"[1-9]\d*0s", group["interval"])


def test_the_rules_ask_the_prometheus_that_is_provisioned() -> None:
    sources = yaml.safe_load((KEPT.parent / "provisioning/datasources/huoqun.yml").read_text("utf-8"))["datasources"]
    assert DATASOURCE in {source["uid"] for source in sources if source["type"] == "prometheus"}
