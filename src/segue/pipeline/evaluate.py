"""`evaluate`: measure models and recommendations, and write the report."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from segue.errors import EmptyLibraryError, ModelError, SegueError
from segue.evaluation import (
    ClassifierReport,
    EmbeddingMap,
    Measurement,
    RecommendationReport,
    Report,
    SessionReport,
    TaggingReport,
    embedding_map,
    listen_split_rule,
    report_files,
    straddling_groups,
)
from segue.library import Catalogue, Library, write_report
from segue.library.models import installed_versions
from segue.library.shared_files import REPORTS
from segue.pipeline.analysis.embeddings import ENCODERS, KNN, embeddings, encode_new
from segue.pipeline.analysis.runners import LOCAL, task_runner
from segue.pipeline.arguments import LibraryArgument, as_library
from segue.pipeline.experiments.classifiers import evaluate_classifiers, refuse_contrast
from segue.pipeline.experiments.held_out import hold_out
from segue.pipeline.experiments.next_in_session import evaluate_sessions, sessions_of
from segue.pipeline.experiments.protocol_names import RECOMMENDATIONS, check_protocol
from segue.pipeline.experiments.protocols import evaluate_protocol, split_by_protocol
from segue.pipeline.experiments.recommendations import evaluate_recommendations
from segue.pipeline.experiments.similarity import SimilarityEvaluation, evaluate_similarity
from segue.pipeline.experiments.tags import evaluate_tags
from segue.pipeline.filters.rule_filters import learning_rules
from segue.pipeline.recommender.open_signals import material_of
from segue.pipeline.training.heads import heads
from segue.pipeline.training.labels import (
    Labels,
    artist_groups,
    labels_of,
    single_artist_classes,
    split_rule,
)
from segue.pipeline.training.predicted_probabilities import ENSEMBLE
from segue.task_runner import TaskRunner
from segue.types import Progress, Split, no_progress

SIMILARITY = "similarity"
SESSIONS = "sessions"
SUBJECTS = (*ENCODERS, KNN, ENSEMBLE, SIMILARITY, RECOMMENDATIONS, SESSIONS, "all")
T = TypeVar("T")
_MAPPED = 2_000
_KEPT_REPORTS = 10


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """A report and the path of its page."""

    report: Report
    page: Path


@dataclass(frozen=True, slots=True)
class _Asked:
    library: Library
    catalogue: Catalogue
    subject: str
    target: str | None
    split: Split
    seed: int
    progress: Progress
    notes: list[str]
    protocol: str | None
    organic_only: bool
    runner: TaskRunner


@dataclass(frozen=True, slots=True)
class _Judged:
    """Evaluated classifiers and taggers, and the labels of the first target."""

    classifiers: tuple[ClassifierReport, ...]
    tagging: TaggingReport | None
    labels: Labels | None


@dataclass(frozen=True, slots=True)
class _Lists:
    """Evaluated recommendations, listens per split, and the rule of the split."""

    report: RecommendationReport
    counts: dict[str, dict[Split, int]]
    rule: str


def evaluate(
    library: LibraryArgument,
    subject: str = "all",
    *,
    target: str | None = None,
    split: Split = "test",
    protocol: str | None = None,
    organic_only: bool = False,
    seed: int = 0,
    runner: str = LOCAL,
    progress: Progress = no_progress,
) -> EvaluationResult:
    """Evaluate a model, the recommendations, or everything, and write a report.

    Parameters
    ----------
    subject
        A trained model (``cnn``, ``rnn``, ``knn``, ``genre-on-musicnn``), ``similarity``,
        ``recommendations``, ``sessions`` or ``all``, which leaves out sessions.
    target
        The column that similar tracks should share; by default the training target.
    split
        The part to evaluate on. If a library has no test part, the validation part is used and the
        report says so.
    protocol
        ``global-temporal`` or ``playlist-continuation``: how published results of recommendations
        are measured, see `segue.pipeline.experiments.protocols`; by default segue's own split.
    organic_only
        With ``global-temporal``, hold out only tracks that were not recommended.
    seed
        Seed of resampling, of the random baseline and of a random split of listens.
    runner
        Where models of listening are fitted and recommendations evaluated: see
        `segue.pipeline.analysis.runners`. Results are the same.

    Raises
    ------
    ModelError
        If the subject is unknown or cannot be evaluated.
    EmptyLibraryError
        If the library has no tracks.
    """
    opened = as_library(library)
    running = task_runner(runner)
    if subject not in (*SUBJECTS, *heads(opened)):
        raise ModelError(f"{subject!r} cannot be evaluated: choose from {_choices(opened)}.")
    check_protocol(protocol, subject, organic_only=organic_only)
    catalogue = opened.catalogue()
    if not len(catalogue):
        raise EmptyLibraryError
    encode_new(opened, catalogue, progress=progress)
    notes: list[str] = []
    with running as tasks:
        asked = _Asked(
            opened,
            catalogue,
            subject,
            target,
            split,
            seed,
            progress,
            notes,
            protocol,
            organic_only,
            tasks,
        )
        report = _report(asked)
    name = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    page = write_report(opened.reports / name, report_files(report))
    _keep_latest(opened.reports)
    opened.files.publish(REPORTS)
    opened.record_run("evaluate", {"subject": subject, "page": str(page)})
    return EvaluationResult(report, page)


def _report(asked: _Asked) -> Report:
    """Evaluate all that is requested.

    Raises
    ------
    ModelError
        If nothing can be evaluated.
    """
    notes = asked.notes
    judged = _part(asked, _models) or _Judged((), None, None)
    labels = judged.labels
    recommendations = _part(asked, _recommendations)
    similarity = _part(asked, _similarity)
    if similarity:
        labels = labels or similarity.labels
        notes += similarity.notes
    sessions = _sessions(asked)
    if labels is None and recommendations is None and similarity is None and sessions is None:
        raise ModelError(
            " ".join(notes) or "There is nothing to evaluate: run segue train all first."
        )
    return Report(
        measurement=_measurement(asked, labels, recommendations, sessions[1] if sessions else None),
        subject=asked.subject,
        classifiers=judged.classifiers,
        tagging=judged.tagging,
        recommendations=(recommendations.report,) if recommendations else (),
        similarity=similarity.report if similarity else None,
        sessions=sessions[0] if sessions else None,
        maps=tuple(_maps(asked, labels)) if labels else (),
        notes=tuple(notes),
    )


def _choices(library: Library) -> str:
    return ", ".join((*SUBJECTS[:-1], *heads(library))) + " or all"


def _part(asked: _Asked, measure: Callable[[_Asked], T | None]) -> T | None:
    """Evaluate one part; with ``all``, a part that cannot be evaluated becomes a note."""
    try:
        return measure(asked)
    except SegueError as error:
        if asked.subject != "all":
            raise
        asked.notes.append(str(error))
        return None


def _models(asked: _Asked) -> _Judged | None:
    """Evaluate every requested model on its training target."""
    if asked.subject in (RECOMMENDATIONS, SIMILARITY, SESSIONS):
        return None
    library = asked.library
    trained = [name for name in (*ENCODERS, KNN) if name in library.models] + heads(library)
    trained += [ENSEMBLE] if ENSEMBLE in library.models else []
    wanted = trained if asked.subject == "all" else [asked.subject]
    if not wanted:
        raise ModelError("No model is trained yet: run segue train all first.")
    targets = {name: library.models.manifest(name)["target"] for name in wanted}
    found: list[_Judged] = []
    for target in dict.fromkeys(targets.values()):
        names = [name for name in wanted if targets[name] == target]
        # one target that cannot be evaluated must not stop the others
        judged = _part(asked, partial(_judge, target=target, names=names))
        found += [judged] if judged else []
    if not found:
        return None
    return _Judged(
        tuple(report for each in found for report in each.classifiers),
        next((each.tagging for each in found if each.tagging), None),
        found[0].labels,
    )


def _judge(asked: _Asked, target: str, names: list[str]) -> _Judged:
    labels = labels_of(asked.library, asked.catalogue, target)
    refuse_contrast(labels, names)
    if len(labels.class_names) < 2:
        raise ModelError(
            f"The tracks have fewer than two classes in the column {target!r}, so no classifier"
            " can be evaluated: add labels, or train with another --target."
        )
    split: Split = asked.split if labels.counts()[asked.split] else "valid"
    if labels.objective == "tags":
        tagging = evaluate_tags(
            asked.library, asked.catalogue, labels, names, split, seed=asked.seed
        )
        return _Judged((), tagging, labels)
    found = evaluate_classifiers(
        asked.library, asked.catalogue, labels, names, split, seed=asked.seed
    )
    return _Judged(tuple(found), None, labels)


def _recommendations(asked: _Asked) -> _Lists | None:
    if asked.subject not in (RECOMMENDATIONS, "all"):
        return None
    listens = asked.library.shared_listens()
    if listens.empty:
        raise ModelError(
            "The library has no listens, so recommendations cannot be evaluated:"
            " run segue import, or add a listens.csv to the dataset and run segue preprocess again."
        )
    material = material_of(asked.library, asked.catalogue, seed=asked.seed, runner=asked.runner)
    if asked.protocol is not None:
        parts = split_by_protocol(
            listens, material, asked.protocol, organic_only=asked.organic_only, seed=asked.seed
        )
        measured = evaluate_protocol(
            asked.library,
            material,
            parts,
            asked.protocol,
            seed=asked.seed,
            progress=asked.progress,
        )
        return _Lists(measured, {"listens": dict(parts.known.counts["listens"])}, parts.rule)
    known = hold_out(listens, material, asked.split, seed=asked.seed)
    report = evaluate_recommendations(
        asked.library,
        material,
        known,
        thorough=asked.subject == RECOMMENDATIONS,
        seed=asked.seed,
        progress=asked.progress,
    )
    asked.notes.extend(report.notes)
    counts = {name: dict(own) for name, own in known.counts.items()}
    return _Lists(report, counts, listen_split_rule(listens))


def _similarity(asked: _Asked) -> SimilarityEvaluation | None:
    if asked.subject not in (SIMILARITY, "all"):
        return None
    return evaluate_similarity(
        asked.library,
        asked.catalogue,
        asked.target,
        split=asked.split,
        seed=asked.seed,
        progress=asked.progress,
    )


def _sessions(asked: _Asked) -> tuple[SessionReport, str] | None:
    if asked.subject != SESSIONS:
        return None
    sessions = sessions_of(
        asked.library.shared_listens(),
        asked.catalogue.positions,
        durations=[track.duration for track in asked.catalogue.tracks],
        rules=learning_rules(asked.library, asked.catalogue),
    )
    report = evaluate_sessions(
        sessions, asked.catalogue, asked.split, seed=asked.seed, progress=asked.progress
    )
    return report, sessions.rule


def _measurement(
    asked: _Asked,
    labels: Labels | None,
    recommendations: _Lists | None,
    session_rule: str | None = None,
) -> Measurement:
    groups = artist_groups(asked.catalogue)
    counts: dict[str, dict[Split, int]] = dict(recommendations.counts) if recommendations else {}
    method: list[str] = []
    disjoint: bool | None = None
    alone: tuple[str, ...] = ()
    if labels:
        counts["tracks"] = labels.counts()
        method.append(split_rule(asked.catalogue))
        disjoint = not straddling_groups(groups, labels.splits)
        alone = single_artist_classes(labels, groups)
    if recommendations:
        method.append(recommendations.rule)
    if session_rule:
        method.append(session_rule)
    return Measurement(
        dataset=asked.library.directory.name,
        seed=asked.seed,
        created=datetime.now(UTC),
        split_method=" ".join(method),
        artist_disjoint=disjoint,
        counts=counts,
        undividable=alone,
        versions=installed_versions(),
    )


def _maps(asked: _Asked, labels: Labels) -> list[EmbeddingMap]:
    """Project the tracks to 2-D by each requested model; a large library is sampled."""
    maps = []
    models = (*ENCODERS, KNN) if asked.subject == "all" else (asked.subject,)
    for model in models:
        # heads and the ensemble have no embeddings
        if model not in asked.library.models or model not in (*ENCODERS, KNN):
            continue
        vectors = embeddings(asked.library, asked.catalogue, model)
        known = np.flatnonzero(~np.isnan(vectors).any(axis=1))
        if len(known) < 3:
            continue
        chosen = np.sort(np.random.default_rng(asked.seed).permutation(known)[:_MAPPED])
        names = [labels.class_names[i] if i >= 0 else None for i in labels.labels[chosen]]
        maps.append(
            EmbeddingMap(
                name=model, xy=embedding_map(vectors[chosen], seed=asked.seed), labels=names
            )
        )
    return maps


def _keep_latest(reports: Path) -> None:
    """Delete all but the latest reports; names are times, so they sort by age."""
    for old in sorted(path for path in reports.glob("[!.]*") if path.is_dir())[:-_KEPT_REPORTS]:
        shutil.rmtree(old, ignore_errors=True)
