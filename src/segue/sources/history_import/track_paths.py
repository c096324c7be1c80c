"""Name the track of a file by its path, for players that identify tracks by paths alone.

The path is the `track_id` of the reference: `matching` compares it with the files of the library,
from the end. Names are taken from the usual layout, ``Artist/Album/03 Title.mp3`` or
``Artist - Title.mp3``, for libraries that keep their files in other places.
"""

import re
from collections import defaultdict
from itertools import takewhile
from unicodedata import normalize
from urllib.parse import unquote

from segue.sources.history_import.import_row import MAX_ID_LENGTH, read_name
from segue.types import TrackReference

MIN_PATH_PARTS = 2
"""A file and its directory: names of files alone, such as "01.mp3", occur many times."""
_NUMBER = re.compile(
    r"^(?:cd ?\d+ )?\d{1,3}(?:-\d{1,3})?(?:[._)]+ *| +- +| +)(?=\S)", re.IGNORECASE
)
_ENDING = re.compile(r"\.[A-Za-z0-9]{2,4}$")
_DISC = re.compile(r"^(?:cd|disc|disk) ?\d+$", re.IGNORECASE)


def plain_path(text: str) -> str:
    r"""Return a path or ``file:`` URI with ``/`` between its parts.

    >>> plain_path("file:///home/a/My%20Music/b.mp3"), plain_path("C:\\Music\\b.mp3")
    ('/home/a/My Music/b.mp3', 'C:/Music/b.mp3')
    """
    if text[:5].casefold() == "file:":
        rest = unquote(text[5:]).replace("\\", "/").removeprefix("//")
        return rest if rest.startswith("/") or ":" in rest[:3] else "/" + rest.partition("/")[2]
    return text.replace("\\", "/")


def track_of_path(text: str) -> TrackReference | None:
    """Return the track of a file, None where `text` is no path of a file.

    >>> track_of_path("Björk/Homogenic/02 - Jóga.flac")[3:]
    ('Björk', 'Jóga', 'Homogenic')
    >>> track_of_path("new/Björk - Jóga.mp3")[3:]
    ('Björk', 'Jóga', None)
    """
    path = plain_path(text)
    parts = [each for each in path.split("/") if each and each != ".."]
    if not parts or "://" in path:
        return None
    name = _NUMBER.sub("", _ENDING.sub("", parts[-1]))
    folders = [each for each in parts[:-1] if not _DISC.match(each)]
    artist, between, title = name.partition(" - ")
    album: str | None = None
    if not between:
        artist, title = (folders[-2] if len(folders) > 1 else ""), name
        album = folders[-1] if len(folders) > 1 else None
    return TrackReference(
        track_id="/".join(parts)[-MAX_ID_LENGTH:],
        artist=read_name(artist),
        title=read_name(title),
        album=read_name(album),
    )


class PathIndex:
    """The files of a library, found by the end of a path.

    >>> index = PathIndex()
    >>> index.add(7, "/music/Björk/Homogenic/Jóga.flac")
    >>> index.find("Homogenic/Jóga.flac"), index.find("Jóga.flac")
    (7, None)
    """

    def __init__(self) -> None:
        self._files: dict[str, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)

    def add(self, row: int, path: str) -> None:
        """Add the file of the track at a row."""
        parts = _path_parts(path)
        self._files[parts[-1]].append((row, parts))

    def find(self, path: str) -> int | None:
        """Return the row of the file with the longest end in common with a path.

        The file and its directory must be the same, and no other file may be as similar.
        """
        parts = _path_parts(path)
        found = sorted(
            ((_n_common(parts, others), row) for row, others in self._files.get(parts[-1], ())),
            reverse=True,
        )
        if not found or found[0][0] < MIN_PATH_PARTS:
            return None
        return None if found[1:] and found[1][0] == found[0][0] else found[0][1]


def _path_parts(path: str) -> tuple[str, ...]:
    plain = normalize("NFC", path.replace("\\", "/")).casefold()
    return tuple(filter(None, plain.split("/"))) or ("",)


def _n_common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how many parts two paths have in common, from the end."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
