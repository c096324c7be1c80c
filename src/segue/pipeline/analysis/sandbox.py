"""Restrict a worker process to what decoding needs, since a file may exploit a decoder.

On Linux, where the kernel allows it, the process can neither change files, nor run programs, nor
use the network (Landlock, and a network namespace of its own). Everywhere on Unix its memory is
limited and it cannot make files grow. What a system does not support is left out: see
docs/security.md. Threads that exist before are not restricted, so call this first.
"""

import ctypes
import os
import resource
import sys
from contextlib import suppress
from typing import Final

MEMORY_BYTES: Final = 8 << 30
"""Largest address space of a worker process."""

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # system calls
_ASK_VERSION: Final = 1
_PATH_BENEATH: Final = 1
_NO_NEW_PRIVS: Final = 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000
_EXECUTE, _WRITE_FILE, _TRUNCATE, _REFER = 1 << 0, 1 << 1, 1 << 14, 1 << 13
_CHANGE_DIRECTORIES: Final = sum(1 << bit for bit in range(4, 13))
_TCP: Final = 0b11


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def restrict() -> list[str]:
    """Restrict this process; return what it can no longer do: memory, files, network.

    Nothing is restricted where the environment variable `SEGUE_SANDBOX` is ``off``: profilers and
    debuggers write files.
    """
    done: list[str] = []
    if os.environ.get("SEGUE_SANDBOX") == "off":
        return done
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        done.append("memory")
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        alone = _leave_network(libc)
        version = _restrict_files(libc)
        done += ["files"] if version else []
        done += ["network"] if alone or version >= 4 else []
    return done


def _leave_network(libc: ctypes.CDLL) -> bool:
    """Move into a network namespace without interfaces; return whether that was allowed."""
    # a user namespace would take from root the right to read the files of others
    flags = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    return bool(libc.unshare(flags) == 0)


def _restrict_files(libc: ctypes.CDLL) -> int:
    """Forbid changes of files and TCP by Landlock; return its version, 0 where there is none."""
    version: int = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _ASK_VERSION)
    if version < 1:
        return 0
    files = _EXECUTE | _WRITE_FILE | _CHANGE_DIRECTORIES
    files |= (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    rules = _Ruleset(files, _TCP if version >= 4 else 0)
    size = ctypes.sizeof(rules) if version >= 4 else ctypes.sizeof(ctypes.c_uint64)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return 0
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        rule = _PathRule(_WRITE_FILE, null)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
        if libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(_RESTRICT_SELF, ruleset, 0):
            return 0
    finally:
        os.close(null)
        os.close(ruleset)
    return version
