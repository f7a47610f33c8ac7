"""A ClickHouse server behind TLS and passwords: reached, said what is wrong where it can't be, and no password told to anybody."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from huoqun import topics
from huoqun.store_config import Store
from sinks import migrate
from sinks.clickhouse import ClickHouseStore
from sinks.store import UnavailableError, UnusableError
from tests.support import canaries, old_clickhouse, secure_clickhouse
from tests.support.brokers import RunningBroker
from tests.support.clickhouse import NoClickHouseError
from tests.support.secure_clickhouse import SecureClickHouse
from tests.support.secure_kafka import Authority
from tests.support.sinks import SinkProcess, eventually, produce

pytestmark = pytest.mark.clickhouse

PASSWORD, LOOKS = canaries.secrets()["HUOQUN_CLICKHOUSE_PASSWORD"], "a reader's word; with: punctuation!"


@pytest.fixture(scope="module", params=[False, True], ids=["passwords", "certificates of ours too"])
def secure(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureClickHouse]:
    try:
        found = secure_clickhouse.start(
            tmp_path_factory.mktemp("secure"), password=PASSWORD, reader_password=LOOKS, mutual=request.param
        )
    except NoClickHouseError as error:
        pytest.skip(str(error))
    yield found
    found.running.kill()


def asked(store: Store, password: str, sql: str) -> list[tuple[object, ...]]:
    connection = ClickHouseStore(store, password)
    try:
        return connection.select(sql)
    finally:
        connection.close()


def test_it_is_asked_over_tls_with_a_password(secure: SecureClickHouse) -> None:
    assert asked(secure.owner, PASSWORD, "SELECT 1") == [(1,)]


def test_the_reader_is_held_to_reading_by_the_server(secure: SecureClickHouse) -> None:
    reader = ClickHouseStore(secure.reader, LOOKS)
    assert reader.read("SELECT 1 AS one", {}) == ([(1,)], ["one"])
    for sql in ("CREATE DATABASE more", "CREATE TABLE default.t (a Int8) ENGINE = Memory", "SET max_threads = 1"):
        with pytest.raises(UnusableError, match=r"Code: 164|readonly"):
            reader.execute(sql)
    reader.close()


@pytest.mark.parametrize("password", ["", "wrong", LOOKS])
def test_a_wrong_password_is_told_and_not_shown(secure: SecureClickHouse, password: str) -> None:
    with pytest.raises(UnusableError, match=r"Code: (193|194|516)") as caught:
        asked(secure.owner, password, "SELECT 1")
    assert not password or password not in str(caught.value)


def test_a_server_with_another_authoritys_certificate_is_not_talked_to(
    secure: SecureClickHouse, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path).file
    for ca_file in (str(stranger), ""):
        with pytest.raises(UnusableError, match=r"store\.ca_file"):
            asked(msgspec.structs.replace(secure.owner, ca_file=ca_file), PASSWORD, "SELECT 1")


def test_a_server_with_a_certificate_of_another_name_is_not_talked_to(secure: SecureClickHouse) -> None:
    with pytest.raises(UnusableError, match=r"store\.host"):
        asked(msgspec.structs.replace(secure.owner, host="localhost"), PASSWORD, "SELECT 1")


def test_who_speaks_no_tls_gets_nothing(secure: SecureClickHouse) -> None:
    plain = msgspec.structs.replace(secure.owner, secure=False, ca_file="", cert_file="", key_file="")
    with pytest.raises(UnavailableError):
        asked(plain, PASSWORD, "SELECT 1")


def test_who_shows_no_certificate_is_not_let_in_where_one_is_asked_for(secure: SecureClickHouse) -> None:
    if not secure.owner.cert_file:
        pytest.skip("this one asks for none")
    with pytest.raises(UnavailableError):
        asked(msgspec.structs.replace(secure.owner, cert_file="", key_file=""), PASSWORD, "SELECT 1")


@pytest.mark.tansu
def test_a_sink_that_signs_in_is_refused_and_loses_its_server_tells_nobody_how(
    secure: SecureClickHouse, tansu: RunningBroker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password in the environment, as always; what is written is searched for it, and for members' words."""
    store = {
        name: getattr(secure.owner, name)
        for name in ("kind", "port", "user", "secure", "ca_file", "cert_file", "key_file")
    }
    sink = SinkProcess.prepared(
        tansu.bootstrap, topic_prefix, tmp_path, store={**store, "database": topic_prefix, "password_env": "CANARY"}
    )
    schema = ClickHouseStore(sink.config.store, PASSWORD)
    migrate.migrate(
        schema, topic_prefix, adapt=old_clickhouse.adapt if secure.running.version < old_clickhouse.OLD else str
    )
    schema.close()
    monkeypatch.setenv("CANARY", f"{PASSWORD} not quite")
    sink.start()
    assert sink.wait() == 1
    monkeypatch.setenv("CANARY", PASSWORD)
    event = '{"id":"e%d","type":"message","ts":1700000000000,"platform":"qq","group_id":"g","user_id":"u","text":"%s","received_at":1}'
    produce(sink.config, topics.EVENTS, [(event % (n, canaries.TEXT)).encode() for n in range(20)])
    told = {}
    try:
        sink.start()
        eventually(lambda: sink.count("events") == 20, "it stores", state=sink.state)
        told["repr"] = repr(sink.config).encode()
        secure.running.kill()
        produce(sink.config, topics.EVENTS, [(event % (n, canaries.TEXT)).encode() for n in range(20, 40)])
        eventually(lambda: sink.get("/readyz")[0] == 503, "it says that it is not ready")
        for path in ("/readyz", "/healthz", "/metrics"):
            told[path] = sink.get(path)[1].encode()
        secure.running.start()
        eventually(lambda: sink.count("events") == 40, "it goes on", state=sink.state)
        assert sink.process is not None
        told["command line"] = Path(f"/proc/{sink.process.pid}/cmdline").read_bytes()
    finally:
        sink.end()
    told["log"] = sink.log.read_bytes()
    told["the server's log"] = secure.running.log.read_bytes()
    assert len(told["log"]) > 200
    found = [leak for name, data in told.items() for leak in canaries.leaks(name, data, canaries.needles())]
    assert found == []
