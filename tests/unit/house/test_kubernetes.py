"""``deploy/kubernetes``: no cluster runs the tests, so what can be known without one is checked here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from huoqun.config import load
from sinks.grants import OWNER, READER, WRITER
from tests.support.metrics import metrics_of_ours

FOLDER = Path(__file__).resolve().parents[3] / "deploy" / "kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text("utf-8"))
ADDRESSES = dict(line.split("=", 1) for line in (FOLDER / "addresses.env").read_text("utf-8").split())
VERSIONS = ("1.31", "1.34")
SERVICES = {"gateway", "worker", "sink", "notify", "desk"}
IN_THE_SECRET = {"HUOQUN_CLICKHOUSE_PASSWORD", "HUOQUN_CANONICAL_SECRET", "HUOQUN_DESK_TOKENS"}
SIGNS_IN = {"setup": OWNER, "sink": WRITER, "desk": READER, "notify": READER}


def resources() -> Iterator[dict[str, Any]]:
    for name in KUSTOMIZATION["resources"]:
        yield from yaml.safe_load_all((FOLDER / name).read_text("utf-8"))


ALL = list(resources())
WORKLOADS = {r["metadata"]["name"]: r for r in ALL if r["kind"] in {"Deployment", "StatefulSet", "Job"}}
each_workload = pytest.mark.parametrize("name", sorted(WORKLOADS))
each_service = pytest.mark.parametrize("name", sorted(SERVICES))


def of(kind: str) -> list[dict[str, Any]]:
    return [r for r in ALL if r["kind"] == kind]


def pod(name: str) -> dict[str, Any]:
    found: dict[str, Any] = WORKLOADS[name]["spec"]["template"]["spec"]
    return found


def container(name: str) -> dict[str, Any]:
    (found,) = pod(name)["containers"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("resource", ALL, ids=lambda r: f"{r['kind']}-{r['metadata']['name']}")
def test_a_resource_is_what_the_api_allows(resource: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(resource, version, strict=True)


def test_every_file_is_applied() -> None:
    files = {file.name for file in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(KUSTOMIZATION["resources"])
    made = [
        name for made in KUSTOMIZATION["configMapGenerator"] for name in (*made.get("files", []), *made.get("envs", []))
    ]
    assert all((FOLDER / name).is_file() for name in made)


def test_every_service_is_there_and_what_makes_topics_and_tables() -> None:
    assert set(WORKLOADS) == SERVICES | {"setup"}


@each_workload
def test_a_pod_is_nobody_writes_nowhere_and_gains_nothing(name: str) -> None:
    assert pod(name)["automountServiceAccountToken"] is False
    assert pod(name)["securityContext"]["runAsNonRoot"] is True
    assert pod(name)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert container(name)["resources"].keys() == {"requests", "limits"}


@each_workload
def test_secrets_come_from_the_secret_alone_and_only_where_they_are_needed(name: str) -> None:
    given = {entry["name"]: entry for entry in container(name)["env"]}
    secret = {key for key, entry in given.items() if "valueFrom" in entry}
    role = SIGNS_IN.get(name)
    keys = {key: key for key in secret} | ({} if role is None else {"HUOQUN_CLICKHOUSE_PASSWORD": role.variable})
    assert {key: given[key]["valueFrom"]["secretKeyRef"] for key in secret} == {
        key: {"name": "huoqun", "key": keys[key]} for key in secret
    }
    assert secret <= IN_THE_SECRET
    assert ("HUOQUN_CLICKHOUSE_PASSWORD" in secret) is (role is not None)
    assert given.get("HUOQUN_STORE_USER", {}).get("value") == (None if role is None else role.user("huoqun"))
    assert not ADDRESSES.keys() & IN_THE_SECRET


@each_service
def test_a_service_is_probed_where_it_answers(name: str) -> None:
    config = load(FOLDER / "huoqun.toml", ADDRESSES)
    listening = {
        "gateway": config.gateway.port, "worker": config.worker.metrics_port, "sink": config.sink.metrics_port, "desk": config.desk.port,
        "notify": config.notify.metrics_port,
    }  # fmt: skip
    ports = {port["name"]: port["containerPort"] for port in container(name)["ports"]}
    for probe, path in (("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        asked = container(name)[probe]["httpGet"]
        assert asked["path"] == path
        assert ports[asked["port"]] == listening[name]
    scraped = WORKLOADS[name]["spec"]["template"]["metadata"]["annotations"]["prometheus.io/port"]
    assert int(scraped) == listening[name]


def test_what_selects_pods_selects_some() -> None:
    for resource in [*of("Service"), *of("PodDisruptionBudget")]:
        selector = resource["spec"]["selector"]
        assert selector.get("matchLabels", selector)["app.kubernetes.io/name"] in SERVICES
    for name in ("gateway", "worker"):
        assert WORKLOADS[name]["spec"]["serviceName"] in {service["metadata"]["name"] for service in of("Service")}


def test_workers_follow_a_lag_that_they_report_up_to_one_a_partition() -> None:
    (scaler,) = of("HorizontalPodAutoscaler")
    (metric,) = scaler["spec"]["metrics"]
    assert metric["pods"]["metric"]["name"] in metrics_of_ours()
    assert scaler["spec"]["maxReplicas"] == int(ADDRESSES["HUOQUN_KAFKA_PARTITIONS"])


def test_what_a_gateway_has_accepted_outlives_its_pod() -> None:
    (claim,) = WORKLOADS["gateway"]["spec"]["volumeClaimTemplates"]
    mounts = {mount["name"]: mount["mountPath"] for mount in container("gateway")["volumeMounts"]}
    assert mounts[claim["metadata"]["name"]] == "/data"


def test_nobody_comes_in_but_by_the_webhook_the_desk_and_for_metrics() -> None:
    policies = {policy["metadata"]["name"]: policy["spec"] for policy in of("NetworkPolicy")}
    assert policies["nobody"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert set(policies) == {"nobody", "webhook-and-desk", "metrics"}
