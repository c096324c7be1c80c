"""An opened library that answers recommendation requests.

`RecommenderService.state` returns the state to answer from. A request goes on with the state that
it began with while another takes its place, so that nothing is dropped or mixed.

Several processes may serve one library. Each reads the feedback log before it answers. Whether
models or tracks have changed is looked up at most once in `CHECK_SECONDS`; the snapshot is then
built and opened in the background, and replaces the current one when it is ready. Counts over all
listeners (how many like a track) are those of the snapshot, which is built again after enough
events to matter.
"""

import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from segue.errors import LibraryError, ModelError, SegueError
from segue.library import SCAN, Event, Library, StoredPosterior
from segue.pipeline.arguments import LibraryArgument, as_library
from segue.pipeline.recommender.build_process import build_apart, is_small
from segue.pipeline.recommender.empty_lists import no_signals
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.recommender.snapshot import (
    Snapshot,
    open_snapshot,
    state_of,
)

CHECK_SECONDS: Final = 1.0
"""Least time between two checks whether tracks or models have changed."""
_MIN_EVENTS: Final = 1_000
_PREFETCH_BATCH: Final = 4
"""Listeners scored ahead together: a request that comes meanwhile waits for all of them."""
_SHARE_OF_LISTENS: Final = 0.02


class RecommenderService:
    """A library that is kept open. Safe in several threads.

    Nothing is opened before `state` or `snapshot` is asked for: `open` does both.

    Parameters
    ----------
    serve_stale
        Answer from the snapshot that is there while that of a large library is built again, instead
        of waiting for it.
    on_work
        Called, in any thread, whenever there is work for `prefetch`.
    on_new_state
        Called, in any thread, whenever another state has taken the place of the current one.
    """

    def __init__(
        self,
        library: Library,
        *,
        serve_stale: bool = False,
        on_work: Callable[[], None] = lambda: None,
        on_new_state: Callable[[], None] = lambda: None,
    ) -> None:
        self.library = library
        self._serve_stale = serve_stale
        self._on_work, self._on_new_state = on_work, on_new_state
        self._lock = threading.Lock()
        self._current: ServingState | None = None
        self._refreshing: threading.Thread | None = None
        self._closing = threading.Event()
        self._refused = ""
        self._checked_at = time.monotonic()
        self._writing = threading.Lock()
        self._remove_temporary: Callable[[], object] = lambda: None

    @classmethod
    def open(cls, library: LibraryArgument) -> Self:
        """Open a library, or the one in a directory, after building its snapshot if it is stale.

        Raises
        ------
        LibraryError
            If it holds no tracks, or there is no library.
        """
        service = cls(as_library(library))
        service.snapshot()
        return service

    @property
    def version(self) -> str:
        """A text that changes whenever tracks, models or anybody's feedback do."""
        return self.state().version

    def state(self) -> ServingState:
        """Return the current state, to recommend from.

        Raises
        ------
        LibraryError
            If the library holds no tracks.
        ModelError
            If nothing is known of the tracks that they could be compared by, or no model is
            trained.
        """
        state = self._up_to_date()
        if not state.engine.signals:
            raise ModelError(no_signals(self.library))
        return state

    def state_of_any_library(self) -> ServingState:
        """Return the current state, also while nothing is known that compares tracks.

        Raises
        ------
        LibraryError
            If the library holds no tracks.
        """
        return self._up_to_date()

    def snapshot(self) -> Snapshot:
        """Return the current snapshot, to search in: also where `state` raises `ModelError`."""
        return self._up_to_date().snapshot

    def opened_snapshot(self) -> Snapshot | None:
        """Return the snapshot that is open, without checking whether it is current."""
        return None if self._current is None else self._current.snapshot

    def warm_up(self) -> None:
        """Open the library and make one list: the first of a process takes ten times as long.

        Raises
        ------
        SegueError
            If there is nothing to recommend.
        """
        state = self.state()
        state.recommend(state.query(None, like=[state.catalogue.tracks[0].track_id]))

    def feedback(self, events: Sequence[Event]) -> list[bool]:
        """Store events of listeners; return which of them were new, once they are on the disk.

        Raises
        ------
        UnknownTrackError
            If the library does not hold a track.
        """
        self.library.feedback.check(events)
        with self._writing:  # waiting here costs less than contending for the database lock
            new = self._write(events)
        if self._current is not None:
            self._follow(self._current)
        return new

    def prefetch(self) -> bool:
        """Score listeners who gave feedback, before they ask; return False if there are none.

        Up to `_PREFETCH_BATCH` are scored together, because the vectors of all tracks are then read
        once.
        """
        state = self._current
        users = [] if state is None else state.prefetcher.next_users(_PREFETCH_BATCH)
        if state is None or not users:
            return False
        queries = []
        for user in users:
            with suppress(SegueError):  # the listener is gone meanwhile
                queries.append(state.query(user))
        with suppress(SegueError):
            state.score(queries)
        return True

    def stop(self) -> None:
        """Stop building snapshots, and start no other."""
        self._closing.set()

    def close(self) -> None:
        """End the work in the background and remove temporary files."""
        self.stop()
        if self._refreshing is not None:
            self._refreshing.join()
        self._remove_temporary()

    def _up_to_date(self) -> ServingState:
        if self._current is None:
            with self._lock:
                if self._current is None:
                    self._current = ServingState.of(self.library, self._first_snapshot())
        state = self._current
        self._follow(state)
        self._check(state)
        return state

    def _follow(self, state: ServingState) -> None:
        """Read what listeners did, in this process and others."""
        users = state.profiles.follow()
        for user in users:
            state.posteriors.invalidate(user)
        if users and state.prefetcher.note_feedback(users):
            self._on_work()

    def _first_snapshot(self) -> Snapshot:
        found = open_snapshot(self.library)
        if found is not None:
            if self._serve_stale and not is_small(self.library):
                return found  # `_check` has a new one built in the background
            if found.state == state_of(self.library) and self._outdated_at(found) < 0:
                return found
        if not self.library.is_writable():
            return self._temporary_snapshot()
        past = -1 if found is None else self._outdated_at(found)
        try:
            build_apart(self.library, past, self._closing)
        except LibraryError as error:
            if not isinstance(error.__cause__, OSError):
                raise
            return self._temporary_snapshot()
        found = open_snapshot(self.library)
        if found is None:  # it is there, and damaged
            from segue.pipeline.recommender.build_snapshot import build

            build(self.library, force=True)
            found = open_snapshot(self.library)
        if found is None:
            raise LibraryError("The library cannot be opened: run segue train all.")
        return found

    def _temporary_snapshot(self) -> Snapshot:
        """Build the snapshot of a library that cannot be written to in a temporary directory."""
        from segue.pipeline.recommender.build_snapshot import write_snapshot

        temporary = Path(tempfile.mkdtemp(prefix="segue-snapshot-"))
        self._remove_temporary = weakref.finalize(
            self, shutil.rmtree, temporary, ignore_errors=True
        )
        directory = temporary / "snapshot"
        write_snapshot(self.library, directory, save_weights=False)
        found = open_snapshot(self.library, directory)
        if found is None:
            raise LibraryError(
                "The library cannot be opened, because its temporary snapshot is damaged: try"
                " again."
            )
        self._refused = found.state  # nothing can be refreshed
        return found

    def _outdated_at(self, snapshot: Snapshot, number: int | None = None) -> int:
        """Return the number of the feedback log that a new snapshot must go past.

        -1 where too few events came since `snapshot` to build another, or where `number`, up to
        which the log was read, is not much later.
        """
        number = self.library.feedback.last() if number is None else number
        many = max(_MIN_EVENTS, _SHARE_OF_LISTENS * snapshot.n_listens)
        return snapshot.number if number - snapshot.number >= many else -1

    def _check(self, state: ServingState) -> None:
        """Have a new snapshot built in the background where the library has changed."""
        now = time.monotonic()
        busy = self._is_refreshing() or self._closing.is_set()
        if now - self._checked_at < CHECK_SECONDS or busy:
            return
        self._checked_at = now
        library_state = state_of(self.library)
        past = self._outdated_at(state.snapshot, state.profiles.number)
        if library_state == self._refused:
            return
        if library_state == state.snapshot.state and past < 0:
            return
        writer = self.library.writer()
        if writer is not None and not writer.startswith(SCAN):
            return  # some of the models would be new and some old
        with self._lock:
            if not self._is_refreshing():
                self._refreshing = threading.Thread(
                    target=self._refresh, args=(library_state, past), name="refresh", daemon=True
                )
                self._refreshing.start()

    def _is_refreshing(self) -> bool:
        return self._refreshing is not None and self._refreshing.is_alive()

    def _refresh(self, library_state: str, past: int) -> None:
        try:
            build_apart(self.library, past, self._closing)
            found = open_snapshot(self.library)
        except SegueError:
            found = None
        if found is None:
            self._refused = library_state  # tried again when the library changes
            return
        self._current = ServingState.of(self.library, found)
        self._on_new_state()

    def _write(self, events: Sequence[Event]) -> list[bool]:
        state = self._current
        if state is None or not state.snapshot.weights.personal:
            return self.library.feedback.add(events)
        posteriors, positions = state.posteriors, state.catalogue.positions

        def learn(event: Event, stored: StoredPosterior | None) -> StoredPosterior | None:
            if event.kind in ("play", "skip") and (event.private or state.profiles.ignores(event)):
                return None
            return posteriors.moved(event, positions.get(event.track_id), stored)

        return self.library.feedback.add(events, learn)
