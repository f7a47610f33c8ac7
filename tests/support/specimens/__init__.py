"""One specimen a platform: found by file, so that a new one is tested by all that holds for every source."""

from importlib import import_module
from pathlib import Path

from tests.support.specimens.base import Specimen

SPECIMENS: tuple[Specimen, ...] = tuple(
    import_module(f"{__name__}.{file.stem}").SPECIMEN
    for file in sorted(Path(__file__).parent.glob("*.py"))
    if file.stem not in ("__init__", "base")
)
