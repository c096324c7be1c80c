"""The plots of a report: each drawn once, kept as SVG for the page and as PNG beside it.

Conventions
-----------
- Colours are those of the light page. In the SVG they become the page's CSS variables, so that the
  same drawing is right on a dark page; the PNG has a white ground.
- Names come from strangers' files: they are drawn as they are, never as mathematics, and never
  enter the SVG unescaped (matplotlib escapes them).
- Only `Figure` is used, not pyplot: no window, no global figure.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.evaluation.report.contents import ClassifierReport, EmbeddingMap, RecommendationReport
from segue.evaluation.report.words import TOO_SMALL, display_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID, ACCENT = "#1b2430", "#5c6773", "#dfe3e8", "#0b7285"
SERIES = (
    "#0b7285",
    "#d9480f",
    "#5f3dc4",
    "#2b8a3e",
    "#c2255c",
    "#1971c2",
    "#a07400",
    "#7a5c4a",
    "#4d7c0f",
    "#8f4bb8",
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
MARKER_SIGNS = ("\u25cf", "\u25a0", "\u25b2", "\u25c6", "\u25bc", "\u271a", "\u2716", "\u2605")

_VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--line"} | {
    colour: f"--series-{number}" for number, colour in enumerate(SERIES, start=1)
}
_DASHES = ("--", ":", "-.")  # of baselines, all in one grey
_DPI = 150


@dataclass(frozen=True, slots=True)
class Plot:
    """One drawing: its file `name`, the `svg` element, the `png` file, and its alternative text."""

    name: str
    svg: str
    png: bytes
    alternative: str


@dataclass(frozen=True, slots=True)
class Key:
    """What a colour and a sign stand for in a map; `series` counts from 1 in the page's CSS."""

    label: str
    series: int
    sign: str
    count: int


@contextmanager
def names_as_they_are() -> Iterator[None]:
    """Draw text as text: a "$" is a dollar, and any script will do."""
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none", "text.parse_math": False}), warnings.catch_warnings():
        # The page's browser has fonts for every script; the PNG shows a box for what is missing.
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


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
        figure, axes = _figure("epoch", measure, legend_rows=1)
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
        _whole_numbers(axes)
        _legend(axes, 2)
        ends = "; ".join(f"{name} ends at {values[-1]:.2f}" for name, values in lines.items())
        epochs_told = len(next(iter(lines.values())))
        plots.append(
            kept(
                figure,
                f"learning_{found.name}_{measure}",
                f"{display_name(found.name)}: {measure} over {epochs_told} epochs; {ends}.",
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
        figure, axes = _figure(
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
                label=_drawable(display_name(name)),
                zorder=3 if name == lists.engine else 2,
            )
        axes.set_ylim(bottom=0)
        longest = max(len(curve.precision) for curve in lists.curves.values())
        axes.set_xticks([1, *range(5, longest + 1, max(5, longest // 20 * 5))])
        _legend(axes, 3)
        ends = "; ".join(
            f"{name} {getattr(curve, measure)[-1]:.3f}" for name, curve in lists.curves.items()
        )
        alternative = f"{measure.capitalize()}@k over the length of the list, at the end: {ends}."
        plots.append(kept(figure, f"recommendation_{measure}_at_k", alternative))
    return plots


@names_as_they_are()
def map_plot(found: EmbeddingMap) -> tuple[Plot, list[Key]]:
    """Draw a map of embeddings; return it with its key, by name, so that maps agree in colours."""
    labels = np.array(["" if label is None else label for label in found.labels], dtype=object)
    names, counts = np.unique(labels.astype(str), return_counts=True)
    order = sorted(range(len(names)), key=lambda i: (names[i] == "", names[i]))
    figure, axes = _figure("", "", size=(5.6, 5.0))
    keys = []
    for number, i in enumerate(order):
        known = names[i] != ""
        series = number % len(SERIES) + 1 if known else 0
        turn = (number // len(SERIES) + number) % len(MARKERS) if known else 0
        chosen = labels == names[i]
        label = _drawable(str(names[i])) if known else "unknown"
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
        keys.append(Key(label, series, MARKER_SIGNS[turn], int(counts[i])))
    axes.set(xticks=[], yticks=[])
    axes.margins(0.04)
    axes.spines[:].set_visible(False)
    told = ", ".join(key.label for key in keys[:12]) + (", ..." if len(keys) > 12 else "")
    alternative = (
        f"Map of {len(labels)} tracks by the embedding {found.name}, coloured by class: {told}."
    )

    def with_legend() -> None:
        _legend(axes, 4, below=0.02)

    return kept(figure, f"map_{found.name}", alternative, before_png=with_legend), keys


@names_as_they_are()
def confusion_plot(found: ClassifierReport) -> Plot:
    """Draw the confusion matrix; shares of each true class by colour, counts in the cells."""
    import seaborn as sns

    confusion = found.result.confusion
    names = [_drawable(name) for name in found.result.class_names]
    side = max(3.6, 0.42 * len(names) + 1.6)
    figure, axes = _figure("", "", size=(side + 0.6, side))
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
    axes.set_ylabel(f"true {_drawable(found.target)}", color=MUTED)
    axes.tick_params(axis="x", rotation=90)
    axes.tick_params(axis="y", rotation=0)
    alternative = f"Confusion matrix of {display_name(found.name)}."
    return kept(figure, f"confusion_{found.name}", alternative)


@names_as_they_are()
def class_plot(found: ClassifierReport) -> Plot:
    """Draw F1 of every class, the best first, with its support; grey where that is too small."""
    scored = [
        (score.f1, name, score.support)
        for name, score in found.result.per_class.items()
        if np.isfinite(score.f1)
    ]
    scored.sort()
    figure, axes = _figure("F1", "", size=(5.6, max(2.0, 0.34 * len(scored) + 0.9)))
    colours = [MUTED if support < TOO_SMALL else ACCENT for _, _, support in scored]
    axes.barh(range(len(scored)), [f1 for f1, _, _ in scored], color=colours, height=0.62)
    axes.set_yticks(
        range(len(scored)), [f"{_drawable(name)} ({support})" for _, name, support in scored]
    )
    axes.set_xlim(0, 1)
    axes.grid(visible=False, axis="y")
    told = ", ".join(f"{name} {f1:.2f}" for f1, name, _ in reversed(scored))
    return kept(
        figure, f"f1_{found.name}", f"F1 of {display_name(found.name)} by class, best first: {told}"
    )


def _figure(
    x_label: str,
    y_label: str,
    size: tuple[float, float] = (4.4, 2.2),
    legend_rows: int = 0,
) -> "tuple[Figure, Axes]":
    """Open a figure; `size` (inches) is that of the axes, so that plots side by side agree."""
    from matplotlib.figure import Figure

    left, right, top = (0.62, 0.08, 0.1) if y_label else (0.05, 0.05, 0.05)
    bottom = 0.5 + 0.2 * legend_rows if x_label else 0.05
    width, height = size[0], size[1] + top + bottom
    figure = Figure(figsize=(width, height))
    figure.subplots_adjust(
        left=left / width, right=1 - right / width, bottom=bottom / height, top=1 - top / height
    )
    axes = figure.add_subplot()
    axes.set_xlabel(x_label, color=MUTED)
    axes.set_ylabel(y_label, color=MUTED)
    axes.tick_params(colors=MUTED, labelsize=10, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines[["bottom"]].set_color(GRID)
    axes.grid(visible=True, axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _drawable(name: str) -> str:
    """Replace what no font can draw: control characters and halves of surrogate pairs."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)


def _whole_numbers(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))


def _legend(axes: "Axes", columns: int, below: float = 0.17) -> None:
    handles = [*axes.lines, *axes.collections]
    # A legend would leave out labels that begin with an underscore.
    labels = [re.sub("^_", " _", str(handle.get_label())) for handle in handles]
    axes.legend(
        handles,
        labels,
        loc="upper center",
        bbox_to_anchor=(0.5, -below),
        ncols=columns,
        columnspacing=1.2,
        handlelength=1.6,
        frameon=False,
        fontsize=10,
        labelcolor=INK,
    )


def kept(
    figure: "Figure", name: str, alternative: str, before_png: Callable[[], None] | None = None
) -> Plot:
    """Render as SVG and PNG."""
    from matplotlib import rc_context

    svg, png = io.StringIO(), io.BytesIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with rc_context({"svg.hashsalt": name}):  # ids differ between the drawings of one page
        figure.savefig(svg, format="svg", transparent=True, metadata=nothing)
    if before_png is not None:
        before_png()
    figure.savefig(png, format="png", dpi=_DPI, bbox_inches="tight", facecolor="white")
    name = re.sub(r"[^\w-]", "_", name, flags=re.ASCII)  # it becomes a file's name
    return Plot(name, _for_page(svg.getvalue()), png.getvalue(), alternative)


def _for_page(svg: str) -> str:
    """Turn an SVG file into an element of the page: its colours, no ids that would repeat."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<style.*?</style>", "", element, flags=re.DOTALL)
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'<g id="[^"]*"', "<g", element)
    # The width and height in points would keep the drawing from fitting the page.
    element = re.sub(r'(<svg[^>]*?) (width|height)="[\d.]+pt"', r"\1", element, count=1)
    element = re.sub(r'(<svg[^>]*?) (width|height)="[\d.]+pt"', r"\1", element, count=1)
    element = element.replace("<svg ", '<svg aria-hidden="true" ', 1)
    return re.sub(r'style="[^"]*"', _style, element).strip()


def _style(found: re.Match[str]) -> str:
    """Give a style attribute the page's colours, and leave the font family to the page."""
    style = re.sub(r"font: ([^;\"]*?)([\d.]+)px[^;\"]*", r"font-size: \2px", found.group())
    for colour, variable in _VARIABLES.items():
        style = re.sub(re.escape(colour), f"var({variable})", style, flags=re.IGNORECASE)
    return style
