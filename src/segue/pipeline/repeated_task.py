"""Call a function again and again in a thread of its own, until it is stopped."""

import logging
import threading
from collections.abc import Callable

from segue.errors import SegueError


class RepeatedTask:
    """Calls `action` every `seconds`; its errors are logged under `name` and end nothing.

    The thread is a daemon: an action that waits for an answer does not keep a program alive.
    """

    def __init__(self, name: str, action: Callable[[], object], seconds: float) -> None:
        self._name, self._action, self._seconds = name, action, seconds
        self._log = logging.getLogger(f"segue.{name}")
        self._stopping, self._woken = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_stopping(self) -> bool:
        """Whether the task was stopped: a long action may end early."""
        return self._stopping.is_set()

    def start(self) -> None:
        """Call the action until `stop` is called, the first time after `seconds`."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Call the action as soon as a call that lasts has ended."""
        self._woken.set()

    def stop(self, timeout: float = 2.0) -> None:
        """Call the action no more; a call that lasts is waited for no longer than `timeout`."""
        self._stopping.set()
        self.wake()
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(self._seconds)
            self._woken.clear()
            if self._stopping.is_set():
                return
            try:
                self._action()
            except SegueError as error:
                self._log.warning("%s", error)
            except Exception:  # noqa: BLE001  # the thread must go on
                self._log.exception("%s failed", self._name)
