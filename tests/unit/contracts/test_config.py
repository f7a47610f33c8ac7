"""The configuration: defaults, overrides, and mistakes refused with their place and the allowed values."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from huoqun.config import Config, ConfigError, dump_env, load
from huoqun.toml_text import dump

GROUP = '[[groups]]\nplatform = "qq"\ngroup_id = "1"\n'
CAMPAIGN = GROUP + "[[groups.campaigns]]\n"


def refusal(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> str:
    file = tmp_path / "huoqun.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file, environ or {})
    return str(caught.value)


def test_no_file_at_all_is_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(None, {}) == Config()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[kafka]\nboot = 1", ["kafka", "'boot'", "allowed here", "bootstrap"]),
        ("nonsense = 1", ["top level", "'nonsense'", "allowed here"]),
        ('[store]\nkind = "oracle"', ["store.kind", "embedded, clickhouse"]),
        ('[store]\nkind = "clickhouse"\nsecure = true', ["store.port", "9440"]),
        (
            '[store]\nkind = "clickhouse"\nca_file = "/nowhere.pem"',
            ["store.ca_file: no such file", "store.secure = true"],
        ),
        ("[store]\nsecure = true", ["store.secure", "kind = 'clickhouse'"]),
        (
            '[store]\nkind="clickhouse"\nsecure=true\nport=9440\ncert_file = "/nowhere.pem"',
            ["store.key_file", "both, or neither"],
        ),
        ('[kafka]\npartitions = "four"', ["kafka.partitions", "int"]),
        ("[kafka]\npartitions = 0", ["kafka.partitions", "above 0"]),
        ('[[groups]]\nplatform = "qq"\ngroup_id = "1"\ntime_zone = "Mars"', ["groups[0].time_zone", "Mars"]),
        ('[[groups]]\nplatform = "qq"\ngroup_id = "1"\nquiet_hours = { start = "25:00" }', ["quiet_hours", "25:00"]),
        ('[[sources]]\nname = "a"\nkind = "carrier-pigeon"', ["sources", "carrier-pigeon", "allowed: canonical, "]),
        ('[[sources]]\nname="a"\nkind="canonical"\n[[sources]]\nname="a"\nkind="canonical"', ["'a'", "twice"]),
        ('[[sources]]\nname="a"\nkind="canonical"\nsilent_minutes = -1', ["sources[0].silent_minutes", "0 to 525600"]),
        ('[[sources]]\nname="a"\nkind="canonical"\nsilent_minutes = nan', ["sources[0].silent_minutes", "0 to 525600"]),
        ("[gateway]\nreport_seconds = -1", ["gateway.report_seconds", "0 to 3600"]),
        (GROUP + "ends_on = 2026-13-01", ["not TOML"]),
        (GROUP + 'ends_on = "soon"', ["groups[0].ends_on", "RFC3339 encoded date"]),
        (GROUP + "ends_on = 1066-10-14", ["groups[0].ends_on", "1971 to 2099"]),
        (GROUP + "goal_members = -1", ["groups[0].goal_members", "not be negative"]),
        (CAMPAIGN + 'name = " "\nstart = 2026-11-01\nend = 2026-11-11', ["campaigns[0].name", "empty"]),
        (CAMPAIGN + 'name = "a"\nstart = 2026-11-11\nend = 2026-11-01', ["campaigns[0].end", "before its start"]),
        (CAMPAIGN + 'name = "a"\nstart = 2026-11-01', ["campaigns[0]", "end"]),
        (CAMPAIGN + 'name = "a"\nfrom = 2026-11-01', ["campaigns[0]", "'from'", "allowed here: end, name, start"]),
        (
            GROUP + 2 * '[[groups.campaigns]]\nname = "a"\nstart = 2026-11-01\nend = 2026-11-02\n',
            ["'a' of 2026-11-01", "twice"],
        ),
        ('staff = ["bob"]', ["staff", "platform/user_id"]),
        ("= 3", ["not TOML"]),
    ],
)
def test_a_mistake_is_refused_with_its_place_and_the_mend(tmp_path: Path, text: str, told: list[str]) -> None:
    message = refusal(tmp_path, text)
    assert all(word in message for word in told), message


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(tmp_path / "none.toml", {})


def test_the_environment_goes_first_and_a_wrong_name_is_refused_with_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "huoqun.toml"
    file.write_text("[kafka]\npartitions = 8", "utf-8")
    assert load(file, {"HUOQUN_KAFKA_PARTITIONS": "16"}).kafka.partitions == 16
    assert "HUOQUN_KAFKA_PARTITIONS" in refusal(tmp_path, "", {"HUOQUN_KAFKA_PARTITION": "16"})
    assert "number" in refusal(tmp_path, "", {"HUOQUN_KAFKA_PARTITIONS": "many"})


def test_variables_that_hold_secrets_are_no_settings(tmp_path: Path) -> None:
    file = tmp_path / "huoqun.toml"
    file.write_text('[[sources]]\nname = "q"\nkind = "onebot11"\nsecret_env = "HUOQUN_QQ"', "utf-8")
    assert load(file, {"HUOQUN_QQ": "s", "HUOQUN_CLICKHOUSE_PASSWORD": "p"}).sources[0].secret_env == "HUOQUN_QQ"


def test_a_child_process_gets_the_same_sections_through_its_environment(tmp_path: Path) -> None:
    file = tmp_path / "huoqun.toml"
    file.write_text(
        '[privacy]\nstore_text = false\n[worker]\nlateness_seconds = 7.5\n[[groups]]\nplatform="q"\ngroup_id="1"'
    )
    config = load(file, {})
    assert load(file, dump_env(config)) == config


def test_what_a_group_is_for_and_its_campaigns_survive_being_written_again(tmp_path: Path) -> None:
    file = tmp_path / "huoqun.toml"
    file.write_text(
        GROUP + "ends_on = 2026-12-31\ngoal_members = 500\n"
        '[[groups.campaigns]]\nname = "11.11"\nstart = 2026-11-01\nend = 2026-11-11\n'
        '[[groups.campaigns]]\nname = "11.11"\nstart = 2027-11-01\nend = 2027-11-11\n'
    )
    config = load(file, {})
    (group,) = config.groups
    assert (group.ends_on, len(group.campaigns)) == (date(2026, 12, 31), 2)
    file.write_text(dump(config))
    assert load(file, {}) == config
