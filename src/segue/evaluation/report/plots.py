"""Plots of a report, each as SVG for the page and as PNG file."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.evaluation.report.contents import ClassifierReport, EmbeddingMap, RecommendationReport
from segue.evaluation.report.drawing import (
    ACCENT,
    MARKER_SIGNS,
    MARKERS,
    MUTED,
    SERIES,
    Plot,
    add_legend,
    drawable,
    kept,
    names_as_they_are,
    open_figure,
    whole_numbers,
)
from segue.evaluation.report.names import display_name
from segue.evaluation.report.templates import TOO_SMALL
from segue.text import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

_DASHES = ("--", ":", "-.")  # of baselines, all in one grey


@dataclass(frozen=True, slots=True)
class PlotKey:
    """An entry of a map's legend; `series` counts from 1 in the page's CSS."""

    label: str
    series: int
    sign: str
    count: int


@names_as_they_are()
def learning_plots(found: ClassifierReport) -> list[Plot]:
    """Draw loss and accuracy over the epochs of training, one plot each."""
    history = found.history or {}
    plots = []
    for measure in ("loss", "accuracy"):
        lines = {
            name: history[key]
            for name, key in (("train", measure), ("valid", f"val_{measure}"))
            if history.get(key)
        }
        if not lines:
            continue
        figure, axes = open_figure("epoch", measure, legend_rows=1)
        for (name, values), colour in zip(lines.items(), SERIES, strict=False):
            epochs = np.arange(1, len(values) + 1)
            axes.plot(
                epochs,
                values,
                color=colour,
                linewidth=2,
                label=name,
                marker="o" if len(values) == 1 else "",
            )
        if measure == "accuracy":
            axes.set_ylim(0, 1)
        whole_numbers(axes)
        add_legend(axes, 2)
        ends = "; ".join(f"{name} ends at {values[-1]:.2f}" for name, values in lines.items())
        n_epochs = len(next(iter(lines.values())))
        plots.append(
            kept(
                figure,
                f"learning_{found.name}_{measure}",
                f"{display_name(found.name)}: {measure} over {n_epochs} epochs; {ends}.",
            )
        )
    return plots


@names_as_they_are()
def curve_plots(lists: RecommendationReport) -> list[Plot]:
    """Draw precision@k and recall@k over k for every model, one plot each."""
    if not lists.curves:
        return []
    plots = []
    for measure in ("precision", "recall"):
        figure, axes = open_figure(
            "k, length of the list", f"{measure}@k", legend_rows=-(-len(lists.curves) // 3)
        )
        colours = iter(SERIES[1:] * (1 + len(lists.curves) // len(SERIES)))
        for name, curve in lists.curves.items():
            values: Sequence[float] = getattr(curve, measure)
            baseline = name in lists.baselines
            axes.plot(
                np.arange(1, len(values) + 1),
                values,
                color=ACCENT if name == lists.engine else MUTED if baseline else next(colours),
                linewidth=3 if name == lists.engine else 1.6,
                linestyle=_DASHES[lists.baselines.index(name) % len(_DASHES)] if baseline else "-",
                label=drawable(display_name(name)),
                zorder=3 if name == lists.engine else 2,
            )
        axes.set_ylim(bottom=0)
        longest = max(len(curve.precision) for curve in lists.curves.values())
        axes.set_xticks([1, *range(5, longest + 1, max(5, longest // 20 * 5))])
        add_legend(axes, 3)
        ends = "; ".join(
            f"{name} {getattr(curve, measure)[-1]:.3f}" for name, curve in lists.curves.items()
        )
        alternative = f"{measure.capitalize()}@k over the length of the list, at the end: {ends}."
        plots.append(kept(figure, f"recommendation_{measure}_at_k", alternative))
    return plots


@names_as_they_are()
def map_plot(found: EmbeddingMap) -> tuple[Plot, list[PlotKey]]:
    """Draw a map of embeddings, with a legend by name so that all maps use the same colors."""
    labels = np.array(["" if label is None else label for label in found.labels], dtype=object)
    names, counts = np.unique(labels.astype(str), return_counts=True)
    order = sorted(range(len(names)), key=lambda i: (names[i] == "", names[i]))
    figure, axes = open_figure("", "", size=(5.6, 5.0))
    keys = []
    for number, i in enumerate(order):
        known = names[i] != ""
        series = number % len(SERIES) + 1 if known else 0
        turn = (number // len(SERIES) + number) % len(MARKERS) if known else 0
        chosen = labels == names[i]
        label = drawable(str(names[i])) if known else "unknown"
        axes.scatter(
            found.xy[chosen, 0],
            found.xy[chosen, 1],
            s=26 if len(labels) < 1500 else 9,
            marker=MARKERS[turn],
            color=SERIES[series - 1] if known else MUTED,
            alpha=0.85 if known else 0.4,
            linewidths=0,
            label=label,
        )
        keys.append(PlotKey(label, series, MARKER_SIGNS[turn], int(counts[i])))
    axes.set(xticks=[], yticks=[])
    axes.margins(0.04)
    axes.spines[:].set_visible(False)
    listed = ", ".join(key.label for key in keys[:12]) + (", ..." if len(keys) > 12 else "")
    tracks = plural(len(labels), "track")
    alternative = f"Map of {tracks} by the embedding {found.name}, colored by class: {listed}."

    def with_legend() -> None:
        add_legend(axes, 4, below=0.02)

    return kept(figure, f"map_{found.name}", alternative, before_png=with_legend), keys


@names_as_they_are()
def confusion_plot(found: ClassifierReport) -> Plot:
    """Draw the confusion matrix; shares of each true class by colour, counts in the cells."""
    import seaborn as sns

    confusion = found.result.confusion
    names = [drawable(name) for name in found.result.class_names]
    side = max(3.6, 0.42 * len(names) + 1.6)
    figure, axes = open_figure("", "", size=(side + 0.6, side))
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    sns.heatmap(
        shares,
        annot=confusion,
        fmt="d",
        cmap=sns.light_palette(ACCENT, as_cmap=True),
        vmin=0,
        vmax=1,
        square=True,
        linewidths=0.5,
        cbar=False,
        xticklabels=names,
        yticklabels=names,
        annot_kws={"size": 8},
        ax=axes,
    )
    axes.grid(visible=False)
    axes.set_xlabel("predicted", color=MUTED)
    axes.set_ylabel(f"true {drawable(found.target)}", color=MUTED)
    axes.tick_params(axis="x", rotation=90)
    axes.tick_params(axis="y", rotation=0)
    alternative = f"Confusion matrix of {display_name(found.name)}."
    return kept(figure, f"confusion_{found.name}", alternative)


@names_as_they_are()
def class_plot(found: ClassifierReport) -> Plot:
    """Draw F1 of every class, best first, with its support; gray if it has too few tracks."""
    scored = [
        (score.f1, name, score.support)
        for name, score in found.result.per_class.items()
        if np.isfinite(score.f1)
    ]
    scored.sort()
    figure, axes = open_figure("F1", "", size=(5.6, max(2.0, 0.34 * len(scored) + 0.9)))
    colours = [MUTED if support < TOO_SMALL else ACCENT for _, _, support in scored]
    axes.barh(range(len(scored)), [f1 for f1, _, _ in scored], color=colours, height=0.62)
    axes.set_yticks(
        range(len(scored)), [f"{drawable(name)} ({support})" for _, name, support in scored]
    )
    axes.set_xlim(0, 1)
    axes.grid(visible=False, axis="y")
    listed = ", ".join(f"{name} {f1:.2f}" for f1, name, _ in reversed(scored))
    return kept(
        figure,
        f"f1_{found.name}",
        f"F1 of {display_name(found.name)} by class, best first: {listed}",
    )
