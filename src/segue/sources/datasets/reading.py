"""Choose the reader for a dataset directory, and combine its tracks, listens and friends.

Conventions: see `entry`, whose `read_dataset` is the public function.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from segue.errors import DatasetError
from segue.sources.datasets.containers import has_video, playable_suffixes
from segue.sources.datasets.dataset import Dataset, Kind, NameFile, ReadOptions
from segue.sources.datasets.folder import read_folder, read_one_by_one
from segue.sources.datasets.gtzan import is_gtzan, name_of_clip, read_gtzan
from segue.sources.datasets.ignored import IgnoreRules
from segue.sources.datasets.listens import no_listens, read_friends, read_listens
from segue.sources.datasets.metadata import has_content, read_metadata
from segue.sources.datasets.msd import MSD_SUFFIXES, is_msd, read_msd
from segue.sources.datasets.naming import with_ids
from segue.sources.datasets.stray_table import is_stray, rows_by_file, stray_problems, with_rows
from segue.sources.datasets.tracks import FRAMES_SUFFIXES, VIDEO_SUFFIXES
from segue.sources.datasets.walk import FoundFiles, counted_suffixes, relative_id, walk
from segue.sources.file_tags.cue_sheets import CUE_SUFFIX, SEVERAL, unsplit_files
from segue.sources.public_data.layouts import public_layout
from segue.sources.public_data.public_dataset import PublicLayout
from segue.sources.tables.table import find_table
from segue.text import plural
from segue.types import Problem, Track

_TABLES = ("metadata", "listens", "friends")
_LAYOUT = "metadata.csv with a column track_id, audio files, Million Song HDF5 files or listens.csv"


def read(directory: Path, options: ReadOptions) -> Dataset:
    """Read a dataset as `segue.sources.read_dataset` documents."""
    directory = _checked(directory)
    layout = public_layout(directory)
    if layout is not None:
        return _read_public(directory, layout, options)
    metadata, listens_path, friends_path = (find_table(directory, stem) for stem in _TABLES)
    problems = _duplicate_tables(directory)
    read = _read_tracks(directory, metadata, options)
    kind, tracks = read.kind, read.tracks
    problems += read.problems
    listens = no_listens()
    if listens_path is not None:
        names = _names(directory, read, options.known_ids)
        given = names if tracks or metadata is not None else None
        listens, found = read_listens(listens_path, given)
        problems += found
        if given is None:
            tracks = [
                Track(track_id=track_id) for track_id in listens["track_id"].unique().tolist()
            ]
        elif any(name != track_id for name, track_id in given.items()):
            ids = listens["track_id"].map(given).astype("str")
            listens = listens.assign(track_id=ids)
    elif read.rows and metadata is not None:  # with listens, an id alone is something to recommend
        tracks, found = _drop_bare(tracks, metadata.name, read.rows)
        problems += found
    if not tracks:
        raise _no_tracks(directory, problems, read)
    friends = None
    if friends_path is not None:
        friends, found = read_friends(friends_path)
        problems += found
    passed_over = {suffix: count for suffix, count in read.passed_over.items() if count > 0}
    return Dataset(directory, kind, tracks, listens, friends, problems, read.left_out, passed_over)


def _read_public(directory: Path, layout: PublicLayout, options: ReadOptions) -> Dataset:
    """Read a directory in the layout of a public dataset.

    Raises
    ------
    DatasetError
        It has no usable track.
    """
    found = layout.read(directory, options.progress)
    if not found.tracks:
        reason = found.problems[0].reason if found.problems else "its files are empty"
        raise DatasetError(
            f"{directory} has no usable track ({reason}): download the dataset again."
        )
    return Dataset(directory, layout.kind, found.tracks, found.listens, None, found.problems)


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
    """The tracks of a dataset; `rows` and `left_out` are a table's, by id.

    `ids` has the ids of tracks by those of their rows.
    """

    kind: Kind
    tracks: list[Track]
    problems: list[Problem]
    left_out_by: Iterable[str]
    passed_over: Mapping[str, int]
    rows: Mapping[str, int] = field(default_factory=dict)
    left_out: Collection[str] = ()
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Files:
    """The files below a directory by kind: audio, Million Song files and CUE sheets."""

    found: FoundFiles
    audio: list[Path]
    songs: list[Path]
    sheets: list[Path]


def _find_files(directory: Path, rules: IgnoreRules, options: ReadOptions) -> _Files:
    """Find the files that may be tracks; videos are passed over."""
    found = walk(directory, playable_suffixes() | MSD_SUFFIXES | {CUE_SUFFIX}, rules)
    songs = [path for path in found.files if path.suffix.lower() in MSD_SUFFIXES]
    sheets = [path for path in found.files if path.suffix.lower() == CUE_SUFFIX]
    others = {*songs, *sheets}
    may_be_videos = [
        path
        for path in found.files
        if path.suffix.lower() in VIDEO_SUFFIXES and path not in options.known
    ]
    find_videos = options.find_videos or _find_videos
    videos = frozenset(find_videos(may_be_videos)) if may_be_videos else frozenset()
    for path in videos:
        found.passed_over[f"{path.suffix.lower()} (video)"] += 1
    for name in _TABLES:
        if (table := find_table(directory, name)) is not None:
            found.passed_over[table.suffix] -= 1
    audio = [path for path in found.files if path not in others and path not in videos]
    return _Files(found, audio, songs, sheets)


def _find_videos(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if has_video(path)]


def _read_tracks(directory: Path, metadata: Path | None, options: ReadOptions) -> _Tracks:
    """Read the tracks of any kind of dataset; none if there are only listens."""
    rules = IgnoreRules(directory, options.exclude)
    files = _find_files(directory, rules, options)
    if metadata is None:
        return _read_files(directory, files, options)
    try:
        tracks, rows, problems, left_out = read_metadata(metadata, files.audio, rules)
    except DatasetError as error:
        if not files.audio:
            raise
        read = _read_files(directory, files, options)
        reason = f"it is not used, and the files are read with their own tags: {error}"
        return replace(
            read, problems=[Problem(source=metadata.name, reason=reason), *read.problems]
        )
    if find_table(directory, "listens") is None and is_stray(tracks, files.audio):
        read = _read_files(directory, files, options, rows_by_file(tracks))
        problems = stray_problems(metadata.name, tracks, files.audio) + read.problems
        return replace(read, problems=problems)
    passed_over = {
        suffix: count
        for suffix, count in files.found.passed_over.items()
        if suffix not in FRAMES_SUFFIXES
    }
    ids = _ids_now(tracks, options.known_ids)
    return _Tracks(
        "table",
        [replace(track, track_id=ids[track.track_id]) for track in tracks],
        problems,
        left_out.values(),
        passed_over,
        {ids[track_id]: row for track_id, row in rows.items() if track_id in ids},
        left_out.keys(),
        ids,
    )


def _ids_now(tracks: Sequence[Track], known_ids: Mapping[str, Track]) -> dict[str, str]:
    """Return the id of each track of a table by that of its row.

    A row whose audio is gone, and whose track became part of another, is that track.
    """
    found = {track.track_id: track.track_id for track in tracks}
    used = set(found)
    for track in tracks:
        now = known_ids.get(track.track_id, track).track_id
        if track.path is None and now not in used:
            found[track.track_id] = now
            used.add(now)
    return found


def _read_files(
    directory: Path, files: _Files, options: ReadOptions, rows: Mapping[Path, Track] | None = None
) -> _Tracks:
    """Read the tracks of a folder without a table, or with one that describes some files."""
    audio, songs = files.audio, files.songs
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
        reads = with_rows(reads, rows or {})
        name_of = _naming(directory, kind)
        once = kind == "gtzan"
        tracks, problems = with_ids(directory, reads, name_of, options, each_once=once)
        named = {problem.source for problem in problems if problem.reason.startswith(SEVERAL)}
        unsplit = {
            relative_id(path, directory): reason
            for path, reason in unsplit_files(files.sheets, audio).items()
        }
        problems += [
            Problem(source=source, reason=reason)
            for source, reason in unsplit.items()
            if source not in named
        ]
    problems = files.found.problems + problems + _ignored(ignored)
    return _Tracks(kind, tracks, problems, files.found.left_out, files.found.passed_over)


def _naming(directory: Path, kind: Kind) -> NameFile:
    name = name_of_clip if kind == "gtzan" else relative_id
    return lambda path: name(path, directory)


def _names(directory: Path, read: _Tracks, known_ids: Mapping[str, Track]) -> dict[str, str]:
    """Return the id of each track by the names that listens may use.

    These are its id, that of a track of the library whose file is missing, and for the files of a
    folder their names.
    """
    ids = {**read.ids, **{track.track_id: track.track_id for track in read.tracks}}
    names: dict[str, str] = {}
    if read.kind in ("folder", "gtzan"):
        name_of = _naming(directory, read.kind)
        names = {name_of(track.path): track.track_id for track in read.tracks if track.path}
        places = {directory, directory.resolve()}
        for name, known in known_ids.items():
            # the file of this name is another recording by now, or that of another folder is
            if name not in names or any(map((known.path or Path()).is_relative_to, places)):
                names[name] = known.track_id
    return names | ids


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
    for stem in _TABLES:
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


def _no_tracks(directory: Path, problems: list[Problem], read: _Tracks) -> DatasetError:
    if problems:
        first = problems[0]
        where = first.source if first.row is None else f"{first.source}, row {first.row}"
        return DatasetError(
            f"{directory} has no usable track and {plural(len(problems), 'problem')}, the first in"
            f" {where} ({first.reason}): correct it, or add {_LAYOUT}."
        )
    causes = list(dict.fromkeys(read.left_out_by))
    if causes:
        more = f" (and {len(causes) - 1} more)" if causes[1:] else ""
        return DatasetError(
            f"All music in {directory} is excluded by {causes[0]}{more}: remove the exclusion, or"
            " name another folder."
        )
    passed_over = counted_suffixes(read.passed_over)
    only = f" (only {passed_over}, which segue does not read)" if passed_over else ""
    return DatasetError(f"{directory} has no music{only}: add {_LAYOUT}.")
