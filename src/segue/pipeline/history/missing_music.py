"""Find music that a listener would miss in the library: a list, never a download.

- Artists and tracks that the listener played elsewhere: the listens without a track in the library.
- On request, artists that are similar to those that the listener plays most, by ListenBrainz
  (`segue.sources.similar_artists`). Only this needs a network.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from segue.artist_names import comparison_key
from segue.library import Library
from segue.pipeline.filters.rule_filters import learning_rules
from segue.pipeline.history.unmatched import (
    MissingArtist,
    UnmatchedEntry,
    missing_artists,
    unmatched_listens,
)
from segue.sources.history_import.matching import Matcher
from segue.sources.similar_artists import SimilarArtist

MAX_SEEDS: Final = 10
"""Artists for which similar ones are asked for."""
_MAX_REASONS = 3

AskSimilar = Callable[[str], list[SimilarArtist]]
"""Returns the artists that are similar to the one with a MusicBrainz id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedArtist:
    """An artist that the library lacks, similar to some that the listener plays."""

    artist: str
    mbid: str
    score: float
    similar_to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMusic:
    """Music that the library lacks; `suggested` is None where it was not asked for."""

    user: str
    artists: Sequence[MissingArtist]
    tracks: Sequence[UnmatchedEntry]
    suggested: Sequence[SuggestedArtist] | None
    without_id: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue missing --json`` prints."""
        suggested = self.suggested
        return {
            "user": self.user,
            "artists": [one.to_dict() for one in self.artists],
            "tracks": [one.to_dict() for one in self.tracks],
            "suggested": None
            if suggested is None
            else [
                {
                    "artist": one.artist,
                    "mbid": one.mbid,
                    "score": one.score,
                    "similar_to": list(one.similar_to),
                }
                for one in suggested
            ],
            "without_id": self.without_id,
        }


def missing_music(
    library: Library,
    user: str,
    k: int = 20,
    *,
    ask_similar: AskSimilar | None = None,
    matcher: Matcher | None = None,
) -> MissingMusic:
    """Return the first `k` artists and tracks that a listener played and the library lacks.

    Parameters
    ----------
    ask_similar
        Where given, artists similar to those that the listener plays most are added.
    matcher
        The matcher of the tracks of the library, if there is one already.

    Raises
    ------
    UnknownListenerError
        If the library has no such listener.
    DatasetError
        The service of similar artists gives no answer.
    """
    entries = unmatched_listens(library, user, matcher=matcher)
    named = [entry for entry in entries if entry.artist and entry.title]
    suggested: list[SuggestedArtist] | None = None
    without_id = 0
    if ask_similar is not None:
        seeds, without_id = _seeds(library, user)
        known = _known_artists(library)
        suggested = _suggested(seeds, known, ask_similar)[:k]
    return MissingMusic(
        user=user,
        artists=missing_artists(named)[:k],
        tracks=named[:k],
        suggested=suggested,
        without_id=without_id,
    )


def _seeds(library: Library, user: str) -> tuple[list[tuple[str, str, float]], int]:
    """Return the most played artists with a MusicBrainz id: name, id, share of the first.

    Also the number of artists before the last of them that have no id.
    """
    plays: dict[str, float] = defaultdict(float)
    ids: dict[str, str] = {}
    names: dict[str, str] = {}
    credited = {
        track.track_id: (track.artists[0].name, track.artists[0].musicbrainz_id)
        for _, track in library.each_track()
        if track.artists
    }
    for record in _learned(library, user):
        if record["skipped"] or not record["artist"]:
            continue
        count = 1.0 if record["plays"] is None else record["plays"]
        name, mbid = credited.get(record["track_id"], (record["artist"], None))
        key = comparison_key(name)
        plays[key] += count
        names.setdefault(key, name)
        if mbid:
            ids.setdefault(key, mbid)
    ranked = sorted(plays, key=lambda key: -plays[key])
    seeds = [key for key in ranked if key in ids][:MAX_SEEDS]
    before = ranked[: ranked.index(seeds[-1])] if seeds else ranked[:MAX_SEEDS]
    most = plays[seeds[0]] if seeds else 1.0
    found = [(names[key], ids[key], plays[key] / (most or 1.0)) for key in seeds]
    return found, sum(key not in ids for key in before)


def _learned(library: Library, user: str) -> Iterator[Mapping[str, Any]]:
    """Yield the listens of a listener that are not private, and that no rule keeps out."""
    records = [record for record in library.listens_of(user) if not record["private"]]
    catalogue = library.catalogue()
    rules = learning_rules(library, catalogue).get(user)
    if rules is None or not records:
        yield from records
        return
    positions = [catalogue.positions.get(record["track_id"], -1) for record in records]
    ignored = rules.ignored(
        np.array(positions, np.int64),
        np.array([record["timestamp"] for record in records], np.float64),
        [record["dataset"] for record in records],
    )
    yield from (record for record, left_out in zip(records, ignored, strict=True) if not left_out)


def _known_artists(library: Library) -> set[str]:
    known: set[str] = set()
    for _, track in library.each_track():
        for name in [track.artist, *(one.name for one in track.artists)]:
            if name:
                known.add(comparison_key(name))
    return known


def _suggested(
    seeds: Sequence[tuple[str, str, float]], known: set[str], ask: AskSimilar
) -> list[SuggestedArtist]:
    scores: dict[str, float] = defaultdict(float)
    reasons: dict[str, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    for seed, mbid, share in seeds:
        for one in ask(mbid):
            if comparison_key(one.name) not in known:
                scores[one.mbid] += share * one.score
                names.setdefault(one.mbid, one.name)
                reasons[one.mbid].append(seed)
    return [
        SuggestedArtist(
            artist=names[mbid],
            mbid=mbid,
            score=round(score, 4),
            similar_to=tuple(reasons[mbid][:_MAX_REASONS]),
        )
        for mbid, score in sorted(scores.items(), key=lambda one: (-one[1], names[one[0]]))
    ]
