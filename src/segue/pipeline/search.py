"""`search`: tracks by words, from given tags and genres, names, and what pretrained ears predict.

Each term of a query is worth at most 1 to a track, and a track's score is the mean over the terms:

- a given genre or tag of that name is worth 1, one that it is part of 0.9;
- a word of the title, album or artist is worth 0.8;
- a predicted tag is worth the share of the library that has less of it, read off the normal curve
  at the standardised log-odds of the tag (the mean of them, where several ears or tags answer a
  term): so that a rare tag counts as much as a common one.

The best of the three counts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from segue.encoders.pretrained import EARS, PACKAGE
from segue.engine import keep_one_of_each
from segue.errors import LibraryError, ModelError
from segue.index import best
from segue.library import Library
from segue.pipeline.search_index import GIVEN, GIVEN_PART, NAMED, Scores, SearchIndex, Term
from segue.pipeline.search_words import is_part, plain, terms_of
from segue.types import Track

if TYPE_CHECKING:
    import pandas as pd

_MOST_REASONS: Final = 3
_MOST_NAMED: Final = 20

__all__ = ["GIVEN", "GIVEN_PART", "NAMED", "Found", "Match", "SearchIndex", "search"]


@dataclass(frozen=True, slots=True)
class Match:
    """One track that was found.

    `why` gives what each term adds; its values sum to `score`. `matched` says for each term by
    what: ``tag rock``, ``genre rock``, ``title``, ``predicted rock``.
    """

    rank: int
    track_id: str
    title: str | None
    artist: str | None
    score: float
    why: Mapping[str, float]
    matched: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. `terms` are the words that counted, `unknown` those that nothing has."""

    query: str
    terms: Sequence[str]
    unknown: Sequence[str]
    tracks: Sequence[Match] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue search --json`` prints."""
        return asdict(self)

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row a track: the fields of `Match`, and a column ``why.<term>`` a term."""
        import pandas as pd

        rows = []
        for match in self.tracks:
            row = asdict(match)
            why = row.pop("why")
            rows.append({**row, **{f"why.{term}": part for term, part in why.items()}})
        fields = ["rank", "track_id", "title", "artist", "score", "matched"]
        return pd.DataFrame(rows, columns=[*fields, *(f"why.{term}" for term in self.terms)])


def search(library: Library | SearchIndex, query: str, k: int = 10) -> Found:
    """Find the tracks that words fit best.

    Parameters
    ----------
    library
        A library, or what a search of it looks into, where it is prepared already.
    query
        Tags, moods, instruments, genres, words of a title; in any order.
    k
        How many tracks; fewer come where fewer fit at all.

    Raises
    ------
    ValueError
        If `k` is below 1.
    LibraryError
        If the library holds no tracks.
    ModelError
        If no word of the query is known; the message says which can be asked for.
    """
    if k < 1:
        raise ValueError(f"k is {k}: ask for at least 1 track.")
    index = library if isinstance(library, SearchIndex) else _index(library)
    tracks = index.catalogue.tracks
    weighed = [
        index.weigh(term) for term in terms_of(query, {*index.given, *map(plain, index.levels)})
    ]
    known = [one for one in weighed if one.known]
    if not known:
        raise ModelError(_nothing_known(query, index))
    scores: Scores = np.stack([one.worth for one in known]).sum(axis=0) / np.float32(len(known))
    scores[scores <= 0] = np.nan
    scores[index.missing] = np.nan
    keep_one_of_each(scores, index.groups)
    positions = best(scores[None, :], k)[0][0]
    return Found(
        query=query,
        terms=[one.term for one in known],
        unknown=[one.term for one in weighed if not one.known],
        tracks=[
            _match(rank, tracks[position], position, known)
            for rank, position in enumerate(positions[positions >= 0].tolist(), start=1)
        ],
    )


def _index(library: Library) -> SearchIndex:
    catalogue = library.catalogue()
    if not len(catalogue):
        raise LibraryError("The library holds no tracks: run segue preprocess DATASET first.")
    return SearchIndex.of(library, catalogue)


def _named(term: str, track: Track) -> list[str]:
    """Return which of a track's names have the term in them."""
    names = {"title": track.title, "album": track.album, "artist": track.artist}
    return [key for key, name in names.items() if name and f" {term} " in f" {plain(name)} "]


def _match(rank: int, track: Track, position: int, terms: Sequence[Term]) -> Match:
    parts = {one.term: float(one.worth[position]) / len(terms) for one in terms}
    return Match(
        rank=rank,
        track_id=track.track_id,
        title=track.title,
        artist=track.artist,
        score=sum(parts.values()),
        why=parts,
        matched={
            one.term: _reasons(one, track, position) for one in terms if one.worth[position] > 0
        },
    )


def _reasons(one: Term, track: Track, position: int) -> list[str]:
    """Say by what a term was found in a track, the surest first."""
    reasons = [
        f"{kind} {name}"
        for kind, names in (("genre", track.genres), ("tag", tuple(track.tags)))
        for name in names
        if is_part(one.term, plain(name))
    ]
    reasons += _named(one.term, track)
    # those that are more in this track than in most
    predicted = {tag: levels[position] for tag, levels in one.tags.items() if levels[position] > 0}
    strongest = sorted(predicted, key=lambda tag: -predicted[tag])[:_MOST_REASONS]
    return reasons + [f"predicted {tag}" for tag in strongest]


def _nothing_known(query: str, index: SearchIndex) -> str:
    """Say which words could be asked for: the commonest, since few are of use to anybody else."""
    levels = index.levels
    given = Counter({name: len(positions) for name, positions in index.given.items()})
    beginning = f"No track has anything to do with {query!r}"
    if not levels and not given:
        return (
            f"{beginning}, since no tags are known: run segue encoders add {PACKAGE}, then"
            " segue preprocess DATASET again, to let a pretrained ear predict them."
        )
    names = sorted({*map(plain, levels), *(name for name, _ in given.most_common(_MOST_NAMED))})
    more = (
        "" if levels else f" (segue encoders add {PACKAGE} brings {len(EARS)} ears that know more)"
    )
    return f"{beginning}: ask for {', '.join(names)}, or words of a title{more}."
