"""How a person calls this program from where they are."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path


def program() -> str:
    """Return what to type: ``huoqun`` where that is on the path, else the path of the command that runs now."""
    if shutil.which("huoqun") is not None:
        return "huoqun"
    beside = Path(sys.executable).with_name("huoqun")
    if not beside.exists():
        return f"{sys.executable} -m huoqun"
    path = os.path.relpath(beside)
    return str(beside) if path.startswith("..") else path
