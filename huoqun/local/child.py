"""Run one command that never outlives its parent: ``python child.py PARENT_PID COMMAND…``.

Run as a file, so that nothing is imported that the command itself does not need. On Linux the kernel kills the command
when the thread that started it ends (:mod:`huoqun.local.processes` starts all from one that stays); elsewhere this
process stays and watches. Killing, not asking, is right: whoever is left without a supervisor would wait for a broker
that has gone as well, and every service survives being killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1
_WATCH_SECONDS = 0.5


def main(arguments: list[str]) -> int:
    """Become the command (Linux), or watch over it and return its status."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415  # Linux only

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return 1  # it ended before we had asked to be told
        os.execvp(command[0], command)  # noqa: S606  # no shell is meant
    process = subprocess.Popen(command)  # noqa: S603  # the supervisor's own command
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: process.send_signal(received))
    while True:
        try:
            return process.wait(_WATCH_SECONDS)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
