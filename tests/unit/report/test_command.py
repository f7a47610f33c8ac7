"""``huoqun report`` says what is wrong with how it was called, without a traceback."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from huoqun.cli import main


@pytest.mark.parametrize("group", ["qq", "/x", "qq/"])
def test_a_group_without_its_platform_is_refused_with_an_example(group: str) -> None:
    result = CliRunner().invoke(main, ["report", "--group", group])
    assert result.exit_code == 2
    assert "qq/123456" in result.output


def test_results_that_cannot_be_read_are_status_1_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from sinks import client  # noqa: PLC0415  # patched where the command finds it

    def refuse(*_: object) -> list[dict[str, object]]:
        raise client.QueryError("nothing runs here: start it with huoqun up")

    monkeypatch.setattr(client, "query", refuse)
    result = CliRunner().invoke(main, ["report"])
    assert result.exit_code == 1
    assert result.output == "Error: nothing runs here: start it with huoqun up\n"
