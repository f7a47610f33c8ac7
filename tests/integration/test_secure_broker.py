"""A broker behind TLS and a sign-in: every client of ours reaches it, and says what is wrong where it can't."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from huoqun import broker, records, topics
from huoqun.config import Config, ConfigError, Sink, Worker
from huoqun.kafka_config import Kafka
from huoqun.local.stack import LocalStack
from producers.simulator import sample_community
from sinks.client import query
from tests.support import secure_kafka
from tests.support.brokers import BrokerNotStartedError
from tests.support.fetch_kafka import UnavailableError
from tests.support.secure_kafka import PASSWORD, Authority, SecureKafka
from tests.support.stack import Services, send

END = 1_795_262_400_000


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    try:
        with secure_kafka.running(tmp_path_factory.mktemp("secure")) as found:
            yield found
    except UnavailableError as error:
        pytest.skip(str(error))
    except BrokerNotStartedError as error:
        pytest.fail(str(error))


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUOQUN_KAFKA_PASSWORD", PASSWORD)


def reached(by: Kafka, prefix: str) -> Kafka:
    return msgspec.structs.replace(by, topic_prefix=prefix, partitions=2)


@pytest.mark.usefixtures("password")
@pytest.mark.parametrize("how", ["signed", "mutual"])
def test_topics_are_made_records_are_written_and_read(secure: SecureKafka, topic_prefix: str, how: str) -> None:
    kafka = reached(getattr(secure, how), topic_prefix)
    broker.wait_for_broker(kafka, 10)
    assert broker.provision(Config(kafka=kafka))
    assert broker.verify(Config(kafka=kafka)) == []
    topic = topics.full_name(topic_prefix, topics.DEADLETTER)
    with records.Writer(kafka) as writer:
        writer.wait([writer.write(topic, key=b"key", value=b"value", partition=0)])
    assert [record.value for record in records.read(kafka, topic)] == [b"value"]


@pytest.mark.usefixtures("password")
def test_an_event_goes_from_the_webhook_to_the_view_through_the_whole_stack(
    secure: SecureKafka, topic_prefix: str, tmp_path: Path
) -> None:
    """Gateway (aiokafka), worker (Faust, and its changelog), sink (librdkafka): each with its own client."""
    config = Config(data_dir=str(tmp_path), worker=Worker(checkpoint_seconds=0.2), sink=Sink(batch_seconds=0.2))
    raws = sample_community(END)[:200]
    with Services(config, secure.broker, reached(secure.signed, topic_prefix)) as stack:
        totals = send(stack, raws)
        assert totals.accepted == len(raws)
        assert stack.wait_processed(90), f"not all of it was processed; the logs: {stack.logs}"
        (found,) = query(stack.config, "SELECT count() AS n FROM events")
        assert found["n"] == len(raws)
        assert query(stack.config, "SELECT count() AS n FROM members")[0]["n"] > 0
        assert_nothing_tells_the_password(stack, tmp_path)


def assert_nothing_tells_the_password(stack: LocalStack, directory: Path) -> None:
    written = [file for file in directory.rglob("*") if file.is_file() and file.suffix in {".log", ".json", ".toml"}]
    assert written
    assert not [file for file in written if PASSWORD in file.read_text("utf-8", "replace")]
    assert PASSWORD not in json.dumps(msgspec.to_builtins(stack.config))
    places = stack.addresses
    for address in (places.gateway, places.worker_metrics, places.sink_metrics):
        for path in ("metrics", "healthz", "readyz"):
            with urllib.request.urlopen(f"{address}/{path}", timeout=10) as answer:
                assert PASSWORD.encode() not in answer.read()
    for pid in places.pids.values():
        assert PASSWORD.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_wrong_password_is_told_as_what_it_is(secure: SecureKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUOQUN_KAFKA_PASSWORD", "not it")
    with pytest.raises(broker.BrokerError, match=r"kafka\.user and the password in HUOQUN_KAFKA_PASSWORD"):
        broker.wait_for_broker(secure.signed, 0.5)


def test_without_a_password_the_variable_is_named(secure: SecureKafka, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUOQUN_KAFKA_PASSWORD", raising=False)
    with pytest.raises(ConfigError, match=r"kafka\.password_env.*HUOQUN_KAFKA_PASSWORD"):
        broker.wait_for_broker(secure.signed, 0.5)


@pytest.mark.usefixtures("password")
def test_a_broker_with_another_authoritys_certificate_is_not_talked_to(secure: SecureKafka, tmp_path: Path) -> None:
    stranger = Authority(tmp_path)
    with pytest.raises(broker.BrokerError):
        broker.wait_for_broker(msgspec.structs.replace(secure.signed, ca_file=str(stranger.file)), 0.5)


def test_who_shows_no_certificate_is_not_let_in(secure: SecureKafka) -> None:
    with pytest.raises(broker.BrokerError):
        broker.wait_for_broker(msgspec.structs.replace(secure.mutual, cert_file="", key_file=""), 0.5)


def test_a_file_that_is_no_certificate_is_named(secure: SecureKafka, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("nonsense", "utf-8")
    with pytest.raises(ConfigError, match=r"kafka\.ca_file"):
        broker.wait_for_broker(msgspec.structs.replace(secure.mutual, ca_file=str(nonsense)), 0.5)
