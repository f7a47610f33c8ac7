"""``docker-compose.yml``: no container engine runs the tests, so what can be known without one is checked here."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyOptions

from huoqun.config import load
from sinks.grants import OWNER, READER, READER_SECONDS_MOST, WRITER, Role

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?:(?P<how>:-|:\?)(?P<rest>[^}]*))?\}")
SECRETS = re.compile(r"PASSWORD|SECRET|TOKEN|KEY$")
ONE_SHOT = {"setup"}
OURS = {"setup", "gateway", "worker", "sink", "notify", "desk"}


def interpolated(text: str) -> str:
    """As compose does it, with ``value-of-NAME`` for every variable that is a must."""
    return VARIABLE.sub(lambda m: m["rest"] if m["how"] == ":-" else f"value-of-{m['name']}", text)


COMPOSE: dict[str, Any] = yaml.safe_load(interpolated(TEXT))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
NAMES = sorted(SERVICES)


def environment(service: str) -> dict[str, str]:
    found = SERVICES[service].get("environment", {})
    assert isinstance(found, dict)
    return found


def test_it_is_what_the_compose_specification_allows() -> None:
    compose = PyOptions(apply_merge=True).from_yaml(interpolated(TEXT))
    compose.validate()
    assert set(compose.service_names()) == set(NAMES)


def test_it_holds_every_part_of_the_real_stack() -> None:
    assert set(NAMES) == OURS | {"kafka", "clickhouse", "grafana", "prometheus"}


@pytest.mark.parametrize("name", NAMES)
def test_every_service_is_watched_or_runs_once(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert (check == {"disable": True}) is (name in ONE_SHOT)
    assert name in ONE_SHOT or check["test"][0] == "CMD"


@pytest.mark.parametrize("name", NAMES)
def test_what_a_service_waits_for_exists_and_can_come_about(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert how["condition"] == wanted, f"{name} waits for {other}"


@pytest.mark.parametrize("name", sorted(OURS - ONE_SHOT))
def test_our_services_start_after_topics_and_tables_are_there(name: str) -> None:
    assert "setup" in SERVICES[name]["depends_on"]


@pytest.mark.parametrize("name", NAMES)
def test_images_are_pinned_to_a_version(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    if image != "huoqun":
        assert re.fullmatch(r"v?\d+(\.\d+)+", tag), f"{image}:{tag}"


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_stands_in_the_file_and_a_missing_one_stops_the_start(name: str) -> None:
    for key, value in environment(name).items():
        if SECRETS.search(key):
            assert re.fullmatch(r"value-of-\w+", value), f"{key} of {name}"
    for match in VARIABLE.finditer(TEXT):
        if SECRETS.search(match["name"]):
            assert match["how"] == ":?"
            assert "make env" in match["rest"]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_published_is_published_to_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


@pytest.mark.parametrize("name", NAMES)
def test_files_that_are_mounted_exist_and_stay_as_they_are(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _target, *mode = volume.split(":")
        if source.startswith("."):
            assert (ROOT / source).exists(), source
            assert mode == ["ro"], volume
        else:
            assert source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_can_write_nowhere_and_gain_nothing(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


ROOT_AT_FIRST = {"clickhouse"}
"""Its image becomes a user of its own when it has begun."""

WRITES_INSIDE = {"kafka", "clickhouse"}
"""Their images write their configuration into themselves when they begin."""


@pytest.mark.parametrize("name", NAMES)
def test_no_container_can_gain_rights_or_reach_the_machine(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert (service["cap_drop"] == ["ALL"]) is (name not in ROOT_AT_FIRST)
    assert "NET_RAW" in service["cap_drop"] or service["cap_drop"] == ["ALL"]
    assert (service.get("read_only") is True) is (name not in WRITES_INSIDE)
    assert not service.keys() & {
        "privileged",
        "cap_add",
        "network_mode",
        "pid",
        "ipc",
        "devices",
        "userns_mode",
        "user",
    }
    assert not [volume for volume in service.get("volumes", []) if "docker.sock" in volume or volume.startswith("/")]


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_services_understand_the_settings_that_they_are_given(name: str) -> None:
    found = load(ROOT / "docker" / "huoqun.toml", environment(name))
    assert found.kafka.bootstrap == "kafka:9092"
    assert (found.store.kind, found.store.host) == ("clickhouse", "clickhouse")


SIGNS_IN = {"setup": OWNER, "sink": WRITER, "desk": READER, "notify": READER}


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_service_of_ours_signs_in_to_the_store_as_who_it_needs_to_be_or_not_at_all(name: str) -> None:
    found = environment(name)
    role = SIGNS_IN.get(name)
    if role is None:
        assert "HUOQUN_STORE_USER" not in found
        assert not [key for key in found if "CLICKHOUSE" in key]
    else:
        assert found["HUOQUN_STORE_USER"] == role.user("huoqun")
        assert found["HUOQUN_CLICKHOUSE_PASSWORD"] == f"value-of-{role.variable}"


@pytest.mark.parametrize("role", [WRITER, READER], ids=lambda role: role.name)
def test_the_users_that_clickhouse_is_given_are_those_that_the_command_makes(role: Role) -> None:
    """Privileges and bounds; the owner is the user that the image makes of CLICKHOUSE_USER."""
    file = ET.parse(ROOT / f"docker/clickhouse/{role.name}.xml").getroot()  # our own file
    user = file.find(f"users/{role.user('huoqun')}")
    assert user is not None
    granted = {query.text for query in user.iter("query")}
    assert granted == {f"GRANT {grant}".replace("`", "") for grant in role.grants("huoqun")}
    password = user.find("password")
    assert password is not None
    assert password.attrib == {"from_env": role.variable}
    profile = file.find(f"profiles/{user.findtext('profile')}")
    bounds = {} if profile is None else {each.tag: each.text for each in profile if each.tag != "constraints"}
    wanted = dict(setting.split(" = ") for setting in role.settings.split(", ")) if role.settings else {}
    assert bounds == {name: value.partition(" MAX ")[0].strip("'") for name, value in wanted.items()}
    if profile is not None:
        assert profile.findtext("constraints/max_execution_time/max") == str(READER_SECONDS_MOST)
    assert environment("clickhouse")["CLICKHOUSE_USER"] == OWNER.user("huoqun")


def test_the_gateway_gets_the_secret_of_every_configured_source() -> None:
    sources = load(ROOT / "docker" / "huoqun.toml", {}).sources
    assert sources
    assert {s.secret_env for s in sources} <= environment("gateway").keys()


def test_topics_are_never_made_by_accident() -> None:
    assert environment("kafka")["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_make_env_writes_every_secret_that_the_file_asks_for() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    asked = {m["name"] for m in VARIABLE.finditer(TEXT) if m["how"] == ":?"}
    assert asked
    assert [name for name in sorted(asked) if name not in makefile] == []


def test_prometheus_asks_every_service_of_ours_where_it_answers() -> None:
    file = yaml.safe_load((ROOT / "dashboards/prometheus/prometheus.yml").read_text("utf-8"))
    asked = {
        (source["names"][0], source["port"])
        for job in file["scrape_configs"]
        for source in job.get("dns_sd_configs", [])
    }
    probed = {
        (name, int(SERVICES[name]["healthcheck"]["test"][-1].split(":")[2].split("/")[0])) for name in OURS - ONE_SHOT
    }
    assert probed <= asked
    assert {name for name, _port in asked} <= set(NAMES)


def test_grafana_reads_as_a_user_that_clickhouse_knows_and_holds_to_reading() -> None:
    file = yaml.safe_load((ROOT / "dashboards/grafana/provisioning/datasources/huoqun.yml").read_text("utf-8"))
    (results,) = [d for d in file["datasources"] if d["type"] == "grafana-clickhouse-datasource"]
    reader = ET.parse(ROOT / "docker/clickhouse/reader.xml").getroot()  # our own file
    user = reader.find(f"users/{results['jsonData']['username']}")
    assert user is not None
    secret = user.find("password")
    assert secret is not None
    variable = secret.attrib["from_env"]
    assert results["secureJsonData"]["password"] == f"${variable}"
    assert variable in environment("grafana")
    assert variable in environment("clickhouse")
    assert reader.findtext(f"profiles/{user.findtext('profile')}/readonly") == "1"
    assert {query.text for query in user.iter("query")} >= {"GRANT SELECT ON huoqun.*"}
    assert not any(word in (query.text or "") for query in user.iter("query") for word in ("INSERT", "ALTER", "ALL"))
    assert results["type"] in environment("grafana")["GF_PLUGINS_PREINSTALL_SYNC"]
