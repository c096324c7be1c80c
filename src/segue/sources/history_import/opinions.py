"""Read likes and dislikes as services keep them: opinions of tracks that are not listens.

Conventions
-----------
- A like is a rating of 1, a dislike a rating of -1; a row with nothing but a rating is no play. An
  opinion that was taken back has no rating and counts 0 plays.
- An opinion is a total: a later import replaces it.
- ListenBrainz exports feedback without names: by `recording_mbid`, or by `recording_msid`, the id
  of the submitted listen. The listens of the same export have the names: such an opinion is held
  until the export ends (`PendingOpinions`). One that no listen explains is matched by its
  `recording_mbid`, and is an issue without.

Sources: last.fm/api/show/user.getLovedTracks; listenbrainz.readthedocs.io, "Feedback JSON
Documentation"; the export of listenbrainz-server.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from segue.ratings import DISLIKED, LIKED
from segue.sources.history_import.import_row import ImportIssue, ImportRow, UnusableRow
from segue.sources.tables.values import read_number
from segue.types import TrackReference

_MAX_PENDING = 200_000  # they are held in memory
_NAMELESS = (
    "the track is unknown: the feedback has no recording_mbid, and no listen in the file has its"
    " recording_msid"
)


def opinion_row(
    user: str | None, track: TrackReference, timestamp: float | None, score: int = 1
) -> ImportRow:
    """Return the opinion of a `score`: 1 is a like, -1 a dislike, 0 an opinion taken back."""
    rating = {1: LIKED, -1: DISLIKED}.get(score)
    plays = 0.0 if rating is None else None
    return ImportRow(user, track, timestamp, plays=plays, rating=rating, total=True)


def read_score(value: Any) -> int:
    """Return a score of 1, 0 or -1.

    Raises
    ------
    UnusableRow
        It is another value.
    """
    try:
        score = read_number(value)
    except ValueError:
        score = None
    if score not in (1.0, 0.0, -1.0):
        raise UnusableRow("the score is not 1, 0 or -1")
    return int(score)


class _Pending(NamedTuple):
    row: ImportRow
    ids: tuple[str, ...]
    line: int | None


class PendingOpinions:
    """The opinions of one export that have no names yet."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []
        self._names: dict[str, TrackReference | None] = {}

    def hold(self, record: Mapping[str, Any], row: ImportRow, line: int | None) -> bool:
        """Hold the opinion of a record if it has no names; return whether it is held."""
        if row.track.title or len(self._pending) >= _MAX_PENDING:
            return False
        ids = tuple(_ids(record))
        self._pending.append(_Pending(row, ids, line))
        for one in ids:
            self._names.setdefault(one, None)
        return True

    def learn_names(self, record: Mapping[str, Any], track: TrackReference) -> None:
        """Keep the names of a listen of ListenBrainz if an opinion needs them."""
        if not self._names or not track.title:
            return
        names = record["track_metadata"]
        more, mapped = names.get("additional_info"), names.get("mbid_mapping")
        for part in (record, names, more, mapped):
            for one in _ids(part):
                if one in self._names and self._names[one] is None:
                    self._names[one] = track

    def resolved(self) -> Iterator[ImportRow | ImportIssue]:
        """Yield the opinions that were held, with the names of listens."""
        for row, ids, line in self._pending:
            found = next(filter(None, map(self._names.get, ids)), None)
            if found is not None:
                yield row._replace(track=found._replace(recording=row.track.recording))
            elif row.track.recording:
                yield row
            else:
                yield ImportIssue(_NAMELESS, line)


def _ids(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name in ("recording_mbid", "recording_msid"):
            value = part.get(name)
            if isinstance(value, str) and value:
                yield value.casefold()
