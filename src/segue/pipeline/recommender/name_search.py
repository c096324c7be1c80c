"""Search artists, albums and tracks by words of their names, also with typing errors.

Names and queries are compared as words of plain letters and digits: without case and accents, and
with other scripts transliterated, so that "kino" finds names in Cyrillic, and "ros" Sigur Rós. A
word of a query matches a word of a name that is equal to it, that begins with it, or, if no name
has the word, that differs from it by one letter (two from `TWO_ERRORS` letters on): a letter too
much or too few, another letter, or two letters exchanged (optimal string alignment). All words of a
query must match. Words of titles count more than those of artists, and these more than those of
albums.

Layout
------
Items are numbered: artists, then albums, then tracks by position. The words of all names are
sorted; those at ``starts[i] : starts[i + 1]`` in `items` and `values` are the items with word i,
and what a match of it is worth. `lengths` are the numbers of words of the names, `popularity` is
from 0 to 1.
"""

import re
import threading
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, NamedTuple, Self

import numpy as np
from anyascii import anyascii
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from segue.catalogue_ids import CatalogueIds
from segue.library import AlbumRow, ArtistRow
from segue.pipeline.arrays import Arrays, texts_from, texts_parts
from segue.types import Track

ONE_ERROR: Final = 4
"""Number of letters from which a word may have one error."""
TWO_ERRORS: Final = 8

_MAX_WORDS: Final = 12
_TITLE, _ARTIST, _ALBUM = 1.0, 0.75, 0.65
_FIRST: Final = 0.06  # added for the first word of a name
_PREFIX: Final = 0.8  # of a word with a longer one that begins with it; up to 0.95
_ERRORS: Final = (1.0, 0.6, 0.5)
_ERRORS_BEGINNING: Final = (0.8, 0.5, 0.4)
_COVERED, _POPULAR = 0.25, 0.1
_TOKEN = re.compile(r"[a-z0-9]+")
_INNER = re.compile(r"(?<=\w)[^\w\s]+(?=\w)")
_APOSTROPHES = re.compile("['`\u2019\u02bc\u00b4]")
_HAN = re.compile(r"([\u3400-\u9fff\uf900-\ufaff])")

Values = NDArray[np.float32]
Numbers = NDArray[np.int64]


class NameMatches(NamedTuple):
    """The best matches, best first.

    Artists and albums are places in `artist_ids` and `album_ids`, tracks are positions.
    """

    artists: list[int]
    albums: list[int]
    tracks: list[int]


@lru_cache(maxsize=65_536)
def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a name or query in the form in which they are compared.

    >>> words_of("Sigur Rós"), words_of("Don't Stop"), words_of("Кино")
    (('sigur', 'ros'), ('dont', 'stop'), ('kino',))
    >>> words_of("さくら"), words_of("東京")
    (('sakura',), ('dong', 'jing'))
    """
    if not text.isascii():
        spaced = _HAN.sub(r" \1 ", unicodedata.normalize("NFKC", text))
        text = anyascii(spaced)
    return tuple(_TOKEN.findall(_APOSTROPHES.sub("", text).lower()))


def _indexed_words(name: str) -> tuple[str, ...]:
    """Return the words of a name, and those that punctuation splits also as one.

    >>> _indexed_words("AC/DC live")
    ('ac', 'dc', 'live', 'acdc')
    """
    words = words_of(name)
    if not _INNER.search(name):
        return words
    joined = words_of(_INNER.sub("", name))
    return (*words, *(word for word in joined if word not in words))


@dataclass(frozen=True)
class NameSearch:
    """The index of the names of one catalogue; it can be read from any thread."""

    artist_ids: Sequence[str]
    artist_names: Sequence[str]
    album_ids: Sequence[str]
    album_titles: Sequence[str]
    words: Sequence[str]
    starts: Numbers
    items: NDArray[np.int32]
    values: Values
    lengths: NDArray[np.uint8]
    popularity: Values
    missing: NDArray[np.bool_]
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _by_length: dict[tuple[int, bool], tuple[list[str], Numbers, Numbers]] = field(
        default_factory=dict, repr=False
    )

    @staticmethod
    def parts(
        tracks: Sequence[Track],
        ids: CatalogueIds,
        listeners: NDArray[Any],
        artists: Mapping[int, ArtistRow],
        albums: Mapping[int, AlbumRow],
    ) -> dict[str, NDArray[Any]]:
        """Return the index of a catalogue as arrays.

        Parameters
        ----------
        listeners
            How many listeners like each track ``[n_tracks]``.
        artists, albums
            The artists and albums of the library by row, of which those of the tracks are indexed.
        """
        return _NameIndexBuilder(tracks, ids, listeners, artists, albums).parts()

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """Return the index of arrays that `parts` gave."""
        return cls(
            texts_from(arrays, "artist_ids"),
            texts_from(arrays, "artist_names"),
            texts_from(arrays, "album_ids"),
            texts_from(arrays, "album_titles"),
            texts_from(arrays, "words"),
            arrays["starts"],
            arrays["items"],
            arrays["values"],
            arrays["lengths"],
            arrays["popularity"],
            arrays["missing"],
        )

    def without(
        self, hidden: NDArray[np.bool_], artist_ids: AbstractSet[str], album_ids: AbstractSet[str]
    ) -> Self:
        """Return the index without some tracks ``[n_tracks]``; of entities, only some are kept."""
        kept = [*(one in artist_ids for one in self.artist_ids)]
        kept += [one in album_ids for one in self.album_ids]
        gone = np.concatenate([~np.array(kept, bool), hidden])
        return replace(self, missing=self.missing | gone)

    def search(
        self,
        text: str,
        *,
        n_artists: int = 0,
        n_albums: int = 0,
        n_tracks: int = 0,
        known: Collection[str] = (),
    ) -> NameMatches:
        """Return the artists, albums and tracks that a text names, best first.

        Parameters
        ----------
        known
            Words that are right although no name has them, such as genres.
        """
        words = words_of(text)[:_MAX_WORDS]
        scores = self._scores(words, known)
        first, second = len(self.artist_ids), len(self.artist_ids) + len(self.album_ids)
        return NameMatches(
            _best(scores[:first], n_artists),
            _best(scores[first:second], n_albums),
            _best(scores[second:], n_tracks),
        )

    def find(self, text: str, most: int = 20) -> list[int]:
        """Return the positions of up to `most` tracks that a text names, best first."""
        return self.search(text, n_tracks=most).tracks

    def _scores(self, words: Sequence[str], known: Collection[str]) -> Values:
        """Return the score of every item, 0 without a match."""
        total = np.zeros(len(self.lengths), np.float32)
        worst = np.full(len(self.lengths), np.inf, np.float32)
        if not words:
            return total
        for place, word in enumerate(words):
            own = self._matches(word, known, last=place == len(words) - 1)
            total += own
            np.minimum(worst, own, out=worst)
        covered = np.minimum(len(words) / np.maximum(self.lengths, 1), 1)
        total = total / np.float32(len(words)) + np.float32(_COVERED) * covered.astype(np.float32)
        total += np.float32(_POPULAR) * self.popularity
        total[(worst <= 0) | self.missing] = 0
        return total

    def _matches(self, word: str, known: Collection[str], *, last: bool) -> Values:
        """Return what a word is worth to every item."""
        found = np.zeros(len(self.lengths), np.float32)
        start, stop = bisect_left(self.words, word), bisect_left(self.words, f"{word}\x7f")
        is_known = start < len(self.words) and self.words[start] == word
        if stop > start:
            sizes = np.array([len(one) for one in self.words[start:stop]], np.float32)
            worth = _PREFIX + (0.95 - _PREFIX) * len(word) / sizes
            if is_known:
                worth[0] = 1.0
            self._add(found, start, stop, worth.astype(np.float32))
        if is_known or word in known or len(word) < ONE_ERROR:
            return found
        errors = 2 if len(word) >= TWO_ERRORS else 1
        for size in range(len(word) - errors, len(word) + errors + 1):
            self._add_inexact(found, word, size, errors, beginnings=False)
            if last:
                self._add_inexact(found, word, size, errors, beginnings=True)
        return found

    def _add(self, found: Values, start: int, stop: int, worth: Values) -> None:
        """Raise the values of the items with the words from `start` to `stop`."""
        first, end = int(self.starts[start]), int(self.starts[stop])
        counts = np.diff(self.starts[start : stop + 1])
        values = np.repeat(worth, counts) * self.values[first:end]
        np.maximum.at(found, self.items[first:end], values)

    def _add_inexact(
        self, found: Values, word: str, size: int, errors: int, *, beginnings: bool
    ) -> None:
        """Raise the values of items with words, or beginnings of words, of a size like `word`."""
        texts, starts, stops = self._of_length(size, beginnings)
        if not texts:
            return
        distances = cdist([word], texts, scorer=OSA.distance, score_cutoff=errors, dtype=np.uint8)
        worth = _ERRORS_BEGINNING if beginnings else _ERRORS
        for place in np.flatnonzero(distances[0] <= errors).tolist():
            start, stop = int(starts[place]), int(stops[place])
            value = worth[int(distances[0][place])]
            self._add(found, start, stop, np.full(stop - start, value, np.float32))

    def _of_length(self, size: int, beginnings: bool) -> tuple[list[str], Numbers, Numbers]:
        """Return words, or distinct beginnings of longer words, of a size, with their ranges."""
        key = size, beginnings
        with self._lock:
            if key not in self._by_length:
                self._by_length[key] = self._with_length(size, beginnings)
            return self._by_length[key]

    def _with_length(self, size: int, beginnings: bool) -> tuple[list[str], Numbers, Numbers]:
        chosen = [
            (word[:size], place)
            for place, word in enumerate(self.words)
            if (len(word) > size if beginnings else len(word) == size)
        ]
        texts = list(dict.fromkeys(text for text, _ in chosen))
        firsts: dict[str, int] = {}
        lasts: dict[str, int] = {}
        for text, place in chosen:
            firsts.setdefault(text, place)
            lasts[text] = place + 1
        return (
            texts,
            np.array([firsts[text] for text in texts], np.int64),
            np.array([lasts[text] for text in texts], np.int64),
        )


class _NameIndexBuilder:
    """Collects the words of all names."""

    def __init__(
        self,
        tracks: Sequence[Track],
        ids: CatalogueIds,
        listeners: NDArray[Any],
        artists: Mapping[int, ArtistRow],
        albums: Mapping[int, AlbumRow],
    ) -> None:
        self._numbers: dict[str, int] = {}  # of words, in the order in which they came
        self._words, self._items, self._values = array("i"), array("i"), array("f")
        self._lengths: list[int] = []
        self._popularity: list[float] = []
        there = np.array([not track.missing for track in tracks], bool)
        counts = np.where(there, np.asarray(listeners, np.float64), 0.0)
        of_artists = np.repeat(there, np.diff(ids.starts))
        self._artist_rows = [
            row for row in np.unique(ids.artists[of_artists]).tolist() if _name(artists, row)
        ]
        self._album_rows = [
            row
            for row in np.unique(ids.album[there]).tolist()
            if row in albums and albums[row].title
        ]
        self._artists, self._albums = artists, albums
        of_credits = np.repeat(counts, np.diff(ids.starts))
        listened = _sums(ids.artists, of_credits, self._artist_rows)
        for row, n in zip(self._artist_rows, listened, strict=True):
            self._put([(_name(artists, row), _TITLE)], n)
        listened = _sums(ids.album, counts, self._album_rows)
        for row, n in zip(self._album_rows, listened, strict=True):
            album = albums[row]
            artist = "" if album.artist is None else _name(artists, album.artist)
            self._put([(album.title or "", _TITLE), (artist, _ARTIST)], n)
        for track, n in zip(tracks, counts.tolist(), strict=True):
            names = dict.fromkeys([track.artist, *(one.name for one in track.artists)])
            by_artists = [(name or "", _ARTIST) for name in names]
            self._put([(track.title or "", _TITLE), *by_artists, (track.album or "", _ALBUM)], n)
        n_entities = len(self._artist_rows) + len(self._album_rows)
        self._missing = np.concatenate([np.zeros(n_entities, bool), ~there])

    def _put(self, names: Iterable[tuple[str, float]], listened: float) -> None:
        """Add an item with its names; the first one is the one that it is called by."""
        number = len(self._lengths)
        best: dict[str, float] = {}
        for place, (name, worth) in enumerate(names):
            words = _indexed_words(name)
            if place == 0:
                self._lengths.append(min(len(words), 255))
            for order, word in enumerate(words):
                value = worth + (_FIRST if order == 0 else 0.0)
                best[word] = max(value, best.get(word, 0.0))
        for word, value in best.items():
            self._words.append(self._numbers.setdefault(word, len(self._numbers)))
            self._items.append(number)
            self._values.append(value)
        self._popularity.append(listened)

    def parts(self) -> dict[str, NDArray[Any]]:
        words = sorted(self._numbers)
        ranks = np.zeros(len(words), np.int64)
        ranks[[self._numbers[word] for word in words]] = np.arange(len(words))
        of_entries = ranks[np.array(self._words, np.int64)]
        order = np.argsort(of_entries, kind="stable")
        popularity = np.log1p(np.array(self._popularity, np.float64))
        artists = [self._artists[row] for row in self._artist_rows]
        albums = [self._albums[row] for row in self._album_rows]
        return {
            **texts_parts("artist_ids", [one.artist_id for one in artists]),
            **texts_parts("artist_names", [one.name or "" for one in artists]),
            **texts_parts("album_ids", [one.album_id for one in albums]),
            **texts_parts("album_titles", [one.title or "" for one in albums]),
            **texts_parts("words", words),
            "starts": np.searchsorted(of_entries[order], np.arange(len(words) + 1)),
            "items": np.array(self._items, np.int32)[order],
            "values": np.array(self._values, np.float32)[order],
            "lengths": np.array(self._lengths, np.uint8),
            "popularity": (popularity / max(popularity.max(initial=0.0), 1e-9)).astype(np.float32),
            "missing": self._missing,
        }


def _name(artists: Mapping[int, ArtistRow], row: int) -> str:
    return (artists[row].name if row in artists else None) or ""


def _sums(ids: Numbers, values: NDArray[np.float64], rows: Sequence[int]) -> list[float]:
    """Return the sum of the values of each id of `rows`."""
    if not rows:
        return []
    totals = np.bincount(np.maximum(ids, 0), np.where(ids >= 0, values, 0.0), max(rows) + 1)
    found: list[float] = totals[np.array(rows, np.int64)].tolist()
    return found


def _best(scores: Values, most: int) -> list[int]:
    """Return the places of the largest scores above 0, largest first, equal ones in order."""
    places = np.flatnonzero(scores > 0)
    if most < 1 or not len(places):
        return []
    if len(places) > most:
        least = np.partition(scores[places], len(places) - most)[len(places) - most]
        places = places[scores[places] >= least]
    order = np.argsort(-scores[places], kind="stable")[:most]
    found: list[int] = places[order].tolist()
    return found
