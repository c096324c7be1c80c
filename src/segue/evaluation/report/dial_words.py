"""Dials in words: what each leaves of the lists' accuracy."""

import math
from collections.abc import Sequence

from segue.evaluation.report.details import DialCurves, DialPoint
from segue.evaluation.report.words import display_name, joined, percent, spoken_name, title_of

_TOLD_AT = 0.4
"""The strength that is told: enough to be heard, short of overriding relevance."""


def dial_title(name: str) -> str:
    """Return how a dial is called.

    Examples
    --------
    >>> dial_title("artist_cap")
    'Artist cap'
    """
    return display_name(name)


def setting_title(value: float | None) -> str:
    r"""Return a setting as the page has it.

    Examples
    --------
    >>> setting_title(0.4), setting_title(None), setting_title(-0.3) == "\u22120.3"
    ('0.4', 'off', True)
    """
    return "off" if value in (None, 0) else f"{value:g}".replace("-", "\u2212")


def dial_sentence(found: DialCurves) -> str:
    """Say what a middle turn of each dial leaves of accuracy; empty where nothing can be said."""
    metric = f"ndcg@{found.k}"
    points = [point for own in found.curves.values() for point in own]
    off = next((point for point in points if point.setting in (None, 0)), None)
    whole = off.metrics.get(metric, math.nan) if off else math.nan
    if not (math.isfinite(whole) and whole > 0):
        return ""
    idle = idle_dials(found)
    kept = [
        f"{percent(point.metrics[metric] / whole)} with {spoken_name(dial)}"
        f" at {setting_title(point.setting)}"
        for dial, own in found.curves.items()
        if dial not in idle
        for point in _middle(own)
        if math.isfinite(point.metrics.get(metric, math.nan))
    ]
    told = (
        f"Of {title_of(metric)} {whole:.3f}, with all dials off, is left: {joined(kept, 12)}."
        if kept
        else ""
    )
    without = f"Without effect here: {joined(map(spoken_name, idle), 12)}." if idle else ""
    return f"{told} {without}".strip()


def idle_dials(found: DialCurves) -> list[str]:
    """Return the dials that change nothing at any setting, for want of what they go by."""
    return [
        dial
        for dial, points in found.curves.items()
        if len(points) > 1 and all(point.metrics == points[0].metrics for point in points)
    ]


def _middle(points: Sequence[DialPoint]) -> list[DialPoint]:
    """Return the points nearest to a middle turn to each side; for a cap the tightest one."""
    turned = [point for point in points if point.setting]
    caps = [point for point in turned if point.setting and point.setting >= 1]
    if caps:
        return [min(caps, key=lambda point: point.setting or 0)]
    sides = [[point for point in turned if (point.setting or 0) * sign > 0] for sign in (-1.0, 1.0)]
    return [
        min(side, key=lambda point: (abs(abs(point.setting or 0) - _TOLD_AT), point.setting or 0))
        for side in sides
        if side
    ]
