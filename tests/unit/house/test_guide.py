"""The guide to adding a platform: its example is run as it stands there."""

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from huoqun.events import Event
from producers.sources import PLATFORMS
from producers.sources.base import Answer, Opened
from tests.support.specimens.base import NOW, deliver, read

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "adding-a-platform.md").read_text("utf-8")
BLOCKS = dict(re.findall(r"```python\n# (\S+)\n(.*?)```", GUIDE, re.DOTALL))
SOURCE, SPECIMEN, TEST = (
    "producers/sources/pigeon.py",
    "tests/support/specimens/pigeon.py",
    "tests/unit/producers/sources/test_pigeon.py",
)


def run(path: str, patch: pytest.MonkeyPatch) -> ModuleType:
    name = path.removesuffix(".py").replace("/", ".")
    module = ModuleType(name)
    patch.setitem(sys.modules, name, module)
    exec(compile(BLOCKS[path], path, "exec"), module.__dict__)
    return module


def test_its_example_works_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(BLOCKS) == {SOURCE, SPECIMEN, TEST}
    monkeypatch.setitem(PLATFORMS, "pigeon", run(SOURCE, monkeypatch).WEBHOOK)  # type: ignore[arg-type]
    specimen = run(SPECIMEN, monkeypatch).SPECIMEN
    for payload in specimen.payloads.values():
        assert [type(notice) for notice in read(specimen, payload)] == [Event]
    signed = specimen.sign(specimen.payloads["message"], NOW // 1000)
    forged = signed._replace(body=signed.body.replace(b"corn", b"worm"))
    assert not isinstance(deliver(specimen, forged), Opened | Answer)
    tests = [value for name, value in vars(run(TEST, monkeypatch)).items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test()


@pytest.mark.parametrize("path", [SOURCE, SPECIMEN, TEST])
def test_its_example_keeps_to_the_house_rules(path: str) -> None:
    ruff = Path(sys.executable).parent / "ruff"
    if not ruff.exists():
        pytest.skip("ruff is not installed")
    for command in (["check", "--quiet"], ["format", "--check", "--quiet"]):
        done = subprocess.run(
            [ruff, *command, "--stdin-filename", path, "-"],
            input=BLOCKS[path], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), command


def test_it_names_files_that_exist() -> None:
    for name in re.findall(r"`((?:producers|huoqun|tests)/[\w/]+\.py)`", GUIDE):
        assert "pigeon" in name or (ROOT / name).exists(), name
