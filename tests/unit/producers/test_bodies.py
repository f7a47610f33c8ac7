"""A body that is read in parts: what is held is given back, whatever ends it."""

import asyncio

import pytest

from producers.gateway.admission import Budget
from producers.gateway.bodies import read_body


class Parts:
    """Gives what it was given, in turn; an exception is raised."""

    def __init__(self, *parts: bytes | Exception) -> None:
        self._parts = list(parts)

    async def readany(self) -> bytes:
        part = self._parts.pop(0)
        if isinstance(part, Exception):
            raise part
        return part

    def is_eof(self) -> bool:
        return False

    def exception(self) -> BaseException | None:
        return None

    def read_nowait(self) -> bytes:
        return b""


def read(budget: Budget, *parts: bytes | Exception) -> bytes:
    return asyncio.run(read_body(Parts(*parts), limit=100, seconds=lambda: 5.0, budget=budget))


@pytest.mark.parametrize("gone", [RuntimeError("Connection closed."), ConnectionResetError()])
def test_a_client_that_goes_between_two_parts_is_gone_and_no_fault_of_ours(gone: Exception) -> None:
    """The longest run of hostile requests met the first: aiohttp says it so."""
    budget = Budget(1000)
    with pytest.raises(ConnectionError):
        read(budget, b"some", gone)
    assert budget.held == 0


def test_what_came_is_held_until_the_caller_gives_it_back() -> None:
    budget = Budget(1000)
    assert read(budget, b"some", b"more", b"") == b"somemore"
    assert budget.held == 8
