"""Read PLS: numbered files, titles and lengths below ``[playlist]``.

Conventions
-----------
- ``File1`` is a path or an address, ``Title1`` a name (``Artist - Title``), ``Length1`` whole
  seconds, -1 if unknown. Keys are read without regard to case, entries in the order of their
  numbers; an entry without a file is left out and counted.
- Text is UTF-8, or Windows-1252.

Source: there is no standard; the format that Winamp and XMMS write, version 2.
"""

import re
from typing import Final

from segue.sources.playlist_files.locations import from_uri
from segue.sources.playlist_files.m3u import decoded
from segue.sources.playlist_files.playlist_file import (
    PlaylistEntry,
    PlaylistFile,
    limited,
    names_of,
    seconds_of,
)
from segue.text import plural

_LINE = re.compile(r"(file|title|length)(\d{1,9})\s*=\s*(.*)", re.IGNORECASE)
HEADER: Final = "[playlist]"


def looks_like_pls(text: str) -> bool:
    """Return whether a text begins as a PLS file does."""
    return text.lstrip().casefold().startswith(HEADER)


def read_pls(data: bytes) -> PlaylistFile:
    """Return the content of a PLS file."""
    found: dict[int, dict[str, str]] = {}
    for line in map(str.strip, decoded(data).splitlines()):
        match = _LINE.fullmatch(line)
        if match:
            found.setdefault(int(match[2]), {})[match[1].casefold()] = match[3].strip()
    with_file = [found[number] for number in sorted(found) if found[number].get("file")]
    problems: list[str] = []
    if len(with_file) < len(found):
        problems.append(f"{plural(len(found) - len(with_file), 'entry', 'entries')} without a file")
    entries = limited([_entry(one) for one in with_file], problems)
    return PlaylistFile(entries=entries, problems=problems)


def _entry(parts: dict[str, str]) -> PlaylistEntry:
    written = parts["file"]
    location = from_uri(written) if written[:5].lower() == "file:" else written
    artist, title = names_of(parts.get("title"))
    return PlaylistEntry(
        title=title, artist=artist, duration=seconds_of(parts.get("length")), location=location
    )
