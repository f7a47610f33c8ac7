"""``huoqun config`` says what is wrong and where, and shows what is in use."""

import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from huoqun.cli import main
from huoqun.config import Config, Deadlines, Group, QuietHours, Source
from huoqun.toml_text import dump


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), env=env)


@pytest.fixture
def right(tmp_path: Path) -> Path:
    file = tmp_path / "huoqun.toml"
    file.write_text('[kafka]\npartitions = 8\n[[sources]]\nname = "qq"\nkind = "onebot11"\n', "utf-8")
    return file


def test_a_right_file_is_ok(right: Path) -> None:
    result = run("config", "check", str(right))
    assert (result.exit_code, result.output) == (0, f"ok: {right} · 1 sources, 0 groups\n")


def test_the_file_of_the_main_option_is_checked_when_none_is_named(right: Path) -> None:
    assert str(right) in run("-c", str(right), "config", "check").output


def test_a_wrong_key_is_named_with_what_is_allowed_and_status_1(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("[kafka]\npartition = 8\n", "utf-8")
    result = run("config", "check", str(file))
    assert result.exit_code == 1
    assert "partition" in result.output
    assert "partitions" in result.output


@pytest.mark.parametrize("arguments", [("config", "check", "nowhere.toml"), ("-c", "nowhere.toml", "config", "check")])
def test_a_file_that_does_not_exist_is_wrong_use(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "nowhere.toml" in result.output


def test_a_secret_that_is_not_in_the_environment_is_named(right: Path) -> None:
    right.write_text(right.read_text() + 'secret_env = "QQ_SECRET"\n')
    without, with_it = (
        run("config", "check", str(right)),
        run("config", "check", str(right), env={"QQ_SECRET": "s3cret"}),
    )
    assert without.exit_code == 1
    assert "QQ_SECRET" in without.output
    assert with_it.exit_code == 0
    assert "s3cret" not in with_it.output


def test_show_fills_in_every_default_and_is_itself_a_right_file(right: Path, tmp_path: Path) -> None:
    shown = run("-c", str(right), "config", "show")
    assert shown.exit_code == 0
    again = tmp_path / "again.toml"
    again.write_text(shown.output, "utf-8")
    assert "partitions = 8" in shown.output
    assert "lateness_seconds = 120.0" in shown.output
    assert run("-c", str(again), "config", "show").output == shown.output


def test_show_as_variables_gives_the_same_settings(right: Path) -> None:
    lines = run("-c", str(right), "config", "show", "--env").output.splitlines()
    environment = dict(line.split("=", 1) for line in lines)
    assert environment["HUOQUN_KAFKA_PARTITIONS"] == "8"
    assert "partitions = 8" in run("config", "show", env=environment).output


texts = st.text(st.characters(codec="utf-8"), max_size=20)
groups = st.builds(
    Group,
    platform=texts,
    group_id=texts,
    staff=st.lists(texts, max_size=3),
    deadlines=st.none() | st.builds(Deadlines, question_minutes=st.floats(0, 1e6)),
    quiet_hours=st.none() | st.just(QuietHours()),
)
configs = st.builds(
    Config,
    data_dir=texts,
    staff=st.lists(texts, max_size=3),
    groups=st.lists(groups, max_size=3),
    sources=st.lists(st.builds(Source, name=texts, kind=st.sampled_from(["canonical", "onebot11"])), max_size=2),
)


@given(configs)
def test_a_dumped_configuration_reads_back_as_the_same(config: Config) -> None:
    assert msgspec.convert(tomllib.loads(dump(config)), Config) == config
