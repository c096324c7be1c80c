"""Plan of an analysis: new tracks, tracks with a fast analysis only, and failures to try again.

A failure holds until the file or the version of segue changes, or until a run provides what it
lacked: more time, or the whole of a track of which some stretch does not decode. Failures that the
system caused (no memory, a file that vanished) are not remembered: every run tries again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from segue import __version__
from segue.audio import (
    MIN_KEY_CONFIDENCE,
    MIN_TEMPO_CONFIDENCE,
    AnalysisSettings,
    Descriptor,
    key_name,
)
from segue.library import AudioFile, FeatureStore, KnownTrack, Library
from segue.pipeline.analysis.inputs import ANALYSIS, AUDIO, FAST, open_store
from segue.pipeline.analysis.tasks import FACTS, Arrays, Failed
from segue.pipeline.analysis.workers import TIME_LIMIT
from segue.sources import state_of
from segue.types import FileState, Problem, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisOptions:
    """Options of one run.

    Attributes
    ----------
    fast : bool
        Analyze stretches of new tracks only. Without it, tracks that have only a fast analysis are
        analyzed completely.
    retry : bool
        Try again the files that failed.
    windows : bool
        Compute windows that were dropped.
    time_limit : float
        Seconds for one file.
    """

    fast: bool = False
    retry: bool = False
    windows: bool = False
    time_limit: float = TIME_LIMIT


@dataclass(frozen=True, slots=True)
class AnalysisStores:
    """Open stores that analysis of audio fills.

    `added` are the descriptors that have a store of their own, with those stores.
    """

    windows: FeatureStore
    summary: FeatureStore
    added: Sequence[tuple[Descriptor, FeatureStore]] = ()

    def add_descriptors(self, row: int, summaries: Arrays) -> None:
        """Store the summaries of added descriptors of one track, by name."""
        for descriptor, store in self.added:
            if descriptor.name in summaries:
                store.add(row, {"summary": summaries[descriptor.name]})


TaskArguments = tuple[Path, AnalysisSettings, tuple[Descriptor, ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Tasks of one run.

    Attributes
    ----------
    files : mapping of int to AudioFile
        Stored facts of the files, by row.
    work : list
        Row and arguments of each track to analyze.
    descriptors : list
        Row and arguments of each analyzed track that lacks some descriptors only.
    reanalysed : set of int
        Rows of `work` that had a fast analysis before.
    problems : list of Problem
        Known failures that are not tried again.
    """

    files: Mapping[int, AudioFile]
    work: list[tuple[int, TaskArguments]] = field(default_factory=list)
    descriptors: list[tuple[int, TaskArguments]] = field(default_factory=list)
    reanalysed: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def plan_analysis(
    library: Library,
    tracks: Mapping[int, Track],
    stores: AnalysisStores,
    options: AnalysisOptions,
) -> Plan:
    """Return the tasks of a run for the audio of `tracks`, by row."""
    plan = Plan(library.audio_files())
    settings = FAST if options.fast else ANALYSIS
    descriptors = tuple(descriptor for descriptor, _ in stores.added)
    for row, track in tracks.items():
        file = plan.files.get(row)
        analysed = row in stores.summary
        again = analysed and file is not None and file.fast and not options.fast
        wanted = not analysed or again or (options.windows and row not in stores.windows)
        missing = tuple(descriptor for descriptor, found in stores.added if row not in found)
        retried = file is None or not file.failed or _may_succeed(file, analysed, options)
        if file is not None and file.incomplete and not wanted:
            plan.problems.append(problem_of(track, track.path, file.incomplete))
        if file is not None and file.failed and not (wanted and retried):
            plan.problems.append(problem_of(track, track.path, file.failed))
        elif wanted and track.path is not None:
            plan.work.append((row, (track.path, settings, descriptors)))
            if again:
                plan.reanalysed.add(row)
        elif missing and track.path is not None:
            known = FAST if file is not None and file.fast else ANALYSIS
            plan.descriptors.append((row, (track.path, known, missing)))
    return plan


def _may_succeed(file: AudioFile, analysed: bool, options: AnalysisOptions) -> bool:
    """Tell whether this run gives a file that failed before something that it lacked then."""
    if options.retry or file.failed_with != __version__:
        return True
    # a file with a fast analysis failed when it was to be analyzed completely
    failed_fast = file.fast and not analysed
    if failed_fast and not options.fast:
        return True
    if file.failed_after is not None:
        return options.time_limit > file.failed_after or (options.fast and not failed_fast)
    return False


def recover_audio_files(
    library: Library, known: Mapping[str, KnownTrack]
) -> Mapping[str, KnownTrack]:
    """Record in the database the tracks that a killed run stored in the feature stores only.

    Returns the known tracks afterwards, by id.
    """
    found: dict[str, KnownTrack] = {}
    with open_store(library, AUDIO.summary) as store:
        for track_id, one in known.items():
            path, file = one.track.path, one.file
            recorded = file is not None and file.digest is not None
            if path is None or (recorded and file and not file.fast) or one.row not in store:
                continue
            arrays = {name: store.read(name, one.row)[0] for name in ("facts", "file", "digest")}
            # or analyzed completely since the database recorded a fast analysis
            if not recorded or not arrays["facts"][FACTS.index("fast")]:
                found[track_id] = replace(one, file=audio_file(path, arrays))
    library.set_audio_files({one.row: one.file for one in found.values() if one.file})
    return {**known, **found}


def audio_file(path: Path, arrays: Arrays) -> AudioFile:
    """Return the facts of an analyzed file."""
    facts = {
        name: None if np.isnan(value) else float(value)
        for name, value in zip(FACTS, arrays["facts"], strict=True)
    }
    tempo, tempo_confidence = facts["tempo"], facts["tempo_confidence"]
    key, key_confidence = facts["key"], facts["key_confidence"]
    sure_enough = (key_confidence or 0.0) >= MIN_KEY_CONFIDENCE
    size, mtime_ns = arrays["file"].tolist()
    return AudioFile(
        path=path,
        state=FileState(size, mtime_ns),
        digest=arrays["digest"].tobytes().hex(),
        incomplete=arrays["incomplete"].tobytes().decode() if "incomplete" in arrays else None,
        fast=bool(facts["fast"]),
        duration=facts["duration"],
        tempo=tempo if (tempo_confidence or 0.0) >= MIN_TEMPO_CONFIDENCE else None,
        tempo_confidence=tempo_confidence,
        key=None if key is None or not sure_enough else key_name(int(key)),
        key_confidence=key_confidence,
        loudness=facts["loudness"],
    )


def failed_file(
    path: Path, failed: Failed, analysed: AudioFile | None, options: AnalysisOptions
) -> AudioFile | None:
    """Return the facts of a file whose analysis failed; None if the next run must try again.

    Facts of an earlier fast analysis, `analysed`, remain valid.
    """
    state = state_of(path)
    if failed.passing or state is None:
        return None
    before = analysed or AudioFile(path=path, state=state, fast=options.fast)
    return replace(before, failed=failed.reason, failed_with=__version__, failed_after=failed.after)


def problem_of(track: Track, path: Path | None, reason: str) -> Problem:
    """Return the problem that users see for a track that could not be analyzed."""
    name = path.name if path else track.track_id
    return Problem(source=name, reason=reason, subject=track.track_id)
