"""Write tags to audio files, and restore what they held before.

Conventions
-----------
- Fields have the names of MusicBrainz Picard in each container, which Navidrome, Mixxx and DJ
  software read. ID3v2.3 and ID3v2.4 keep their version; ID3v2.2 becomes ID3v2.3, also after its
  values are restored, and is refused if it has frames that would be lost. A file without ID3 gets
  ID3v2.4.
- The tags of a field are all those with one of its names in any container, compared as `name_key`
  does: ``TXXX:bpm`` is one of tempo. Written values take the place of all of them.
- `TagSnapshot` is plain data for JSON: of each field the tags of its container as they are, with
  encodings and types, or None where there are none. Writing a snapshot restores its values exactly.
- Nothing but the tags of the given fields is changed; old ID3v1 tags stay as they are.
"""

import base64
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from segue.errors import TagWriteError
from segue.sources.file_tags.containers import name_key, open_tags

Values = Sequence[str]
Stored = Any
"""Tags of one field as JSON, or None."""
TagSnapshot = dict[str, Any]

_ITUNES: Final = "----:com.apple.iTunes:"
_SLOTS: Final[dict[str, tuple[str, str, str, str]]] = {
    "tempo": ("BPM", "TBPM", "tmpo", "WM/BeatsPerMinute"),
    "key": ("INITIALKEY", "TKEY", f"{_ITUNES}initialkey", "WM/InitialKey"),
    "mood": ("MOOD", "TMOO", f"{_ITUNES}MOOD", "WM/Mood"),
    "energy": ("ENERGYLEVEL", "TXXX:EnergyLevel", f"{_ITUNES}ENERGYLEVEL", "WM/EnergyLevel"),
    "artists": ("ARTISTS", "TXXX:ARTISTS", f"{_ITUNES}ARTISTS", "WM/ARTISTS"),
    "isrc": ("ISRC", "TSRC", f"{_ITUNES}ISRC", "WM/ISRC"),
    "musicbrainz_recording_id": (
        "MUSICBRAINZ_TRACKID",
        "UFID:http://musicbrainz.org",
        f"{_ITUNES}MusicBrainz Track Id",
        "MusicBrainz/Track Id",
    ),
    **{
        f"musicbrainz_{name}_id": (
            f"MUSICBRAINZ_{title.replace(' ', '').upper()}ID",
            f"TXXX:MusicBrainz {title} Id",
            f"{_ITUNES}MusicBrainz {title} Id",
            f"MusicBrainz/{title} Id",
        )
        for name, title in (
            ("artist", "Artist"),
            ("album", "Album"),
            ("albumartist", "Album Artist"),
            ("release_group", "Release Group"),
        )
    },
}
"""Names of each field in Vorbis comments and APEv2, ID3, MP4 and ASF."""
_KEYS: Final = {field: frozenset(map(name_key, names)) for field, names in _SLOTS.items()}
FIELDS: Final = tuple(_SLOTS)
"""Fields that can be written."""
_MOOD_OF_ID3V23: Final = "TXXX:MOOD"  # TMOO is a frame of ID3v2.4 only
_LATIN_1, _UTF_16, _UTF_8 = 0, 1, 3  # encodings of ID3
_ID3V1_BYTES: Final = 128
_ID3V22_HEAD: Final = 6  # bytes of the head of a frame
_WITH_ID3: Final = frozenset({"MP3", "TrueAudio", "WAVE", "AIFF", "DSF", "DSDIFF"})
"""Classes of mutagen for files that hold ID3."""


class WritableTags:
    """The tags of one file, opened for writing.

    Raises
    ------
    TagWriteError
        If the file is read-only, or its container cannot hold tags that mutagen writes.
    """

    def __init__(self, path: Path) -> None:
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise TagWriteError(f"it cannot be read ({error.strerror})") from error
        writable = mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH) and os.access(path, os.W_OK)
        if not writable:
            raise TagWriteError("it is read-only: make it writable")
        try:
            container = _opened(path)
        except TagWriteError:
            raise
        except Exception as error:  # mutagen's parsers raise anything
            raise TagWriteError(f"its tags cannot be read ({error})") from error
        if container is None:
            raise TagWriteError(f"tags of {path.suffix or 'such'} files cannot be written")
        self._container = container

    @property
    def kind(self) -> str:
        """The kind of container; a snapshot fits files of the same kind only."""
        return self._container.kind

    def snapshot(self, fields: Iterable[str]) -> TagSnapshot:
        """Return the tags of some fields as they are."""
        own = self._container
        return {field: own.get(field) for field in fields}

    def with_values(self, values: Mapping[str, Values]) -> TagSnapshot:
        """Return the tags of the fields of `values` as they would be written."""
        own = self._container
        return {field: own.make(field, given) for field, given in values.items()}

    def write(self, snapshot: TagSnapshot) -> None:
        """Make the tags of its fields those of a snapshot.

        Raises
        ------
        TagWriteError
            If the file cannot be written.
        """
        own = self._container
        try:
            if own.file.tags is None:
                own.file.add_tags()
            for field, stored in snapshot.items():
                own.put(field, stored)
            own.save()
        except Exception as error:  # mutagen's writers raise anything
            raise TagWriteError(f"it cannot be written ({error})") from error


class _VorbisContainer:
    """Vorbis comments: lists of text."""

    kind = "vorbis"
    place = 0

    def __init__(self, path: Path, file: Any) -> None:  # mutagen has no types
        self.path, self.file = path, file

    def slot(self, field: str) -> str:
        """Return the name of a field in this container."""
        return _SLOTS[field][self.place]

    def names(self, field: str) -> list[str]:
        """Return the names of the tags of a field, the written one first."""
        slot = self.slot(field)
        found = [name for name in self.all_names() if name_key(name) in _KEYS[field]]
        return sorted(found, key=lambda name: (name != slot, name))

    def all_names(self) -> Iterable[str]:
        """Return the names of all tags, each once."""
        # Vorbis comments are pairs, whose names do not tell capitals apart
        return {name.casefold(): name for name, _ in self.file.tags or ()}.values()

    def get(self, field: str) -> Stored:
        """Return the tags of a field."""
        tags = self.file.tags
        found = [{"name": name, "value": self.stored(tags[name])} for name in self.names(field)]
        return found or None

    def put(self, field: str, stored: Stored) -> None:
        """Replace the tags of a field."""
        for name in self.names(field):
            del self.file.tags[name]
        for one in stored or ():
            self.file.tags[one["name"]] = self.value(one["value"])

    def make(self, field: str, values: Values) -> Stored:
        """Return the tags of a field with some values."""
        slot = self.slot(field)
        return [{"name": slot, "value": self.made(slot, values)}]

    def save(self) -> None:
        """Write the tags to the file."""
        self.file.save()

    def made(self, slot: str, values: Values) -> Stored:  # noqa: ARG002  # others need it
        """Return some values of a tag as JSON."""
        return list(values)

    def stored(self, value: Any) -> Stored:
        """Return a value of mutagen as JSON."""
        return list(value)

    def value(self, stored: Stored) -> Any:
        """Return the value of mutagen of JSON."""
        return stored


class _ApeContainer(_VorbisContainer):
    """APEv2: text with null characters between values, or bytes."""

    kind = "ape"

    def all_names(self) -> Iterable[str]:
        return list((self.file.tags or {}).keys())

    def made(self, slot: str, values: Values) -> Stored:  # noqa: ARG002
        return {"kind": 0, "value": "\0".join(values)}

    def stored(self, value: Any) -> Stored:
        return {"kind": value.kind, "value": _plain(value.value)}

    def value(self, stored: Stored) -> Any:
        from mutagen.apev2 import APEBinaryValue, APEExtValue, APETextValue

        kind = (APETextValue, APEBinaryValue, APEExtValue)[stored["kind"]]
        return kind(_from_plain(stored["value"]), stored["kind"])


class _Mp4Container(_ApeContainer):
    """MP4: lists of numbers, text or freeform atoms."""

    kind = "mp4"
    place = 2

    def made(self, slot: str, values: Values) -> Stored:
        if slot == "tmpo":
            return [round(float(values[0]))]
        return [{"data": _base64(text.encode()), "format": 1, "version": 0} for text in values]

    def stored(self, value: Any) -> Stored:
        return [
            {"data": _base64(one), "format": int(one.dataformat), "version": int(one.version)}
            if hasattr(one, "dataformat")
            else one
            for one in value
        ]

    def value(self, stored: Stored) -> Any:
        from mutagen.mp4 import MP4FreeForm

        make: Any = MP4FreeForm
        return [
            make(base64.b64decode(one["data"]), one["format"], one["version"])
            if isinstance(one, dict)
            else one
            for one in stored
        ]


class _AsfContainer(_ApeContainer):
    """ASF: lists of attributes of several types."""

    kind = "asf"
    place = 3

    def made(self, slot: str, values: Values) -> Stored:  # noqa: ARG002
        return [["ASFUnicodeAttribute", text] for text in values]

    def stored(self, value: Any) -> Stored:
        return [[type(one).__name__, _plain(one.value)] for one in value]

    def value(self, stored: Stored) -> Any:
        from mutagen import asf

        return [getattr(asf, name)(_from_plain(value)) for name, value in stored]


class _Id3Container(_ApeContainer):
    """ID3v2: frames; other frames of text with the same description count as the same tag."""

    kind = "id3"
    place = 1

    def slot(self, field: str) -> str:
        return _MOOD_OF_ID3V23 if field == "mood" and self._version == 3 else super().slot(field)

    @property
    def _version(self) -> int:
        tags = self.file.tags
        return 3 if tags is not None and tags.version and tags.version[1] < 4 else 4

    def names(self, field: str) -> list[str]:
        # frames of text and ids; names of others, such as comments, begin otherwise
        return [name for name in super().names(field) if name.startswith(("T", "UFID:"))]

    def get(self, field: str) -> Stored:
        tags = self.file.tags
        return [_frame_data(tags[name]) for name in self.names(field)] or None

    def put(self, field: str, stored: Stored) -> None:
        tags = self.file.tags
        for name in self.names(field):
            del tags[name]
        for data in stored or ():
            tags.add(_frame(data))

    def make(self, field: str, values: Values) -> Stored:
        slot = self.slot(field)
        name, _, rest = slot.partition(":")
        if name == "UFID":
            return [{"id": name, "owner": rest, "data": _base64(values[0].encode())}]
        wide = _UTF_8 if self._version == 4 else _UTF_16
        encoding = _LATIN_1 if all(text.isascii() for text in values) else wide
        frame = {"id": name, "encoding": encoding, "text": list(values)}
        return [{**frame, "desc": rest} if name == "TXXX" else frame]

    def save(self) -> None:
        old = _id3v1(self.path)
        if not len(self.file.tags):
            self.file.tags.delete(self.path, **_without_id3v1(self.file, "delete_v1"))
            return
        # several values of a frame stay apart in ID3v2.3, too
        self.file.save(v2_version=self._version, v23_sep=None)
        if old and _id3v1(self.path) not in (None, old):  # mutagen wrote it again
            with self.path.open("r+b") as file:
                file.seek(-_ID3V1_BYTES, os.SEEK_END)
                file.write(old)


def _opened(path: Path) -> _VorbisContainer | None:
    """Open the tags of a file; None if segue cannot write tags of its kind."""
    from mutagen.apev2 import APEv2File
    from mutagen.asf import ASF
    from mutagen.flac import FLAC
    from mutagen.mp4 import MP4
    from mutagen.ogg import OggFileType

    kinds: tuple[tuple[type[_VorbisContainer], tuple[Any, ...]], ...] = (
        (_VorbisContainer, (FLAC, OggFileType)),
        (_ApeContainer, (APEv2File,)),
        (_Mp4Container, (MP4,)),
        (_AsfContainer, (ASF,)),
    )
    file = open_tags(path)
    if type(file).__name__ in _WITH_ID3:
        return _Id3Container(path, _with_raw_frames(path, file))
    kind = next((kind for kind, types in kinds if isinstance(file, types)), None)
    return None if kind is None else kind(path, file)


def _with_raw_frames(path: Path, file: Any) -> Any:
    """Open a file with ID3 so that its frames are not converted when they are saved."""
    options = _without_id3v1(file, "load_v1")
    raw = type(file)(path, translate=False, **options)
    if raw.tags is not None and raw.tags.version[1] == 2:  # frames of ID3v2.2 have other names
        raw = type(file)(path, **options)
        if any(len(frame) > _ID3V22_HEAD for frame in raw.tags.unknown_frames):
            raise TagWriteError(
                "its ID3v2.2 tag has frames that would be lost: save its tags as ID3v2.4 first"
            )
        raw.tags.update_to_v23()
    return raw


def _without_id3v1(file: Any, option: str) -> dict[str, bool]:
    """Return the option that leaves ID3v1 alone, for kinds of files that may end with it."""
    return {option: False} if type(file).__name__ in {"MP3", "TrueAudio"} else {}


def _id3v1(path: Path) -> bytes | None:
    """Return the ID3v1 tag at the end of a file."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) < _ID3V1_BYTES:
            return None
        file.seek(-_ID3V1_BYTES, os.SEEK_END)
        data = file.read()
    return data if data.startswith(b"TAG") else None


def _frame_data(frame: Any) -> dict[str, Any]:
    name = type(frame).__name__
    if name == "UFID":
        return {"id": name, "owner": frame.owner, "data": _base64(frame.data)}
    data = {"id": name, "encoding": int(frame.encoding), "text": list(map(str, frame.text))}
    return {**data, "desc": frame.desc} if name == "TXXX" else data


def _frame(data: Mapping[str, Any]) -> Any:
    from mutagen import id3

    values = {name: value for name, value in data.items() if name != "id"}
    if "data" in values:
        values["data"] = base64.b64decode(values["data"])
    return getattr(id3, data["id"])(**values)


def _plain(value: Any) -> Any:
    return {"data": _base64(value)} if isinstance(value, bytes) else value


def _from_plain(value: Any) -> Any:
    return base64.b64decode(value["data"]) if isinstance(value, dict) else value


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
