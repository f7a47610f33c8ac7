"""``[notify]``: what is wrong is refused with its place and what is allowed."""

from pathlib import Path

import pytest

from huoqun.config import ConfigError, load

GOOD = """
[notify]
desk_url = "https://desk.example.com"
[[notify.channels]]
name = "ops"
kind = "webhook"
url_env = "HUOQUN_OPS_URL"
[[notify.channels]]
name = "pager"
kind = "pagerduty"
secret_env = "PAGER_KEY"
[[notify.routes]]
name = "all"
channels = ["ops"]
kinds = ["flood"]
severity = "warning"
escalate_after_minutes = 15
escalate_to = ["pager"]
weekly_on = "monday"
"""


def refused(tmp_path: Path, text: str) -> str:
    file = tmp_path / "huoqun.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        load(file, {})
    return str(error.value)


def test_channels_and_routes_are_read_and_a_channels_variable_is_no_setting(tmp_path: Path) -> None:
    file = tmp_path / "huoqun.toml"
    file.write_text(GOOD)
    notify = load(file, {"HUOQUN_OPS_URL": "https://x", "HUOQUN_NOTIFY_GROUP_WAIT_SECONDS": "3"}).notify
    assert ([c.name for c in notify.channels], notify.routes[0].escalate_to) == (["ops", "pager"], ["pager"])
    assert notify.group_wait_seconds == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "webhook"', 'kind = "webhok"', "notify.channels[0].kind: Invalid enum value 'webhok'; allowed: feishu"),
        ('url_env = "HUOQUN_OPS_URL"', "", "notify.channels[0].url_env: a webhook channel needs the name"),
        ('secret_env = "PAGER_KEY"', "", "notify.channels[1].secret_env: a pagerduty channel needs the name"),
        ('channels = ["ops"]', 'channels = ["opps"]', "notify.routes[0].channels: no channel is named 'opps'; allowed: ops, pager"),
        ('channels = ["ops"]', "channels = []", "notify.routes[0].channels: is empty; allowed: ops, pager"),
        ('["flood"]', '["flod"]', "notify.routes[0].kinds[0]: Invalid enum value 'flod'; allowed: unanswered, leave_burst"),
        ('severity = "warning"', 'severity = "bad"', "notify.routes[0].severity: Invalid enum value 'bad'; allowed: info, warning"),
        ('weekly_on = "monday"', 'weekly_on = "Mon"', "notify.routes[0].weekly_on"),
        ('weekly_on = "monday"', 'digest_at = "25:00"', "notify.routes[0].digest_at: '25:00' is no time of day"),
        ('weekly_on = "monday"', 'groups = ["qq"]', "notify.routes[0].groups: 'qq' must be platform/group_id"),
        ('escalate_to = ["pager"]', "", "notify.routes[0]: escalate_after_minutes and escalate_to go together"),
        ('name = "pager"', 'name = "ops"', "notify.channels: 'ops' is listed twice"),
        ("desk.example.com", "", "notify.desk_url"),
        ("[notify]", "[notify]\ntime_zone = 'Mars'", "notify.time_zone: 'Mars' is no time zone"),
        ("[notify]", "[notify]\nrepeat_hours = -1", "notify.repeat_hours: must be 0 to 168, is -1"),
        ("[notify]", "[notify]\nurl = 1", "notify: unknown key 'url'; allowed here: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert said in refused(tmp_path, GOOD.replace(old, new, 1))
