"""Tracks as Audioscrobbler and Last.fm name them, as listens of one form, and who sends them."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from segue.pipeline.accounts.login import check_name
from segue.pipeline.accounts.scrobbler_sessions import find_scrobbler_session
from segue.pipeline.history.submitted_listens import read_listens, track_reference_of
from segue.serve.app_state import AppState
from segue.serve.security import sessions
from segue.sources.history_import import ImportRow
from segue.types import TrackReference

MAX_FIELDS: Final = 1_000


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form; the first of several of one name.

    Raises
    ------
    ValueError
        If there are too many.
    """
    text = body.decode("utf-8", "replace")
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    return dict(reversed(pairs))


def scrobbled_listen(names: Mapping[str, str], at: int) -> ImportRow:
    """Return a listen from `artist`, `track` and maybe `album` and `mbid`.

    Raises
    ------
    UnusableRow
        If it names no track.
    """
    (row,) = read_listens([{"listened_at": at, "track_metadata": _metadata(names)}])
    return row


def scrobbled_reference(names: Mapping[str, str]) -> TrackReference:
    """Return a track from the same names as `scrobbled_listen`.

    Raises
    ------
    UnusableRow
        If they name no track.
    """
    return track_reference_of({"track_metadata": _metadata(names)})


def _metadata(names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "artist_name": names.get("artist"),
        "track_name": names.get("track"),
        "release_name": names.get("album"),
        "additional_info": {"recording_mbid": names.get("mbid") or None},
    }


def open_listener(app_state: AppState, name: str) -> str | None:
    """Return the listener of a name in a library without accounts; None if it has accounts.

    Raises
    ------
    AccountError
        If it cannot be a name.
    """
    return check_name(name) if sessions.mode_of(app_state) == "open" else None


def session_listener(app_state: AppState, session: str) -> str | None:
    """Return the listener of a session; None if it is not valid."""
    found = find_scrobbler_session(app_state.library, session)
    needs_account = sessions.mode_of(app_state) != "open" and not app_state.library.accounts.any()
    return None if needs_account else found
