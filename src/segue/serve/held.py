"""What one process of the server holds open. Nothing in it could not be made again by another."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from segue.errors import LibraryError, ModelError
from segue.library import Catalogue, Library
from segue.pipeline.hidden_paths import places_of
from segue.pipeline.jobs import Runner
from segue.pipeline.live import Live
from segue.pipeline.opening.opened import Opened
from segue.serve.event_broadcaster import EventBroadcaster
from segue.serve.memory import freeze_gc
from segue.serve.settings import Settings

Value = TypeVar("Value")

COUNT_AGAIN: Final = 10.0
"""Seconds for which counts hold: counting millions of listens takes a while."""


@dataclass
class Kept(Generic[Value]):
    """Something that is worked out once for each state of the library: the latest is kept."""

    _key: Any = None
    _value: Value | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, key: Any, make: Callable[[], Value]) -> Value:
        """Return what belongs to the `key`; `make` makes it where another is kept."""
        with self._lock:
            if self._value is None or not _same(self._key, key):
                self._key, self._value = key, make()
            return self._value


def _same(one: Any, other: Any) -> bool:
    """Return whether two keys are one: texts by what they say, all else by being it."""
    return one is other or (isinstance(one, str) and one == other)


class Held:
    """An opened library, and what follows from it."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        self.settings = settings
        self.library = Library(directory)
        self.live = Live(self.library, taken_over=freeze_gc)
        self.runner = Runner(self.library)
        self.news = EventBroadcaster(self.library, self.version)
        self._catalogue: Kept[Catalogue] = Kept()
        self._kept: dict[str, Kept[Any]] = {}

    @property
    def directory(self) -> Path:
        """Where the library lies: for the log, never for an answer."""
        return self.library.directory

    def places(self) -> list[Path]:
        """Return directories of which no answer tells where they lie: only what they are called."""
        return places_of(self.library)

    def close(self) -> None:
        """Let go of everything; jobs go on."""
        self.runner.close()
        self.live.close()
        self.library.close()

    def opened(self) -> Opened:
        """Return the library as it is now, to recommend from."""
        return self.live.opened()

    def if_opened(self) -> Opened | None:
        """Return the same, or None where nothing can be recommended from it yet."""
        try:
            return self.live.opened()
        except (LibraryError, ModelError):
            return None

    def catalogue(self) -> Catalogue:
        """Return all tracks, of an empty or untrained library, too."""
        opened = self.if_opened()
        if opened is not None:
            return opened.catalogue
        return self._catalogue.of(self.library.state(), self.library.catalogue)

    def counts(self) -> dict[str, int]:
        """Return how much the library holds, as of at most `COUNT_AGAIN` seconds ago."""
        key = f"{self.library.state()} {int(time.monotonic() / COUNT_AGAIN)}"
        return self.kept(
            "counts", key, lambda: {**self.library.counts(), **self.library.analysed()}
        )

    def version(self) -> str:
        """Return what changes whenever tracks, models or anybody's feedback do."""
        if self.if_opened() is not None:
            return self.live.version
        return f"{self.library.state()}-{self.library.feedback.last()}"

    def kept(self, name: str, key: Any, make: Callable[[], Value]) -> Value:
        """Return what is kept under a name for a state of the library: see `Kept`."""
        kept: Kept[Value] = self._kept.setdefault(name, Kept())
        return kept.of(key, make)
