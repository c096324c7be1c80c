"""The recommender for accounts that may see some folders only: other tracks do not exist for them.

It answers from the same snapshot, in which the hidden tracks count as missing and have neither id
nor names. Accounts with the same folders share one state.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library import Event, FolderAccess, Library, VisibleCatalogue
from segue.pipeline.recommender.caching import Memo
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.recommender.snapshot import Snapshot

_NONE: Final = -1


class RestrictedService(RecommenderService):
    """A service without the tracks outside of the folders of an account."""

    def __init__(self, whole: RecommenderService, access: FolderAccess) -> None:
        super().__init__(whole.library)
        self._whole, self._access = whole, access
        self._states: Memo[ServingState] = Memo()

    def opened_snapshot(self) -> Snapshot | None:
        """Return the snapshot that is open, without checking whether it is current."""
        return None if self._whole.opened_snapshot() is None else self._up_to_date().snapshot

    def feedback(self, events: Sequence[Event]) -> list[bool]:
        """Store events of listeners; see `RecommenderService.feedback`.

        Raises
        ------
        UnknownTrackError
            If a track is hidden, as if the library did not hold it.
        """
        catalogue = self.snapshot().catalogue
        for event in events:
            catalogue.position(event.track_id)
        return self._whole.feedback(events)

    def _up_to_date(self) -> ServingState:
        whole = self._whole.state_of_any_library()
        state = self._states.get(whole, lambda: restricted_state(whole, self._access))
        state.profiles.follow()
        return state


def restricted_state(whole: ServingState, access: FolderAccess) -> ServingState:
    """Return a state without the tracks outside of some folders; it learns with the `whole`."""
    hidden = whole.profiles.rules.hidden_by(access)
    snapshot = _without(whole.library, whole.snapshot, hidden)
    return ServingState.of(whole.library, snapshot, whole.posteriors)


def _without(library: Library, snapshot: Snapshot, hidden: NDArray[np.bool_]) -> Snapshot:
    """Return a snapshot in which some tracks ``[n_tracks]`` are missing and have no names."""
    ids, shown = snapshot.catalogue.ids, ~hidden
    artists, albums = library.browse.artists(), library.browse.albums()
    album_rows = set(ids.album[shown].tolist())
    artist_rows = set(ids.artists[np.repeat(shown, np.diff(ids.starts))].tolist())
    artist_rows |= set(ids.artist[shown].tolist())
    made_by = (albums[row].artist for row in album_rows if row in albums)
    artist_rows |= {_NONE if one is None else one for one in made_by}
    return replace(
        snapshot,
        catalogue=VisibleCatalogue(snapshot.catalogue, hidden),
        missing=np.union1d(snapshot.missing, np.flatnonzero(hidden)).astype(np.int64),
        exclusion_index=replace(snapshot.exclusion_index, suggests=False),
        vocabulary=snapshot.vocabulary.without(hidden),
        search=snapshot.search.without(
            hidden,
            {artists[row].artist_id for row in artist_rows if row in artists},
            {albums[row].album_id for row in album_rows if row in albums},
        ),
    )
