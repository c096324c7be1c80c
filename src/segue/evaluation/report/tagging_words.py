"""What the figures of tags show, and what they do not, in sentences."""

import math

from segue.evaluation.report.contents import Report
from segue.evaluation.report.tagging import Tagged, TaggingReport
from segue.evaluation.report.words import (
    FEW,
    TOO_SMALL,
    display_name,
    joined,
    percent,
    spoken_name,
)

_MAIN = "roc_auc_macro"


def tagging_shows(report: Report, found: TaggingReport) -> list[str]:
    """Return what the figures of each trained model show, and once what they mean."""
    sentences = [_shown(report, found, name, model) for name, model in found.trained.items()]
    meant = (
        "A ROC AUC of 0.50 is guessing: of two tracks of which one has a tag, it is how often the"
        " model is surer of that one."
    )
    return [*sentences, meant]


def _shown(report: Report, found: TaggingReport, name: str, model: Tagged) -> str:
    strangers = (
        ", none by an artist that it learned from" if report.measurement.artist_disjoint else ""
    )
    bounds = model.intervals.get(_MAIN)
    between = (
        f" ({percent(report.measurement.confidence)} interval {bounds[0]:.2f} to {bounds[1]:.2f})"
        if bounds and all(map(math.isfinite, bounds))
        else ""
    )
    sentence = (
        f"{display_name(name)} gives {model.result.n_judged} tags to {found.n} tracks"
        f"{strangers}, with a mean ROC AUC of {model.result.metrics[_MAIN]:.2f}{between}."
    )
    strongest = max(
        found.baselines, key=lambda each: found.baselines[each].result.metrics[_MAIN], default=None
    )
    if strongest is None:
        return sentence
    other = f"{spoken_name(strongest)} ({found.baselines[strongest].result.metrics[_MAIN]:.2f})"
    difference = model.differences.get(strongest, {}).get(_MAIN)
    side = (difference[0] > 0) - (difference[1] < 0) if difference else 0
    verb = {1: "is worse", 0: "cannot be told apart from it", -1: "is better"}[side]
    return f"{sentence} The best baseline, {other}, {verb}."


def tagging_caveats(found: TaggingReport) -> list[str]:
    """Return which tags say little, and what giving tags does not say."""
    result = next(iter(found.models.values())).result
    support = {tag: score.support for tag, score in result.per_tag.items()}
    small = {tag: n for tag, n in support.items() if 0 < n < TOO_SMALL}
    unjudged = [tag for tag, n in support.items() if not 0 < n < found.n]
    caveats = []
    if small:
        told = joined(f"{tag} ({n})" for tag, n in small.items())
        caveats.append(
            f"Tags with under {TOO_SMALL} {found.split} tracks, which say little: {told}."
        )
    if unjudged:
        caveats.append(
            f"Tags that were not judged, since all or none of the {found.split} tracks have them:"
            f" {joined(unjudged)}."
        )
    if found.n < FEW:
        caveats.append(f"{found.n} tracks are few: every figure for tags is rough.")
    caveats.append(
        "A tag that nobody gave counts as one that a track has not, though it may fit: the figures"
        " compare models, and say less of how well tags describe the music. Tracks without any"
        " learned tag are not judged."
    )
    return caveats
