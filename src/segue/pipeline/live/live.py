"""One process's open library: current with all feedback on disk and with the models in use.

Verbs take what `Live.opened` returns in the place of a library. Whoever holds one goes on with it
while another is taken up, so that nothing that is under way is dropped or mixed; what it knows of
listeners is current all the same.

Several processes may serve one library. What each knows of listeners is the feedback log up to a
number; before it answers it reads on. Whether models or tracks are others is told by what lies on
disk, and looked at no more than once in `LOOK_AGAIN` seconds; the library is then prepared and
opened anew beside the answers, and taken up when it is ready.

What counts over all listeners (how many like a track) is as of the last preparation, which is made
anew after so many events that it would matter.
"""

import mmap
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from threadpoolctl import threadpool_limits

from segue.errors import SegueError
from segue.library import Event, KeptBelief, Library, NameIndex, settings_hash
from segue.pipeline.live.ahead import Ahead
from segue.pipeline.live.engine import LiveEngine
from segue.pipeline.live.explaining import LiveExplainer
from segue.pipeline.live.listeners import Listeners
from segue.pipeline.live.lists import Lists
from segue.pipeline.live.preparing import is_small, prepare_apart
from segue.pipeline.live.unchanged import UnchangedByOpinions
from segue.pipeline.live.weights import Beliefs
from segue.pipeline.live.writing import GroupCommit
from segue.pipeline.opening.opened import Opened
from segue.pipeline.opening.snapshot import (
    Snapshot,
    is_current,
    open_snapshot,
    prepare,
    state_of,
)
from segue.pipeline.recommend import recommend
from segue.signals import SequenceSignal

LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at whether tracks or models have changed."""
MOST_MAPPED: Final = 260_000_000
"""Bytes of mapped files from which those are let go that lists read in part: they are read again,
from the system's memory as long as there is some."""
_LEAST_EVENTS: Final = 1_000
_SHARE_OF_LISTENS: Final = 0.02


def _mapped_bytes() -> int:
    """Return how much of mapped files is resident in this process; 0 where that is not told."""
    try:
        shared = int(Path("/proc/self/statm").read_text("ascii").split()[2])
    except (OSError, ValueError, IndexError):
        return 0
    return shared * mmap.PAGESIZE


@dataclass(frozen=True, slots=True)
class _Current:
    """What is served: one snapshot, its listeners, and the library opened with both."""

    snapshot: Snapshot
    listeners: Listeners
    beliefs: Beliefs
    opened: Opened
    ahead: Ahead
    lists: Lists


class Live:
    """A library that is kept open. Safe to be used by several threads.

    `taken_over` is called whenever another state of the library has been taken up, by whatever
    thread that is.
    """

    def __init__(self, library: Library, *, taken_over: Callable[[], None] = lambda: None) -> None:
        self.library = library
        self.something_to_do: Callable[[], None] = lambda: None
        """Called whenever there is something for `make_ready`, by whatever thread that is."""
        self._taken_over = taken_over
        self._lock = threading.Lock()
        self._current: _Current | None = None
        self._taking_over: threading.Thread | None = None
        self._closing = threading.Event()
        self._refused = ""
        self._looked = time.monotonic()
        self._writer = GroupCommit(self._write)

    @property
    def version(self) -> str:
        """What changes whenever tracks, models or anybody's feedback do."""
        current = self._now()
        state = settings_hash({"state": current.snapshot.state})
        return f"{state[:8]}-{current.listeners.number}"

    def opened(self) -> Opened:
        """Return the library as it is now.

        Raises
        ------
        LibraryError
            If it holds no tracks.
        ModelError
            If nothing is known of them that could be compared.
        """
        return self._now().opened

    def warm_up(self) -> None:
        """Open the library, and make one list: the first of a process takes ten times as long.

        Raises
        ------
        SegueError
            If nothing can be recommended from it.
        """
        opened = self.opened()
        recommend(opened, like=[opened.catalogue.tracks[0].track_id])

    def lists_of(self, opened: Opened) -> Lists:
        """Return the lists of a library that `opened` gave, of which those made are kept."""
        current = self._current
        if current is not None and current.opened is opened:
            return current.lists
        return Lists(opened)  # another was taken up meanwhile

    @property
    def names(self) -> NameIndex:
        """The index of titles, artists and albums."""
        return self._now().snapshot.words.names

    def feedback(self, events: Sequence[Event]) -> list[bool]:
        """Take in what listeners did; it is on disk when this returns which events were new.

        Raises
        ------
        UnknownTrackError
            If one names a track that the library does not hold.
        """
        self.library.feedback.check(events)
        new = self._writer.add(events)
        if self._current is not None:
            self._follow(self._current)
        return new

    def make_ready(self) -> bool:
        """Score one listener of those who did something since, before they ask; False for none."""
        current = self._current
        user = None if current is None else current.ahead.next()
        if current is None or user is None:
            return False
        current.opened.expect([(user, (), ())])
        return True

    def stop(self) -> None:
        """End preparations, and begin none; whoever opens the library next begins them anew."""
        self._closing.set()

    def close(self) -> None:
        """End what goes on beside the answers."""
        self.stop()
        if self._taking_over is not None:
            self._taking_over.join()

    def _now(self) -> _Current:
        if self._current is None:
            with self._lock:
                if self._current is None:
                    self._current = self._first()
        current = self._current
        self._follow(current)
        self._look(current)
        return current

    def _follow(self, current: _Current) -> None:
        """Take in what listeners did, here and elsewhere."""
        happened = current.listeners.follow()
        for user in happened:
            current.beliefs.forget(user)
        if happened and current.ahead.heard(happened):
            self.something_to_do()

    def _first(self) -> _Current:
        # several threads of requests have more use for the cores than one matrix product
        threadpool_limits(1, user_api="blas")
        if not is_current(self.library):
            found = None if is_small(self.library) else open_snapshot(self.library)
            if found is not None:
                return self._with(found)  # as it was; `_look` has it prepared anew
            prepare_apart(self.library, stopping=self._closing)
        found = open_snapshot(self.library)
        if found is None:
            prepare(self.library, force=True)
            found = open_snapshot(self.library)
        if found is None:
            raise SegueError("The library cannot be opened: run segue train.")
        return self._with(found)

    def _with(self, snapshot: Snapshot) -> _Current:
        beliefs = Beliefs(self.library.reader, snapshot.weights, snapshot.engine)
        listeners = Listeners(self.library, snapshot)
        engine = LiveEngine(
            [
                UnchangedByOpinions(signal) if isinstance(signal, SequenceSignal) else signal
                for signal in snapshot.signals
            ],
            beliefs.personal,
            snapshot.recordings,
            snapshot.missing,
            beliefs=beliefs,
        )
        tracks = snapshot.catalogue.tracks
        explainer = LiveExplainer(engine, tracks, snapshot.facts, words=snapshot.words)
        opened = Opened(
            self.library,
            snapshot.catalogue,
            listeners,
            engine,
            snapshot.facts,
            explainer,
            snapshot.columns,
            snapshot.words,
        )
        listeners.follow()
        ahead = Ahead(engine.remembers)
        return _Current(snapshot, listeners, beliefs, opened, ahead, Lists(opened, beliefs, ahead))

    def _look(self, current: _Current) -> None:
        """Have the library prepared and taken up anew where it is another one, beside answers."""
        now = time.monotonic()
        if now - self._looked < LOOK_AGAIN or self._busy() or self._closing.is_set():
            return
        self._looked = now
        if _mapped_bytes() > MOST_MAPPED:
            current.snapshot.maps.let_go()
        state, events = state_of(self.library), current.listeners.number - current.snapshot.number
        many = max(_LEAST_EVENTS, _SHARE_OF_LISTENS * current.snapshot.n_listens)
        past = current.snapshot.number if events >= many else -1
        if (state == current.snapshot.state and past < 0) or state == self._refused:
            return
        if self.library.being_written():
            return  # models of which some are new and some are not would be taken up
        with self._lock:
            if not self._busy():
                self._taking_over = threading.Thread(
                    target=self._take_over, args=(state, past), name="take over", daemon=True
                )
                self._taking_over.start()

    def _busy(self) -> bool:
        return self._taking_over is not None and self._taking_over.is_alive()

    def _take_over(self, state: str, past: int) -> None:
        try:
            prepare_apart(self.library, past, self._closing)
            found = open_snapshot(self.library)
        except SegueError:
            found = None
        if found is None:
            self._refused = state  # what is served goes on; it is tried again when that changes
            return
        self._current = self._with(found)
        self._taken_over()

    def _write(self, events: Sequence[Event]) -> list[bool]:
        current = self._current
        if current is None:
            return self.library.feedback.add(events)
        positions = current.snapshot.catalogue.positions

        def learn(event: Event, kept: KeptBelief | None) -> KeptBelief | None:
            return current.beliefs.moved(event, positions.get(event.track_id), kept)

        personal = current.snapshot.weights.personal
        return self.library.feedback.add(events, learn if personal else None)
