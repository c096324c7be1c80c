"""Store what scrobblers send: the one way of all protocols to `segue.pipeline.history`."""

from collections.abc import Sequence

import numpy as np

from segue.pipeline.history.playback import PlaybackReport, record_playback
from segue.pipeline.history.submitted_listens import SubmissionTarget, submit
from segue.serve.app_state import AppState
from segue.serve.subsonic.catalogue_view import CatalogueView, catalogue_view
from segue.serve.track_matcher import track_matcher
from segue.sources.history_import import ImportRow
from segue.types import TrackReference


def submission_target(app_state: AppState) -> SubmissionTarget:
    """Return where submitted listens go."""
    view = catalogue_view(app_state)
    return SubmissionTarget(
        app_state.library,
        app_state.service.feedback,
        track_matcher(app_state),
        lambda row: _id_at_row(view, row),
    )


def store_listens(app_state: AppState, user: str, listens: Sequence[ImportRow]) -> int:
    """Store listens of a listener; return the number of new ones."""
    return submit(submission_target(app_state), user, listens)


def store_playing_now(app_state: AppState, user: str, client: str, track: TrackReference) -> None:
    """Store the track that a client plays now, if the library has it; it does not count.

    Services that the listener connected show it as well, also if the library lacks it.
    """
    view = catalogue_view(app_state)
    match = track_matcher(app_state).match(track)
    track_id = None if match is None else _id_at_row(view, match.row)
    begins = True
    if track_id is not None:
        playback = PlaybackReport(track_id=track_id, state="playing", ignored=True)
        begins = record_playback(
            app_state.library,
            app_state.service.feedback,
            user,
            client,
            playback,
            duration_of=view.duration,
        )
    if begins:
        app_state.forwarder.announce(user, track)


def _id_at_row(view: CatalogueView, row: int) -> str | None:
    rows = np.asarray(view.catalogue.rows)
    place = int(np.searchsorted(rows, row))
    if place < len(rows) and rows[place] == row:
        return view.catalogue.tracks[place].track_id
    return None
