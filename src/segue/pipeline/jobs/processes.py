"""Telling processes of this machine apart, also from those that get their number later."""

import os
import subprocess
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def identity(pid: int) -> str | None:
    """Return what names a process for good: its number and when it started; None if it is gone.

    One that has ended and waits for its parent to notice is gone.

    >>> identity(os.getpid()) == identity(os.getpid()), identity(2**22 + 1)
    (True, None)
    """
    stat = Path(f"/proc/{pid}/stat")
    if _BOOT.exists():
        try:
            # the name of the program comes first, in parentheses, and may hold any character
            fields = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            return None
        if fields[0] in "ZXx":
            return None
        # ticks since the machine was started, so which start of it belongs to that
        return f"{pid}:{fields[19]}:{_BOOT.read_text('ascii').strip()}"
    asked = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603
    state, _, since = shown.strip().partition(" ")
    return f"{pid}:{since.strip()}" if state and not state.startswith("Z") else None


def is_alive(named: str | None) -> bool:
    """Say whether the process of an `identity` is there."""
    return named is not None and identity(number(named)) == named


def number(named: str) -> int:
    """Return the number of the process of an `identity`."""
    return int(named.partition(":")[0])


def send(named: str | None, signal: int) -> bool:
    """Send a signal to the process of an `identity`; return whether it was there."""
    if named is None or not is_alive(named):
        return False
    try:
        os.kill(number(named), signal)
    except ProcessLookupError:
        return False
    return True
