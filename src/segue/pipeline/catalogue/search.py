"""Search tracks by words: their tags and genres, names, and tags that encoders predict.

Each term of a query is worth at most 1 to a track, and a track's score is the mean over the terms:

- a given genre or tag of that name is worth 1, one that it is part of 0.9;
- a word of the title, album or artist is worth 0.8;
- a common phrase (`segue.pipeline.recommender.search_phrases`) is worth at most `PHRASE`, so that
  names come first;
- a predicted tag is worth the share of the library that has less of it: the normal distribution
  function of its standardized log-odds (their mean, where several encoders or tags match a term),
  so that a rare tag counts as much as a common one.

- a word that none of these has is worth `MISSPELLED` to tracks whose names have it with a typing
  error or in another script (`segue.pipeline.recommender.name_search`).

The best of these counts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import display_artist
from segue.encoders.pretrained import PACKAGE
from segue.engine import keep_one_of_each
from segue.errors import ModelError
from segue.index import best
from segue.pipeline.arguments import LibraryArgument, as_library
from segue.pipeline.recommender.name_search import NameMatches, NameSearch, words_of
from segue.pipeline.recommender.search_phrases import (
    PHRASES,
    SearchPhrase,
    phrase_reasons,
    phrase_worth,
)
from segue.pipeline.recommender.search_terms import is_part, normalize_text, tags_for, terms_of
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.snapshot import Snapshot
from segue.pipeline.recommender.tag_scores import mean_score
from segue.pipeline.recommender.vocabulary import Vocabulary
from segue.types import Track

if TYPE_CHECKING:
    import pandas as pd

GIVEN: Final = 1.0
GIVEN_PART: Final = 0.9
NAMED: Final = 0.8
PHRASE: Final = 0.7
MISSPELLED: Final = 0.5
BY_NAME: Final = 1.0
"""Score of a track that a whole query names."""
_MAX_REASONS: Final = 3
_MAX_NAMED: Final = 20
_MAX_MISSPELLED: Final = 1_000
_MAX_ENTITIES: Final = 6

_PHRASE_WORDS: Final = frozenset(word for phrase in PHRASES for word in words_of(phrase))

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SearchMatch:
    """A track that matches a search.

    `why` gives what each term adds; its values sum to `score`. `matched` lists what matched each
    term: ``tag rock``, ``genre rock``, ``title``, ``sounds rock``.
    """

    rank: int
    track_id: str
    title: str | None
    artist: str | None
    score: float
    why: Mapping[str, float]
    matched: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class EntityMatch:
    """An artist or album whose name matches a search, by its public id."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of a search: `terms` are the words that count, `unknown` those without a match."""

    query: str
    terms: Sequence[str]
    unknown: Sequence[str]
    tracks: Sequence[SearchMatch] = field(default_factory=list)
    artists: Sequence[EntityMatch] = field(default_factory=list)
    albums: Sequence[EntityMatch] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue search --json`` prints."""
        return asdict(self)

    def to_pandas(self) -> "pd.DataFrame":
        """Return one row per track: the fields of a match, and a column ``why.<term>`` per term."""
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
    """The worth of one term to every track, and the tags that it matches, or its phrase."""

    term: str
    worth: Scores
    tags: Mapping[str, Scores]
    phrase: SearchPhrase | None = None
    is_misspelled: bool = False

    @property
    def known(self) -> bool:
        """Whether the term fits any track."""
        return bool((self.worth > 0).any())


def search(library: LibraryArgument, query: str, k: int = 10) -> SearchResult:
    """Find the tracks that words fit best.

    Parameters
    ----------
    library
        A library, or its directory.
    query
        Tags, moods, instruments, genres, phrases such as "road trip", words of a title; in any
        order.
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
    return search_snapshot(RecommenderService.open(as_library(library)).snapshot(), query, k)


def search_snapshot(snapshot: Snapshot, query: str, k: int = 10) -> SearchResult:
    """Find the tracks of an opened snapshot that words fit best; see `search`."""
    vocabulary, tracks = snapshot.vocabulary, snapshot.catalogue.tracks
    names = {*vocabulary.counts, *map(normalize_text, vocabulary.tag_scores), *PHRASES}
    terms = terms_of(query, names)
    weighed = [_corrected(_weigh(term, vocabulary), snapshot.search) for term in terms]
    known = [one for one in weighed if one.known]
    artists, albums = search_entities(snapshot, query)
    if not known:
        raise ModelError(_nothing_known(query, vocabulary.tag_scores, vocabulary.counts))
    scores: Scores = np.stack([one.worth for one in known]).sum(axis=0) / np.float32(len(known))
    scores[scores <= 0] = np.nan
    scores[snapshot.missing] = np.nan
    keep_one_of_each(scores, snapshot.recordings)
    positions = best(scores[None, :], k)[0][0]
    return SearchResult(
        query=query,
        terms=[one.term for one in known],
        unknown=[one.term for one in weighed if not one.known],
        tracks=[
            _match(rank, tracks[position], position, known, vocabulary)
            for rank, position in enumerate(positions[positions >= 0].tolist(), start=1)
        ],
        artists=artists,
        albums=albums,
    )


@dataclass(frozen=True, slots=True)
class CatalogueMatches:
    """Artists, albums and tracks for a query; tracks by name first, then by words.

    `tracks` has position, score, and what matched of each track; `terms` and `unknown` are those of
    `SearchResult`, empty where names alone fill the list.
    """

    artists: Sequence[EntityMatch]
    albums: Sequence[EntityMatch]
    tracks: Sequence[tuple[int, float, Sequence[str]]]
    terms: Sequence[str]
    unknown: Sequence[str]


def search_names_and_words(snapshot: Snapshot, query: str, k: int = 10) -> CatalogueMatches:
    """Find artists, albums and tracks by their names, and tracks by words, as they are typed."""
    named = find_names(snapshot, query, n_tracks=k).tracks
    read = snapshot.catalogue.tracks
    found: dict[int, tuple[float, Sequence[str]]] = {
        position: (BY_NAME, _fields(query, read[position])) for position in named
    }
    artists, albums = search_entities(snapshot, query)
    terms: Sequence[str] = []
    unknown: Sequence[str] = []
    if len(found) < k and query.strip():
        try:
            by_words = search_snapshot(snapshot, query, k)
        except ModelError:
            unknown = [] if found or artists or albums else query.split()
        else:
            terms, unknown = by_words.terms, by_words.unknown
            for match in by_words.tracks:
                position = snapshot.catalogue.positions[match.track_id]
                reasons = [reason for each in match.matched.values() for reason in each]
                found.setdefault(position, (match.score, reasons))
    tracks = [(position, *rest) for position, rest in list(found.items())[:k]]
    return CatalogueMatches(artists, albums, tracks, terms, unknown)


def find_names(
    snapshot: Snapshot, query: str, *, n_artists: int = 0, n_albums: int = 0, n_tracks: int = 0
) -> NameMatches:
    """Return artists, albums and tracks that a query names; see `NameSearch.search`.

    Words of genres, tags and phrases are no misspelled names.
    """
    return snapshot.search.search(
        query,
        n_artists=n_artists,
        n_albums=n_albums,
        n_tracks=n_tracks,
        known=snapshot.vocabulary.known_words | _PHRASE_WORDS,
    )


def search_entities(
    snapshot: Snapshot, query: str, most: int = _MAX_ENTITIES
) -> tuple[list[EntityMatch], list[EntityMatch]]:
    """Return the artists and albums whose names match a query, best first."""
    names = snapshot.search
    found = find_names(snapshot, query, n_artists=most, n_albums=most)
    return (
        [EntityMatch(names.artist_ids[one], names.artist_names[one]) for one in found.artists],
        [EntityMatch(names.album_ids[one], names.album_titles[one]) for one in found.albums],
    )


def _fields(query: str, track: Track) -> list[str]:
    """Return which names of a track have words that begin with all words of a query."""
    wanted = words_of(query)
    names = {
        "title": track.title,
        "artist": display_artist(track.artist, track.artists),
        "album": track.album,
    }
    return [
        kind
        for kind, name in names.items()
        if name and all(any(own.startswith(one) for own in words_of(name)) for one in wanted)
    ] or ["name"]


def _corrected(term: _Term, names: NameSearch) -> _Term:
    """Return a term, or, if it is unknown, the names that it is a misspelling of."""
    if term.known:
        return term
    worth = term.worth.copy()
    worth[names.find(term.term, _MAX_MISSPELLED)] = MISSPELLED
    return replace(term, worth=worth, is_misspelled=True)


def _weigh(term: str, vocabulary: Vocabulary) -> _Term:
    from scipy.special import ndtr

    worth = _worth_of_given(term, vocabulary)
    phrase = PHRASES.get(term)
    if phrase is not None:
        fits = phrase_worth(phrase, vocabulary)
        if fits.any():
            named = np.float32(NAMED) * _share_of_words(term, vocabulary)
            worth = np.maximum.reduce([worth, named, np.float32(PHRASE) * fits])
            return _Term(term, worth, {}, phrase)
    tags = {tag: vocabulary.tag_scores[tag] for tag in tags_for(term, vocabulary.tag_scores)}
    if tags:
        predicted = np.nan_to_num(ndtr(mean_score(list(tags.values()))), nan=0.0)
        worth = np.maximum(worth, predicted.astype(np.float32))
    return _Term(term, worth, tags)


def _share_of_words(term: str, vocabulary: Vocabulary) -> Scores:
    """Return which share of the words of a term the title, album or artist of a track has."""
    words = term.split()
    share: Scores = np.zeros(vocabulary.n_tracks, np.float32)
    for word in words:
        share[vocabulary.named(word)] += 1 / len(words)
    return share


def _worth_of_given(term: str, vocabulary: Vocabulary) -> Scores:
    """Return what a term is worth to every track by its genres, tags and names, ``[n_tracks]``."""
    worth: Scores = np.zeros(vocabulary.n_tracks, np.float32)
    worth[vocabulary.named(term)] = NAMED
    names = vocabulary.plain_names
    worth[vocabulary.with_any([name for name in names if is_part(term, name)])] = GIVEN_PART
    worth[vocabulary.with_any([term] if term in names else [])] = GIVEN
    return worth


def _named(term: str, track: Track) -> list[str]:
    """Return which of a track's names have the term in them."""
    artists = display_artist(track.artist, track.artists)
    names = {"title": track.title, "album": track.album, "artist": artists}
    return [
        key for key, name in names.items() if name and f" {term} " in f" {normalize_text(name)} "
    ]


def _match(
    rank: int, track: Track, position: int, terms: Sequence[_Term], vocabulary: Vocabulary
) -> SearchMatch:
    parts = {one.term: float(one.worth[position]) / len(terms) for one in terms}
    return SearchMatch(
        rank=rank,
        track_id=track.track_id,
        title=track.title,
        artist=track.artist,
        score=sum(parts.values()),
        why=parts,
        matched={
            one.term: _reasons(one, track, position, vocabulary)
            for one in terms
            if one.worth[position] > 0
        },
    )


def _reasons(one: _Term, track: Track, position: int, vocabulary: Vocabulary) -> list[str]:
    """Return what a term matched in a track, the surest first."""
    if one.is_misspelled:
        return _fields(one.term, track)
    reasons = [
        f"{kind} {name}"
        for kind, names in (("genre", track.genres), ("tag", tuple(track.tags)))
        for name in names
        if is_part(one.term, normalize_text(name))
    ]
    reasons += _named(one.term, track)
    if one.phrase is not None:
        return reasons + phrase_reasons(one.phrase, vocabulary, position)
    # those that are more in this track than in most
    predicted = {tag: scores[position] for tag, scores in one.tags.items() if scores[position] > 0}
    strongest = sorted(predicted, key=lambda tag: -predicted[tag])[:_MAX_REASONS]
    return reasons + [f"sounds {tag}" for tag in strongest]


def _nothing_known(query: str, tag_scores: Mapping[str, Scores], given: Mapping[str, int]) -> str:
    """Return the error message of a query without a known word, with the commonest words."""
    beginning = f"No track matches {query!r}"
    if not tag_scores and not given:
        return (
            f"{beginning}, because no tags are known: run segue encoders add {PACKAGE}, then"
            " segue preprocess DATASET again, to predict them with a pretrained encoder."
        )
    names = sorted(
        {
            *map(normalize_text, tag_scores),
            *(name for name, _ in Counter(given).most_common(_MAX_NAMED)),
        }
    )
    install = f" (segue encoders add {PACKAGE} installs encoders that predict more)"
    more = "" if tag_scores else install
    return f"{beginning}: search for {', '.join(names)}, or words of a title{more}."
