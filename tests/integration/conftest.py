"""What integration tests share: a ClickHouse server, started once a session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import clickhouse, engines
from tests.support.engines import ENGINES, Engine


@pytest.fixture(scope="session")
def clickhouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clickhouse.RunningClickHouse]:
    """The server, which a test may have killed."""
    try:
        running = clickhouse.start(tmp_path_factory.mktemp("clickhouse"))
    except clickhouse.NoClickHouseError as error:
        pytest.skip(str(error))
    yield running
    running.kill()


@pytest.fixture
def server(clickhouse_server: clickhouse.RunningClickHouse) -> clickhouse.RunningClickHouse:
    """The server, running. Mark tests that use it with ``clickhouse``, and use a database that no other test uses."""
    if clickhouse_server.process is None:
        clickhouse_server.start()
    return clickhouse_server


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A store of its own, with its schema."""
    with engines.opened(request, tmp_path) as found:
        yield found
