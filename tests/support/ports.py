"""Where a process listens, as the kernel says."""

import socket
import struct
from pathlib import Path

_LISTENS = "0A"


def listening(pid: int) -> set[tuple[str, int]]:
    """Return (address, port) of every TCP socket that a process, or one that it has started, listens on."""
    inodes = {inode for each in family(pid) for inode in _sockets(each)}
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTENS and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                found.add((_address(address), int(port, 16)))
    return found


def family(pid: int) -> list[int]:
    """Return a process and all that it has started, directly or not."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def _sockets(pid: int) -> set[str]:
    found = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(file.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found


def _address(text: str) -> str:
    words = struct.unpack(f">{len(text) // 8}I", bytes.fromhex(text))
    packed = struct.pack(f"={len(words)}I", *words)
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, packed)
