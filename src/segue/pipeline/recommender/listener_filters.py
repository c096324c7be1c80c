"""Rules and folders of each listener over the tracks of one snapshot, current with all changes.

Other processes change them, too; `follow` notices it.
"""

import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.engine import LearningRules
from segue.library import FolderAccess, Library
from segue.pipeline.filters.hidden_tracks import hidden_tracks
from segue.pipeline.filters.rule_filters import RuleFilters, rules_by_listener
from segue.pipeline.recommender.caching import SizedCache
from segue.pipeline.recommender.snapshot import Snapshot

_MAX_BYTES: Final = 16_000_000
_OVERHEAD_BYTES: Final = 1_000


class ListenerFilters:
    """What is not learned from, never played, and hidden, for each listener.

    Safe in several threads.
    """

    def __init__(self, library: Library, snapshot: Snapshot) -> None:
        self._library = library
        catalogue = snapshot.catalogue
        self._index = snapshot.exclusion_index
        self._filters = RuleFilters(library, snapshot.exclusion_index, catalogue.positions)
        self._learning: SizedCache[str, LearningRules] = SizedCache(_MAX_BYTES)
        self._never: SizedCache[str, NDArray[np.bool_]] = SizedCache(_MAX_BYTES)
        self._hidden: SizedCache[FolderAccess, NDArray[np.bool_]] = SizedCache(_MAX_BYTES)
        self._lock = threading.Lock()
        self.version = ""
        """A text that changes with every change of a rule, and of the folders of an account."""
        self._rules = rules_by_listener([])
        self._folders: dict[str, FolderAccess] = {}
        self.follow()

    def follow(self) -> bool:
        """Read rules and folders that have changed; return whether any have."""
        with self._lock:
            reader = self._library.reader
            version = " ".join(filter(None, [reader.rules_version(), reader.folders_version()]))
            if version == self.version:
                return False
            self._rules = rules_by_listener(self._library.rules.all())
            self._folders = self._library.folder_access.all()
            self._learning.clear()
            self._never.clear()
            self.version = version
            return True

    def learning(self, user: str) -> LearningRules | None:
        """Return what is not learned from for a listener; None if everything is."""
        with self._lock:
            rules = [one for one in self._rules.get(user, ()) if one.effect == "learn"]
            if not rules:
                return None
            found = self._learning.get(user)
            if found is None:
                found = self._filters.learning(rules)
                size = 0 if found.tracks is None else found.tracks.nbytes
                self._learning.put(user, found, size + _OVERHEAD_BYTES)
            return found

    def never_played(self, user: str) -> NDArray[np.bool_] | None:
        """Return which tracks are never played for a listener, ``[n_tracks]``; None if all may.

        These include the tracks that are hidden from the account of the listener.
        """
        with self._lock:
            rules = [one for one in self._rules.get(user, ()) if one.effect == "play"]
            access = self._folders.get(user)
            if not rules and access is None:
                return None
            found = self._never.get(user)
            if found is None:
                found = self._filters.tracks(rules)
                if access is not None:
                    found |= self._hidden_by(access)
                self._never.put(user, found, found.nbytes + _OVERHEAD_BYTES)
            return found

    def folders(self, user: str | None) -> FolderAccess | None:
        """Return the folders of the account of a listener; None if it may see everything."""
        return None if user is None else self._folders.get(user)

    def hidden_by(self, access: FolderAccess) -> NDArray[np.bool_]:
        """Return which tracks are hidden from an account with these folders, ``[n_tracks]``."""
        with self._lock:
            return self._hidden_by(access)

    def _hidden_by(self, access: FolderAccess) -> NDArray[np.bool_]:
        found = self._hidden.get(access)
        if found is None:
            found = hidden_tracks(self._index, access)
            self._hidden.put(access, found, found.nbytes + _OVERHEAD_BYTES)
        return found
