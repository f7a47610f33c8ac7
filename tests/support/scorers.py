"""The scorers that come with the annotated chats and the archives, as judges of our own measures."""

import importlib.util
from types import ModuleType

import pytest

from tests.support.stack import REAL_CHATS


def unanswered_scorer() -> ModuleType:
    return script("score_unanswered")


def churn_scorer() -> ModuleType:
    return script("score_churn")


def script(name: str) -> ModuleType:
    """A script that lies with the chats; skips the test where they are not."""
    path = REAL_CHATS / "scripts" / f"{name}.py"
    if not path.exists():
        pytest.skip(f"the annotated chats' own {path.name} is not here (../shared/data)")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
