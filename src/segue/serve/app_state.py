"""The state of one server process: the opened library and values computed from it.

Another process can compute all of it again.
"""

import time
from collections.abc import Callable
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from threadpoolctl import threadpool_limits

from segue.errors import LibraryError, ModelError
from segue.library import Catalogue, FolderAccess, Job, Library
from segue.pipeline.catalogue.audio_access import audio_roots, playable_path
from segue.pipeline.catalogue.browse import BrowseIndex, browse_index
from segue.pipeline.catalogue.covers import Covers
from segue.pipeline.catalogue.play_counts import PlayCountCache
from segue.pipeline.catalogue.track_credits import TrackCredits
from segue.pipeline.connections.now_playing import NowPlayingReader
from segue.pipeline.hidden_paths import places_of
from segue.pipeline.history.forwarding import Forwarder
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.jobs.new_material import SCANS
from segue.pipeline.jobs.runner import Runner
from segue.pipeline.recommender.caching import Memo, SizedCache, StaleWhileRevalidate
from segue.pipeline.recommender.restricted_service import RestrictedService
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.recommender.snapshot import Snapshot
from segue.pipeline.schedules.folder_watcher import FolderWatcher
from segue.pipeline.schedules.scheduler import Scheduler
from segue.serve.event_broadcaster import EventBroadcaster
from segue.serve.settings import Settings
from segue.types import Track

Value = TypeVar("Value")

COUNTS_SECONDS: Final = 10.0
"""Time for which counts are cached; counting millions of listens takes a while."""
_MAX_VIEWS: Final = 32
"""Number of different sets of folders of accounts whose views are kept."""


class AppState:
    """An opened library, and values computed from it.

    `on_work` is called, in any thread, whenever there is work for `RecommenderService.prefetch`;
    `on_new_state` after the library was opened again.
    """

    def __init__(
        self,
        directory: Path,
        settings: Settings,
        on_work: Callable[[], None] = lambda: None,
        on_new_state: Callable[[], None] = lambda: None,
    ) -> None:
        # request threads use the cores; one matrix product must not
        threadpool_limits(1, user_api="blas")
        self.settings = settings
        self.library = Library(directory)
        self.whole = self
        self.service = RecommenderService(
            self.library, serve_stale=True, on_work=on_work, on_new_state=on_new_state
        )
        self.runner = Runner(self.library, self._job_ended)
        self.forwarder = Forwarder(self.library)
        self.scheduler = Scheduler(
            self.library, off=_not_run(settings), watcher=FolderWatcher(self.library.directory)
        )
        self.now_playing = NowPlayingReader(
            self.library, self.service.feedback, is_active=lambda: self.scheduler.leads
        )
        self.covers = Covers(self.library.covers)
        self.broadcaster = EventBroadcaster(self.library, self.version)
        self.plays = PlayCountCache(self.library)
        self._browse: StaleWhileRevalidate[Catalogue, BrowseIndex] = StaleWhileRevalidate(
            partial(browse_index, self.library)
        )
        self._catalogue: Memo[Catalogue] = Memo()
        self._memos: dict[str, Memo[Any]] = {}
        self._access: FolderAccess | None = None
        self._folders: Memo[dict[str, FolderAccess]] = Memo()
        self._views: SizedCache[FolderAccess, AppState] = SizedCache(_MAX_VIEWS)

    def for_listener(self, listener: str | None) -> "AppState":
        """Return the view of a listener, without the tracks that are hidden from their account.

        For most it is the whole; `view.whole` is the whole for all.
        """
        whole = self.whole
        access = None if listener is None else whole._folder_access().get(listener)
        if access is None:
            return whole
        view = whole._views.get(access)
        if view is None:
            view = copy(whole)
            view.service = RestrictedService(whole.service, access)
            view._access = access
            view._browse = StaleWhileRevalidate(partial(browse_index, self.library))
            view._memos = {}
            whole._views.put(access, view, 1)
        return view

    def _folder_access(self) -> dict[str, FolderAccess]:
        """Return the folders of the accounts that may not see everything."""
        version = self.library.reader.folders_version()
        return self._folders.get(version, self.library.folder_access.all) if version else {}

    @property
    def directory(self) -> Path:
        """Directory of the library: for the log, never for a response."""
        return self.library.directory

    def places(self) -> list[Path]:
        """Return directories whose paths no response may contain."""
        return places_of(self.library)

    def close(self) -> None:
        """Close everything; jobs continue."""
        self.scheduler.close()
        self.runner.close()
        self.service.close()
        self.library.close()

    def state(self) -> ServingState:
        """Return the current state of the library, to recommend from."""
        return self.service.state()

    def state_or_none(self) -> ServingState | None:
        """Return the current state, or None if the library has nothing to recommend yet."""
        try:
            return self.service.state()
        except (LibraryError, ModelError):
            return None

    def snapshot_or_none(self) -> Snapshot | None:
        """Return the current snapshot, or None if the library has no tracks yet."""
        try:
            return self.service.snapshot()
        except (LibraryError, ModelError):
            return None

    def catalogue(self) -> Catalogue:
        """Return all tracks, also those of an untrained library."""
        snapshot = self.snapshot_or_none()
        if snapshot is not None:
            return snapshot.catalogue
        if self._access is not None:
            return Catalogue.of([])
        return self._catalogue.get(self.library.state(), self.library.catalogue)

    def browse_index(self) -> BrowseIndex:
        """Return the artists, albums and genres; the previous ones while new ones are built."""
        return self._browse.get(self.catalogue())

    def track_credits(self, catalogue: Catalogue) -> TrackCredits:
        """Return the ids of the artists and albums of the tracks of a catalogue."""
        return self.memo("credits", catalogue, lambda: TrackCredits.of(self.library, catalogue))

    def counts(self) -> dict[str, int]:
        """Return the counts of the library, at most `COUNTS_SECONDS` old."""
        library = self.library
        key = f"{self.library.state()} {int(time.monotonic() / COUNTS_SECONDS)}"
        return self.memo(
            "counts",
            key,
            lambda: {**library.counts(), **library.analyzed(), "plays": library.n_plays()},
        )

    def audio_path(self, track: Track) -> Path:
        """Return the file of a track; raises AudioError if it must not or cannot be sent."""
        return playable_path(track, self.audio_roots())

    def audio_roots(self) -> list[Path]:
        """Return the directories below which files may be sent."""
        allowed = self.settings.audio_dirs
        return self.memo(
            "audio roots", self.library.state(), lambda: audio_roots(self.library, allowed)
        )

    def version(self) -> str:
        """Return a text that changes with tracks, models and feedback."""
        state = self.state_or_none()
        if state is not None:
            return state.version
        return f"{self.library.state()}-{self.library.feedback.last()}"

    def _job_ended(self, job: Job) -> None:
        if job.verb in SCANS and job.state == "done":
            self.scheduler.trigger("train", "new-music")

    def memo(self, name: str, key: Any, make: Callable[[], Value]) -> Value:
        """Return the value `name` for the state of the library that is `key`; see `Memo`."""
        memo: Memo[Value] = self._memos.setdefault(name, Memo())
        return memo.get(key, make)


def _not_run(settings: Settings) -> frozenset[str]:
    """Return the names of the schedules that the settings forbid."""
    if not settings.schedule:
        return frozenset(JOB_KINDS)
    return frozenset() if settings.auto_train else frozenset({"train"})
