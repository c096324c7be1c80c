"""Read artist, title, album, year and numbers from the names of a file and its folders.

Conventions
-----------
- File names: ``NN Title``, ``NN - Artist - Title``, ``Artist - Title``, ``Artist - Album - NN -
  Title``; ``1-02`` is disc and track. A number counts as a track number if it begins with 0, if
  a sign follows it (``7. Song``), or if most files of the folder begin with numbers.
- Folders: ``Artist/Album/NN Title``, ``Artist/Year - Album (Disc 2)/NN Title``, ``Artist -
  Album/NN Title``. Folders of discs count as the one that they lie in.
- Only folders below the dataset are read. A folder is an artist or album only above numbered
  files, or where the file names the same artist; names of collections (*Music*, *Downloads*), of
  genres, years and letters never are.
- Names that tags state decide: folders with another artist say nothing about the album.
"""

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from segue.artist_names import comparison_key, is_various, read_credit
from segue.sources.cleaning.genres import known_genre
from segue.text import is_numbered_title, known_text

FROM_PATH: Final = "from_path"
"""Name of the metadata that lists the fields which were read from names of files and folders."""

_NUMBER: Final = re.compile(
    r"(?:(?P<disc>[0-9])[-.](?=[0-9]{2}\D))?(?P<number>[0-9]{1,3})(?P<sign>\s*[-._)\]]\s*|\s+)(?=\S)"
)
_BETWEEN: Final = re.compile(r"\s+[-\u2013\u2014]\s+")
_YEAR: Final = r"[\[(]?(?P<year>(?:1[0-9]|20)[0-9]{2})[\])]?"
_YEAR_FIRST: Final = re.compile(rf"{_YEAR}(?:\s*[-\u2013_.]\s*|\s+)(?P<name>\S.*)")
_YEAR_LAST: Final = re.compile(r"(?P<name>.*\S)\s*[\[(](?P<year>(?:1[0-9]|20)[0-9]{2})[\])]")
_DISC: Final = re.compile(r"(?:cd|dis[ck]|disque|disco)[\s._-]*(?P<disc>[0-9]{1,2})\b.*", re.I)
_DISC_LAST: Final = re.compile(
    r"(?P<name>.*\S)\s*[-,]?\s*[\[(]?\b(?:cd|dis[ck]|disque)[\s._-]*(?P<disc>[0-9]{1,2})[\])]?",
    re.I,
)
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
    of_file = _of_file(stem, numbered, [*folders[-3:], known], bool(of_folders.artist))
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


def _of_file(stem: str, numbered: bool, artists: list[str], in_album: bool) -> PathNames:
    """Read the name of a file.

    `artists` are names that may be its artist; `in_album` says that its folders name one, so that
    "01 Suite - Prelude" is a title and only "01 - Anna - Prelude" has another artist.
    """
    disc, number, rest = _number_of(stem, numbered)
    parts = [part for part in _BETWEEN.split(rest) if part]
    place = next((i for i, part in enumerate(parts) if re.fullmatch("[0-9]{1,2}", part)), None)
    if not number and place and place < len(parts) - 1:  # Artist - Album - NN - Title
        album = " - ".join(parts[1:place])
        title = " - ".join(parts[place + 1 :])
        return PathNames(title, _artist(parts[0]), album, "", str(int(parts[place])))
    artist = ""
    agrees = any(_same(parts[0], one) for one in artists if one) if parts else False
    sure = agrees or not in_album or re.match(r"[0-9.]+\s*-\s", stem) is not None
    if len(parts) > 1 and sure and (agrees or _may_be_artist(parts)) and _artist(parts[0]):
        artist, parts = parts[0], parts[1:]
    title = known_text(" - ".join(parts)) or ""
    if not (artist or number) or is_numbered_title(title):
        title = ""  # the whole name of the file, which is no better title than "Track 1"
    return PathNames(title, artist, "", "", number, disc)


def _may_be_artist(parts: list[str]) -> bool:
    """Tell whether ``A - B`` may be an artist and a title, and not a title with its version."""
    return len(parts) <= 3 and not any(_VERSION.fullmatch(part) for part in parts[1:2])


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
    if above and (match := _DISC.fullmatch(above[-1])):
        disc = str(int(match["disc"]))
        above.pop()
    if not above:
        return PathNames()
    album, year, own_disc = _of_album(above[-1])
    artist = _artist(above[-2]) if len(above) > 1 else ""
    parts = _BETWEEN.split(album)
    if len(parts) > 1 and (not artist or _same(parts[0], artist)) and _artist(parts[0]):
        # Artist - Album, Artist - Year - Album
        artist, album = parts[0], " - ".join(parts[1:])
        if match := _YEAR_FIRST.fullmatch(album):
            year, album = match["year"], match["name"]
    if not artist or not _may_be_album(album):
        return PathNames(discnumber=disc or own_disc)
    return PathNames("", artist, album, year, "", disc or own_disc)


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
    year = disc = ""
    if match := _DISC_LAST.fullmatch(folder):
        folder, disc = match["name"].rstrip("([ "), str(int(match["disc"]))
    if match := _YEAR_FIRST.fullmatch(folder) or _YEAR_LAST.fullmatch(folder):
        folder, year = match["name"], match["year"]
    if match := _DISC_LAST.fullmatch(folder):
        folder, disc = match["name"], str(int(match["disc"]))
    return folder.strip(" -,(["), year, disc


def _artist(name: str) -> str:
    """Return `name` if it can be an artist."""
    return name if _may_be_album(name) and not known_genre(name) and read_credit(name) else ""


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
