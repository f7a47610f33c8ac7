"""The longest files of tests come first: begun last, one of them would keep a single process busy while the others are done.

``python -m tests.support.longest REPORT.xml`` prints those of a run (``make test ARGS="-n 4 --dist loadfile
--no-loadscope-reorder --junitxml=REPORT.xml"``) for the list below.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
LONG = 20.0
"""Seconds from which a file is in the list."""

LONGEST = (
    "tests/golden/scenarios/test_scenarios.py",
    "tests/integration/worker/test_safety.py",
    "tests/integration/test_notify.py",
    "tests/integration/test_end_to_end.py",
    "tests/integration/test_rebuild.py",
    "tests/browser/test_desk.py",
    "tests/integration/test_store_contract.py",
    "tests/integration/test_gateway_spool.py",
    "tests/unit/core/test_determinism.py",
    "tests/integration/test_sink.py",
    "tests/integration/test_sources.py",
    "tests/integration/test_local_stack.py",
    "tests/integration/test_dlq.py",
    "tests/integration/test_erase_command.py",
    "tests/integration/test_status.py",
    "tests/integration/test_import.py",
    "tests/integration/test_gateway_attacks.py",
    "tests/integration/test_backup.py",
    "tests/integration/test_evaluation.py",
    "tests/integration/test_grafana_panels.py",
    "tests/integration/worker/test_transport.py",
    "tests/integration/test_gateway_publisher.py",
    "tests/integration/test_membership.py",
    "tests/integration/test_secure_broker.py",
    "tests/unit/core/test_wording.py",
    "tests/integration/test_notify_in_the_stack.py",
    "tests/golden/test_unanswered_on_real_chats.py",
    "tests/integration/test_broker.py",
    "tests/sim/test_sim.py",
    "tests/unit/producers/test_overview.py",
    "tests/integration/test_canaries.py",
    "tests/chaos/test_chaos.py",
    "tests/unit/producers/test_hostile_requests.py",
    "tests/integration/test_doctor.py",
    "tests/integration/test_gateway_process.py",
    "tests/integration/test_gateway_workers.py",
    "tests/integration/test_rollups.py",
    "tests/integration/test_compiled.py",
    "tests/unit/core/test_stages.py",
    "tests/unit/core/test_saved_whole_then_not.py",
)
"""Longest first: the mean of two runs of four processes on two cores, 2026-11-23."""

_PLACES = {name: place for place, name in enumerate(LONGEST)}


def place(file: Path) -> int:
    """Return a file's place among the longest; all others share the last."""
    return _PLACES.get(file.relative_to(ROOT).as_posix(), len(LONGEST))


def measured(report: Path) -> list[str]:
    """Return the long files of a run, the longest first."""
    seconds: Counter[str] = Counter()
    for case in ET.parse(report).getroot().iter("testcase"):
        file = ROOT.joinpath(*case.attrib["classname"].split(".")).with_suffix(".py")
        file = file if file.exists() else file.parent.with_suffix(".py")  # of a class in it
        seconds[file.relative_to(ROOT).as_posix()] += float(case.attrib["time"])
    return [name for name, spent in seconds.most_common() if spent >= LONG]


if __name__ == "__main__":
    for name in measured(Path(sys.argv[1])):
        print(f'    "{name}",')
