"""Compile the core, about a minute: ``python -m streams.compile``, or ``make compile``.

Needs mypy, setuptools and a C compiler. Where they are missing nothing is lost but speed.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from streams.compiled import CORE, LIBRARY, WHOLE, directory, modules

OPTIONS: Final = ["-fvisibility=hidden", "-fno-semantic-interposition"]
"""Nobody calls into the library but through Python, nor puts functions in the place of its own: so they call each other
directly, and small ones disappear in others. 3 % fewer instructions, for a third more time to compile."""


def compile_core() -> Path:
    """Compile the core and return where it lies; raises whatever the compiler finds wrong, or :class:`ImportError`."""
    from mypyc.build import mypycify  # noqa: PLC0415  # needed here only, and not installed with the product
    from setuptools import Distribution  # type: ignore[import-untyped]  # noqa: PLC0415

    target = directory()
    root = CORE.parents[1]
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="huoqun-core-") as work:
        os.chdir(root)  # the names of the modules follow from where they lie
        try:
            sources = [f"streams/core/{name}.py" for name in modules()]
            extensions: list[Any] = mypycify(
                ["--follow-imports=silent", "--cache-dir", f"{work}/mypy", *sources],
                group_name=LIBRARY,
                target_dir=f"{work}/c",
            )
            if sys.platform == "linux":
                for extension in extensions:
                    extension.extra_compile_args += OPTIONS
            distribution = Distribution({"name": LIBRARY, "ext_modules": extensions})
            command: Any = distribution.get_command_obj("build_ext")
            command.build_lib, command.build_temp = f"{work}/lib", f"{work}/o"
            command.ensure_finalized()
            command.run()
        finally:
            os.chdir(before)
        for old in target.parent.glob(f"{sys.implementation.cache_tag}-*"):  # those of other sources
            shutil.rmtree(old)
        shutil.copytree(f"{work}/lib", target)
    (target / WHOLE).touch()
    return target


def _failed(why: str) -> int:
    print(f"the core stays uncompiled, which is slower and else the same: {why}")  # noqa: T201
    return 1


def main() -> int:
    """Compile, unless that has been done: 0 done, 1 it can't be done here."""
    if (directory() / WHOLE).exists():
        return 0
    print("compiling the core (once, about a minute)")  # noqa: T201
    try:
        compile_core()
    except ImportError as error:
        return _failed(f"{error} (pip install mypy setuptools)")
    except (SystemExit, Exception) as error:  # noqa: BLE001  # compilers fail in many ways, and none is worth a traceback
        return _failed((str(error) or type(error).__name__).splitlines()[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
