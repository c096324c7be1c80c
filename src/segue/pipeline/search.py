"""`search`: tracks by words, from tags, genres, names, and tags of pretrained encoders.

Each term of a query is worth at most 1 to a track, and a track's score is the mean over the terms:

- a given genre or tag of that name is worth 1, one that it is part of 0.9;
- a word of the title, album or artist is worth 0.8;
- a predicted tag is worth the share of the library that has less of it, read off the normal curve
  at the standardised log-odds of the tag (the mean of them, where several encoders or tags answer a
  term): so that a rare tag counts as much as a common one.

The best of the three counts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from segue.encoders.pretrained import PACKAGE
from segue.engine import keep_one_of_each
from segue.errors import LibraryError, ModelError
from segue.index import best
from segue.library import Catalogue, Library
from segue.pipeline.analysing.duplicates import recordings
from segue.pipeline.opening.levels import mean_level, tag_levels
from segue.pipeline.opening.opened import Opened
from segue.pipeline.opening.search_words import is_part, plain, tags_for, terms_of
from segue.pipeline.opening.words import WordIndex
from segue.types import Track

if TYPE_CHECKING:
    import pandas as pd

GIVEN: Final = 1.0
GIVEN_PART: Final = 0.9
NAMED: Final = 0.8
_MOST_REASONS: Final = 3
_MOST_NAMED: Final = 20

Scores = NDArray[np.float32]


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


@dataclass(frozen=True, slots=True)
class _Term:
    """What one term is worth to every track ``[n_tracks]``, and the levels of tags it asks for."""

    term: str
    worth: Scores
    tags: Mapping[str, Scores]

    @property
    def known(self) -> bool:
        """Whether any track has to do with it."""
        return bool((self.worth > 0).any())


def search(library: Library | Opened, query: str, k: int = 10) -> Found:
    """Find the tracks that words fit best.

    Parameters
    ----------
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
    if isinstance(library, Opened):
        catalogue, groups = library.catalogue, library.engine.recordings
        missing = np.asarray(library.engine.missing, np.int64)
        prepared = library.words
    else:
        catalogue, prepared = library.catalogue(), None
        if not len(catalogue):
            raise LibraryError("The library holds no tracks: run segue preprocess DATASET first.")
        groups = recordings(library, catalogue)
        missing = np.flatnonzero([track.missing for track in catalogue.tracks])
    words: _Words
    if prepared is not None:
        words = _Prepared(prepared)
    else:
        of = library.library if isinstance(library, Opened) else library
        words = _OfTracks(of, catalogue)
    terms = terms_of(query, {*words.given, *map(plain, words.levels)})
    weighed = [_weigh(term, words) for term in terms]
    known = [one for one in weighed if one.known]
    if not known:
        raise ModelError(_nothing_known(query, words.levels, words.given))
    scores: Scores = np.stack([one.worth for one in known]).sum(axis=0) / np.float32(len(known))
    scores[scores <= 0] = np.nan
    scores[missing] = np.nan
    keep_one_of_each(scores, groups)
    positions = best(scores[None, :], k)[0][0]
    return Found(
        query=query,
        terms=[one.term for one in known],
        unknown=[one.term for one in weighed if not one.known],
        tracks=[
            _match(rank, catalogue.tracks[position], position, known)
            for rank, position in enumerate(positions[positions >= 0].tolist(), start=1)
        ],
    )


def _weigh(term: str, words: "_Words") -> _Term:
    from scipy.special import ndtr

    worth = words.worth(term)
    tags = {tag: words.levels[tag] for tag in tags_for(term, words.levels)}
    if tags:
        predicted = np.nan_to_num(ndtr(mean_level(list(tags.values()))), nan=0.0)
        worth = np.maximum(worth, predicted.astype(np.float32))
    return _Term(term, worth, tags)


class _Words(Protocol):
    """What a library can be searched by.

    `given` are the names of its genres and tags, as `plain` gives them, and how many tracks have
    each; `levels` the standardised log-odds of each tag that is predicted ``[n_tracks]``.
    """

    given: Mapping[str, int]
    levels: Mapping[str, Scores]

    def worth(self, term: str) -> Scores:
        """Return what a term is worth to every track by what is given and how it is named."""


class _OfTracks:
    """Reads all tracks for each term."""

    def __init__(self, library: Library, catalogue: Catalogue) -> None:
        self._tracks = catalogue.tracks
        self.levels: Mapping[str, Scores] = tag_levels(library, catalogue)
        self.given: Mapping[str, int] = Counter(
            plain(name) for track in self._tracks for name in {*track.genres, *track.tags}
        )

    def worth(self, term: str) -> Scores:
        """Return what a term is worth to every track."""
        return np.array([_worth_of_given(term, track) for track in self._tracks], np.float32)


class _Prepared:
    """Looks the tracks up by the words that they have."""

    def __init__(self, words: WordIndex) -> None:
        self._words = words
        self.levels: Mapping[str, Scores] = words.levels
        self.given: Mapping[str, int] = words.counts

    def worth(self, term: str) -> Scores:
        """Return what a term is worth to every track."""
        found: Scores = np.zeros(self._words.n_tracks, np.float32)
        found[self._words.named(term)] = NAMED
        names = self._words.plain_names
        found[self._words.with_any([n for n in names if is_part(term, n)])] = GIVEN_PART
        found[self._words.with_any([term] if term in names else [])] = GIVEN
        return found


def _worth_of_given(term: str, track: Track) -> float:
    names = [plain(name) for name in (*track.genres, *track.tags)]
    if term in names:
        return GIVEN
    if any(is_part(term, name) for name in names):
        return GIVEN_PART
    return NAMED if _named(term, track) else 0.0


def _named(term: str, track: Track) -> list[str]:
    """Return which of a track's names have the term in them."""
    names = {"title": track.title, "album": track.album, "artist": track.artist}
    return [key for key, name in names.items() if name and f" {term} " in f" {plain(name)} "]


def _match(rank: int, track: Track, position: int, terms: Sequence[_Term]) -> Match:
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


def _reasons(one: _Term, track: Track, position: int) -> list[str]:
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


def _nothing_known(query: str, levels: Mapping[str, Scores], given: Mapping[str, int]) -> str:
    """Say which words could be asked for: the commonest, since few are of use to anybody else."""
    beginning = f"No track has anything to do with {query!r}"
    if not levels and not given:
        return (
            f"{beginning}, since no tags are known: run segue encoders add {PACKAGE}, then"
            " segue preprocess DATASET again, to predict them with a pretrained encoder."
        )
    names = sorted(
        {*map(plain, levels), *(name for name, _ in Counter(given).most_common(_MOST_NAMED))}
    )
    more = "" if levels else f" (segue encoders add {PACKAGE} installs encoders that predict more)"
    return f"{beginning}: ask for {', '.join(names)}, or words of a title{more}."
