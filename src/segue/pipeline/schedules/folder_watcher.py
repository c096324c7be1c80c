"""Watch music folders, and report changes when files have been left alone for a while.

Copying an album takes minutes and makes hundreds of changes: they are reported once, after
`QUIET_SECONDS` without another one, or `MAX_WAIT_SECONDS` after the first. Folders on network file
systems, and all folders if the system allows no more watches, are compared every `POLL_SECONDS`
instead.
"""

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from segue.pipeline.schedules.network_folders import is_on_network
from segue.sources import AUDIO_SUFFIXES

QUIET_SECONDS: Final = 30.0
MAX_WAIT_SECONDS: Final = 600.0
POLL_SECONDS: Final = 600.0
_LOG = logging.getLogger("segue.serve")
_OTHER_SUFFIXES: Final = frozenset({".cue", ".mp4", ".m4v", ".mov", ".mkv", ".webm"})
_DELETED: Final = 3  # watchfiles.Change.deleted
_LOOK_MS: Final = 500
"""Time after which a watching thread looks whether it should end."""


class FolderWatcher:
    """Watches folders in threads of its own.

    Parameters
    ----------
    library
        Directory of the library: what segue writes there is no change of the music.
    quiet_seconds, max_wait_seconds, poll_seconds
        See the head of this module.
    """

    def __init__(
        self,
        library: Path,
        *,
        quiet_seconds: float = QUIET_SECONDS,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._library = library
        self._quiet, self._max_wait, self._poll = quiet_seconds, max_wait_seconds, poll_seconds
        self._folders: list[Path] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._first: float | None = None
        self._last = 0.0

    def watch(self, folders: Sequence[Path]) -> None:
        """Watch these folders from now on, and no others."""
        wanted = sorted(set(folders))
        if wanted == self._folders:
            return
        self._stop.set()
        self._folders, self._stop = wanted, threading.Event()
        network = [folder for folder in wanted if is_on_network(folder)]
        local = [folder for folder in wanted if folder not in network]
        for part, polling in ((local, False), (network, True)):
            if part:
                threading.Thread(
                    target=self._follow,
                    args=(part, self._stop, polling),
                    name="folder-watcher",
                    daemon=True,
                ).start()

    def has_changes(self) -> bool:
        """Return whether there were changes that are over; they are then reported no more."""
        with self._lock:
            if self._first is None:
                return False
            now = time.monotonic()
            if now - self._last < self._quiet and now - self._first < self._max_wait:
                return False
            self._first = None
            return True

    def close(self) -> None:
        """Stop watching. The threads end within half a second."""
        self.watch([])

    def _follow(self, folders: Sequence[Path], stop: threading.Event, polling: bool) -> None:
        """Note changes until `stop`; compare the folders instead if they cannot be watched."""
        # watchfiles would ignore, with denied permissions, that there are too many watches
        ignore_denied = polling
        while not stop.is_set():
            try:
                self._read_changes(folders, stop, polling=polling, ignore_denied=ignore_denied)
            except PermissionError:
                if ignore_denied:
                    stop.wait(self._poll)
                ignore_denied = True
            except (OSError, RuntimeError) as error:
                if isinstance(error, RuntimeError):  # a name that is not UTF-8 has changed
                    self._note_change()
                if polling:  # a folder that has gone may come back
                    stop.wait(self._poll)
                    continue
                polling = ignore_denied = True
                _LOG.warning(
                    "music folders are compared every %d minutes, because they cannot be watched"
                    " (%s): if there are too many, raise fs.inotify.max_user_watches",
                    *(self._poll // 60, error),
                )

    def _read_changes(
        self, folders: Sequence[Path], stop: threading.Event, *, polling: bool, ignore_denied: bool
    ) -> None:
        from watchfiles import watch

        for _ in watch(
            *folders,
            watch_filter=self._is_music,
            stop_event=stop,
            rust_timeout=_LOOK_MS,
            force_polling=polling or None,
            poll_delay_ms=int(self._poll * 1_000),
            ignore_permission_denied=ignore_denied,
        ):
            self._note_change()

    def _note_change(self) -> None:
        with self._lock:
            self._last = time.monotonic()
            if self._first is None:
                self._first = self._last

    def _is_music(self, change: int, path: str) -> bool:
        """Return whether a change may concern a track: an audio file, or a folder."""
        place = Path(path)
        root = next((one for one in self._folders if place.is_relative_to(one)), None)
        if root is None or _is_hidden(place.relative_to(root).parts):
            return False
        if place.is_relative_to(self._library) and not root.is_relative_to(self._library):
            return False
        suffix = place.suffix.lower()
        if suffix in AUDIO_SUFFIXES or suffix in _OTHER_SUFFIXES:
            return True
        # nobody knows whether what is gone was a folder
        return (change == _DELETED and not suffix) or place.is_dir()


def _is_hidden(parts: Iterable[str]) -> bool:
    return any(part.startswith(".") for part in parts)
