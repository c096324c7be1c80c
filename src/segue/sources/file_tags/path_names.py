"""Read artist, title, album, year and numbers from the names of a file and its folders.

Conventions
-----------
- File names: ``NN Title``, ``NN - Artist - Title``, ``Artist - Title``, ``Artist - Album - NN -
  Title``; ``1-02`` is disc and track. A number counts as a track number if it begins with 0, if
  a sign follows it (``7. Song``), or if most files of the folder begin with numbers.
- Folders: ``Artist/Album/NN Title``, ``Artist/Year - Album (Disc 2)/NN Title``, ``Artist -
  Album/NN Title``. Folders of discs count as the one that they lie in.
- Parts of an album (*Side A*, *Bonus Disc*, *Act 1*) lie in its folder; groups of albums
  (*Discography*, *Studio Albums*) lie in that of the artist.
- In a folder of an artist, ``NN - A - B`` names that artist first, or is a title with ``A - B``.
- A year comes before the name of an album if a sign follows (``1999 - Hits``), or if it is one of
  recorded music (``1999 Hits``); *1989 (Deluxe)* and *1000 Forms of Fear* are names.
- Only folders below the dataset are read. A folder is an artist or album only above numbered
  files, or where the file names the same artist; names of collections (*Music*, *Downloads*), of
  genres, years and letters never are.
- Names that tags state decide: folders with another artist say nothing about the album.
"""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from segue.artist_names import comparison_key, is_various, read_credit
from segue.sources.cleaning.genres import known_genre
from segue.sources.cleaning.numbers import MIN_YEAR
from segue.text import is_numbered_title, known_text

FROM_PATH: Final = "from_path"
"""Name of the metadata that lists the fields which were read from names of files and folders."""

_NUMBER: Final = re.compile(
    r"(?:(?P<disc>[0-9])[-.](?=[0-9]{2}\D))?(?P<number>[0-9]{1,3})(?P<sign>\s*[-._)\]]\s*|\s+)(?=\S)"
)
_BETWEEN: Final = re.compile(r"\s+[-\u2013\u2014]\s+")
_YEAR: Final = "(?:1[0-9]|20)[0-9]{2}"
_YEAR_FIRST: Final = re.compile(
    rf"(?:[\[(](?P<inside>{_YEAR})[\])]\s*[-\u2013\u2014_.]?"
    rf"|(?P<signed>{_YEAR})(?:[-.][01][0-9](?:[-.][0-3][0-9])?)?\s*[-\u2013\u2014_.]|(?P<bare>{_YEAR})\s)"
    r"\s*(?P<name>[^\s\[({].*)"
)
_YEAR_LAST: Final = re.compile(rf"(?P<name>.*\S)\s*[\[(](?P<year>{_YEAR})[\])]")
_MIN_BARE_YEAR: Final = 1900
_EDITION: Final = re.compile(
    r"(?:super\s+)?(?:deluxe|expanded|limited|special|collector|anniversary|remaster)", re.I
)
_NUMBER_WORDS: Final = (
    *(("1", "one", "i"), ("2", "two", "ii"), ("3", "three", "iii"), ("4", "four", "iv")),
    *(("5", "five", "v"), ("6", "six", "vi"), ("7", "seven", "vii"), ("8", "eight", "viii")),
)
_NUMBERS: Final = {name: int(names[0]) for names in _NUMBER_WORDS for name in names}
_WORDS: Final = "|".join(name for names in _NUMBER_WORDS for name in names[1:])
_OF_DISC: Final = rf"(?:[\s._#-]*(?P<disc>[0-9]{{1,2}})|[\s._-]+(?P<word>{_WORDS}))\b"
_DISC: Final = re.compile(
    rf"(?:bonus\s+)?(?:cd|dvd|dis[ck]|disque|disco|lp|vinyl|record|tape|cassette){_OF_DISC}.*", re.I
)
_DISC_LAST: Final = re.compile(
    rf"(?P<name>.*\S)\s*[-,]?\s*[\[(]?\b(?:cd|dis[ck]|disque){_OF_DISC}[\])]?", re.I
)
_PART: Final = re.compile(
    r"(?:bonus|extra)s?(?:\s+(?:cds?|dvds?|dis[ck]s?|lps?|tracks?|songs?|material|ep))?"
    r"|(?:side|seite|face|lado|lato)[\s._-]*(?:[a-h]|[0-9]{1,2})\b.*"
    rf"|(?:act|akt|acte|atto|chapter|chapitre|kapitel|part|teil)(?:[\s._-]*[0-9]{{1,3}}|\s+(?:{_WORDS}))\b.*",
    re.IGNORECASE,
)
"""A folder that is a part of an album and no disc."""
_LIVE: Final = re.compile(r"live(?:\s+(?:dis[ck]|cd|tracks|bonus))?", re.IGNORECASE)
_DISCOGRAPHY: Final = re.compile(
    r"(?P<name>.*?)[\s,\[(-]*\b(?:(?:the|complete|full|studio|live|solo|all|official)\s+)*"
    r"(?:dis[ck]ograph(?:y|ie)|discograf[i\xed]a|(?<=studio )albums|(?<=complete )albums"
    r"|(?<=live )albums)\b.*",
    re.IGNORECASE,
)
_GROUP: Final = re.compile(
    r"(?:[0-9]{4}\s+)?(?:(?:the|complete|full|official|main|other|all|studio|live|solo|early)[\s-]+)*"
    r"(?:studio(?!\s*[0-9])|albums|alben|lps|eps|singles|bootlegs|recordings|releases|works"
    r"|remasters?|remastered|re-?issues?|box\s*sets?)(?:\s+remaster(?:s|ed)?)?"
    r"(?:\s*[\[(]?[0-9].*)?",
    re.IGNORECASE,
)
"""A folder between those of an artist and of their albums."""
_ANTHOLOGY: Final = re.compile(r".*\bcollection|best\s+of(?!\s+[0-9]{4})\b.*", re.IGNORECASE)
"""Such a folder, or an album, but no artist."""
_MIXED: Final = re.compile(
    r"my\s+(?:\w+\s+)?(?:music|songs|collection|library|albums|favou?rites|playlists?|mp3s?|cds?)"
    r"|.*\b(?:songs|playlists?|favou?rites|charts|hits|mixtapes?)|(?:top|best)\s+[0-9]+\b.*"
    r"|.*\bof\s+(?:the\s+)?(?:[0-9]{4}|[0-9]{2,4}\W?s)\b.*",
    re.IGNORECASE,
)
"""A folder with music of several artists."""
_WORK: Final = re.compile(r".*\b(?:no|nr|op|opus|bwv|hwv|kv|rv)\b\.?\s*[0-9]+.*", re.IGNORECASE)
_MAX_LENGTH: Final = 80
_COLLECTION_NAMES: Final = """
music, musik, musique, música, musica, muziek, muzyka, музыка, 音楽, 音乐, mp3, mp3s, flac, wav,
wavs, wave, ogg, m4a, aac, opus, wma, lossless, lossy, hi-res, audio, audios, media, sound,
sounds, songs, song, tracks, tunes, downloads, download, downloaded, new, old, temp, tmp,
unsorted, sorted, misc, miscellaneous, various, other, others, library, collection,
collections, my music, itunes, itunes music, itunes media, albums, alben, singles, single,
eps, compilations, compilation, samplers, soundtracks, soundtrack, ost, mixes, mixtapes,
playlists, playlist, favorites, favourites, best, desktop, documents, home, user, users,
public, shared, share, data, files, backup, archive, archives, usb, sd, sdcard, card, disk,
drive, cd, cds, vinyl, vinyls, rips, rip, ripped, bootlegs, covers, karaoke, podcasts,
podcast, audiobooks, recordings, recording, voice, samples, loops, stems, test, tests,
incoming, inbox, import, imports, export, complete, completed, torrents, torrent, youtube,
spotify, soundcloud, bandcamp, amazon music, beatport, games, game, assets, resources,
untitled folder, new folder, neuer ordner, unknown, unknown artist, unknown album, classical
music, kids, children, party, christmas
"""
_COLLECTIONS: Final = frozenset(re.split(r",\s+", _COLLECTION_NAMES.strip()))
_NOT_ALONE: Final = re.compile(
    r"[0-9\W_]+|.|[0-9]{2,4}\s*s|[a-z0-9#]\s*[-\u2013]\s*[a-z0-9]"
    r"|(?:new folder|neuer ordner|disc|disk|cd|vol(?:ume)?|part)\W*[0-9]*",
    re.IGNORECASE,
)
_VERSION: Final = re.compile(
    r"(?:(?:[0-9]{4}|single|album|radio|extended|original|club|digital|full|short|long)\s+)*"
    r"(?:live|remaster(?:ed)?|remix|mix|edit|version|acoustic|instrumental|demo|mono|stereo|bonus"
    r"|bonus\s+track|intro|outro|karaoke|cover|reprise|interlude|alternate|take|part|pt|no|op)\b.*",
    re.IGNORECASE,
)


class PathNames(NamedTuple):
    """Names that a path states; empty where it states none."""

    title: str = ""
    artist: str = ""
    album: str = ""
    year: str = ""
    tracknumber: str = ""
    discnumber: str = ""


def names_from_path(
    track_id: str, raw: Mapping[str, str], *, numbered: bool = False
) -> dict[str, str]:
    """Return the fields that tags do not state and a path does.

    Parameters
    ----------
    track_id
        The path below the dataset, with ``/``.
    raw
        The fields that tags state.
    numbered
        Whether most files of its folder begin with a number.

    Examples
    --------
    >>> found = names_from_path("Anna/1999 - Hits (Disc 2)/03 Noon.mp3", {})
    >>> list(found.values())
    ['Noon', 'Anna', 'Hits', '1999', '3', '2']
    >>> names_from_path("Music/Downloads/01 Noon.mp3", {})
    {'title': 'Noon', 'tracknumber': '1'}
    """
    path = PurePosixPath(track_id)
    folders = [_spaced(name) for name in path.parts[:-1]]
    stem = _spaced(path.stem)
    known = raw.get("artist", "").split("|")[0]
    of_folders = _of_folders(folders)
    of_file = _of_file(stem, numbered, known, of_folders.artist, folders)
    of_folders = _without_guesses(of_folders, of_file, known)
    found = {
        name: getattr(of_file, name) or getattr(of_folders, name) for name in PathNames._fields
    }
    if known and found["artist"] and not _same(known, found["artist"]):
        found |= {"album": "", "year": ""}
    return {name: text for name, text in found.items() if text and not raw.get(name)}


def begins_numbered(path: Path) -> bool:
    """Return whether most files of the kind of `path` in its folder begin with a number."""
    return _begins_numbered(os.fspath(path.parent), path.suffix.lower())


@lru_cache(maxsize=16)  # files of a folder are read one after another
def _begins_numbered(folder: str, suffix: str) -> bool:
    try:
        names = [one.name for one in Path(folder).iterdir() if one.suffix.lower() == suffix]
    except OSError:
        return False
    numbers = [name[:2] for name in names if re.match(r"[0-9]{2}\D", name)]
    return len(set(numbers)) > 1 and 2 * len(numbers) > len(names)


def _spaced(name: str) -> str:
    """Return a name with spaces where its words are parted by single underscores."""
    kept = " " in name or "__" in name
    return " ".join((name if kept else name.replace("_", " ")).split())


def _same(one: str, other: str) -> bool:
    return comparison_key(one) == comparison_key(other)


def _of_file(stem: str, numbered: bool, known: str, of_album: str, folders: list[str]) -> PathNames:
    """Read the name of a file.

    `of_album` is the artist of its folders, if they name one: "01 - Suite - Prelude" is a title
    there, and only "01 - Anna - Prelude" in a folder of Anna repeats the artist.
    """
    disc, number, rest = _number_of(stem, numbered)
    parts = [part for part in _BETWEEN.split(rest) if part]
    place = next((i for i, part in enumerate(parts) if re.fullmatch("[0-9]{1,2}", part)), None)
    if not number and place and place < len(parts) - 1:  # Artist - Album - NN - Title
        album = " - ".join(parts[1:place])
        title = " - ".join(parts[place + 1 :])
        return PathNames(title, _artist(parts[0]), album, "", str(int(parts[place])))
    artists = [of_album, known] if of_album else [*folders[-3:], known]
    artist = ""
    if len(parts) > 1 and _artist(parts[0]):
        agrees = any(_same(parts[0], one) for one in artists if one)
        if agrees or (not of_album and _may_be_artist(parts)):
            artist, parts = parts[0], parts[1:]
    title = known_text(" - ".join(parts)) or ""
    if not (artist or number) or is_numbered_title(title):
        title = ""  # the whole name of the file, which is no better title than "Track 1"
    return PathNames(title, artist, "", "", number, disc)


def _may_be_artist(parts: list[str]) -> bool:
    """Tell whether ``A - B`` may be an artist and a title, and not a title with its version."""
    return len(parts) <= 3 and not (_VERSION.fullmatch(parts[1]) or _WORK.fullmatch(parts[0]))


def _number_of(stem: str, numbered: bool) -> tuple[str, str, str]:
    """Return disc and track number of a file name, and what follows them."""
    match = _NUMBER.match(stem)
    if match is None:
        return "", "", stem
    digits = match["number"]
    sure = digits.startswith("0") or match["disc"] or match["sign"].strip() or numbered
    if not sure or int(digits) == 0 or (len(digits) > 2 and not digits.startswith("0")):
        return "", "", stem
    return match["disc"] or "", str(int(digits)), stem[match.end() :]


def _of_folders(folders: list[str]) -> PathNames:
    """Read the names of the folders of a file."""
    above, disc = list(folders), ""
    while above and (_DISC.fullmatch(above[-1]) or _PART.fullmatch(above[-1])):
        match = _DISC.fullmatch(above.pop())
        disc = disc or (_disc_of(match) if match else "")
    if above and _LIVE.fullmatch(above[-1]) and (found := _of_albums(above[:-1], disc)).artist:
        return found
    return _of_albums(above, disc)


def _of_albums(folders: list[str], disc: str) -> PathNames:
    """Read the names of the folders of an album, the last of which is its own."""
    if not folders:
        return PathNames()
    album, year, own_disc = _of_album(folders[-1])
    artist = _artist_above(folders[:-1])
    parts = _BETWEEN.split(album)
    if len(parts) > 1 and (not artist or _same(parts[0], artist)) and _artist(parts[0]):
        # Artist - Album, Artist - Year - Album
        artist, album = parts[0], " - ".join(parts[1:])
        own_year, album = _year_first(album)
        year = own_year or year
    several = _DISCOGRAPHY.fullmatch(album) or _GROUP.fullmatch(album)
    if not artist or several or not _may_be_album(album):
        return PathNames(discnumber=disc or own_disc)
    return PathNames("", artist, album, year, "", disc or own_disc)


def _artist_above(folders: list[str]) -> str:
    """Return the artist that the folders above that of an album name."""
    for name in reversed(folders):
        if match := _DISCOGRAPHY.fullmatch(name):
            if match["name"]:
                return _artist(match["name"])
        elif _MIXED.fullmatch(name) or not (_GROUP.fullmatch(name) or _ANTHOLOGY.fullmatch(name)):
            return _artist(name)
    return ""


def _disc_of(match: re.Match[str]) -> str:
    return str(_NUMBERS.get((match["word"] or "").lower()) or int(match["disc"]))


def _without_guesses(folders: PathNames, file: PathNames, known: str) -> PathNames:
    """Return the names of folders that are above numbered files or agree with a known artist."""
    stated = known or file.artist
    if folders.artist and stated and _same(stated, folders.artist):
        return folders
    if not file.tracknumber:
        return PathNames()
    return PathNames(discnumber=folders.discnumber) if stated else folders


def _of_album(folder: str) -> tuple[str, str, str]:
    """Return album, year and disc of the name of a folder."""
    disc = ""
    if match := _DISC_LAST.fullmatch(folder):
        folder, disc = match["name"].rstrip("([ "), _disc_of(match)
    year, folder = _year_first(folder)
    if not year and (match := _YEAR_LAST.fullmatch(folder)):
        folder, year = match["name"], match["year"]
    if match := _DISC_LAST.fullmatch(folder):
        folder, disc = match["name"], _disc_of(match)
    return folder.lstrip(" -,").rstrip(" -,(["), year, disc


def _year_first(folder: str) -> tuple[str, str]:
    """Return the year at the beginning of a name, if it is no part of the name, and the rest.

    >>> _year_first("1999 - Hits"), _year_first("1999 Hits"), _year_first("[1999] Hits")
    (('1999', 'Hits'), ('1999', 'Hits'), ('1999', 'Hits'))
    >>> _year_first("1989 (Deluxe)"), _year_first("1000 Forms of Fear")
    (('', '1989 (Deluxe)'), ('', '1000 Forms of Fear'))
    """
    match = _YEAR_FIRST.fullmatch(folder)
    if match is None or _EDITION.match(match["name"]):
        return "", folder
    year = int(match["inside"] or match["signed"] or match["bare"])
    first = _MIN_BARE_YEAR if match["bare"] else MIN_YEAR
    return (str(year), match["name"]) if first <= year <= _next_year() else ("", folder)


def _next_year() -> int:
    return datetime.now(tz=UTC).year + 1


def _artist(name: str) -> str:
    """Return `name` if it can be an artist."""
    several = any(pattern.fullmatch(name) for pattern in (_GROUP, _ANTHOLOGY, _MIXED))
    somebody = not several and not known_genre(name) and read_credit(name)
    return name if somebody and _may_be_album(name) else ""


def _may_be_album(name: str) -> bool:
    if len(name) > _MAX_LENGTH or "--" in name:  # a sentence, or a path in one name
        return False
    plain = name.casefold().strip("[](){}!_- ")
    return bool(
        known_text(name)
        and plain not in _COLLECTIONS
        and not is_various(name)
        and not _NOT_ALONE.fullmatch(plain)
    )
