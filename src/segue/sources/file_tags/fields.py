"""Choose what segue uses from the tags of a file.

Conventions
-----------
- A field has steps: tags that mean it exactly, then those that may stand for it (the album artist
  for the artist). The first usable value is taken; one that says only "unknown", "Various Artists",
  "Track 01" or year 0 is not usable and never ends the search.
- The year is that of the first release, where a tag states one.
- Fields of `SEVERAL` keep all values, joined by ``|``.
- `TAG_READER_VERSION` goes up with each change of what is read: libraries then read the tags of
  unchanged files again.
"""

import re
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from segue.artist_names import read_credit
from segue.sources.cleaning.genres import read_genres
from segue.sources.cleaning.numbers import read_tempo, read_year
from segue.sources.file_tags.containers import FileTags, name_key, read_containers
from segue.sources.file_tags.encodings import decode, detect_encoding, marked_bytes
from segue.text import is_numbered_title, known_text

N_TRACKS: Final = "n_tracks"
"""Name of the number of tracks of a file that holds several."""
TAG_READER_VERSION: Final = 2
"""Version of this reader; what libraries of format 8 hold was read by version 0."""

_ARTIST: Final = ("TPE1", "artist", "\xa9ART", "Author")
_ARTISTS: Final = ("artists",)
_ALBUM_ARTIST: Final = ("TPE2", "albumartist", "aART")
_PERFORMER: Final = ("performer", "performers", "ensemble", "TOPE")
_SORTED: Final = ("artistsort", "TSOP", "soar", "artistsortorder")
_ORIGINAL_DATE: Final = ("TDOR", "originaldate", "originalyear", "TORY", "originalreleaseyear")
_GENRE: Final = ("TCON", "genre", "\xa9gen")

_STEPS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "title": (("TIT2", "title", "\xa9nam"),),
    "artist": (_ARTIST, _ARTISTS, _ALBUM_ARTIST, _PERFORMER),
    "album": (("TALB", "album", "\xa9alb", "albumtitle"),),
    "year": (
        _ORIGINAL_DATE,
        ("originalreleasetime",),
        ("TDRC", "TYER", "date", "year", "\xa9day"),
        ("TDRL", "releasedate", "releasetime", "releaseyear"),
    ),
    "genre": (_GENRE,),
    "tempo": (("TBPM", "tmpo", "beatsperminute", "bpm", "tempo"),),
    "lyrics": (("USLT", "lyrics", "unsyncedlyrics", "\xa9lyr"),),
    "artists": (_ARTISTS,),
    "albumartist": (_ALBUM_ARTIST,),
    "composer": (("TCOM", "composer", "\xa9wrt"),),
    "isrc": (("TSRC", "isrc"),),
    "musicbrainz_recording_id": (("UFID:http://musicbrainz.org", "musicbrainz_trackid"),),
    "musicbrainz_artist_id": (("musicbrainz_artistid",),),
    "musicbrainz_album_id": (("musicbrainz_albumid",),),
    "musicbrainz_albumartist_id": (("musicbrainz_albumartistid",),),
    "musicbrainz_release_group_id": (("musicbrainz_releasegroupid",),),
    "musicbrainz_track_id": (("musicbrainz_releasetrackid",),),
    "musicbrainz_work_id": (("musicbrainz_workid",),),
    "tracknumber": (("TRCK", "tracknumber", "trkn", "track"),),
    "discnumber": (("TPOS", "discnumber", "disk", "disc", "partofset"),),
    "discsubtitle": (("TSST", "discsubtitle", "setsubtitle"),),
    "compilation": (("TCMP", "compilation", "cpil", "iscompilation"),),
    "initial_key": (("TKEY", "initialkey", "key"),),
    "mood": (("TMOO", "mood"),),
    "energy": (("energylevel", "energy"),),
    **{
        f"replaygain_{of}_{what}": ((f"replaygain_{of}_{what}",),)
        for of in ("track", "album")
        for what in ("gain", "peak")
    },
    "r128_track_gain": (("r128_track_gain",),),
    "r128_album_gain": (("r128_album_gain",),),
    # what players show
    "genre_tag": (_GENRE,),
    "comment": (("COMM", "comment", "\xa9cmt", "description"),),
    "original_date": (_ORIGINAL_DATE,),
    "release_date": (("TDRL", "releasedate", "releasetime"), ("TDRC", "date", "\xa9day")),
    "label": (("TPUB", "label", "publisher", "organization"),),
    "release_type": (("releasetype", "musicbrainz_albumtype", "MusicBrainz Album Type"),),
    "album_version": (("albumversion",),),
    "explicit": (("itunesadvisory", "rtng"),),
    "title_sort": (("TSOT", "titlesort", "sonm", "titlesortorder"),),
    "album_sort": (("TSOA", "albumsort", "soal", "albumsortorder"),),
    "artist_sort": (_SORTED,),
    "albumartist_sort": (("TSO2", "albumartistsort", "soaa", "albumartistsortorder"),),
    "lyricist": (("TEXT", "lyricist", "writer"),),
    "conductor": (("TPE3", "conductor"),),
    "arranger": (("arranger",),),
    "producer": (("producer",),),
    "remixer": (("TPE4", "remixer", "mixartist", "modifiedby"),),
    "grouping": (("TIT1", "GRP1", "grouping", "\xa9grp", "contentgroup"),),
}
_NAMES: Final = {
    field: tuple(tuple(map(name_key, names)) for names in steps) for field, steps in _STEPS.items()
}
AUDIO_PROPERTIES: Final = ("codec", "sample_rate", "bit_depth", "channels", "bit_rate")
"""Properties of the audio: the rates in Hz and in bits per second."""
DETAILS: Final = (
    *("genre_tag", "comment", "original_date", "release_date", "label", "release_type"),
    *("album_version", "explicit", "title_sort", "album_sort", "artist_sort", "albumartist_sort"),
    *("lyricist", "conductor", "arranger", "producer", "remixer", "grouping"),
    *AUDIO_PROPERTIES,
)
"""Fields that are kept as details of the file, which players show."""
KEPT: Final = tuple(
    name
    for name in _STEPS
    if name not in {"title", "artist", "album", "year", "genre", "tempo", "lyrics", "artists"}
    and name not in {"musicbrainz_artist_id", *DETAILS}
)
"""Fields that are kept as metadata: for albums, players and imports."""
SEVERAL: Final = frozenset(
    {"artist", "artists", "genre", "genre_tag", "albumartist", "isrc", "mood", "release_type"}
    | {"composer", "lyricist", "conductor", "arranger", "producer", "remixer", "label", "grouping"}
    | {name for name in _STEPS if name.startswith("musicbrainz_")}
)
"""Fields of which every value is used."""
_PERFORMER_NAMES: Final = _NAMES["artist"][3]
_ITUNES_NUMBERS: Final = re.compile(r"(\s*[0-9A-F]{8}){5,}\s*")
"""What iTunes writes as comments: loudness and the seam between two tracks."""
_LAST_FIRST: Final = re.compile(r"^\s*([^,]+?)\s*,\s*([^,]+?)\s*$")


def read_tags_of_file(path: Path, encoding: str | None = None) -> dict[str, str]:
    """Read raw tags and the duration of one audio file, by the names of `build_track`.

    Parameters
    ----------
    encoding
        The encoding of tags that state none; by default it is detected.

    Raises
    ------
    Exception
        Whatever the parsers raise on a damaged file: they promise nothing.
    """
    tags = read_containers(path)
    _decode_all(tags, encoding)
    picked = {field: text for field in _STEPS if (text := _pick(tags, field))}
    if "artist" not in picked and (sorted_name := _sorted_artist(tags)):
        picked["artist"] = sorted_name
    picked |= tags.audio
    if tags.duration is not None:
        picked["duration"] = str(tags.duration)
    if tags.n_tracks > 1:
        picked[N_TRACKS] = str(tags.n_tracks)
    return picked


def _decode_all(tags: FileTags, encoding: str | None) -> None:
    """Decode the bytes of all tags of a file alike."""
    lists = [values for one in tags.sets for found in one.values() for values in found]
    texts = marked_bytes(text for values in lists for text in values)
    known = encoding or detect_encoding(texts)
    decoded = iter([decode(text, known) for text in texts])
    for values in lists:
        values[:] = islice(decoded, len(values))


def _pick(tags: FileTags, field: str) -> str:
    """Return the best text of a field; empty where no tag has one."""
    if field == "year":
        return _pick_year(tags)
    read = _numbered_genres if field in {"genre", "genre_tag"} else list
    for names in _NAMES[field]:
        for values in tags.values(names):
            texts = map(_without_role, values) if names is _PERFORMER_NAMES else read(values)
            usable = [text for text in texts if is_usable(field, text)]
            if usable:
                return "|".join(usable) if field in SEVERAL else usable[0]
    # what is left says why the field is unknown, or is all that there is
    left = [text for names in _NAMES[field] for values in tags.values(names) for text in values]
    return left[0] if left and field in {"title", "tempo"} else ""


def _without_role(performer: str) -> str:
    """Return a performer without the instrument that taggers add: "Anna (violin)"."""
    return re.sub(r"\s*\([^()]*\)\s*$", "", performer)


def _pick_year(tags: FileTags) -> str:
    """Return the original year, unless the file was released before it; else any other."""
    original, bad = _first_year(tags, _NAMES["year"][:2])
    released, also_bad = _first_year(tags, _NAMES["year"][2:])
    known = [year for year in (original, released) if year is not None]
    return str(min(known)) if known else bad or also_bad


def _first_year(tags: FileTags, steps: Iterable[tuple[str, ...]]) -> tuple[int | None, str]:
    """Return the first year that can be used, and the first text that cannot."""
    bad = ""
    for names in steps:
        for values in tags.values(names):
            for text in values:
                year, reason = read_year(text)
                if year is not None:
                    return year, bad
                bad = bad or (text if reason else "")
    return None, bad


def _numbered_genres(values: list[str]) -> list[str]:
    """Return genres; the numbers of ID3v1 (17, "(17)") get their names."""
    from mutagen.id3 import TCON

    texts = [part for text in values for part in _numbers_of(text)]
    genres = TCON(encoding=3, text=texts).genres  # type: ignore[no-untyped-call]
    return list(map(str, genres))


def _numbers_of(text: str) -> list[str]:
    """Return the numbers of a list of numbers ("17; 13"), or the whole text."""
    parts = [part.strip() for part in re.split(r"[;,/|\\]", text)]
    return parts if all(re.fullmatch(r"\(?[0-9]{1,3}\)?", part) for part in parts) else [text]


def _sorted_artist(tags: FileTags) -> str:
    """Return the artist of a tag for sorting: "Last, First" is "First Last"."""
    for values in tags.values(map(name_key, _SORTED)):
        names = [_LAST_FIRST.sub(r"\2 \1", text) for text in values if _names_somebody(text)]
        if names:
            return "|".join(names)
    return ""


def _names_somebody(text: str) -> bool:
    return any(read_credit(part) is not None for part in re.split(r"[|;\x00]", text))


def _is_known(text: str) -> bool:
    return known_text(text) is not None


_NO_KEYS: Final = frozenset({"o", "0", "off", "offkey", "off key", "off-key"})
"""What ID3 and DJ software write for music without a key."""

_USABLE: Final[dict[str, Callable[[str], bool]]] = {
    "artist": _names_somebody,
    "artists": _names_somebody,
    "title": lambda text: known_text(text) is not None and not is_numbered_title(text),
    "genre": lambda text: bool(read_genres(text)),
    "tempo": lambda text: read_tempo(text)[0] is not None,
    "initial_key": lambda text: _is_known(text) and text.strip().lower() not in _NO_KEYS,
    "genre_tag": lambda text: bool(read_genres(text)),
    "comment": lambda text: _is_known(text) and _ITUNES_NUMBERS.fullmatch(text) is None,
    "lyrics": lambda text: bool(text.strip()),
}


def is_usable(field: str, text: str) -> bool:
    """Tell whether the text of a tag says something of a field.

    >>> is_usable("tempo", "0"), is_usable("initial_key", "o"), is_usable("initial_key", "8A")
    (False, False, True)
    """
    return _USABLE.get(field, _is_known)(text)
