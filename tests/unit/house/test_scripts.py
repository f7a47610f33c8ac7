"""The commands that a person or a machine begins with."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]


def test_the_shell_scripts_are_executable_and_without_known_mistakes() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    done = subprocess.run(["shellcheck", str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == ""


def test_ci_runs_what_people_run() -> None:
    called = set(re.findall(r"make (\w+)", (ROOT / ".ci" / "run").read_text()))
    assert {"setup", "lint", "type", "test"} <= called


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_alone_lists_the_targets_that_the_readme_promises() -> None:
    listed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert [t for t in ("demo", "test", "up", "env", "lint") if f"make {t} " not in listed] == []


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_env_writes_fresh_secrets_that_only_the_owner_reads_and_never_replaces_them(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    subprocess.run(["make", "-s", "env"], cwd=tmp_path, capture_output=True, timeout=60, check=True)
    file = tmp_path / ".env"
    first = file.read_text()
    values = [line.partition("=")[2] for line in first.splitlines()]
    assert file.stat().st_mode & 0o077 == 0
    assert len(set(values)) == len(values) >= 4
    assert all(len(value) >= 24 for value in values)
    subprocess.run(["make", "-s", "env"], cwd=tmp_path, capture_output=True, timeout=60, check=True)
    assert file.read_text() == first


def test_secrets_and_data_stay_out_of_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {".env", ".huoqun/", ".cache/", ".venv/"} <= set(ignored)


def test_hooks_are_pinned_or_local() -> None:
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]:
        assert repository["repo"] == "local" or re.fullmatch(r"v\d+\.\d+\.\d+", repository["rev"])
