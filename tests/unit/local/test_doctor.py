"""The doctor names what is wrong, and takes what does not run yet for no mistake."""

import json
import os
import resource
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from huoqun.cli import main
from huoqun.config import Config, Gateway
from huoqun.kafka_config import Kafka
from huoqun.local import doctor, doctor_running
from huoqun.store_config import Store
from producers.spool.spool import Spool
from tests.support.brokers import free_port


def nowhere() -> Kafka:
    return Kafka(bootstrap=f"127.0.0.1:{free_port()}")


def test_on_a_machine_where_nothing_runs_nothing_is_wrong(tmp_path: Path) -> None:
    config = Config(data_dir=str(tmp_path / "data"), kafka=nowhere())
    found = {f.what: f for f in (*doctor.brokers(config, embedded=True), *doctor.store(config, runs=False))}
    assert {what: f.state for what, f in found.items()} == {"broker": "note", "store": "note"}
    assert "huoqun up" in found["broker"].mend


def test_with_a_server_store_a_broker_that_does_not_answer_is_wrong() -> None:
    config = Config(kafka=nowhere(), store=Store(kind="clickhouse"))
    (finding,) = doctor.brokers(config, embedded=False)
    assert finding.state == "wrong"
    assert config.kafka.bootstrap in finding.said
    assert "HUOQUN_KAFKA_BOOTSTRAP" in finding.mend


def test_old_python_a_clock_in_the_past_and_a_full_disk_are_wrong(tmp_path: Path) -> None:
    findings = [doctor.python((3, 10, 4)), doctor.clock(0), doctor.disk(tmp_path / "not" / "yet", least=1 << 60)]
    assert all(f.state == "wrong" and f.mend for f in findings)
    assert doctor.python((3, 11, 0)).state == doctor.disk(tmp_path, least=1).state == "ok"


def test_a_data_directory_need_not_exist_but_must_be_writable(tmp_path: Path) -> None:
    assert doctor.writable(tmp_path / "a" / "b").state == "ok"
    assert not (tmp_path / "a").exists(), "looking changes nothing"
    (tmp_path / "file").write_text("")
    assert doctor.writable(tmp_path / "file" / "b").state == "wrong"


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="owners of ports are known from /proc only")
def test_a_taken_port_is_named_with_the_setting_and_the_process() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        findings = list(doctor.free_ports(Config(gateway=Gateway(port=port))))
    said = " ".join(f.said for f in findings if f.state == "note")
    assert f"{port} (gateway.port) by" in said
    assert f"(process {os.getpid()})" in said


def test_an_address_that_is_not_of_this_machine_is_wrong() -> None:
    findings = list(doctor.free_ports(Config(gateway=Gateway(host="192.0.2.1"))))
    assert [f.mend for f in findings if f.state == "wrong"] == [
        "set gateway to an address of this machine, such as 127.0.0.1"
    ]


def test_the_command_ends_with_1_and_counts_what_is_wrong() -> None:
    environment = {
        "HUOQUN_STORE_KIND": "clickhouse",
        "HUOQUN_STORE_PORT": str(free_port()),
        "HUOQUN_KAFKA_BOOTSTRAP": nowhere().bootstrap,
    }
    result = CliRunner().invoke(main, ["doctor"], env=environment)
    assert result.exit_code == 1
    assert "✗ broker" in result.output
    assert "✗ store" in result.output
    assert "2 things are wrong" in result.output


def test_too_few_open_files_are_wrong() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        few = doctor_running.files()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert few.state == "wrong"
    assert "512" in few.said
    assert "ulimit -n" in few.mend


def test_events_that_wait_on_this_machines_disk_are_told_until_they_are_gone(tmp_path: Path) -> None:
    assert doctor_running.spool(tmp_path).state == "ok"
    kept = Spool(tmp_path / "spool" / "0", 1 << 20)
    kept.append([[(b"key", b"value", 0)]], 1)
    finding = doctor_running.spool(tmp_path)
    kept.close()
    assert finding.state == "note"
    assert "Do not delete" in finding.mend


def test_for_programs_there_is_json_with_the_same_status(tmp_path: Path) -> None:
    environment = {"HUOQUN_DATA_DIR": str(tmp_path), "HUOQUN_KAFKA_BOOTSTRAP": nowhere().bootstrap}
    environment |= {"HUOQUN_STORE_KIND": "clickhouse", "HUOQUN_STORE_PORT": str(free_port())}
    result = CliRunner().invoke(main, ["doctor", "--json"], env=environment)
    found = {entry["what"]: entry["state"] for entry in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert (found["broker"], found["store"]) == ("wrong", "wrong")
