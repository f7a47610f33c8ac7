"""A real ClickHouse server for tests: a child process on loopback, with its own configuration, paths and ports."""

import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from clickhouse_driver import Client

from tests.support.brokers import free_port, tail

NAMES = ("clickhouse-server", "clickhouse")
PLACES = ("/usr/sbin", "/usr/local/bin", "/usr/bin", "/opt/clickhouse/bin")


class NoClickHouseError(Exception):
    """No server binary is installed."""


@dataclass
class RunningClickHouse:
    """A server of this test session. It can be killed and started again on the same data."""

    command: list[str]
    directory: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(self.command, stdout=output, stderr=subprocess.STDOUT, cwd=self.directory)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                client = Client("127.0.0.1", port=self.port, connect_timeout=1)
                client.execute("SELECT 1")
                client.disconnect()
            except Exception:  # noqa: BLE001  # whatever it is: it is not up yet
                time.sleep(0.1)
            else:
                return
        self.kill()
        raise AssertionError(f"ClickHouse did not start:\n{tail(self.log)}")

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    @property
    def version(self) -> tuple[int, int]:
        client = Client("127.0.0.1", port=self.port)
        major, minor = str(client.execute("SELECT version()")[0][0]).split(".")[:2]
        client.disconnect()
        return int(major), int(minor)


def start(directory: Path, *, more: str = "", users: str = "") -> RunningClickHouse:
    """Start a server in ``directory``; raises :class:`NoClickHouseError` where none is installed.

    ``more`` goes into its configuration; ``users`` is a file of its own instead of one user without a password.
    """
    binary = _binary()
    port, http, interserver = free_port(), free_port(), free_port()
    config = directory / "config.xml"
    (directory / "users.xml").write_text(users or USERS, "utf-8")
    config.write_text(
        _CONFIG.format(directory=directory, port=port, http=http, interserver=interserver, more=more), encoding="utf-8"
    )
    command = [binary, *(["server"] if binary.endswith("/clickhouse") else []), f"--config-file={config}"]
    server = RunningClickHouse(command, directory, port)
    server.start()
    return server


def _binary() -> str:
    search = os.pathsep.join([os.environ.get("PATH", ""), *PLACES])
    for name in NAMES:
        found = shutil.which(name, path=search)
        if found:
            return found
    raise NoClickHouseError("no ClickHouse server is installed (Debian: apt-get install clickhouse-server)")


_CONFIG = """<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <tcp_port>{port}</tcp_port>
  <http_port>{http}</http_port>
  <interserver_http_port>{interserver}</interserver_http_port>
  <interserver_http_host>127.0.0.1</interserver_http_host>
  <path>{directory}/data/</path>
  <tmp_path>{directory}/tmp/</tmp_path>
  <user_files_path>{directory}/files/</user_files_path>
  <format_schema_path>{directory}/formats/</format_schema_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <mark_cache_size>67108864</mark_cache_size>
  <max_concurrent_queries>50</max_concurrent_queries>
  {more}
</yandex>
"""

USERS = """<?xml version="1.0"?>
<yandex>
  <profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </default>
  </users>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors>
    <result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time></interval></default></quotas>
</yandex>
"""
