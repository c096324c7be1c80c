"""Model cards: training data, quality and unsuitable uses of each trained model.

A card is derived from the manifest, the class probabilities of the model, the split and the hub
decision. The unsuitable uses follow from these facts.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from segue.errors import ModelError, ModelNotTrainedError
from segue.library import Catalogue, Library
from segue.pipeline.analysis.embeddings import ENCODERS, KNN
from segue.pipeline.training.held_out_metrics import (
    GUESSING,
    HeldOutMetrics,
    held_out_metrics,
    training_counts,
)
from segue.pipeline.training.hubs import HubDecision, hub_decision
from segue.pipeline.training.labels import (
    Labels,
    artist_groups,
    labels_of,
    single_artist_classes,
    split_rule,
)
from segue.pipeline.training.predicted_probabilities import ENSEMBLE
from segue.pipeline.training.spaces import trained_models
from segue.text import plural

OF_LISTENS = ("collaborative", "sequence")
"""Models trained on listens; they know tracks only through their listeners."""
SMALL_CLASS = 10
"""A class with fewer training tracks is reported as poorly learned."""
FEW_ARTISTS = 3
"""A class with fewer artists may be recognized by its artists."""
FEW_JUDGED = 50
"""Figures on fewer tracks are reported as imprecise."""
_MAX_LISTED = 5
_LISTEN_RULE = "It is trained on all listens; its settings were chosen on a held-out part of them."


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Facts about one model. Unknown facts are None or empty."""

    name: str
    kind: str
    dataset: str
    input: str | None
    target: str | None
    classes: Mapping[str, int] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    tracks: Mapping[str, int] = field(default_factory=dict)
    split_rule: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    judged: Sequence[HeldOutMetrics] = ()
    hubs: HubDecision | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    seconds: float | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    data: str | None = None
    fingerprint: str | None = None
    not_for: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the document of ``segue models show --json``; undefined values are null."""
        document = asdict(self)
        document["metrics"] = {name: _defined(v) for name, v in document["metrics"].items()}
        for judged in document["judged"]:
            judged["metrics"] = {name: _defined(v) for name, v in judged["metrics"].items()}
            judged["majority_accuracy"] = _defined(judged["majority_accuracy"])
            judged["intervals"] = {
                name: [_defined(bound) for bound in bounds]
                for name, bounds in judged["intervals"].items()
            }
        return document


def model_rows(library: Library) -> list[dict[str, Any]]:
    """Return one entry per trained model: name, target, tracks, validation metrics, seconds.

    An entry has a `problem` instead if the manifest of the model cannot be read.
    """
    rows: list[dict[str, Any]] = []
    for name in sorted({*library.models.names(), *library.models.damaged()}):
        try:
            manifest = library.models.manifest(name)
        except ModelError as error:
            rows.append({"name": name, "problem": str(error)})
            continue
        if "kind" in manifest:
            fields = ("kind", "target", "tracks", "metrics", "seed", "seconds")
            rows.append({"name": name, **{field: manifest.get(field) for field in fields}})
    return rows


def model_card(library: Library, name: str) -> ModelCard:
    """Return the card of the trained model `name`.

    Raises
    ------
    ModelNotTrainedError
        If the model exists in segue but is not trained in this library.
    ModelError
        If there is no such model, or its manifest is damaged.
    """
    manifest = _manifest(library, name)
    catalogue = library.catalogue()
    last = library.last_run("preprocess")
    target = manifest.get("target")
    labels = labels_of(library, catalogue, target) if target and len(catalogue) else None
    classes = training_counts(labels) if labels else {}
    judges = bool(labels and classes and manifest.get("class_names"))
    judged = held_out_metrics(library, catalogue, labels, name) if labels and judges else []
    return ModelCard(
        name=name,
        kind=manifest["kind"],
        dataset=last["result"]["dataset"] if last else str(library.directory),
        input=manifest.get("input"),
        target=target,
        classes=classes,
        left_out=labels.left_out if labels else (),
        tracks=manifest.get("tracks") or {},
        split_rule=_LISTEN_RULE if name in OF_LISTENS else split_rule(catalogue),
        metrics=manifest.get("metrics") or {},
        judged=judged,
        hubs=_hubs(library, catalogue, name),
        settings=manifest.get("settings") or {},
        seed=manifest.get("seed"),
        seconds=manifest.get("seconds"),
        versions=manifest.get("versions") or {},
        data=manifest.get("data"),
        fingerprint=manifest.get("fingerprint"),
        not_for=_not_for(name, catalogue, labels, judged),
    )


def _manifest(library: Library, name: str) -> dict[str, Any]:
    there = [row["name"] for row in model_rows(library)]
    if name not in there:
        if name in (*ENCODERS, KNN, ENSEMBLE, *OF_LISTENS):
            raise ModelNotTrainedError(
                f"The model '{name}' is not trained yet: run segue train {name}."
            )
        known = f"choose from {', '.join(there)}" if there else "run segue train all first"
        raise ModelError(f"There is no model {name!r}: {known}.")
    manifest = library.models.manifest(name)
    for key, kind in {"tracks": dict, "settings": dict, "versions": dict, "target": str}.items():
        if not isinstance(manifest.get(key), kind | None):
            raise ModelError(
                f"The manifest of the model '{name}' is damaged, its {key!r} is"
                f" {manifest[key]!r}: {library.models.way_out(name)}."
            )
    return manifest


def _hubs(library: Library, catalogue: Catalogue, name: str) -> HubDecision | None:
    if name not in trained_models(library) or not len(catalogue):
        return None
    found = hub_decision(library, catalogue, name)
    return found if found.n else None


def _not_for(
    name: str, catalogue: Catalogue, labels: Labels | None, judged: Sequence[HeldOutMetrics]
) -> list[str]:
    """Return the unsuitable uses that follow from the facts."""
    if name in OF_LISTENS:
        tracks = plural(len(catalogue), "track")
        quality = (
            "Quality claims: run segue evaluate recommendations to measure it on held-out listens."
        )
        return [
            f"Other libraries: it knows the {tracks} of this library by their listeners.",
            quality,
        ]
    if labels is None or not labels.class_names:
        return ["Classification: it has no classes, it only compares tracks with each other."]
    target = labels.target
    known = "tags" if labels.tags is not None else f"classes of {target}"
    other = f"Other libraries: it knows the {len(labels.class_names)} {known} of this library only."
    sentences = [other]
    if target != "artist":
        sentences.append(
            "Artist recognition: no artist is in two parts of the split, so it was never measured."
        )
    if name == KNN:
        sentences.append(
            "Checking labels with its neighbors: its vector contains genres and tags (the figures"
            " on this card leave them out)."
        )
    sentences += _class_sentences(catalogue, labels)
    for found in judged[:1]:
        sentences += _figure_sentences(found)
    if not judged:
        sentences.append(
            "Quality claims: no held-out track has a class, so it cannot be evaluated."
        )
    return sentences


def _class_sentences(catalogue: Catalogue, labels: Labels) -> list[str]:
    counts = training_counts(labels)
    groups = artist_groups(catalogue)
    artists = Counter(name for name, _ in {(name, groups[n]) for n, name in labels.pairs()})
    alone = set(single_artist_classes(labels, groups))
    small = [f"{name} ({n})" for name, n in counts.items() if n < SMALL_CLASS]
    few = [f"{n} ({artists[n]})" for n in counts if n not in alone and artists[n] < FEW_ARTISTS]
    sentences = []
    if small:
        sentences.append(
            f"Classes with fewer than {SMALL_CLASS} training tracks: {_listing(small)}."
        )
    if alone:
        sentences.append(
            "Classes of a single artist (or album or folder), which it may recognize by that"
            f" artist and which are not evaluated: {_listing(sorted(alone))}."
        )
    if few:
        sentences.append(f"Classes with fewer than {FEW_ARTISTS} artists: {_listing(few)}.")
    return sentences


def _figure_sentences(found: HeldOutMetrics) -> list[str]:
    sentences = []
    if found.n < FEW_JUDGED:
        sentences.append(f"Close comparisons: it was evaluated on {plural(found.n, 'track')} only.")
    if found.majority is None:
        if not found.intervals["roc_auc_macro"][0] > GUESSING:
            sentences.append(
                "Relying on its tags: its ROC AUC is not distinguishable from guessing"
                f" ({GUESSING:.2f})."
            )
    elif not found.intervals["accuracy"][0] > found.majority_accuracy:
        sentences.append(
            f"Relying on its classes: its accuracy is not distinguishable from always predicting"
            f" {found.majority!r} ({100 * found.majority_accuracy:.0f}%)."
        )
    if found.split == "valid":
        sentences.append(
            "Judging it by its validation figures alone: the validation part also decided when"
            " training stopped."
        )
    return sentences


def _listing(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else ""
    return ", ".join(names[:_MAX_LISTED]) + more


def _defined(value: float) -> float | None:
    return value if np.isfinite(value) else None
