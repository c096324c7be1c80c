"""One process's open library: current with all feedback on disk and with the models in use.

Verbs take what `Live.opened` returns in the place of a library. It is a snapshot: whoever holds one
goes on with it while another is taken up, so that nothing that is under way is dropped.

Several processes may serve one library. What each knows of listeners is the feedback log up to a
number; before it answers it reads on. Whether models or tracks are others is told by what lies on
disk, and looked at no more than once in `LOOK_AGAIN` seconds.
"""

import threading
import time
from collections.abc import Sequence
from typing import Final

from segue.library import Event, Library
from segue.pipeline.opening.opened import Opened

LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at whether tracks or models have changed."""


class Live:
    """A library that is kept open. Safe to be used by several threads."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._lock = threading.Lock()
        self._opened: Opened | None = None
        self._state = ""
        self._heard = 0
        self._looked = 0.0

    @property
    def version(self) -> str:
        """What changes whenever tracks, models or anybody's feedback do."""
        return f"{self._state}-{self._heard}"

    def opened(self) -> Opened:
        """Return the library as it is now.

        Raises
        ------
        LibraryError
            If it holds no tracks.
        ModelError
            If nothing is known of them that could be compared.
        """
        with self._lock:
            if self._opened is None or self._is_other():
                self._heard = self.library.feedback.last()
                self._opened = Opened.of(self.library)
                self._state = self.library.state()  # opening may have learned weights anew
            return self._opened

    def feedback(self, events: Sequence[Event]) -> list[bool]:
        """Take in what listeners did; it is on disk when this returns which events were new.

        Raises
        ------
        UnknownTrackError
            If one names a track that the library does not hold.
        """
        return self.library.feedback.add(events)

    def _is_other(self) -> bool:
        if self.library.feedback.last() != self._heard:
            return True
        now = time.monotonic()
        if now - self._looked < LOOK_AGAIN:
            return False
        self._looked = now
        state = self.library.state()
        changed, self._state = state != self._state, state
        return changed
