"""Which track of a catalogue a listen means: precision first, since a wrong match teaches a lie.

Conventions
-----------
- In order, the first that finds something counts: the track's id; its MusicBrainz recording; its
  ISRC; artist and title in the same words (`name_key`, `title_key`); artist and title swapped, or
  both in the title; nearly the same words (`close name`).
- What does not change a recording is passed over: case, accents, punctuation, "feat.", remasters,
  "Album Version". What makes it another is not: live, remix, acoustic, numbers, keys. They stay
  part of the title, and titles that are only near each other must agree in them.
- Nearness is 1 less the edits (optimal string alignment) a letter, of titles within an artist, of
  artists for one title; edits are a typo or two in a word, never a whole word. Where two tracks of
  different names are about as near, neither is taken.
- Of several tracks of one name the one of the same album counts, then one whose file is there, then
  the first.

The thresholds are one step stricter than the loosest that `benchmarks/matching.py` finds right on
one half of its names: libraries hold more titles of an artist than those names do.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from segue.artist_names import comparison_key
from segue.sources.cleaning.recordings import (
    PARTS,
    artist_keys,
    is_telling,
    title_key,
    title_words,
)
from segue.types import Sought, Track

By = Literal["id", "recording", "isrc", "name", "swapped", "close name"]

SHORTEST = 6  # letters; of fewer, one edit makes another word
MARGIN = 0.04
LONG_WORD = 8  # letters; from there on a word may have two typos
MOST_EDITS = 2


class Nearness(NamedTuple):
    """From which likeness on names are taken for the same: titles, artists, and both at once."""

    title: float = 0.83
    artist: float = 0.83
    both: float = 0.86


DEFAULT = Nearness()
_RECORDINGS = (
    *("musicbrainz_recording_id", "musicbrainz_trackid", "recording_mbid", "mb_trackid"),
    "mbid",
)
_CACHED = 50_000


class Match(NamedTuple):
    """A track, by the row it was given with, and by what it was found."""

    row: int
    by: By


class _Known(NamedTuple):
    row: int
    album: str
    there: bool


class _Title(NamedTuple):
    words: str
    tracks: list[_Known]


class Matcher:
    """Finds the tracks that listens mean, among those it is made of.

    Parameters
    ----------
    tracks
        With their rows, by which `match` answers.
    nearness
        From which likeness on names are taken for the same.

    Examples
    --------
    >>> matcher = Matcher([(7, Track(track_id="a", artist="Björk", title="Jóga"))])
    >>> matcher.match(Sought(artist="bjork", title="Joga (Remastered)"))
    Match(row=7, by='name')
    >>> matcher.match(Sought(artist="Björk", title="Jóga (Live)")) is None
    True
    """

    def __init__(
        self, tracks: Iterable[tuple[int, Track]], *, nearness: Nearness = DEFAULT
    ) -> None:
        self._nearness = nearness
        self._ids: dict[str, int] = {}
        self._recordings: dict[str, int] = {}
        self._isrcs: dict[str, int] = {}
        self._names: dict[str, dict[str, _Title]] = {}  # by the artist's key, then the title's
        self._aliases: dict[str, set[str]] = defaultdict(set)  # artists by what else they go by
        self._near: dict[str, list[tuple[str, float]]] = {}
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

    def match(self, sought: Sought) -> Match | None:
        """Return the track that is sought; None if none is, or it is not sure which."""
        found = self._by_id(sought)
        if found is not None or not sought.title:
            return found
        album = comparison_key(sought.album) if sought.album else ""
        ways: tuple[tuple[By, Iterator[_Title]], ...] = (
            ("name", self._same_names(sought.artist, sought.title)),
            ("swapped", self._misplaced(sought.artist, sought.title)),
            ("close name", self._close_names(sought.artist, sought.title)),
        )
        for by, titles in ways:
            for title in titles:
                return Match(_best(title.tracks, album), by)
        return None

    def _add(self, row: int, track: Track) -> None:
        self._ids[track.track_id] = row
        for name in _RECORDINGS:
            for recording in track.metadata.get(name, "").split("|"):
                self._recordings.setdefault(_plain_id(recording), row)
        for isrc in track.metadata.get("isrc", "").split("|"):
            self._isrcs.setdefault(_plain_id(isrc), row)
        artist, title = track.artist, track.title
        if artist is None and title is not None:  # files without tags are called so
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
        titles[name].tracks.append(_Known(row, album, not track.missing))

    def _by_id(self, sought: Sought) -> Match | None:
        if sought.track_id in self._ids:
            return Match(self._ids[sought.track_id], "id")
        for recording in (sought.recording or "").split("|"):
            if (row := self._recordings.get(_plain_id(recording))) is not None:
                return Match(row, "recording")
        if sought.isrc and (row := self._isrcs.get(_plain_id(sought.isrc))) is not None:
            return Match(row, "isrc")
        return None

    def _artists(self, artist: str) -> list[str]:
        """Return the artists of the catalogue that this one surely is."""
        key, *others = artist_keys(artist)
        known = [key, *sorted(self._aliases.get(key, ())), *others]
        return [one for one in dict.fromkeys(known) if one in self._names]

    def _same_names(self, artist: str | None, title: str) -> Iterator[_Title]:
        if artist:
            name = title_key(title)
            for one in self._artists(artist):
                if name in self._names[one]:
                    yield self._names[one][name]

    def _misplaced(self, artist: str | None, title: str) -> Iterator[_Title]:
        """Give what is found with the fields swapped, or with both in the title."""
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
        if not artist:
            return
        name, words = title_key(title), title_words(title)
        found: list[tuple[float, str, str]] = []
        own = self._artists(artist)
        for one in own:
            found += [
                (score, one, near)
                for near, score in self._near_titles(one, name, words, self._nearness.title)
            ]
        for one, alike in self._near_artists(artist_keys(artist)[0]):
            if one in own:
                continue
            if name in self._names[one]:
                found.append((alike, one, name))
            elif alike >= self._nearness.both:
                found += [
                    (min(alike, score), one, near)
                    for near, score in self._near_titles(one, name, words, self._nearness.both)
                ]
        found.sort(reverse=True)
        if found and (len(found) == 1 or found[0][0] - found[1][0] >= MARGIN):
            yield self._names[found[0][1]][found[0][2]]

    def _near_titles(
        self, artist: str, name: str, words: str, least: float
    ) -> list[tuple[str, float]]:
        titles = self._names[artist]
        return [
            (near, score)
            for near, score in _near(name, titles.keys(), least)
            if _word_by_word(words, titles[near].words)
        ]

    def _near_artists(self, artist: str) -> list[tuple[str, float]]:
        """Return the artists whose key is near: an edit leaves the beginning or the end."""
        if artist not in self._near:
            if len(self._near) >= _CACHED:
                self._near.clear()
            choices = {one for end in _ends(artist) for one in self._by_end.get(end, ())}
            digits = _digits(artist)
            self._near[artist] = [
                (near, score)
                for near, score in _near(artist, choices, self._nearness.artist)
                if _digits(near) == digits and OSA.distance(near, artist) <= MOST_EDITS
            ]
        return self._near[artist]


def _word_by_word(one: str, other: str) -> bool:
    """Say whether titles that are near are so in every word, and the same in the telling ones.

    An edit or two make a typo in a word; more make another word, and that another title.
    """
    ours, theirs = one.split(), other.split()
    if sorted(filter(is_telling, ours)) != sorted(filter(is_telling, theirs)):
        return False
    if len(ours) != len(theirs):
        return OSA.distance("".join(ours), "".join(theirs)) <= 1
    return all(
        a == b or OSA.distance(a, b) <= (1 if min(len(a), len(b)) < LONG_WORD else MOST_EDITS)
        for a, b in zip(ours, theirs, strict=True)
    )


def _near(key: str, choices: Iterable[str], least: float) -> list[tuple[str, float]]:
    if len(key) < SHORTEST:
        return []
    found = extract(key, choices, scorer=OSA.normalized_similarity, score_cutoff=least, limit=3)
    return [(near, score) for near, score, _ in found if len(near) >= SHORTEST]


def _ends(key: str) -> tuple[str, str]:
    return f"{key[:3]}-", f"-{key[-3:]}"


def _digits(key: str) -> str:
    return "".join(filter(str.isdigit, key))


def _plain_id(text: str) -> str:
    return text.replace("-", "").strip().casefold()


def _best(tracks: list[_Known], album: str) -> int:
    def fit(known: _Known) -> tuple[bool, bool]:
        return bool(album) and known.album == album, known.there

    return max(tracks, key=fit).row
