"""Fixtures that every suite may use: real brokers, started once, and fresh names on them."""

import tests.support.pure  # noqa: F401, I001  # before anything imports the core

import os
import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings

from huoqun.local.tansu import BrokerMissingError
from tests.support import apache_kafka as apache_kafka_broker
from tests.support import longest
from tests.support import tansu as tansu_broker
from tests.support.brokers import RunningBroker
from tests.support.fetch_kafka import UnavailableError
from tests.support.sharing import shared_broker

# How long an example takes says nothing here: the machine may be busy with a broker, a store and a browser.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

BROKERS = [
    pytest.param("tansu", marks=pytest.mark.tansu),
    pytest.param("apache_kafka", marks=[pytest.mark.apache_kafka, pytest.mark.slow]),
]


@pytest.fixture(scope="session")
def tansu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """The embedded broker. Mark tests that use it directly with ``tansu``."""
    try:
        broker = tansu_broker.start(tmp_path_factory.mktemp("tansu"))
    except BrokerMissingError as error:
        pytest.skip(str(error))
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """A real Apache Kafka, of all processes of the run. Mark tests that use it directly with ``apache_kafka``."""
    base = tmp_path_factory.getbasetemp()
    of_all = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with ExitStack() as using:
        try:
            broker = using.enter_context(shared_broker(of_all / "apache_kafka", apache_kafka_broker.start))
        except UnavailableError as error:
            pytest.skip(str(error))
        yield broker


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest) -> RunningBroker:
    """Each broker in turn: what holds on one must hold on both."""
    found = request.getfixturevalue(request.param)
    assert isinstance(found, RunningBroker)
    return found


@pytest.fixture
def topic_prefix() -> str:
    """A topic prefix that no other test uses: the brokers are shared."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, whatever the shuffle: the many short ones fill up what they leave, and all processes end together."""
    items.sort(key=lambda item: longest.place(item.path))
