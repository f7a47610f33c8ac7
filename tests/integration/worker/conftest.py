"""Workers on a broker, with topics of their own and somebody who feeds them."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from huoqun import broker as administration
from huoqun.config import Config
from tests.conftest import BROKERS
from tests.support.brokers import RunningBroker
from tests.support.workers import Feed, Steady, Workers, config_for, workers


@pytest.fixture
def config(broker: RunningBroker, topic_prefix: str, tmp_path: Path) -> Config:
    """Topics that are there, on each broker in turn."""
    config = config_for(broker, topic_prefix, tmp_path)
    administration.provision(config)
    return config


@pytest.fixture
def started(config: Config, tmp_path: Path) -> Iterator[Workers]:
    """Starts workers; none outlives the test."""
    with workers(config, tmp_path) as running:
        yield running


@pytest.fixture
def feed(config: Config) -> Iterator[Feed]:
    """Writes events and knows what must come of them."""
    feed = Feed(config)
    yield feed
    feed.close()


@pytest.fixture(scope="module", params=BROKERS)
def steady(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Steady]:
    """One worker on each broker, for tests that neither end it nor ask what it did before them. It must end well."""
    broker = request.getfixturevalue(request.param)
    directory = tmp_path_factory.mktemp("steady")
    config = config_for(broker, f"t{uuid.uuid4().hex[:12]}", directory)
    administration.provision(config)
    feed = Feed(config)
    with workers(config, directory) as running:
        worker = running.start().wait_ready()
        yield Steady(config, worker, feed)
        assert worker.terminate() == 0, worker.says()
    feed.close()
