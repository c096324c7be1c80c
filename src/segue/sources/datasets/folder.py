"""Read a plain music folder: every audio file below it is a track, described by its own tags.

Conventions
-----------
- `track_id` is the path below the folder, with ``/`` (see `naming`). Hidden files and other kinds
  of files are ignored (see `walk`).
- A file whose tags cannot be read is still a track, with a problem; analysis finds out whether it
  can be *decoded*.
- `segue.sources.file_tags` reads tags, and names of files and folders for what tags lack: their
  fields are listed in the metadata `from_path`. A file without a title has the name of its file.
- A track that a table described keeps what the table states when its tags are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from segue.sources.datasets.dataset import KnownTracks, ReadTags, ReadTrack
from segue.sources.datasets.tracks import ARTIST_IDS, build_track
from segue.sources.datasets.walk import relative_id, state_of
from segue.sources.file_tags.cue_sheets import not_split
from segue.sources.file_tags.fields import (
    DETAILS,
    KEPT,
    N_TRACKS,
    TAG_READER_VERSION,
    read_tags_of_file,
)
from segue.sources.file_tags.path_names import FROM_PATH, begins_numbered, names_from_path
from segue.text import clean_text, is_numbered_title
from segue.types import Progress, no_progress


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


def read_audio_file(directory: Path, path: Path, encoding: str | None = None) -> ReadTrack:
    """Return a file as a track, and the reasons why some of it could not be used.

    `encoding` is that of tags that state none; by default it is detected.
    """
    unreadable: list[str] = []
    raw: dict[str, str] = {}
    try:
        raw = read_tags_of_file(path, encoding)
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
    track_id = relative_id(path, directory)
    n_tracks = int(raw.pop(N_TRACKS, 1))
    weak = {"title": title} if is_numbered_title(title := raw.pop("title", "")) else {}
    stated = raw if weak or not title else {**raw, "title": title}
    named = names_from_path(track_id, stated, numbered=begins_numbered(path))
    raw = {**weak, **stated, **named}
    found = ((name, clean_text(raw.pop(name))) for name in DETAILS if name in raw)
    details: dict[str, str] = {name: text for name, text in found if text}
    extra: dict[str, str] = {name: raw.pop(name) for name in KEPT if name in raw}
    if guessed := [name for name in named if name in {"artist", "album", "year"}]:
        extra[FROM_PATH] = "|".join(guessed)
    ids = raw.get(ARTIST_IDS[0])
    track, reasons = build_track(track_id, raw, path=path.absolute(), extra=extra)
    if ids and not any(credit.musicbrainz_id for credit in track.artists):
        # as many ids as artists are in the credits
        track = replace(track, metadata={**track.metadata, ARTIST_IDS[0]: ids})
    # players show a title; titles are not used for learning
    stem = PurePosixPath(track_id).stem
    better = weak and "title" not in named and not is_numbered_title(stem)
    shown = stem if better else track.title or stem
    if n_tracks > 1:
        reasons = [*reasons, not_split(n_tracks, "its own CUE sheet")]
    return replace(track, title=shown, details=details, tag_reader=TAG_READER_VERSION), reasons
