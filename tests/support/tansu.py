"""The embedded broker for tests: a child process on a free port, everything in memory."""

import subprocess
from pathlib import Path

from huoqun.broker import BrokerError, wait_for_broker
from huoqun.local import tansu
from tests.support.brokers import BrokerNotStartedError, OwnBroker, free_port, tail
from tests.support.proxy import Proxy


def start(directory: Path, through: Proxy | None = None) -> OwnBroker:
    """Start it, logging into ``directory``; raises ``huoqun.local.tansu.BrokerMissingError`` when it is not installed.

    ``through`` is a proxy by whose address alone clients are told to reach it.
    """
    port = free_port()
    log = directory / "tansu.log"
    command = tansu.command("127.0.0.1", port)
    if through is not None:
        through.target = port
        command[command.index("--advertised-listener-url") + 1] = f"tcp://127.0.0.1:{through.port}"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    broker = OwnBroker("tansu", f"127.0.0.1:{port}", log, process)
    try:
        wait_for_broker(broker.kafka, 20)
    except BrokerError as error:
        broker.stop()
        raise BrokerNotStartedError(f"{error}\n{tail(log)}") from None
    return broker
