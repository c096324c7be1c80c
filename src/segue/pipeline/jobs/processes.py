"""Identify processes of this machine, also when a process id is used again."""

import os
import subprocess
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def identity(pid: int) -> str | None:
    """Return a unique name of a process, its id and start time; None if it has ended.

    A zombie process counts as ended.

    >>> identity(os.getpid()) == identity(os.getpid()), identity(2**22 + 1)
    (True, None)
    """
    stat = Path(f"/proc/{pid}/stat")
    if _BOOT.exists():
        try:
            # the program name, in parentheses, may contain any character
            fields = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            return None
        if fields[0] in "ZXx":
            return None
        # the start time is in ticks since boot, so the id of this boot is part of the name
        return f"{pid}:{fields[19]}:{_BOOT.read_text('ascii').strip()}"
    asked = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603
    state, _, since = shown.strip().partition(" ")
    return f"{pid}:{since.strip()}" if state and not state.startswith("Z") else None


def is_alive(named: str | None) -> bool:
    """Return whether the process of an `identity` is running."""
    return named is not None and identity(pid_of(named)) == named


def pid_of(named: str) -> int:
    """Return the process id of an `identity`."""
    return int(named.partition(":")[0])


def send_signal(named: str | None, signal: int) -> bool:
    """Send a signal to the process of an `identity`; return whether it is running."""
    if named is None or not is_alive(named):
        return False
    try:
        os.kill(pid_of(named), signal)
    except ProcessLookupError:
        return False
    return True
