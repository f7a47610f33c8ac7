"""Ports on this machine: the wanted one when it is free, another one else."""

from __future__ import annotations

import errno
import socket


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen on ``host:port`` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of a former server don't count
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


class Ports:
    """Gives out ports, none of them twice."""

    def __init__(self, *, any_free: bool) -> None:
        """Ignore what is wanted when ``any_free``."""
        self.any_free = any_free
        self._given: set[int] = set()

    def choose(self, host: str, wanted: int) -> int:
        """Return ``wanted`` if it is free and may be used, else a port that the system picks."""
        if not self.any_free and wanted and wanted not in self._given and is_free(host, wanted):
            self._given.add(wanted)
            return wanted
        while True:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                probe.bind((host, 0))
                port = int(probe.getsockname()[1])
            if port not in self._given:
                self._given.add(port)
                return port
