"""Comparisons that the sentences of a report are based on.

A *side* is 1 where the first is better, -1 where the second is, and 0 where the interval of their
difference includes 0, its p-value is not below `ALPHA`, or there are fewer than
`MIN_LISTENERS_FOR_CLAIMS` listeners. Without a paired difference, two intervals that overlap give
0.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from segue.evaluation.classification import ClassScore
from segue.evaluation.intervals import Interval
from segue.evaluation.report.contents import ClassifierReport, RecommendationReport, Report
from segue.evaluation.report.details import (
    Control,
    DialCurves,
    DialPoint,
    Figures,
    ListenerGroup,
)
from segue.evaluation.report.formatting import percent
from segue.evaluation.report.names import BASELINES, setting_title, spoken_name
from segue.evaluation.report.similarity import SimilarityReport
from segue.evaluation.report.tagging import TaggingReport
from segue.evaluation.significance import ALPHA, MIN_LISTENERS_FOR_CLAIMS
from segue.evaluation.tagging import TagScore

_GROUP_METRIC = "ndcg@10"
_SHOWN_STRENGTH = 0.4
"""The dial setting that is summarized: strong enough to notice, short of overriding relevance."""


def side_of_interval(difference: Interval | None) -> int:
    """Return the side of an interval of a difference, 0 without one.

    Examples
    --------
    >>> side_of_interval((0.1, 0.2)), side_of_interval((-0.1, 0.2)), side_of_interval(None)
    (1, 0, 0)
    """
    return (difference[0] > 0) - (difference[1] < 0) if difference else 0


def compare_intervals(
    value: float, interval: Interval | None, other: float, other_interval: Interval | None
) -> int:
    """Return the side of two measurements by their own intervals.

    Examples
    --------
    >>> compare_intervals(0.6, (0.5, 0.7), 0.3, (0.2, 0.4))
    1
    >>> compare_intervals(0.6, (0.5, 0.7), 0.5, (0.4, 0.6))
    0
    """
    if interval is None or other_interval is None or not all(map(math.isfinite, (value, other))):
        return 0
    return (interval[0] > other_interval[1]) - (interval[1] < other_interval[0])


def side_of_classifier(found: ClassifierReport, other: ClassifierReport) -> int:
    """Return the side of the accuracies of two classifiers on the same tracks."""
    difference = found.differences.get(other.name, {}).get("accuracy")
    if difference is not None:
        return side_of_interval(difference)
    return compare_intervals(
        found.result.accuracy,
        found.intervals.get("accuracy"),
        other.result.accuracy,
        other.intervals.get("accuracy"),
    )


def side_of_list(lists: RecommendationReport, name: str, metric: str) -> int:
    """Return the side of the engine's lists and those of another model."""
    p = lists.p_values.get(name, {}).get(metric, 0.0)
    if lists.n < MIN_LISTENERS_FOR_CLAIMS or not p < ALPHA:
        return 0
    difference = lists.differences.get(name, {}).get(metric)
    if difference is not None:
        return side_of_interval(difference)
    own, other = (lists.models[each].get(metric, math.nan) for each in (lists.engine, name))
    bounds, others = (lists.intervals.get(each, {}).get(metric) for each in (lists.engine, name))
    return compare_intervals(own, bounds, other, others)


def baselines_by_side(lists: RecommendationReport, metric: str, side: int) -> list[dict[str, Any]]:
    """Return the baselines on one side of the engine, best first, as `meaning` and `score`."""
    scores = {
        name: lists.models[name].get(metric, math.nan)
        for name in lists.baselines
        if name in lists.models and side_of_list(lists, name, metric) == side
    }
    return [
        {"meaning": BASELINES.get(name, name), "score": scores[name]}
        for name in sorted(scores, key=lambda name: -_or_lowest(scores[name]))
    ]


def best_signal(lists: RecommendationReport, metric: str) -> str:
    """Return the best single signal by a metric."""
    return max(lists.signals, key=lambda name: _or_lowest(lists.models[name].get(metric)))


def best_classifier_baseline(report: Report, found: ClassifierReport) -> ClassifierReport | None:
    """Return the most accurate baseline on the same tracks."""
    baselines = [rival for rival in report.rivals(found) if rival.baseline]
    return max(baselines, key=lambda rival: rival.result.accuracy, default=None)


def best_tagging_baseline(found: TaggingReport) -> str | None:
    """Return the name of the baseline with the highest mean ROC AUC."""
    return max(
        found.baselines,
        key=lambda name: found.baselines[name].result.metrics["roc_auc_macro"],
        default=None,
    )


def group_effects(groups: Sequence[ListenerGroup]) -> dict[str, list[str]]:
    """Return the groups that personal weights help and hurt, and where the blend pays or costs.

    The blend is compared with the best single signal. The keys are ``helped``, ``hurt``, ``better``
    and ``worse``; the first two are missing where all listeners have the same weights.
    """
    gains = [(group.name, group.gains[_GROUP_METRIC]) for group in groups]
    found = {}
    if not all(gain.is_none for _, gain in gains):
        found["helped"] = [name for name, gain in gains if gain.side > 0]
        found["hurt"] = [name for name, gain in gains if gain.side < 0]
    over = [
        (group.name, group.over_single[_GROUP_METRIC].side) for group in groups if group.over_single
    ]
    complete = len(over) == len(groups)
    found["better"] = [name for name, side in over if complete and side > 0]
    found["worse"] = [name for name, side in over if complete and side < 0]
    return found


def control_outcome(control: Control, metric: str) -> tuple[list[str], list[str]]:
    """Return the signals that stay above chance without their content, and those that drop to it.

    Signals that are no better than chance with their content are in neither list.
    """
    failed = [name for name, dropped in control.fell.items() if not dropped]
    chance = next(iter(control.chance.intervals.values()))[metric][1]
    real = control.real.intervals
    return failed, [name for name in control.fell if real[name][metric][0] > chance]


def dial_effects(found: DialCurves) -> tuple[float, list[dict[str, str]]]:
    """Return nDCG with all dials off, and the share of it that a medium setting of each leaves.

    NaN and nothing where it was not measured. Each share has its `dial` and `setting`.
    """
    metric = f"ndcg@{found.k}"
    points = [point for own in found.curves.values() for point in own]
    off = next((point for point in points if point.setting in (None, 0)), None)
    whole = off.metrics.get(metric, math.nan) if off else math.nan
    if not (math.isfinite(whole) and whole > 0):
        return math.nan, []
    idle = idle_dials(found)
    return whole, [
        {
            "share": percent(point.metrics[metric] / whole),
            "dial": spoken_name(dial),
            "setting": setting_title(point.setting),
        }
        for dial, own in found.curves.items()
        if dial not in idle
        for point in _medium_points(own)
        if math.isfinite(point.metrics.get(metric, math.nan))
    ]


def idle_dials(found: DialCurves) -> list[str]:
    """Return the dials that change nothing at any setting, because the library lacks their data."""
    return [
        dial
        for dial, points in found.curves.items()
        if len(points) > 1 and all(point.metrics == points[0].metrics for point in points)
    ]


def _medium_points(points: Sequence[DialPoint]) -> list[DialPoint]:
    """Return the point nearest to a medium setting on each side; for a cap the tightest one."""
    turned = [(point.setting, point) for point in points if point.setting]
    caps = [each for each in turned if each[0] >= 1]
    if caps:
        return [min(caps, key=lambda each: each[0])[1]]
    sides = [[each for each in turned if each[0] * sign > 0] for sign in (-1, 1)]
    return [
        min(side, key=lambda each: (abs(abs(each[0]) - _SHOWN_STRENGTH), each[0]))[1]
        for side in sides
        if side
    ]


def with_support(
    scores: Mapping[str, ClassScore] | Mapping[str, TagScore], low: int, high: int
) -> list[dict[str, Any]]:
    """Return the classes or tags with `low` to `high` tracks, as `name` and `n`."""
    support = {name: score.support for name, score in scores.items()}
    return [{"name": name, "n": n} for name, n in support.items() if low <= n <= high]


def best_model(found: Figures, metric: str, without: Sequence[str]) -> str | None:
    """Return the model with the highest value of a metric, leaving some out."""
    values = {name: own[metric] for name, own in found.models.items() if name not in without}
    return max(values, key=lambda name: values[name], default=None)


def spaces_compared_by(found: SimilarityReport, method: str) -> list[str]:
    """Return the spaces in which segue compares by a method, the report's main one first."""
    spaces = [name for name, each in found.hubs.items() if each.used == method]
    return sorted(spaces, key=lambda name: name != found.model)


def _or_lowest(value: float | None) -> float:
    return -math.inf if value is None or math.isnan(value) else value
