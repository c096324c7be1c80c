"""Likes and dislikes as services keep them: an opinion of a track, and no listen.

Conventions
-----------
- A like is a rating of 5, a dislike one of 0: the ends of the scale that has both; a rating that
  stands alone is no play. An opinion that was taken back counts no plays and has no rating, so that
  the track is known and nothing more.
- An opinion is a total: a later import replaces it.
- ListenBrainz exports its feedback without names: by `recording_mbid`, or by `recording_msid`, the
  id of what was submitted. The listens in the same export say what that is: such an opinion waits
  until the export has ended (`Opinions`). One that no listen explains is sought by its
  `recording_mbid`, and cannot be used without.

Sources: last.fm/api/show/user.getLovedTracks; listenbrainz.readthedocs.io, "Feedback JSON
Documentation"; the export of listenbrainz-server.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from segue.sources.history_import.import_row import Heard, Remark, Unusable
from segue.sources.tables.values import read_number
from segue.types import Sought

LIKED, DISLIKED = 5.0, 0.0
_MOST_WAITING = 200_000  # opinions: nobody has more, and they are held in memory
_NAMELESS = (
    "no track is named: the feedback has no recording_mbid, and no listen in the file has its"
    " recording_msid"
)


def liked(user: str | None, sought: Sought, when: float | None, score: int = 1) -> Heard:
    """Return the opinion that a `score` gives: 1 a like, -1 a dislike, 0 none any more."""
    rating = {1: LIKED, -1: DISLIKED}.get(score)
    plays = 0.0 if rating is None else None
    return Heard(user, sought, when, plays=plays, rating=rating, total=True)


def read_score(value: Any) -> int:
    """Read a score.

    Raises
    ------
    Unusable
        If it is none of 1, 0 and -1.
    """
    try:
        score = read_number(value)
    except ValueError:
        score = None
    if score not in (1.0, 0.0, -1.0):
        raise Unusable("the score is none of 1, 0 and -1")
    return int(score)


class _Waiting(NamedTuple):
    heard: Heard
    ids: tuple[str, ...]
    line: int | None


class Opinions:
    """The opinions of one export that wait for the names of their tracks."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._names: dict[str, Sought | None] = {}

    def hold(self, record: Mapping[str, Any], heard: Heard, line: int | None) -> bool:
        """Hold what a record of feedback says, if it lacks names; say whether that was done."""
        if heard.sought.title or len(self._waiting) >= _MOST_WAITING:
            return False
        ids = tuple(_ids(record))
        self._waiting.append(_Waiting(heard, ids, line))
        for one in ids:
            self._names.setdefault(one, None)
        return True

    def learn(self, record: Mapping[str, Any], sought: Sought) -> None:
        """Take the names of a track from a listen of ListenBrainz, if an opinion waits for them."""
        if not self._names or not sought.title:
            return
        names = record["track_metadata"]
        more, mapped = names.get("additional_info"), names.get("mbid_mapping")
        for part in (record, names, more, mapped):
            for one in _ids(part):
                if one in self._names and self._names[one] is None:
                    self._names[one] = sought

    def told(self) -> Iterator[Heard | Remark]:
        """Give what waited, with the names that the listens gave."""
        for heard, ids, line in self._waiting:
            found = next(filter(None, map(self._names.get, ids)), None)
            if found is not None:
                yield heard._replace(sought=found._replace(recording=heard.sought.recording))
            elif heard.sought.recording:
                yield heard
            else:
                yield Remark(_NAMELESS, line)


def _ids(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name in ("recording_mbid", "recording_msid"):
            value = part.get(name)
            if isinstance(value, str) and value:
                yield value.casefold()
