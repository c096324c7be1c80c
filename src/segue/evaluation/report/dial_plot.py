"""Plot of the costs and benefits of dials: accuracy over each property that dials change."""

import math

from segue.evaluation.report.comparing import idle_dials
from segue.evaluation.report.details import DialCurves, DialPoint
from segue.evaluation.report.drawing import (
    GRID,
    INK,
    MARKERS,
    MUTED,
    SERIES,
    Plot,
    kept,
    names_as_they_are,
)
from segue.evaluation.report.names import display_name, title_of

PANELS = {
    "coverage": "Coverage: how much is recommended",
    "gini": "Gini: how unevenly",
    "novelty": "Novelty, bits: how little known",
    "artist_diversity": "Artist diversity: different artists",
    "likeness": "Likeness: how similar the tracks are",
    "off_taste": "Off taste: distance to the own genre mix",
}
"""The properties on the x axes, and their titles."""

_COLUMNS = 3
_LEAST = 0.01
"""Properties that change by a smaller share are not drawn."""


@names_as_they_are()
def dial_plot(found: DialCurves) -> Plot | None:
    """Draw nDCG over every property that any dial changes: one line per dial, a star for all off.

    None if no property changes.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    panels = [name for name in PANELS if _moves(found, f"{name}@{found.k}")]
    if not panels:
        return None
    rows = -(-len(panels) // _COLUMNS)
    figure = Figure(figsize=(10.2, 0.7 + 2.5 * rows))
    axes_of = figure.subplots(rows, min(_COLUMNS, len(panels)), sharey=True, squeeze=False)
    accuracy = f"ndcg@{found.k}"
    idle = idle_dials(found)
    for place, axes in enumerate(axes_of.flat):
        if place >= len(panels):
            axes.set_visible(False)
            continue
        measure = f"{panels[place]}@{found.k}"
        for (dial, points), colour, marker in zip(
            found.curves.items(), SERIES, MARKERS, strict=False
        ):
            if dial in idle:
                continue
            drawn = [point for point in points if _both(point, measure, accuracy)]
            axes.plot(
                [point.metrics[measure] for point in drawn],
                [point.metrics[accuracy] for point in drawn],
                color=colour,
                marker=marker,
                markersize=4.5,
                linewidth=1.6,
                label=display_name(dial),
            )
        off = _off(found)
        if off is not None and _both(off, measure, accuracy):
            axes.plot(
                [off.metrics[measure]],
                [off.metrics[accuracy]],
                color=INK,
                marker="*",
                markersize=12,
                linestyle="",
                label="all dials off",
                zorder=4,
            )
        axes.set_xlabel(PANELS[panels[place]], color=MUTED, fontsize=10)
        axes.set_ylabel(title_of(accuracy) if place % _COLUMNS == 0 else "", color=MUTED)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
        axes.tick_params(colors=MUTED, labelsize=9, length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines[["bottom"]].set_color(GRID)
        axes.grid(visible=True, axis="y", color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
    handles, labels = axes_of.flat[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="lower center", ncols=6, frameon=False, fontsize=10, labelcolor=INK
    )
    figure.subplots_adjust(
        left=0.07, right=0.99, top=0.98, bottom=1.05 / figure.get_figheight(), hspace=0.38
    )
    listed = "; ".join(
        f"{display_name(dial)} from {points[0].metrics[accuracy]:.3f} to"
        f" {points[-1].metrics[accuracy]:.3f}"
        for dial, points in found.curves.items()
    )
    return kept(figure, "dials", f"{title_of(accuracy)} as each dial is turned: {listed}.")


def _moves(found: DialCurves, measure: str) -> bool:
    values = [
        value
        for points in found.curves.values()
        for point in points
        if math.isfinite(value := point.metrics.get(measure, math.nan))
    ]
    return len(values) > 1 and max(values) - min(values) > _LEAST * max(map(abs, values))


def _both(point: DialPoint, *metrics: str) -> bool:
    return all(math.isfinite(point.metrics.get(metric, math.nan)) for metric in metrics)


def _off(found: DialCurves) -> DialPoint | None:
    """Return the point with all dials off, which all curves share."""
    points = [point for own in found.curves.values() for point in own]
    return next((point for point in points if point.setting in (None, 0)), None)
