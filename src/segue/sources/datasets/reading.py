"""Choose the reader for a dataset directory, and combine its tracks, listens and friends.

Conventions: see `entry`, whose `read_dataset` is the public function.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from segue.errors import DatasetError
from segue.sources.datasets.dataset import Dataset, Kind, NameFile, ReadOptions
from segue.sources.datasets.folder import read_folder, read_one_by_one
from segue.sources.datasets.gtzan import is_gtzan, name_of_clip, read_gtzan
from segue.sources.datasets.listens import no_listens, read_friends, read_listens
from segue.sources.datasets.metadata import has_content, read_metadata
from segue.sources.datasets.msd import MSD_SUFFIXES, is_msd, read_msd
from segue.sources.datasets.naming import with_ids
from segue.sources.datasets.tracks import AUDIO_SUFFIXES
from segue.sources.datasets.walk import relative_id, walk
from segue.sources.tables.table import find_table
from segue.text import plural
from segue.types import Problem, Track

_LAYOUT = "metadata.csv with a column track_id, audio files, Million Song HDF5 files or listens.csv"


def read(directory: Path, options: ReadOptions) -> Dataset:
    """Read a dataset as `segue.sources.read_dataset` documents."""
    directory = _checked(directory)
    metadata, listens_path, friends_path = (
        find_table(directory, stem) for stem in ("metadata", "listens", "friends")
    )
    problems = _duplicate_tables(directory)
    read = _read_tracks(directory, metadata, options)
    kind, tracks = read.kind, read.tracks
    problems += read.problems
    listens = no_listens()
    if listens_path is not None:
        given = _names(directory, kind, tracks) if tracks or metadata is not None else None
        listens, found = read_listens(listens_path, given)
        problems += found
        if given is None:
            tracks = [
                Track(track_id=track_id) for track_id in listens["track_id"].unique().tolist()
            ]
        elif any(name != track_id for name, track_id in given.items()):
            ids = listens["track_id"].map(given).astype("str")
            listens = listens.assign(track_id=ids)
    elif metadata is not None:  # with listens, an id alone is something to recommend
        tracks, found = _drop_bare(tracks, metadata.name, read.rows)
        problems += found
    if not tracks:
        raise _no_tracks(directory, problems, read.left_out_by)
    friends = None
    if friends_path is not None:
        friends, found = read_friends(friends_path)
        problems += found
    return Dataset(directory, kind, tracks, listens, friends, problems, read.left_out)


def _checked(directory: Path) -> Path:
    directory = Path(directory).expanduser().absolute()
    if directory.is_file():
        raise DatasetError(
            f"{directory} is a file, but a dataset is a folder: name its folder,"
            f" {directory.parent}."
        )
    if not directory.is_dir():
        raise DatasetError(
            f"The folder {directory} does not exist: check its spelling, or create it with "
            f"{_LAYOUT}."
        )
    return directory


@dataclass(frozen=True, slots=True)
class _Tracks:
    """The tracks of a dataset; `rows` and `left_out` are a table's, by id."""

    kind: Kind
    tracks: list[Track]
    problems: list[Problem]
    left_out_by: Iterable[str]
    rows: Mapping[str, int] = field(default_factory=dict)
    left_out: Collection[str] = ()


def _read_tracks(directory: Path, metadata: Path | None, options: ReadOptions) -> _Tracks:
    """Read the tracks of any kind of dataset; none if there are only listens."""
    if metadata is not None:
        tracks, rows, problems, left_out = read_metadata(metadata, options.exclude)
        return _Tracks("table", tracks, problems, left_out.values(), rows, left_out.keys())
    found = walk(directory, AUDIO_SUFFIXES | MSD_SUFFIXES, options.exclude)
    songs = [path for path in found.files if path.suffix.lower() in MSD_SUFFIXES]
    audio = [path for path in found.files if path.suffix.lower() in AUDIO_SUFFIXES]
    kind: Kind = "table"
    if songs and len(songs) >= len(audio) and (not audio or any(map(is_msd, songs[:3]))):
        kind, ignored = "msd", audio
        tracks, problems = read_msd(directory, songs, progress=options.progress)
    else:
        ignored = songs
        if is_gtzan(audio):
            kind = "gtzan"
            reads = read_gtzan(directory, audio, options.known, progress=options.progress)
        else:
            kind = "folder" if audio else "table"
            reads = read_folder(
                directory,
                audio,
                options.known,
                read_files=options.read_files or read_one_by_one,
                progress=options.progress,
            )
        tracks, problems = with_ids(directory, reads, _naming(directory, kind), options)
    problems = found.problems + problems + _ignored(ignored)
    return _Tracks(kind, tracks, problems, found.left_out)


def _naming(directory: Path, kind: Kind) -> NameFile:
    name = name_of_clip if kind == "gtzan" else relative_id
    return lambda path: name(path, directory)


def _names(directory: Path, kind: Kind, tracks: list[Track]) -> dict[str, str]:
    """Return the id of each track by the names that listens may use: the id, or its file's name."""
    names: dict[str, str] = {}
    if kind in ("folder", "gtzan"):
        name_of = _naming(directory, kind)
        names = {name_of(track.path): track.track_id for track in tracks if track.path is not None}
    return names | {track.track_id: track.track_id for track in tracks}


def _ignored(files: list[Path]) -> list[Problem]:
    if not files:
        return []
    reason = (
        f"{plural(len(files), 'file')} like it {'was' if len(files) == 1 else 'were'} ignored: a"
        " folder is read as audio or as Million Song files, not both; put them into separate"
        " folders"
    )
    return [Problem(source=files[0].name, reason=reason)]


def _duplicate_tables(directory: Path) -> list[Problem]:
    """Report tables next to another of the same name, which is used."""
    problems = []
    for stem in ("metadata", "listens", "friends"):
        used = find_table(directory, stem)
        for suffix in (".tsv", ".parquet"):
            other = directory / f"{stem}{suffix}"
            if used is not None and used != other and other.is_file():
                reason = f"{used.name} is also present and is used: remove one of them"
                problems.append(Problem(source=other.name, reason=reason))
    return problems


def _drop_bare(
    tracks: list[Track], source: str, rows: Mapping[str, int]
) -> tuple[list[Track], list[Problem]]:
    """Leave out the tracks with nothing but an id."""
    bare = [track for track in tracks if not has_content(track)]
    reason = "the track has only an id: give it audio, features or metadata"
    return [track for track in tracks if has_content(track)], [
        Problem(source=source, reason=reason, row=rows[track.track_id], subject=track.track_id)
        for track in bare
    ]


def _no_tracks(
    directory: Path, problems: list[Problem], left_out_by: Iterable[str]
) -> DatasetError:
    if problems:
        first = problems[0]
        where = first.source if first.row is None else f"{first.source}, row {first.row}"
        return DatasetError(
            f"{directory} has no usable track and {plural(len(problems), 'problem')}, the first in"
            f" {where} ({first.reason}): correct it, or add {_LAYOUT}."
        )
    causes = list(dict.fromkeys(left_out_by))
    if causes:
        more = f" (and {len(causes) - 1} more)" if causes[1:] else ""
        return DatasetError(
            f"All music in {directory} is excluded by {causes[0]}{more}: remove the exclusion, or"
            " name another folder."
        )
    return DatasetError(f"{directory} has no music: add {_LAYOUT}.")
