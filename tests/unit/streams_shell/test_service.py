"""The worker's process ends when the worker does, whatever else goes on in it."""

import subprocess
import sys
from pathlib import Path

import pytest

STUBBORN = """
import asyncio, sys
from huoqun import broker
from huoqun.config import Config
from streams import service

async def goes_on():
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass  # as the Kafka client's heartbeat does while the coordinator is not known

class Worker:
    def __init__(self, *arguments):
        self.stop = asyncio.Event()

    async def run(self):
        self.stubborn = asyncio.create_task(goes_on())
        await asyncio.sleep(0)
        if sys.argv[1] == "raise":
            raise RuntimeError("a defect")
        return int(sys.argv[1])

service._Worker, service._verify = Worker, lambda config, group: broker.Membership(False, lambda: True)
config = Config(data_dir=sys.argv[2])
config.worker.metrics_port = 0
service.run(config, lambda number: None)
"""


@pytest.mark.parametrize(("ends", "status"), [("0", 0), ("1", 1), ("raise", 1)])
def test_a_task_that_does_not_let_itself_be_cancelled_does_not_keep_the_worker_from_ending(
    ends: str, status: int, tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", STUBBORN, ends, str(tmp_path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert ran.returncode == status, ran.stderr
    assert "worker ended" in ran.stdout + ran.stderr
