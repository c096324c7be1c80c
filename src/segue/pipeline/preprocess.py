"""`preprocess`: read and clean a dataset, store it, analyze new tracks."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from segue.library import SCAN, KnownTrack, Library, library_exists, one_problem_a_file
from segue.pipeline.analysis.duplicates import find_duplicates, recordings
from segue.pipeline.analysis.embeddings import encode_new
from segue.pipeline.analysis.inputs import outdated
from segue.pipeline.analysis.note_keys import find_note_keys
from segue.pipeline.analysis.plan import AnalysisOptions, recover_audio_files
from segue.pipeline.analysis.pretrained_embeddings import embed_new, outdated_encoders
from segue.pipeline.analysis.replaced_files import merge_replaced
from segue.pipeline.analysis.runners import LOCAL, FileTaskRunner, task_runner
from segue.pipeline.analysis.scan import (
    Comparison,
    ScanResult,
    find_videos_in,
    known_files,
    read_in,
)
from segue.pipeline.analysis.track_analysis import analyse_new, check_usable
from segue.pipeline.analysis.workers import TIME_LIMIT
from segue.pipeline.arguments import LibraryArgument, PathArgument, as_library, as_path, as_texts
from segue.pipeline.encoder_choice import (
    EncoderChoice,
    apply_choice,
    read_choice,
    remember_choice,
)
from segue.pipeline.history.import_listens import match_unmatched
from segue.sources import Dataset, KnownTracks, read_dataset
from segue.types import Problem, Progress, Track, no_progress


@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessResult:
    """Result of `preprocess`.

    `analyzed`, `encoded` (by trained models) and `embedded` (by pretrained encoders) count tracks
    of this run; `arrived` counts imported listens that now match a track, `moved` files found under
    another name, `replaced` tracks found again in another file of the same recording, `missing`
    tracks of the library whose files are gone, `left_out` those whose files are excluded. `files`
    counts the tracks of the dataset by the suffix of their file, `passed_over` the files that are
    no audio. `outdated` models were trained on an earlier analysis; `outdated_encoders` were
    installed by an earlier segue. `untrained` says that the library
    has tracks to compare and no model. `seconds` is the run time.
    """

    dataset: str
    kind: str
    tracks: int
    listeners: int
    listens: int
    analyzed: int
    encoded: int
    embedded: int
    arrived: int
    moved: int
    replaced: int
    missing: int
    left_out: int
    duplicates: int
    problems: int
    files: Mapping[str, int] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)
    outdated: Sequence[str] = ()
    outdated_encoders: Sequence[str] = ()
    untrained: bool = False
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue preprocess --json`` prints."""
        return asdict(self)


def preprocess(
    library: LibraryArgument,
    dataset: PathArgument,
    *,
    workers: int | None = None,
    exclude: str | Iterable[str] = (),
    fast: bool = False,
    retry: bool = False,
    windows: bool = False,
    reread_tags: bool = False,
    tag_encoding: str | None = None,
    encoder: EncoderChoice | None = None,
    time_limit: float = TIME_LIMIT,
    runner: str = LOCAL,
    progress: Progress = no_progress,
) -> PreprocessResult:
    """Add a dataset to the library and analyze its new tracks.

    Another run continues where an earlier one stopped; at most the track in work is lost.

    Parameters
    ----------
    library
        The library, or its directory, which is made once the dataset is known to be usable.
    dataset
        Directory of the dataset: metadata.csv, a music folder, GTZAN, Million Song, listens, or a
        public dataset as published (docs/data.md lists them).
    workers
        Processes that decode and describe; by default one a processor.
    exclude
        Patterns of files and folders to leave out; one or several.
    fast
        Analyze one minute of each new track, spread over it; a later run without it analyzes the
        rest.
    retry
        Try again the files that could not be analyzed before.
    windows
        Compute the windows again that `segue.pipeline.analysis.inputs.drop_windows` deleted.
    reread_tags
        Read the tags of all files again, also of those that have not changed.
    tag_encoding
        The encoding of the dataset's tags that state none, for this run and later ones; "auto"
        detects it again. The tags are then read again.
    encoder
        ``musicnn`` installs the pretrained encoders if necessary, ``none`` leaves them out; the
        library remembers it. By default they are used if they are installed.
    time_limit
        Seconds after which a file is given up.
    runner
        Where files are analyzed: see `segue.pipeline.analysis.runners`.

    Raises
    ------
    ModelError
        If the pretrained encoders are chosen and cannot be installed.
    DatasetError
        If nothing in the dataset can be used; the library is then as it was.
    LibraryBusyError
        If another program is writing to the library.
    LibraryError
        If the library cannot be written.
    """
    options = AnalysisOptions(fast=fast, retry=retry, windows=windows, time_limit=time_limit)
    directory, patterns = as_path(dataset, "dataset"), as_texts(exclude, "exclude")
    name, encoding = str(directory.expanduser().resolve()), _encoding(tag_encoding)
    started = time.monotonic()
    apply_choice(encoder, progress=progress)
    with ExitStack() as stack:
        pool = stack.enter_context(task_runner(runner, workers, time_limit))
        opened = _if_there(library)
        tracks: Mapping[str, KnownTrack] = {}
        known: KnownTracks = {}
        known_ids: Mapping[str, Track] = {}
        if opened is not None:
            stack.enter_context(opened.writing(SCAN))
            tracks = recover_audio_files(opened, opened.known_tracks())
            again = reread_tags or tag_encoding is not None
            known = known_files(opened, tracks, reread_tags=again)
            known_ids = {old: tracks[now].track for old, now in opened.track_ids().items()}
            encoding = encoding if tag_encoding else opened.tags.encoding(name)
        comparison = Comparison(tracks, known_ids, pool, progress)
        found = read_dataset(
            directory,
            exclude=patterns,
            known=known,
            known_ids=known_ids,
            read_files=read_in(pool, encoding),
            find_videos=find_videos_in(pool),
            identify=comparison.identify,
            progress=progress,
        )
        if not len(found.listens) and not any(track.path in known for track in found.tracks):
            check_usable(found.tracks, pool)
        if opened is None:
            opened = as_library(library, create=True)
            stack.enter_context(opened.writing(SCAN))
        if tag_encoding is not None:
            opened.tags.set_encoding(name, encoding)
        if encoder is not None:
            remember_choice(opened, encoder)
        done = _take_in(opened, found, comparison.scan(found), pool, options, progress=progress)
        result = replace(done, seconds=round(time.monotonic() - started, 2))
        opened.record_run("preprocess", result.to_dict())
        return result


def _encoding(chosen: str | None) -> str | None:
    """Return the encoding that a user chose; None if it is to be detected."""
    if chosen is None or chosen.strip().lower() == "auto":
        return None
    from segue.sources.file_tags.encodings import checked_encoding

    return checked_encoding(chosen)


def _if_there(library: LibraryArgument) -> Library | None:
    """Return an opened library; None where there is none yet."""
    if isinstance(library, Library):
        return library
    directory = as_path(library, "library").expanduser()
    return Library(directory) if library_exists(directory) else None


def _take_in(
    library: Library,
    found: Dataset,
    scan: ScanResult,
    workers: FileTaskRunner,
    options: AnalysisOptions,
    *,
    progress: Progress,
) -> PreprocessResult:
    name = str(found.directory.resolve())
    n_before = library.counts()["tracks"]
    library.add_dataset(
        name,
        tracks=_without_written(library, scan.tracks),
        listens=found.listens,
        friends=found.friends,
        problems=found.problems,
        same_sound=scan.same_sound,
        changed=scan.changed,
        missing=scan.missing,
        left_out=scan.left_out,
    )
    arrived = match_unmatched(library)
    if library.counts()["tracks"] != n_before:
        # servers show and play new tracks while they are being analyzed
        library.record_run("scan", {"dataset": name})
    scanned = {track.track_id for track in scan.tracks}
    by_file = found.kind in ("folder", "gtzan")  # a table names the track of each file
    done = analyse_library(
        library, workers, options, scanned=scanned, merging=by_file, progress=progress
    )
    counts = library.counts()
    return PreprocessResult(
        dataset=name,
        kind=found.kind,
        tracks=len(found.tracks),
        listeners=found.n_listeners,
        listens=len(found.listens),
        analyzed=done.analyzed,
        encoded=done.encoded,
        embedded=done.embedded,
        arrived=arrived,
        moved=scan.n_moved,
        replaced=done.replaced,
        missing=counts["missing"],
        left_out=counts["left_out"],
        duplicates=done.duplicates,
        problems=len(one_problem_a_file([*found.problems, *done.problems])),
        files=dict(Counter(track.path.suffix.lower() for track in found.tracks if track.path)),
        passed_over=dict(found.passed_over),
        outdated=outdated(library),
        untrained=len(found.tracks) > 1 and not library.models.trained(),
        outdated_encoders=outdated_encoders() if read_choice(library) != "none" else (),
    )


def _without_written(library: Library, tracks: Sequence[Track]) -> list[Track]:
    """Return tracks without tempos that segue itself wrote to their files."""
    written = library.tags.written("tempo")
    return [
        replace(track, tempo=None)
        if track.tempo is not None and f"{track.tempo:.0f}" in written.get(track.track_id, ())
        else track
        for track in tracks
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisResult:
    """Numbers of tracks that `analyse_library` processed, and problems."""

    analyzed: int
    encoded: int
    embedded: int
    replaced: int
    duplicates: int
    problems: Sequence[Problem]


def analyse_library(
    library: Library,
    workers: FileTaskRunner,
    options: AnalysisOptions,
    *,
    scanned: Collection[str] = (),
    merging: bool = False,
    progress: Progress,
) -> AnalysisResult:
    """Analyze and embed the tracks of a library for which that is not done yet.

    If `merging`, the files of the tracks with the ids `scanned` may replace those of missing ones.
    """
    catalogue = library.catalogue()
    analyzed, problems = analyse_new(library, catalogue, workers, options, progress=progress)
    library.set_problems("analysis", problems)
    if analyzed:
        catalogue = library.catalogue()
    find_duplicates(library, catalogue, progress=progress)
    replaced = merge_replaced(library, scanned) if merging else 0
    library.set_merged(scanned)
    if replaced:
        catalogue = library.catalogue()
    encoded = encode_new(library, catalogue, progress=progress)
    embedded, failed = 0, list[Problem]()
    if read_choice(library) != "none":
        embedded, failed = embed_new(library, catalogue, workers, progress=progress)
    with_keys = find_note_keys(library, catalogue, workers, progress=progress)
    library.set_problems("hearing", failed)
    if analyzed or encoded or embedded or with_keys:
        library.compact_features()
    return AnalysisResult(
        analyzed=analyzed,
        encoded=encoded,
        embedded=embedded,
        replaced=replaced,
        duplicates=sum(map(len, recordings(library, catalogue))),
        problems=[*problems, *failed],
    )
