"""Where a running stack answers, and that there is only one in a data directory."""

import socket
from pathlib import Path

import pytest

from huoqun.config import Config
from huoqun.local import addresses
from huoqun.local.addresses import Addresses, InUseError, Lock
from huoqun.local.ports import Ports, is_free
from huoqun.local.progress import behind

SOME = Addresses(
    gateway="http://127.0.0.1:4001",
    query="http://127.0.0.1:4002",
    worker_metrics="http://127.0.0.1:4003",
    sink_metrics="http://127.0.0.1:4004",
    bootstrap="127.0.0.1:4005",
    pids={"broker": 1},
)


def test_a_second_stack_in_the_same_directory_is_refused_with_the_process_of_the_first(tmp_path: Path) -> None:
    first = Lock(tmp_path)
    with pytest.raises(InUseError, match=r"process \d+"):
        Lock(tmp_path)
    first.release()
    Lock(tmp_path).release()


def test_addresses_are_read_back_only_while_a_stack_runs(tmp_path: Path) -> None:
    assert addresses.read(tmp_path) is None
    lock = Lock(tmp_path)
    assert addresses.read(tmp_path) is None, "started, not yet ready"
    addresses.write(tmp_path, SOME)
    assert addresses.read(tmp_path) == SOME
    lock.release()
    assert (tmp_path / addresses.STACK_FILE).exists(), "as a killed stack leaves it"
    assert addresses.read(tmp_path) is None


def test_commands_find_a_stack_on_other_ports_than_configured(tmp_path: Path) -> None:
    config = Config(data_dir=str(tmp_path))
    assert addresses.of_running_stack(config) is config
    lock = Lock(tmp_path)
    addresses.write(tmp_path, SOME)
    found = addresses.of_running_stack(config)
    lock.release()
    assert found.kafka.bootstrap == "127.0.0.1:4005"
    assert (found.gateway.port, found.store.query_port) == (4001, 4002)
    assert (found.worker.metrics_port, found.sink.metrics_port) == (4003, 4004)


def test_a_taken_port_is_replaced_and_no_port_is_given_twice() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        taken = server.getsockname()[1]
        ports = Ports(any_free=False)
        other = ports.choose("127.0.0.1", taken)
        assert other != taken
        assert ports.choose("127.0.0.1", other) != other
    assert is_free("127.0.0.1", taken)
    assert Ports(any_free=False).choose("127.0.0.1", taken) == taken


def test_with_any_free_port_the_wanted_one_is_not_used() -> None:
    ports = Ports(any_free=True)
    wanted = Ports(any_free=True).choose("127.0.0.1", 0)
    given = [ports.choose("127.0.0.1", wanted) for _ in range(20)]
    assert len(set(given)) == 20


def test_behind_counts_what_is_missing_and_takes_a_group_without_commits_to_be_at_the_start() -> None:
    targets = {("e", 0): 10, ("e", 1): 3, ("e", 2): 0}
    assert behind(targets, {("e", 0): 4}) == {("e", 0): 6, ("e", 1): 3}
    assert behind(targets, {("e", 0): 11, ("e", 1): 3}) == {}
