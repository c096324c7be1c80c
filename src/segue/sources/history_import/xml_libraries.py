"""Read plays, skips and ratings from the XML libraries of iTunes, Rhythmbox and foobar2000.

Conventions
-----------
- iTunes and Music (``Library.xml``): a property list; the dictionary `Tracks` has one for each
  track. `Rating` goes from 0 to 100 in steps of 20; one that is computed from the album is none.
  `Loved`, `Favorited` and `Disliked` are opinions. Podcasts, videos and audiobooks are left out.
- Rhythmbox (``rhythmdb.xml``): entries of the type `song`, with ratings from 1 to 5.
- foobar2000 (*Playback Statistics > Export to XML*): entries with `Count` and `LastPlayed`, in
  100 nanoseconds since 1601; a track is known by the path of its file: see `track_paths`. Ratings
  are read as `RatingFriendly`, from 1 to 5, where they are given.

Sources: developer.apple.com/documentation/ituneslibrary, property lists as of
www.apple.com/DTDs/PropertyList-1.0.dtd; gitlab.gnome.org/GNOME/rhythmbox, rhythmdb/rhythmdb-tree.c;
wiki.hydrogenaud.io, "Foobar2000:Components/Playback Statistics (foo_playcount)".
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from segue.ratings import STARS
from segue.sources.history_import.import_row import (
    ImportIssue,
    ImportRow,
    UnusableRow,
    read_id,
    read_name,
)
from segue.sources.history_import.totals import (
    Counters,
    count,
    known_number,
    last_time,
    opinion,
    total_rows,
    windows_time,
)
from segue.sources.history_import.track_paths import track_of_path
from segue.sources.history_import.xml_events import XmlElement, read_elements
from segue.sources.tables.decoding import Stream
from segue.types import TrackReference

Fields = Mapping[str, str]
Elements = Iterable[XmlElement | ImportIssue]
_OTHER_MEDIA = ("Podcast", "Movie", "TV Show", "Music Video", "Has Video", "Audiobook")
_TRUE = "true"


def xml_kind(head: bytes) -> str | None:
    """Return the kind of an XML library by its first bytes, None if it is unknown."""
    if not head.lstrip().startswith(b"<"):
        return None
    return next((one.kind for one in _FORMATS if one.start.search(head)), None)


def read_xml_library(stream: Stream, kind: str) -> Iterator[ImportRow | ImportIssue]:
    """Yield the totals of every track of a library of this `kind`."""
    layout = next(one for one in _FORMATS if one.kind == kind)
    number = 0
    for fields in layout.collect(read_elements(stream)):
        if isinstance(fields, ImportIssue):
            yield fields
            continue
        number += 1
        try:
            yield from layout.rows(fields)
        except UnusableRow as why:
            yield ImportIssue(why.reason, number, expected=why.expected)


def _itunes_tracks(elements: Elements) -> Iterator[Fields | ImportIssue]:
    section = key = ""
    fields: dict[str, str] = {}
    for element in elements:
        if isinstance(element, ImportIssue):
            yield element
        elif element.is_start:
            if element.depth == 4:
                fields = {}
        elif element.depth == 3 and element.name == "key":
            section = element.text
        elif element.depth == 5 and section == "Tracks":
            if element.name == "key":
                key = element.text
            else:
                fields[key] = element.text or element.name
        elif element.depth == 4 and element.name == "dict" and section == "Tracks":
            yield fields


def _itunes(fields: Fields) -> Iterator[ImportRow]:
    if any(fields.get(name) == _TRUE for name in _OTHER_MEDIA):
        raise UnusableRow("it is a podcast, an audiobook or a video, not a track", expected=True)
    track = TrackReference(
        artist=read_name(fields.get("Artist") or fields.get("Album Artist")),
        title=read_name(fields.get("Name")),
        album=read_name(fields.get("Album")),
    )
    rating = None
    if fields.get("Rating Computed") != _TRUE:
        rating = known_number(fields.get("Rating"), "Rating")
    counters = Counters(
        count(fields.get("Play Count"), "Play Count"),
        count(fields.get("Skip Count"), "Skip Count"),
        opinion(
            None if rating is None else STARS.opinion(rating / 20),
            loved=_TRUE in (fields.get("Loved"), fields.get("Favorited")),
            disliked=fields.get("Disliked") == _TRUE,
        ),
        last_time(fields.get("Play Date UTC")),
    )
    yield from total_rows(None, track, counters)


def _rhythmbox_songs(elements: Elements) -> Iterator[Fields | ImportIssue]:
    fields: dict[str, str] = {}
    for element in elements:
        if isinstance(element, ImportIssue):
            yield element
        elif element.depth == 2 and element.is_start:
            fields = {}
        elif element.depth == 3 and not element.is_start:
            fields[element.name] = element.text
        elif element.depth == 2 and element.attributes.get("type") == "song":
            yield fields


def _rhythmbox(fields: Fields) -> Iterator[ImportRow]:
    track = TrackReference(
        recording=read_id(fields.get("mb-trackid"), "recording id"),
        artist=read_name(fields.get("artist")),
        title=read_name(fields.get("title")),
        album=read_name(fields.get("album")),
    )
    counters = Counters(
        count(fields.get("play-count"), "play-count"),
        0.0,
        STARS.opinion(known_number(fields.get("rating"), "rating")),
        last_time(fields.get("last-played")),
    )
    yield from total_rows(None, track, counters)


def _foobar2000_entries(elements: Elements) -> Iterator[Fields | ImportIssue]:
    path = ""
    for element in elements:
        if isinstance(element, ImportIssue):
            yield element
        elif element.depth == 2 and element.is_start:
            path = ""
        elif element.depth == 3 and element.is_start:
            path = path or element.attributes.get("Path", "")
        elif element.depth == 2 and element.name == "Entry":
            yield {**element.attributes, "path": path}


def _foobar2000(fields: Fields) -> Iterator[ImportRow]:
    plays = count(fields.get("Count"), "Count")
    rating = STARS.opinion(known_number(fields.get("RatingFriendly"), "RatingFriendly"))
    if not plays and rating is None:
        return
    track = track_of_path(fields["path"]) if fields["path"] else None
    if track is None:
        raise UnusableRow("it names no file")
    last = windows_time(fields.get("LastPlayed"))
    yield from total_rows(None, track, Counters(plays, 0.0, rating, last))


class _XmlLayout(NamedTuple):
    kind: str
    start: re.Pattern[bytes]
    collect: Callable[[Elements], Iterator[Fields | ImportIssue]]
    rows: Callable[[Fields], Iterator[ImportRow]]


_FORMATS = (
    _XmlLayout(
        "itunes", re.compile(rb"<plist\b.*<key>Tracks</key>", re.DOTALL), _itunes_tracks, _itunes
    ),
    _XmlLayout("rhythmbox", re.compile(rb"<rhythmdb\b"), _rhythmbox_songs, _rhythmbox),
    _XmlLayout(
        "foobar2000", re.compile(rb"<PlaybackStatistics\b"), _foobar2000_entries, _foobar2000
    ),
)
