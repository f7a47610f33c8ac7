"""The compiled core gives the very results of its source."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from streams import compiled


@pytest.mark.slow
def test_the_compiled_core_makes_the_same_results_and_saves_as_its_source() -> None:
    if not (compiled.directory() / compiled.WHOLE).exists():
        pytest.skip("the core is not compiled here: `make compile` does it (needs a C compiler)")

    def run(environment: dict[str, str]) -> tuple[str, str]:
        command = [sys.executable, "-m", "tests.support.digest", "7"]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
        form, digest = done.stdout.split()
        return form, digest

    fast, slow = run({"PURE_PYTHON": "0"}), run({"PURE_PYTHON": "1"})
    assert (fast[0], slow[0]) == ("True", "False"), "each runs in the form that was asked for"
    assert fast[1] == slow[1]
