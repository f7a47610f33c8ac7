"""What huoqun is made of, and that an advisory database which does not answer is never taken for one that is content."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from audit.advisories import verdict
from audit.closure import Installed, closure

ROOT = Path(__file__).resolve().parents[3]
HERE = {
    "app": Installed("1", ("a>=1", "b; extra == 'more'", "never; python_version < '3'", "gone")),
    "a": Installed("2", ("c[fast]",)),
    "b": Installed("3", ()),
    "c": Installed("4", ("d; extra == 'fast'", "app", "e; extra == 'slow'")),
    "d": Installed("5", ()),
    "e": Installed("6", ()),
    "never": Installed("7", ()),
}


def test_what_is_needed_is_followed_with_its_extras_and_what_is_not_is_left_out() -> None:
    assert closure("app", (), HERE.get) == {"a": "2", "c": "4", "d": "5"}
    assert closure("app", ("more",), HERE.get) == {"a": "2", "b": "3", "c": "4", "d": "5"}


def test_the_bill_of_materials_holds_what_runs_and_not_what_tests_it(tmp_path: Path) -> None:
    file = tmp_path / "sbom.json"
    subprocess.run([sys.executable, "-m", "audit", "sbom", "--output", str(file)], cwd=ROOT, check=True, timeout=120)
    document = json.loads(file.read_text("utf-8"))
    assert (document["bomFormat"], document["metadata"]["component"]["name"]) == ("CycloneDX", "huoqun")
    found = {component["name"]: component for component in document["components"]}
    assert found.keys() >= {"aiohttp", "faust-streaming", "confluent-kafka", "cryptography", "uplot"}
    assert not found.keys() & {"pytest", "ruff", "hypothesis", "playwright"}
    assert all(component["version"] and component["purl"].startswith("pkg:") for component in found.values())


def report(*packages: object) -> bytes:
    return json.dumps({"dependencies": packages, "fixes": []}).encode()


GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"], "aliases": ["CVE-1"]}]}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("answer", "wanted", "told", "failed"),
    [
        (None, 3, ["NOT CHECKED: no advisory database answered, for none of 3 packages"], False),
        (b"", 3, ["NOT CHECKED: no advisory database answered, for none of 3 packages"], False),
        (b"Connection refused", 3, ["NOT CHECKED: no advisory database answered, for none of 3 packages"], False),
        (
            report(UNKNOWN),
            1,
            ["NOT CHECKED: the advisory database knows none of 1 packages, so it is not the real one"],
            False,
        ),
        (report(GOOD), 1, ["1 of 1 packages checked: no known vulnerability"], False),
        (
            report(GOOD, UNKNOWN),
            3,
            [
                "NOT CHECKED: 2 of 3 packages, which the advisory database does not know",
                "1 of 3 packages checked: no known vulnerability",
            ],
            False,
        ),
        (report(GOOD, BAD), 2, ["VULNERABLE: b 2: PYSEC-1 (CVE-1); mended in 3"], True),
    ],
)
def test_what_is_said_of_a_report(answer: bytes | None, wanted: int, told: list[str], failed: bool) -> None:
    assert verdict(answer, wanted) == (told, failed)
