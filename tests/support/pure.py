"""Tests look inside the core and plant bugs in it: here its source runs. The processes that they start run it compiled."""

import os

_asked = os.environ.get("PURE_PYTHON")
os.environ["PURE_PYTHON"] = "1"
import streams  # noqa: E402, F401  # it looks now, and only now

if _asked is None:
    del os.environ["PURE_PYTHON"]
