"""Tasks for `test_workers`: importable in the worker processes, as tasks must be."""

import os
import signal
import time


def double(number):
    return 2 * number


def misbehave(what):
    if what == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "real time":
        os.kill(os.getpid(), 40)
    if what == "exit":
        os._exit(3)
    if what == "hang":
        time.sleep(60)
    if what == "memory":
        raise MemoryError
    if what == "bug":
        raise ValueError("a bug")
    if what == "noise":
        os.write(2, b"noise from a codec\n")
    return what


def pid(_):
    return os.getpid()
