"""The supervisor: children are started again, stopped in order, and never outlive it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from huoqun.local.processes import LONGEST_DELAY, Family, Spec, StartError, delay_before_restart
from tests.support.running import runs

SLEEPER = [sys.executable, "-c", "import time; print('here', flush=True); time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def family(tmp_path: Path, said: list[str]) -> Iterator[Family]:
    made = Family(os.environ, tmp_path / "logs", said.append)
    yield made
    made.kill_all()


def test_a_killed_child_is_started_again_and_a_person_is_told(family: Family, said: list[str]) -> None:
    family.start(Spec("sleeper", SLEEPER))
    first = family.pids()["sleeper"]
    family.signal("sleeper", signal.SIGKILL)
    until(lambda: family.pids().get("sleeper", first) != first)
    assert any("sleeper ended (killed by SIGKILL); started again in 0.5 s" in line for line in said)


def test_what_a_child_prints_goes_into_its_log_across_restarts(family: Family, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "sleeper.log"
    family.start(Spec("sleeper", SLEEPER))
    until(lambda: log.read_text() == "here\n")
    family.signal("sleeper", signal.SIGKILL)
    until(lambda: log.read_text() == "here\nhere\n")


def test_the_death_of_a_fatal_child_ends_the_family_and_it_stays_dead(family: Family, said: list[str]) -> None:
    family.start(Spec("broker", SLEEPER, fatal=True))
    family.signal("broker", signal.SIGKILL)
    assert family.ended.wait(5)
    assert family.dead == "broker"
    time.sleep(0.8)  # longer than the first delay of a restart
    assert family.pids() == {}
    assert said == ["broker ended (killed by SIGKILL)"]


def test_a_stopped_child_is_not_started_again(family: Family) -> None:
    family.start(Spec("sleeper", SLEEPER))
    pid = family.pids()["sleeper"]
    family.stop("sleeper", 5)
    time.sleep(0.8)
    assert family.pids() == {}
    assert not runs(pid)


def test_a_child_that_does_not_listen_is_killed_after_its_time(family: Family, tmp_path: Path, said: list[str]) -> None:
    family.start(Spec("deaf", DEAF))
    pid = family.pids()["deaf"]
    until(lambda: "deaf" in (tmp_path / "logs" / "deaf.log").read_text())
    family.stop("deaf", 0.3)
    assert not runs(pid)
    assert said == ["deaf did not end within 0 s and is killed"]


def test_a_child_that_ends_at_once_fails_the_start_with_the_end_of_its_log(family: Family) -> None:
    family.start(Spec("broken", [sys.executable, "-c", "import sys; sys.exit('no such table')"]))
    with pytest.raises(StartError, match=r"broken ended instead of becoming ready(.|\n)*no such table"):
        family.wait_ready("broken", lambda: "connection refused", 20)


def test_a_child_that_is_never_ready_fails_the_start_with_the_reason(family: Family) -> None:
    family.start(Spec("sleeper", SLEEPER))
    with pytest.raises(StartError, match=r"not ready within 0 s \(connection refused\)"):
        family.wait_ready("sleeper", lambda: "connection refused", 0.2)


def test_delays_double_up_to_a_bound() -> None:
    delays = [delay_before_restart(n) for n in range(1, 12)]
    assert delays[:4] == [0.5, 1.0, 2.0, 4.0]
    assert delays == sorted(delays)
    assert delays[-1] == LONGEST_DELAY


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see other processes")
def test_no_child_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = f"""
import os, sys, time
from pathlib import Path
from huoqun.local.processes import Family, Spec
family = Family(os.environ, Path({str(tmp_path)!r}), print)
family.start(Spec("one", {SLEEPER!r}))
family.start(Spec("deaf", {DEAF!r}))
time.sleep(0.5)
print(*family.pids().values(), flush=True)
time.sleep(600)
"""
    supervisor = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    pids = [int(pid) for pid in supervisor.stdout.readline().split()]
    assert len(pids) == 2
    assert all(runs(pid) for pid in pids)
    supervisor.kill()
    supervisor.communicate()
    until(lambda: not any(runs(pid) for pid in pids), 5)
