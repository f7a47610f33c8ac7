"""``SECURITY.md``: what it names as proof is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "SECURITY.md").read_text("utf-8")
PROOFS = sorted(set(re.findall(r"`(tests/[\w/.]+)`", TEXT)))


@pytest.mark.parametrize("path", PROOFS)
def test_a_file_that_is_named_as_proof_has_tests(path: str) -> None:
    assert re.search(r"^(async )?def test_", (ROOT / path).read_text("utf-8"), re.MULTILINE)


def test_every_line_of_what_is_protected_names_its_proof() -> None:
    protected = TEXT.partition("## What is protected")[2].partition("## What is not protected")[0]
    lines = re.split(r"\n(?=- )", protected)[1:]
    assert len(lines) >= 15
    assert [line for line in lines if not re.search(r"`(tests/|make )", line)] == []


def test_commands_and_pages_that_are_named_exist() -> None:
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"`make (\w+)`", TEXT)) <= set(targets)
    pages = re.findall(r"\]\((docs/\w+\.md)\)", TEXT)
    assert pages
    assert all((ROOT / page).is_file() for page in pages)
