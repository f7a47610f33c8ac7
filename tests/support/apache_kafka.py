"""Apache Kafka for tests: one KRaft node (broker and controller) on free ports, its data in a temporary directory."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from huoqun.broker import BrokerError, wait_for_broker
from tests.support.brokers import BrokerNotStartedError, OwnBroker, free_port, tail
from tests.support.fetch_kafka import UnavailableError, fetch
from tests.support.proxy import Proxy

_JAVA_NEEDED = 17
_JVM = [
    "-Xms128m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Djava.awt.headless=true",
]

# A fixed one: a random id that begins with a dash is taken for an option.
_CLUSTER = "huoqunTestCluster00000"

_PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=8000000
log.cleaner.backoff.ms=200
log.segment.delete.delay.ms=100
"""

_LISTENERS = """
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised}
"""

_LOG4J2 = """<Configuration status="error">
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %c{1} %m%n"/></Console></Appenders>
  <Loggers><Root level="warn"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>
"""


def start(
    directory: Path,
    through: Proxy | None = None,
    *,
    listeners: str = _LISTENERS,
    places: Mapping[str, object] | None = None,
    users: Mapping[str, str] | None = None,
) -> OwnBroker:
    """Start it with its data and log in ``directory``; raises :class:`UnavailableError` when Java or the artifacts can't be had.

    ``through`` is a proxy by whose address alone clients are told to reach it. ``listeners`` are other settings of where and how it
    listens, with ``places`` in them; ``users`` may sign in with their passwords.
    """
    _require_java()
    jars = fetch()
    port, controller = free_port(), free_port()
    advertised = port
    if through is not None:
        through.target, advertised = port, through.port
    properties, log4j2, log = directory / "server.properties", directory / "log4j2.xml", directory / "kafka.log"
    properties.write_text(
        (_PROPERTIES + listeners).format(
            port=port, advertised=advertised, controller=controller, data=directory / "data", **(places or {})
        ),
        "utf-8",
    )
    log4j2.write_text(_LOG4J2, "utf-8")
    java = ["java", *_JVM, f"-Dlog4j2.configurationFile={log4j2}", "-cp", f"{jars}/*"]
    formatting = [*java, "kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", str(properties)]
    for user, password in (users or {}).items():
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"):
            formatting += ["--add-scram", f'{mechanism}=[name="{user}",password="{password}"]']
    formatted = subprocess.run(formatting, capture_output=True, text=True, timeout=60, check=False)
    if formatted.returncode != 0:
        raise BrokerNotStartedError(f"formatting Kafka's storage failed:\n{formatted.stdout}{formatted.stderr}")
    with log.open("wb") as output:
        process = subprocess.Popen([*java, "kafka.Kafka", str(properties)], stdout=output, stderr=subprocess.STDOUT)
    broker = OwnBroker("apache_kafka", f"127.0.0.1:{port}", log, process)
    try:
        wait_for_broker(broker.kafka, 60)
    except BrokerError as error:
        broker.stop()
        raise BrokerNotStartedError(f"{error}\n{tail(log)}") from None
    return broker


def _require_java() -> None:
    if shutil.which("java") is None:
        raise UnavailableError(f"Java {_JAVA_NEEDED} is not installed: Apache Kafka runs on it")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, timeout=30, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < _JAVA_NEEDED:
        raise UnavailableError(
            f"Apache Kafka needs Java {_JAVA_NEEDED}, here is: {said.splitlines()[0] if said else 'unknown'}"
        )
