"""The core as machine code: made by mypyc from the very same source, used when it is there and fits, missed by nobody.

The core is typed Python and runs as such; compiled it takes a quarter of the time. What is compiled lies in a directory
named after the interpreter and a checksum of the source: change a line, and the source is used again until it is compiled
anew (:mod:`streams.compile`). With ``PURE_PYTHON=1`` in the environment the source is used in any case.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import sysconfig
from pathlib import Path
from typing import Final

CORE: Final = Path(__file__).parent / "core"
LIBRARY: Final = "huoqun_core"
LEFT_OUT: Final = frozenset({"__init__", "interface", "settings"})
"""Contracts and configuration: called rarely, and made of classes that mypyc leaves alone anyway."""
WHOLE: Final = "whole"
"""A file that is written last: what it lies in is complete."""


def modules() -> list[str]:
    """Return the names of the core's modules that are compiled."""
    return sorted(path.stem for path in CORE.glob("*.py") if path.stem not in LEFT_OUT)


def directory() -> Path:
    """Return where the compiled form of the present source lies, or would lie."""
    source = hashlib.sha256()
    for name in modules():
        source.update((CORE / f"{name}.py").read_bytes())
    return CORE / "_compiled" / f"{sys.implementation.cache_tag}-{source.hexdigest()[:16]}"


def use() -> bool:
    """Let the core's modules be imported in compiled form, if that is there; return whether it is.

    Called once, when the package is imported: after that it would be too late for what has been imported already.
    """
    if os.environ.get("PURE_PYTHON", "") not in ("", "0"):
        return False
    found = directory()
    if not (found / WHOLE).exists():
        return False
    library = f"{LIBRARY}__mypyc"
    spec = importlib.util.spec_from_file_location(library, found / f"{library}{sysconfig.get_config_var('EXT_SUFFIX')}")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[library] = module  # the modules of the core look for it by this name
    spec.loader.exec_module(module)

    from streams import core  # noqa: PLC0415  # it has to exist before its path can be changed

    core.__path__.insert(0, str(found / "streams" / "core"))
    return True
