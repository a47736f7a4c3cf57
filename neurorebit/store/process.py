"""Which process this is, and whether another one is gone: by machine, number and start."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

if sys.platform == "linux":
    BOOT = Path("/proc/sys/kernel/random/boot_id")


def own() -> str:
    """The process that runs this, as another one may ask about it: ``HOST PID START``."""
    return f"{socket.gethostname() or '-'} {os.getpid()} {_start(os.getpid()) or '-'}"


def host(process: str) -> str:
    """The machine that a process runs on."""
    return process.partition(" ")[0]


def is_gone(process: str) -> bool:
    """Whether a process has ended; False where that cannot be said, as of another machine's.

    A process that has the number of one that ended has another start.
    """
    words = process.split(" ")
    if len(words) != 3 or words[0] != (socket.gethostname() or "-") or not words[1].isdecimal():
        return False
    number, start = int(words[1]), words[2]
    if start != "-":
        return _start(number) != start
    if sys.platform == "win32":  # a signal would end it there
        return False
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False


def _start(number: int) -> str | None:
    """When a process began, as a text that no other process of this number has."""
    if sys.platform != "linux":
        return None
    try:
        stat = Path(f"/proc/{number}/stat").read_bytes()
        boot = BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    fields = stat.rpartition(b")")[2].split()  # a program's name may hold anything
    return f"{boot[:8]}-{fields[19].decode()}" if len(fields) > 19 else None
