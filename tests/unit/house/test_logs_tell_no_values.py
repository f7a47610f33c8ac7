"""A traceback in the logs says where, never with what: variables hold messages and names."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAILS = """
from huoqun import log
log.configure(service="test", as_json={as_json})
def fail(text):
    try:
        raise ValueError("a fault")
    except ValueError:
        log.get("x").exception("failed")
fail("a secret" + " message")
"""


@pytest.mark.parametrize("as_json", [True, False])
def test_a_logged_exception_names_the_place_and_no_value(as_json: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILS.format(as_json=as_json)], capture_output=True, text=True, check=True
    )
    assert "a fault" in done.stderr
    assert "fail" in done.stderr
    assert "a secret message" not in done.stderr
