"""Match listens to the tracks of a library, by ids and names, with precision before recall.

Conventions
-----------
- The first that finds a track is used: its id; an id that is the path of its file, compared from
  the end (`PathIndex`); its MusicBrainz recording; its ISRC; the same artist
  and title (`name_key`, `title_key`); artist and title swapped, or both in the title; nearly the
  same artist and title (`close name`).
- Ignored, since the recording is the same: case, accents, punctuation, "feat.", remasters, "Album
  Version". Live, remix, acoustic, numbers and keys make another recording: they are part of the
  title, and titles that are only similar must agree in them.
- The similarity of two names is 1 less their edits (optimal string alignment) per letter. Titles of
  one artist are compared, and artists of one title. Edits are a typo or two in a word, never a
  whole word. If two tracks of different names are about as similar, neither is used.
- Of several tracks with one name, the one of the same album is used, else the one with the very
  same title ("... - Remastered 2011"), else the first whose file is present, else the first.

The thresholds are one step stricter than the loosest that `benchmarks/matching.py` finds right on
one half of its names: libraries have more titles of an artist than those names.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from segue.artist_names import comparison_key
from segue.sources.cleaning.recordings import (
    PARTS,
    artist_keys,
    is_decisive,
    title_key,
    title_words,
)
from segue.sources.history_import.track_paths import PathIndex
from segue.types import Track, TrackReference

Reason = Literal["no names", "no such artist", "no such title", "several fit"]
By = Literal["id", "path", "recording", "isrc", "name", "swapped", "close name"]

MIN_KEY_LENGTH = 6  # letters; of fewer, one edit makes another word
MARGIN = 0.04
LONG_WORD_LENGTH = 8  # letters; from there on a word may have two typos
MAX_EDITS = 2


class MatchThresholds(NamedTuple):
    """The similarity from which names count as the same: titles, artists, and both at once."""

    title: float = 0.83
    artist: float = 0.83
    both: float = 0.86


DEFAULT_THRESHOLDS = MatchThresholds()
_RECORDINGS = (
    *("musicbrainz_recording_id", "musicbrainz_trackid", "recording_mbid", "mb_trackid"),
    "mbid",
)
_MBID_LENGTH = 36
_MAX_CACHED = 50_000


class TrackMatch(NamedTuple):
    """The row of a track, and what identified it."""

    row: int
    by: By


class _Candidate(NamedTuple):
    row: int
    album: str
    title: str
    has_file: bool


class _Title(NamedTuple):
    words: str
    tracks: list[_Candidate]


class Matcher:
    """Match references to tracks.

    Parameters
    ----------
    tracks
        With the rows that `match` returns.
    thresholds
        The similarity from which names count as the same.

    Examples
    --------
    >>> matcher = Matcher([(7, Track(track_id="a", artist="Björk", title="Jóga"))])
    >>> matcher.match(TrackReference(artist="bjork", title="Joga (Remastered)"))
    TrackMatch(row=7, by='name')
    >>> matcher.match(TrackReference(artist="Björk", title="Jóga (Live)")) is None
    True
    """

    def __init__(
        self,
        tracks: Iterable[tuple[int, Track]],
        *,
        thresholds: MatchThresholds = DEFAULT_THRESHOLDS,
    ) -> None:
        self._thresholds = thresholds
        self._ids: dict[str, int] = {}
        self._recordings: dict[str, int] = {}
        self._isrcs: dict[str, int] = {}
        self._files = PathIndex()
        self._names: dict[str, dict[str, _Title]] = {}  # by the artist's key, then the title's
        self._aliases: dict[str, set[str]] = defaultdict(
            set
        )  # keys of artists by their other names
        self._similar_cache: dict[str, list[tuple[str, float]]] = {}
        for row, track in tracks:
            self._add(row, track)
        self._recordings.pop("", None)
        self._isrcs.pop("", None)
        self._by_end: dict[str, list[str]] = defaultdict(list)
        for artist in self._names:
            for end in _ends(artist):
                self._by_end[end].append(artist)

    def __len__(self) -> int:
        return len(self._ids)

    def match(self, wanted: TrackReference) -> TrackMatch | None:
        """Return the track that is meant; None if there is none, or it is not certain which."""
        found = self._by_id(wanted)
        if found is not None or not wanted.title:
            return found
        album = comparison_key(wanted.album) if wanted.album else ""
        ways: tuple[tuple[By, Iterator[_Title]], ...] = (
            ("name", self._same_names(wanted.artist, wanted.title)),
            ("swapped", self._swapped_names(wanted.artist, wanted.title)),
            ("close name", self._close_names(wanted.artist, wanted.title)),
        )
        for by, titles in ways:
            for title in titles:
                return TrackMatch(_best(title.tracks, album, comparison_key(wanted.title)), by)
        return None

    def reason(self, wanted: TrackReference) -> Reason:
        """Return why `match` finds no track.

        ==============  ============================================================================
        no names        it has no artist or no title, and its ids are unknown
        no such artist  the library has no artist of this name
        no such title   it has the artist, and nothing of theirs that is certainly this title
        several fit     two tracks are about as similar
        ==============  ============================================================================
        """
        if not wanted.artist or not wanted.title:
            return "no names"
        if len(self._close_matches(wanted.artist, wanted.title)) > 1:
            return "several fit"
        alike = self._similar_artists(artist_keys(wanted.artist)[0])
        return "no such title" if self._artists(wanted.artist) or alike else "no such artist"

    def _add(self, row: int, track: Track) -> None:
        self._ids[track.track_id] = row
        for name in _RECORDINGS:
            for recording in track.metadata.get(name, "").split("|"):
                self._recordings.setdefault(_plain_id(recording), row)
        for isrc in track.metadata.get("isrc", "").split("|"):
            self._isrcs.setdefault(_plain_id(isrc), row)
        if track.path is not None:
            self._files.add(row, str(track.path))
        artist, title = track.artist, track.title
        if artist is None and title is not None:  # names of files without tags
            parts = PARTS.split(title)
            artist, title = parts if len(parts) == 2 else (None, None)
        if artist is None or title is None:
            return
        key, *aliases = artist_keys(artist)
        for alias in aliases:
            self._aliases[alias].add(key)
        titles = self._names.setdefault(key, {})
        name = title_key(title)
        if name not in titles:
            titles[name] = _Title(title_words(title), [])
        album = comparison_key(track.album) if track.album else ""
        titles[name].tracks.append(_Candidate(row, album, comparison_key(title), not track.missing))

    def _by_id(self, wanted: TrackReference) -> TrackMatch | None:
        if wanted.track_id in self._ids:
            return TrackMatch(self._ids[wanted.track_id], "id")
        if wanted.track_id and "/" in wanted.track_id:
            row_of_path = self._files.find(wanted.track_id)
            if row_of_path is not None:
                return TrackMatch(row_of_path, "path")
        for recording in (wanted.recording or "").split("|"):
            if (row := self._recordings.get(_plain_id(recording))) is not None:
                return TrackMatch(row, "recording")
        if wanted.isrc and (row := self._isrcs.get(_plain_id(wanted.isrc))) is not None:
            return TrackMatch(row, "isrc")
        return None

    def _artists(self, artist: str) -> list[str]:
        """Return the artists of the library that certainly are this one."""
        key, *others = artist_keys(artist)
        known = [key, *sorted(self._aliases.get(key, ())), *others]
        return [one for one in dict.fromkeys(known) if one in self._names]

    def _same_names(self, artist: str | None, title: str) -> Iterator[_Title]:
        if artist:
            name = title_key(title)
            for one in self._artists(artist):
                if name in self._names[one]:
                    yield self._names[one][name]

    def _swapped_names(self, artist: str | None, title: str) -> Iterator[_Title]:
        """Yield titles found with the fields swapped, or with both in the title."""
        if artist:
            yield from self._same_names(title, artist)
        parts = PARTS.split(title)
        if len(parts) >= 2:
            first, rest = parts[0], " - ".join(parts[1:])
            stated = comparison_key(artist) if artist else ""
            # "Queen", "Queen - Innuendo"; "QueenVEVO" is such an artist too
            if not stated or stated.startswith(comparison_key(first)):
                yield from self._same_names(first, rest)

    def _close_names(self, artist: str | None, title: str) -> Iterator[_Title]:
        found = self._close_matches(artist, title) if artist else []
        if found and (len(found) == 1 or found[0][0] - found[1][0] >= MARGIN):
            yield self._names[found[0][1]][found[0][2]]

    def _close_matches(self, artist: str, title: str) -> list[tuple[float, str, str]]:
        """Return similar names, best first: similarity, artist, title."""
        name, words = title_key(title), title_words(title)
        found: list[tuple[float, str, str]] = []
        own = self._artists(artist)
        for one in own:
            found += [
                (score, one, near)
                for near, score in self._similar_titles(one, name, words, self._thresholds.title)
            ]
        for one, alike in self._similar_artists(artist_keys(artist)[0]):
            if one in own:
                continue
            if name in self._names[one]:
                found.append((alike, one, name))
            elif alike >= self._thresholds.both:
                found += [
                    (min(alike, score), one, near)
                    for near, score in self._similar_titles(one, name, words, self._thresholds.both)
                ]
        return sorted(found, reverse=True)

    def _similar_titles(
        self, artist: str, name: str, words: str, least: float
    ) -> list[tuple[str, float]]:
        titles = self._names[artist]
        return [
            (near, score)
            for near, score in _similar(name, titles.keys(), least)
            if _word_by_word(words, titles[near].words)
        ]

    def _similar_artists(self, artist: str) -> list[tuple[str, float]]:
        """Return artists with a similar key; an edit leaves its beginning or its end."""
        if artist not in self._similar_cache:
            if len(self._similar_cache) >= _MAX_CACHED:
                self._similar_cache.clear()
            choices = {one for end in _ends(artist) for one in self._by_end.get(end, ())}
            digits = _digits(artist)
            self._similar_cache[artist] = [
                (near, score)
                for near, score in _similar(artist, choices, self._thresholds.artist)
                if _digits(near) == digits and OSA.distance(near, artist) <= MAX_EDITS
            ]
        return self._similar_cache[artist]


def _word_by_word(one: str, other: str) -> bool:
    """Return whether similar titles are similar word by word, and equal in the decisive words.

    One or two edits are a typo in a word; more are another word, and so another title.
    """
    ours, theirs = one.split(), other.split()
    if sorted(filter(is_decisive, ours)) != sorted(filter(is_decisive, theirs)):
        return False
    if len(ours) != len(theirs):
        return OSA.distance("".join(ours), "".join(theirs)) <= 1
    return all(
        a == b or OSA.distance(a, b) <= (1 if min(len(a), len(b)) < LONG_WORD_LENGTH else MAX_EDITS)
        for a, b in zip(ours, theirs, strict=True)
    )


def _similar(key: str, choices: Iterable[str], least: float) -> list[tuple[str, float]]:
    if len(key) < MIN_KEY_LENGTH:
        return []
    found = extract(key, choices, scorer=OSA.normalized_similarity, score_cutoff=least, limit=3)
    return [(near, score) for near, score, _ in found if len(near) >= MIN_KEY_LENGTH]


def _ends(key: str) -> tuple[str, str]:
    return f"{key[:3]}-", f"-{key[-3:]}"


def _digits(key: str) -> str:
    return "".join(filter(str.isdigit, key))


def _plain_id(text: str) -> str:
    return text.replace("-", "").strip().casefold()


def _best(tracks: list[_Candidate], album: str, title: str) -> int:
    def fit(known: _Candidate) -> tuple[bool, bool, bool]:
        return bool(album) and known.album == album, known.title == title, known.has_file

    return max(tracks, key=fit).row


def recordings_in(metadata: Mapping[str, str]) -> list[str]:
    """Return the MusicBrainz recordings in the metadata of a track."""
    found = (metadata.get(name, "").split("|") for name in _RECORDINGS)
    ids = [one.strip().lower() for several in found for one in several]
    return [one for one in ids if len(one) == _MBID_LENGTH]
