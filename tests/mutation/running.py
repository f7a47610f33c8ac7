"""Tests in a forked process: what is not ours is imported once, before; nothing that one fault leaves behind meets the next."""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.util
import os
import pickle
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

from tests.mutation.covering import Ran, Recorder, Test

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".cache" / "mutation"
IMPORTED = re.compile(r"tests\.[a-z_.]+\.test_[a-z_]+")
"""Another file of tests, as one imports it."""
QUIET = [
    "-q",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--no-header",
    "--tb=no",
    "--timeout=1800",  # one that hangs: the processor's time is watched below, and the machine may be busy
]
EXAMPLES = 50
"""Of a property, the same in each run: a fault needs one that shows it, and the suite itself tries more."""
STAGES = (6.0, 30.0)
"""Seconds of tests that are collected and run before more are: most faults are noticed by the first."""
MEMORY = 4 << 30
"""Bytes that a fault may take."""
NO_TESTS = 5
"""Pytest's status, see its documentation of exit codes."""


class _Faulty(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a source in memory."""

    def __init__(self, file: Path, source: str) -> None:
        self._file, self._source = file, source
        self._name = ".".join(file.relative_to(ROOT).with_suffix("").parts)

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, self._file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._source, str(self._file), "exec"), module.__dict__)  # that is what this is for


class _Quick:
    """Few examples of each property, the same each time, and nothing spent on making one that fails smaller."""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = [getattr(item, "obj", None) for item in items]
        for test in {getattr(test, "__func__", test) for test in found}:
            if getattr(test, "is_hypothesis_test", False):
                before = getattr(test, "_hypothesis_internal_use_settings", None) or hypothesis.settings()
                phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
                few = min(EXAMPLES, before.max_examples)
                now = hypothesis.settings(before, max_examples=few, phases=phases, derandomize=True, database=None)
                test._hypothesis_internal_use_settings = now  # type: ignore[union-attr]  # hypothesis itself does it so


class _Chosen:
    """Runs these tests in this order; one that takes ten times the processor's time it takes without a fault ends the process."""

    def __init__(self, tests: list[Test]) -> None:
        self._tests = {test.name: (place, test.seconds) for place, test in enumerate(tests)}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Iterator[None]:
        yield
        items[:] = sorted(
            (item for item in items if item.nodeid in self._tests), key=lambda item: self._tests[item.nodeid]
        )

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        signal.setitimer(signal.ITIMER_PROF, 5 + 10 * self._tests[item.nodeid][1])


def measured(tests: tuple[str, ...], sources: list[str], which: str) -> tuple[Ran, list[str]]:
    """Run all tests without a fault; return what was seen, and the modules that they import and are not ours.

    What was seen of a file of tests is kept, and good until that file, what it imports of other tests, or anything else changes.
    """
    found = [
        file
        for name in tests
        for file in ([ROOT / name] if name.endswith(".py") else sorted(ROOT.glob(f"{name}/**/test_*.py")))
    ]
    around = _around(which, sources)
    together, theirs = Ran({}, [], {}), dict[str, None]()
    for file in found:
        ran, modules = _of_file(file, sources, which, around)
        together.tests.update(ran.tests)
        together.failed.extend(ran.failed)
        for source, lines in ran.lines.items():
            for line, names in lines.items():
                together.lines.setdefault(source, {}).setdefault(line, []).extend(names)
        theirs |= dict.fromkeys(modules)
    return together, list(theirs)


def _of_file(file: Path, sources: list[str], which: str, around: str) -> tuple[Ran, list[str]]:
    others = {ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in IMPORTED.findall(file.read_text("utf-8"))}
    key = hashlib.sha256(around.encode() + b"".join(each.read_bytes() for each in (file, *sorted(others))))
    kept = KEPT / f"{file.stem}-{key.hexdigest()[:16]}"
    if not kept.exists():

        def record() -> int:
            recorder = Recorder(sources)
            pytest.main([*QUIET, "-k", which, str(file.relative_to(ROOT))], plugins=[_Quick(), recorder])
            theirs = [name for name, module in sys.modules.items() if _theirs(module)]
            whole = kept.with_suffix(".part")
            whole.write_bytes(pickle.dumps((recorder.result(), theirs)))
            whole.rename(kept)
            return 0

        KEPT.mkdir(parents=True, exist_ok=True)
        os.waitpid(forked(record), 0)
    return pickle.loads(kept.read_bytes())  # type: ignore[no-any-return]  # written above


def _around(which: str, sources: list[str]) -> str:
    """Return a checksum of all but files of tests."""
    found = hashlib.sha256(repr((which, sources, QUIET, EXAMPLES, sys.version)).encode())
    for room in ("huoqun", "streams", "producers", "sinks", "bench", "tests"):
        for file in sorted(ROOT.glob(f"{room}/**/*.*")):
            if (
                file.suffix in {".py", ".json"}
                and not file.name.startswith("test_")
                and file.parent != Path(__file__).parent
            ):
                found.update(file.read_bytes())
    return found.hexdigest()


def _theirs(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None) or ""
    return "-packages" in file and module.__name__ in sys.modules and not module.__name__.startswith("_")


def try_out(tests: list[Test], file: Path, source: str) -> int:
    """Begin a process that tries tests on a file with this source, until one fails; return its id."""

    def run() -> int:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        sys.meta_path.insert(0, _Faulty(file, source))
        for some in _stages(tests):
            signal.setitimer(signal.ITIMER_PROF, 60)  # to collect them
            files = list(dict.fromkeys(test.name.partition("::")[0] for test in some))
            status = int(pytest.main(["-x", *QUIET, *files], plugins=[_Quick(), _Chosen(some)]))
            if status:
                return status
        return 0

    return forked(run)


def _stages(tests: list[Test]) -> list[list[Test]]:
    spent = 0.0
    stages: list[list[Test]] = [[] for _ in range(len(STAGES) + 1)]
    for test in tests:
        stages[sum(spent >= until for until in STAGES)].append(test)
        spent += test.seconds
    return [some for some in stages if some]


def outcome(status: int) -> str:
    """Return what the end of such a process says: ``noticed``, ``survived`` or ``too long`` (noticed, too)."""
    code = os.waitstatus_to_exitcode(status)
    if code == NO_TESTS:
        raise RuntimeError(
            "no tests were collected: a test has another name each time, or a file cannot be found from here"
        )
    return {0: "survived", -signal.SIGPROF: "too long"}.get(code, "noticed")


def forked(work: Callable[[], int]) -> int:
    """Do work in a process of its own, in silence; return its id."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            status = work()
        finally:
            os._exit(status)
    return child


def end(child: int) -> None:
    """End what a process left behind."""
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
