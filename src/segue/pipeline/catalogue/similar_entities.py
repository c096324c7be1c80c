"""Find artists similar to an artist, and albums similar to an album.

The tracks of the artist or album that most listeners like are the seeds of a recommendation by all
signals (`ServingState.recommend`); the artists or albums of the tracks that it finds are ranked by
the sum of their scores. So they are similar in the same sense as tracks are, and their reason is
the group of signals (`REASONS`) that adds most.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from segue.engine import Dials
from segue.errors import LibraryError, ModelError
from segue.pipeline.catalogue.browse import Album, Artist, BrowseIndex
from segue.pipeline.recommender.serving_state import ServingState

SimilarReason = Literal["sound", "listeners", "tags", "lyrics"]
REASONS: Final[Mapping[str, SimilarReason]] = {
    "timbre": "sound",
    "temporal": "sound",
    "knn": "sound",
    "collaborative": "listeners",
    "sequence": "listeners",
    "friends": "listeners",
    "tags": "tags",
    "metadata": "tags",
    "lyrics": "lyrics",
}
"""What signals compare: sound, listeners, genres and tags, or lyrics."""

_MAX_SEEDS: Final = 12
_TRACKS_EACH: Final = 2


@dataclass(frozen=True, slots=True)
class SimilarEntity:
    """The number of an artist or album, its score, and the group of signals that adds most."""

    number: int
    score: float
    reason: SimilarReason | None


def similar_entities(
    state: ServingState,
    index: BrowseIndex,
    kind: Literal["artist", "album"],
    item: str,
    *,
    k: int,
    user: str | None = None,
) -> list[SimilarEntity]:
    """Return up to `k` artists similar to an artist, or albums similar to an album.

    Parameters
    ----------
    item
        The id of the artist or album.
    user
        The listener whose tracks that are never played are left out.
    """
    entity = index.artist(item) if kind == "artist" else index.album(item)
    of_track = index.artist_of if kind == "artist" else index.album_of
    entities: Sequence[Artist | Album] = index.artists if kind == "artist" else index.albums
    tracks = np.zeros(0, np.int32) if entity is None else entity.tracks
    known = tracks[tracks < len(state.catalogue)]
    listeners = np.asarray(state.facts.listeners)[known]
    seeds = known[np.argsort(-listeners, kind="stable")][:_MAX_SEEDS].tolist()
    if not seeds:
        return []
    ids = [index.catalogue.tracks[position].track_id for position in seeds]
    dials = Dials(
        artist_cap=_TRACKS_EACH * (1 if kind == "artist" else 2),
        album_cap=None if kind == "artist" else _TRACKS_EACH,
    )
    try:
        query = state.query(None, _TRACKS_EACH * (k + 1), like=ids, dials=dials, rules_of=user)
        found = state.recommend(query)
    except (LibraryError, ModelError):  # there is no signal that can compare them
        return []
    scores: dict[int, float] = defaultdict(float)
    parts: dict[int, dict[SimilarReason, float]] = defaultdict(lambda: defaultdict(float))
    least = min((pick.score for pick in found.tracks), default=0.0)
    for pick in found.tracks:
        position = index.catalogue.positions.get(pick.track_id)
        number = -1 if position is None else int(of_track[position])
        if number < 0 or entities[number].id == item:
            continue
        scores[number] += pick.score - least
        for signal, part in pick.why.items():
            if signal in REASONS:
                parts[number][REASONS[signal]] += part
    best = sorted(scores, key=lambda one: (-scores[one], one))[:k]
    return [SimilarEntity(one, scores[one], _strongest(parts[one])) for one in best]


def _strongest(parts: Mapping[SimilarReason, float]) -> SimilarReason | None:
    if not parts:
        return None
    name = max(parts, key=lambda one: parts[one])
    return name if parts[name] > 0 else None
