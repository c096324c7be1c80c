"""Read a plain music folder: every audio file below it is a track, described by its own tags.

Conventions
-----------
- `track_id` is the path below the folder, with ``/`` (see `naming`). Hidden files and other kinds
  of files are ignored (see `walk`).
- A file whose tags cannot be read is still a track, with a problem; analysis finds out whether it
  can be *decoded*.
- Of several values in one tag the first is used; genres and artists are all kept. A file without a
  title has the title of its file name.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import mutagen
import soundfile

from segue.sources.datasets.dataset import KnownTracks, ReadTags, ReadTrack
from segue.sources.datasets.tracks import build_track
from segue.sources.datasets.walk import relative_id, state_of
from segue.text import clean_text
from segue.types import Progress, no_progress

# our name: (Vorbis comments and APE, ID3 frames, MP4 atoms, ASF attributes)
_TAG_NAMES: dict[str, tuple[str, ...]] = {
    "title": ("title", "TIT2", "\xa9nam", "Title"),
    "artist": ("artist", "TPE1", "\xa9ART", "Author", "albumartist", "TPE2", "aART"),
    "album": ("album", "TALB", "\xa9alb", "WM/AlbumTitle"),
    "year": ("date", "year", "TDRC", "TYER", "TDOR", "\xa9day", "WM/Year", "originaldate"),
    "genre": ("genre", "TCON", "\xa9gen", "WM/Genre"),
    "tempo": ("bpm", "TBPM", "tmpo", "WM/BeatsPerMinute", "tempo"),
    "lyrics": ("lyrics", "USLT", "\xa9lyr", "WM/Lyrics"),
    "musicbrainz_recording_id": (
        "musicbrainz_trackid",
        "UFID:http://musicbrainz.org",
        "----:com.apple.iTunes:MusicBrainz Track Id",
        "MusicBrainz/Track Id",
    ),
    "isrc": ("isrc", "TSRC", "----:com.apple.iTunes:ISRC", "WM/ISRC"),
    "albumartist": ("albumartist", "album artist", "TPE2", "aART", "WM/AlbumArtist"),
    "artists": ("artists", "TXXX:Artists", "----:com.apple.iTunes:ARTISTS", "WM/ARTISTS"),
    "musicbrainz_artist_id": (
        "musicbrainz_artistid",
        "TXXX:MusicBrainz Artist Id",
        "----:com.apple.iTunes:MusicBrainz Artist Id",
        "MusicBrainz/Artist Id",
    ),
    "musicbrainz_album_id": (
        "musicbrainz_albumid",
        "TXXX:MusicBrainz Album Id",
        "----:com.apple.iTunes:MusicBrainz Album Id",
        "MusicBrainz/Album Id",
    ),
    "tracknumber": ("tracknumber", "TRCK", "trkn", "WM/TrackNumber"),
    "discnumber": ("discnumber", "TPOS", "disk", "WM/PartOfSet"),
}
_KEPT = (
    *("musicbrainz_recording_id", "musicbrainz_album_id", "isrc", "albumartist"),
    *("tracknumber", "discnumber"),
)
"""Tags that are kept as metadata: for albums, players and imports."""
_SEVERAL = frozenset({"artist", "artists", "genre", "musicbrainz_artist_id"})
"""Tags of which every value is used."""


def read_one_by_one(directory: Path, files: Sequence[Path]) -> Iterator[tuple[Path, ReadTrack]]:
    """Read the tags of files one by one in this process: the default `ReadTags`."""
    for path in files:
        yield path, read_audio_file(directory, path)


def read_folder(
    directory: Path,
    files: list[Path],
    known: KnownTracks | None = None,
    *,
    read_files: ReadTags = read_one_by_one,
    progress: Progress = no_progress,
) -> list[ReadTrack]:
    """Read the audio files below `directory`, in the order given.

    A file that is `known` keeps the id of its track, even if it was renamed; its tags are read
    again only if it changed.
    """
    before = known or {}
    to_read = [path for path in files if not _unchanged(path, before)]
    read: dict[Path, ReadTrack] = {}
    with progress("Reading tags", len(to_read)) as advance:
        for path, found in read_files(directory, to_read):
            read[path] = found
            advance(1)
    reads: list[ReadTrack] = []
    for path in files:
        old = before[path][1] if path in before else None
        if path in read:
            track, reasons = read[path]
            reads.append((track if old is None else replace(track, track_id=old.track_id), reasons))
        elif old is not None:
            reads.append((old, []))
    return reads


def _unchanged(path: Path, before: KnownTracks) -> bool:
    state = before[path][0] if path in before else None
    return state is not None and state == state_of(path)


def read_audio_file(directory: Path, path: Path) -> ReadTrack:
    """Return a file as a track, and the reasons why some of it could not be used."""
    unreadable: list[str] = []
    raw: dict[str, str] = {}
    try:
        raw = read_tags_of_file(path)
    except Exception as error:  # noqa: BLE001  # one file of a scan; mutagen's parsers raise anything
        text = clean_text(str(error)) or type(error).__name__
        unreadable = [f"its tags cannot be read ({text}): the track has no metadata"]
    track, reasons = _track(directory, path, raw)
    return track, unreadable + reasons


def untagged(directory: Path, path: Path, reason: str) -> ReadTrack:
    """Return a file as a track without tags, because of `reason`."""
    track, _ = _track(directory, path, {})
    return track, [f"its tags cannot be read ({reason}): the track has no metadata"]


def _track(directory: Path, path: Path, raw: dict[str, str]) -> ReadTrack:
    extra: dict[str, str] = {name: raw.pop(name) for name in _KEPT if name in raw}
    track_id = relative_id(path, directory)
    track, reasons = build_track(track_id, raw, path=path.absolute(), extra=extra)
    if track.title is None:
        # players show it; titles are not used for learning
        track = replace(track, title=PurePosixPath(track_id).stem)
    return track, reasons


def read_tags_of_file(path: Path) -> dict[str, str]:
    """Read raw tags and the duration of one audio file, by the names of `build_track`.

    Raises
    ------
    Exception
        Whatever mutagen or soundfile raise on a damaged file: their parsers promise nothing.
    """
    file = mutagen.File(path)
    if file is None:
        return _read_with_soundfile(path)
    raw = {} if file.tags is None else _pick(file.tags)
    if not raw and path.suffix.lower() in {".wav", ".aiff", ".aif"}:
        raw = _read_with_soundfile(path)  # the INFO chunk, which mutagen does not know
    length = getattr(file.info, "length", 0)
    if length > 0:
        raw["duration"] = str(length)
    return raw


def _read_with_soundfile(path: Path) -> dict[str, str]:
    # Opened here: soundfile itself does not take names that are not UTF-8.
    with path.open("rb") as opened, soundfile.SoundFile(opened) as file:
        if file.format == "RAW":  # what libsndfile says of an .au file without a header
            raise ValueError("no header of an audio file")
        raw = _pick(file.copy_metadata())
        if file.frames > 0:
            raw["duration"] = str(file.frames / file.samplerate)
    return raw


def _pick(tags: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that segue uses as text; programs differ in upper and lower case."""
    by_name: dict[str, Any] = {}
    for key in tags.keys():  # noqa: SIM118  # mutagen's tags iterate over pairs, in some formats
        name = str(key)
        # ID3 adds language and description: "USLT:desc:eng".
        by_name.setdefault(name.casefold(), tags[key])
        by_name.setdefault(name.partition(":")[0].casefold(), tags[key])
    picked: dict[str, str] = {}
    for ours, theirs in _TAG_NAMES.items():
        read: Callable[[Any], list[str]] = _genre_texts if ours == "genre" else _texts
        values = (read(by_name[name.casefold()]) for name in theirs if name.casefold() in by_name)
        texts = next(filter(None, values), [])
        if texts:
            picked[ours] = "|".join(texts) if ours in _SEVERAL else texts[0]
    return picked


def _genre_texts(value: Any) -> list[str]:  # mutagen has no types
    """Return genres; mutagen knows the names of ID3 numbers (17, "(17)")."""
    return list(map(str, value.genres)) if hasattr(value, "genres") else _texts(value)


def _texts(value: Any) -> list[str]:  # mutagen has no types
    """Return the values of a tag of any format as text."""
    if isinstance(value, list | tuple):
        return [text for part in value for text in _texts(part) if text.strip()]
    if isinstance(value, bytes):
        return [value.decode(errors="replace")]
    # ID3 frames hold `text` (a list, or one for lyrics) or `data` (UFID), ASF attributes `value`.
    for name in ("text", "data", "value"):
        if hasattr(value, name):
            return _texts(getattr(value, name))
    return [str(value)]
