"""What the numbers show, and what they do not, in sentences.

Conventions
-----------
- Shares are told in per cent, differences in points (of a per cent), listeners' lists in tracks.
- A difference is called one only where the interval of the paired difference leaves out 0; where
  no paired difference was measured, only where the two intervals do not overlap.
- A class with fewer than `TOO_SMALL` tracks in the split is not judged on its own.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from segue.evaluation.intervals import Interval
from segue.evaluation.report.contents import (
    ClassifierReport,
    Intervals,
    RecommendationReport,
    Report,
)

TOO_SMALL = 10
"""Below this many tracks the figures of a class say next to nothing."""

FEW = 50
"""Below this many tracks or listeners every figure is rough."""

_NAMES = {
    "cnn": "CNN",
    "rnn": "RNN",
    "transformer": "transformer",
    "knn": "kNN",
    "ensemble": "all together",
    "descriptors_logistic_regression": "descriptors + logistic regression",
    "logistic_regression": "descriptors + logistic regression",
    "item-knn": "item-kNN",
    "majority": "majority class",
    "tag_frequency": "tag frequency",
    "descriptors": "all descriptors",
    "log_mel": "log-mel",
    "mfcc": "MFCC",
    "rms": "RMS",
    "track": "loudness, tempo, key",
}


def display_name(name: str) -> str:
    """Return how a model is called on the page.

    Examples
    --------
    >>> display_name("cnn"), display_name("spectral_contrast")
    ('CNN', 'Spectral contrast')
    """
    said = spoken_name(name)
    return said if said == "kNN" else said[:1].upper() + said[1:]


def spoken_name(name: str) -> str:
    """Return how a model is called within a sentence.

    Examples
    --------
    >>> spoken_name("cnn"), spoken_name("spectral_contrast")
    ('CNN', 'spectral contrast')
    """
    return _NAMES.get(name, name.replace("_", " "))


def percent(value: float) -> str:
    """Return a share in per cent.

    Examples
    --------
    >>> percent(0.625), percent(float("nan"))
    ('62%', 'not known')
    """
    return f"{100 * value:.0f}%" if math.isfinite(value) else "not known"


def compared(
    value: float, interval: Interval | None, other: float, other_interval: Interval | None
) -> int:
    """Compare two measurements by their own intervals: 1 above, -1 below, 0 not told apart.

    Examples
    --------
    >>> compared(0.6, (0.5, 0.7), 0.3, (0.2, 0.4)), compared(0.6, (0.5, 0.7), 0.5, (0.4, 0.6))
    (1, 0)
    """
    if interval is None or other_interval is None or not all(map(math.isfinite, (value, other))):
        return 0
    if interval[0] > other_interval[1]:
        return 1
    return -1 if interval[1] < other_interval[0] else 0


def joined(names: Iterable[str], most: int = 6) -> str:
    """Return names as a phrase.

    Examples
    --------
    >>> joined(["folk"]), joined(["folk", "jazz", "rock"]), joined("abcd", most=2)
    ('folk', 'folk, jazz and rock', 'a, b and 2 more')
    """
    found = list(names)
    if len(found) > most:
        found = [*found[:most], f"{len(found) - most} more"]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"


def classifier_shows(report: Report, found: ClassifierReport) -> list[str]:
    """Return what the figures of one classifier show."""
    result = found.result
    strangers = (
        ", none by an artist that it learned from" if report.measurement.artist_disjoint else ""
    )
    sentence = (
        f"{display_name(found.name)} names the right {found.target} for "
        f"{percent(result.accuracy)} of {result.n} tracks{strangers}"
        f"{_between(found.intervals, 'accuracy', report)}."
    )
    baselines = [rival for rival in report.rivals(found) if rival.baseline]
    strongest = max(baselines, key=lambda rival: rival.result.accuracy, default=None)
    if strongest is None:
        return [sentence]
    other = f"{spoken_name(strongest.name)} ({percent(strongest.result.accuracy)})"
    difference = found.differences.get(strongest.name, {}).get("accuracy")
    if difference is not None:
        side = (difference[0] > 0) - (difference[1] < 0)
        by = f", by {_points(difference)}"
        unsure = f": the difference lies between {_points(difference)}"
    else:
        side = compared(
            result.accuracy,
            found.intervals.get("accuracy"),
            strongest.result.accuracy,
            strongest.intervals.get("accuracy"),
        )
        by, unsure = "", ": their intervals overlap"
    return [
        sentence + " " + _sided(side, "The best baseline", other, by, unsure),
    ]


def _sided(side: int, who: str, other: str, by: str, unsure: str) -> str:
    if side > 0:
        return f"{who}, {other}, is worse{by}."
    if side < 0:
        return f"{who}, {other}, is better{by}."
    return f"{who}, {other}, cannot be told apart from it{unsure}."


def split_caveats(report: Report) -> list[str]:
    """Return what the split takes from the figures."""
    caveats = []
    measured: set[str] = {found.split for found in report.classifiers}
    measured |= {lists.split for lists in report.recommendations}
    if report.similarity:
        measured.add(report.similarity.judged.split)
    if report.tagging:
        measured.add(report.tagging.split)
    if "valid" in measured:
        caveats.append(
            "There is no test part, so the valid part is judged. Training also used it to decide "
            "when to stop, so the figures are likely a little too good."
        )
    if "train" in measured:
        caveats.append("Some figures come from what was learned: they show memory, not skill.")
    if report.measurement.artist_disjoint is False:
        caveats.append(
            "Some artists are on both sides of the split, so part of what looks like knowing a "
            "class may be knowing an artist."
        )
    return caveats


def class_caveats(report: Report, target: str, found: ClassifierReport) -> list[str]:
    """Return which classes say little, and what telling classes apart does not say."""
    support = {name: score.support for name, score in found.result.per_class.items()}
    small = {name: count for name, count in support.items() if 0 < count < TOO_SMALL}
    absent = [name for name, count in support.items() if count == 0]
    caveats = []
    if small:
        told = joined(f"{name} ({count})" for name, count in small.items())
        caveats.append(
            f"Too small to judge on their own, with under {TOO_SMALL} {found.split} tracks: {told}."
        )
    if absent:
        reason = (
            " (all their tracks are by one artist, who may not be on both sides)"
            if set(absent) <= set(report.measurement.undividable)
            else ""
        )
        caveats.append(
            f"Not judged at all, without a single {found.split} track: {joined(absent)}{reason}."
        )
    if found.result.n < FEW:
        caveats.append(f"{found.result.n} tracks are few: every figure for {target} is rough.")
    caveats.append(
        f"Accuracy says how well the dataset's own {target} labels are told apart, not whether "
        "tracks that sound alike are found."
    )
    return caveats


def list_caveats(report: Report) -> list[str]:
    """Return what the figures of recommended lists do not show."""
    asked = report.recommendations
    caveats = [
        f"{lists.n} listeners are few: every figure about lists is rough."
        for lists in asked
        if lists.n < FEW
    ]
    if asked:
        caveats.append(
            "A recommended track that the listener never came across counts as a miss, though "
            "they might have liked it: such figures compare models, they do not measure joy."
        )
    return caveats


def main_cut(lists: RecommendationReport) -> int:
    """Return the k that is told first: 10, or the nearest that was measured."""
    cuts = cuts_of(lists.models[lists.engine])
    return min(cuts, key=lambda k: (abs(k - 10), k), default=10)


def cuts_of(metrics: Mapping[str, float]) -> tuple[int, ...]:
    """Return every k of metrics such as ``ndcg@10``, ascending.

    Examples
    --------
    >>> cuts_of({"ndcg@10": 0.1, "map@5": 0.2, "ndcg@5": 0.1})
    (5, 10)
    """
    return tuple(sorted({int(name.rpartition("@")[2]) for name in metrics if "@" in name}))


def title_of(metric: str) -> str:
    """Return how a metric is written on the page.

    Examples
    --------
    >>> title_of("ndcg@10"), title_of("f1_macro"), title_of("hit_rate@5")
    ('nDCG@10', 'F1, macro', 'Hit rate@5')
    """
    name, at, k = metric.partition("@")
    special = {"ndcg": "nDCG", "map": "MAP", "f1_macro": "F1, macro"}
    special |= {"mrr": "MRR", "new_mrr": "New only: MRR", "new_hit_rate": "New only: hit rate"}
    special["roc_auc_macro"] = "ROC AUC, macro"
    special["average_precision_macro"] = "Average precision, macro"
    if name.endswith("_macro"):
        special.setdefault(name, f"{name.removesuffix('_macro').capitalize()}, macro")
    return special.get(name, name.replace("_", " ").capitalize()) + at + k


def _between(intervals: Intervals, metric: str, report: Report) -> str:
    if metric not in intervals:
        return ""
    low, high = intervals[metric]
    return f" ({percent(report.measurement.confidence)} interval {percent(low)} to {percent(high)})"


def _points(interval: Sequence[float]) -> str:
    low, high = sorted(abs(100 * bound) for bound in interval)
    if interval[0] < 0 < interval[1]:
        return f"{100 * interval[0]:.0f} and +{100 * interval[1]:.0f} points".replace("-", "\u2212")
    return f"{low:.0f} to {high:.0f} points"
