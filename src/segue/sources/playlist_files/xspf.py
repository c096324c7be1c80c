"""Write and read XSPF, version 1: a playlist in XML.

Conventions
-----------
- Namespace ``http://xspf.org/ns/0/``; durations are whole milliseconds, locations URIs, relative to
  the file or ``file:///...``.
- A track's identifiers are its MusicBrainz recording (``https://musicbrainz.org/recording/...``)
  and its id in the library that wrote it (``segue:track/...``).
- Files are parsed by expat, in one pass. A document type declaration is refused, so that there are
  no entities except the five of XML, and nothing is fetched. Elements are recognized by their local
  names: files of version 0 and without a namespace are read, too. An ampersand that begins no
  entity stands for itself, as some programs write it. Of a file that is not well-formed to its end,
  the tracks before that are kept.

Source: https://xspf.org/spec
"""

import re
from typing import Any, Final, NoReturn
from urllib.parse import quote, unquote
from xml.parsers import expat
from xml.sax.saxutils import escape

from segue.errors import DatasetError
from segue.sources.playlist_files.locations import from_uri, to_uri
from segue.sources.playlist_files.playlist_file import (
    MAX_ENTRIES,
    RECORDING,
    PlaylistEntry,
    PlaylistFile,
    limited,
    recording_of,
    seconds_of,
    text_of,
)

NAMESPACE: Final = "http://xspf.org/ns/0/"
TRACK_ID: Final = "segue:track/"
# characters that XML 1.0 does not allow, surrogates included
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# CDATA, whose ampersands are text, or an ampersand that begins no entity
_CDATA_OR_AMPERSAND = re.compile(
    rb"<!\[CDATA\[.*?\]\]>|&(?!#[0-9]{1,7};|#x[0-9a-fA-F]{1,6};|[A-Za-z_][\w.-]{0,40};)", re.DOTALL
)
_MAX_DEPTH = 64
_MAX_TEXT = 1 << 16


def write_xspf(playlist: PlaylistFile) -> bytes:
    """Return the bytes of an XSPF file."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<playlist version="1" xmlns="{NAMESPACE}">',
    ]
    lines += _elements(
        "  ", ("title", playlist.name), ("creator", playlist.creator), ("date", playlist.date)
    )
    lines.append("  <trackList>")
    for entry in playlist.entries:
        duration = None if entry.duration is None else str(round(1_000 * entry.duration))
        lines.append("    <track>")
        lines += _elements(
            "      ",
            ("location", to_uri(entry.location) if entry.location else None),
            ("identifier", RECORDING + entry.recording if entry.recording else None),
            ("identifier", identifier_of(entry.track_id) if entry.track_id else None),
            ("title", entry.title),
            ("creator", entry.artist),
            ("album", entry.album),
            ("duration", duration),
        )
        lines.append("    </track>")
    lines += ["  </trackList>", "</playlist>"]
    return ("\n".join(lines) + "\n").encode("utf-8")


def identifier_of(track_id: str) -> str:
    """Return a track's id as a URI."""
    return TRACK_ID + quote(track_id, errors="surrogateescape")


def _elements(indent: str, *parts: tuple[str, str | None]) -> list[str]:
    return [
        f"{indent}<{name}>{escape(_IMPOSSIBLE.sub('', text))}</{name}>"
        for name, text in parts
        if text
    ]


def read_xspf(data: bytes) -> PlaylistFile:
    """Return the content of an XSPF file.

    Raises
    ------
    DatasetError
        It is another kind of XML, or declares a document type.
    """
    reader = _Reader()
    problems: list[str] = []
    try:
        reader.parser.Parse(_with_entities(data.lstrip()), True)
    except expat.ExpatError as error:
        if not reader.is_playlist:
            raise DatasetError(
                f"The file starts like XML and cannot be read ({expat.ErrorString(error.code)}):"
                " give an M3U8, XSPF or JSPF file."
            ) from None
        detail = expat.ErrorString(error.code)
        problems.append(
            f"line {error.lineno} cannot be read ({detail}): the tracks before it are kept"
        )
    except _EnoughError:
        pass
    return PlaylistFile(
        entries=limited(reader.entries, problems),
        name=text_of(reader.about.get("title")),
        creator=text_of(reader.about.get("creator")),
        date=text_of(reader.about.get("date")),
        problems=problems,
    )


def _with_entities(data: bytes) -> bytes:
    """Write bare ampersands as entities; data in UTF-16 stays as it is.

    >>> _with_entities(b"<a>R&B &amp; <![CDATA[x & y]]></a>")
    b'<a>R&amp;B &amp; <![CDATA[x & y]]></a>'
    """
    if b"&" not in data or b"\0" in data[:100]:
        return data
    return _CDATA_OR_AMPERSAND.sub(lambda at: b"&amp;" if at[0] == b"&" else at[0], data)


class _EnoughError(Exception):
    """The file has more tracks than are read."""


class _Reader:
    """Collect the texts of a playlist and its tracks while expat parses the file."""

    def __init__(self) -> None:
        self.entries: list[PlaylistEntry] = []
        self.about: dict[str, str] = {}
        self.is_playlist = False
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0
        self._track: dict[str, list[str]] = {}
        self.parser: Any = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = _refuse
        self.parser.EntityDeclHandler = _refuse
        self.parser.ExternalEntityRefHandler = _refuse

    def _start(self, name: str, _: object) -> None:
        local = name.rpartition(" ")[2]
        if not self._path:
            self.is_playlist = local.lower() == "playlist"
            if not self.is_playlist:
                raise DatasetError(
                    f"The file is another kind of XML (<{local[:40]}>): give an M3U8, XSPF or"
                    " JSPF file."
                )
        if len(self._path) >= _MAX_DEPTH:
            raise DatasetError(
                f"The XML is nested more than {_MAX_DEPTH} levels deep, so it is not a playlist:"
                " give an M3U8, XSPF or JSPF file."
            )
        self._path.append(local)
        self._text, self._length = [], 0
        if self._path[1:] == ["trackList", "track"]:
            self._track = {}

    def _characters(self, text: str) -> None:
        if self._length < _MAX_TEXT:
            self._text.append(text)
            self._length += len(text)

    def _end(self, _: str) -> None:
        text = "".join(self._text).strip()
        self._text, self._length = [], 0
        place, name = self._path[1:-1], self._path.pop()
        if not place:
            self.about.setdefault(name, text)
        elif place == ["trackList", "track"]:
            self._track.setdefault(name, []).append(text)
        elif place == ["trackList"] and name == "track":
            self.entries.append(_entry(self._track))
            if len(self.entries) > MAX_ENTRIES:
                raise _EnoughError  # the rest is not counted either


def _refuse(*_: object) -> NoReturn:
    raise DatasetError("The XML declares a document type, which a playlist must not do: remove it.")


def _entry(track: dict[str, list[str]]) -> PlaylistEntry:
    identifiers = track.get("identifier", [])
    return PlaylistEntry(
        title=text_of(_first(track, "title")),
        artist=text_of(_first(track, "creator")),
        album=text_of(_first(track, "album")),
        duration=seconds_of(_first(track, "duration"), 1_000),
        recording=recording_of(identifiers),
        location=from_uri(found) if (found := _first(track, "location")) else None,
        track_id=id_among(identifiers),
    )


def id_among(identifiers: list[str]) -> str | None:
    """Return the id of the track in the library that wrote the file."""
    found = (one for one in identifiers if one.startswith(TRACK_ID))
    return next(
        (unquote(one.removeprefix(TRACK_ID), errors="surrogateescape") for one in found), None
    )


def _first(track: dict[str, list[str]], name: str) -> str | None:
    return next((text for text in track.get(name, ()) if text), None)
