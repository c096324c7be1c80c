"""Write and read M3U and M3U8: one path a line, after lines that describe its track.

Conventions
-----------
- Written files are M3U8: UTF-8 without a byte order mark, ``#EXTM3U`` first, ``#PLAYLIST:name``,
  for each track ``#EXTINF:seconds,Artist - Title`` (-1 if the duration is unknown),
  ``#EXTALB:album`` and its path. A hyphen between spaces in an artist becomes a dash, because it
  separates artist and title.
- A path that cannot be a line (line breaks, spaces at its ends, bytes that are not UTF-8) is
  percent-encoded, an absolute one as ``file:///...``.
- Other encodings are read, too: a file without a byte order mark that is not UTF-8 is Windows-1252.
  Paths without ``#EXTINF``, blank lines, line ends of any kind, and unknown lines with ``#`` are
  accepted.

Source: there is no standard; the Winamp specification, and the directives that Wikipedia lists.
"""

import codecs
import re
from collections.abc import Iterator, Sequence

from segue.sources.playlist_files.locations import from_uri, is_address, to_uri
from segue.sources.playlist_files.playlist_file import (
    HYPHEN,
    PlaylistEntry,
    PlaylistFile,
    limited,
    names_of,
    seconds_of,
    text_of,
)

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# seconds, then attributes as television lists have them (group-title="a,b"), then the name
_EXTINF = re.compile(r"#EXTINF:\s*([-+]?[0-9.]{0,20})((?:[^,\"]|\"[^\"]*\")*),(.*)", re.IGNORECASE)
_DASH = " \u2013 "
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


def write_m3u8(playlist: PlaylistFile) -> bytes:
    """Return the bytes of an M3U8 file."""
    lines = ["#EXTM3U"]
    if playlist.name:
        lines.append(f"#PLAYLIST:{_printed(playlist.name)}")
    for entry in playlist.entries:
        lines += _lines(entry)
    return ("\n".join(lines) + "\n").encode("utf-8")


def _lines(entry: PlaylistEntry) -> Iterator[str]:
    seconds = -1 if entry.duration is None else round(entry.duration)
    artist = _printed(entry.artist or "").replace(HYPHEN, _DASH)
    title = _printed(entry.title or "")
    if artist or title or seconds >= 0:
        name = artist + HYPHEN + title if artist else title
        yield f"#EXTINF:{seconds},{name}"
    if entry.album:
        yield f"#EXTALB:{_printed(entry.album)}"
    location = entry.location or entry.name
    if _UNPRINTED.search(location) or location != location.strip():
        location = to_uri(location)
    yield f"./{location}" if location.startswith("#") else location


def _printed(text: str) -> str:
    return " ".join(_UNPRINTED.sub(" ", text).split())


def read_m3u(data: bytes) -> PlaylistFile:
    """Return the content of an M3U or M3U8 file."""
    entries: list[PlaylistEntry] = []
    problems: list[str] = []
    name: str | None = None
    known: dict[str, str | float | None] = {}
    for line in map(str.strip, decoded(data).splitlines()):
        if line.startswith("#"):
            key, _, value = line.partition(":")
            if key.upper() == "#PLAYLIST":
                name = text_of(value) or name
            known |= _directive(key.upper(), line, value)
        elif line:
            location = _location(line)
            artist, title = names_of(known.get("name"))
            entries.append(
                PlaylistEntry(
                    title=title,
                    artist=artist or text_of(known.get("album_artist")),
                    album=text_of(known.get("album")),
                    duration=seconds_of(known.get("seconds")),
                    location=location,
                )
            )
            known = {}
    return PlaylistFile(entries=limited(entries, problems), name=name, problems=problems)


def _directive(key: str, line: str, value: str) -> dict[str, str | float | None]:
    """Return the values of a directive for the track that follows."""
    if key == "#EXTALB":
        return {"album": text_of(value)}
    if key == "#EXTART":
        return {"album_artist": text_of(value)}
    found = _EXTINF.match(line) if key == "#EXTINF" else None
    if found is None:
        return {}
    return {"seconds": seconds_of(found[1]), "name": found[3]}


def _location(line: str) -> str:
    if line[:5].lower() == "file:":
        return from_uri(line)
    return line if is_address(line) else line.removeprefix("./") or line


def decoded(data: bytes) -> str:
    """Return the text of a file in an unknown encoding."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.removeprefix(mark).decode(encoding, errors="replace")
    try:
        # a file that was cut short may end within a character
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def looks_like_m3u(text: str, suffixes: Sequence[str]) -> bool:
    """Say whether a text is a list of files, half of them with one of `suffixes` or addresses."""
    lines = [line for line in map(str.strip, text.splitlines()) if line]
    if lines and lines[0].upper().startswith("#EXTM3U"):
        return True
    paths = [line for line in lines if not line.startswith("#")]
    right = sum(line.lower().endswith(tuple(suffixes)) or "://" in line[:10] for line in paths)
    return 0 < len(paths) <= 2 * right
