"""Style of the plots, and their conversion to SVG elements and PNG files.

Conventions
-----------
- Colors are those of the light page. In the SVG they become the page's CSS variables, so that the
  same plot fits a dark page; the PNG has a white background.
- Names come from untrusted files: they are drawn literally, never as mathematics, and matplotlib
  escapes them in the SVG.
- Only `Figure` is used, not pyplot: no window, no global figure.
"""

import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
_DPI = 150


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot: its file `name`, the `svg` element, the `png` file, and its alternative text."""

    name: str
    svg: str
    png: bytes
    alternative: str


@contextmanager
def names_as_they_are() -> Iterator[None]:
    """Draw text literally, in any script: a "$" is a dollar."""
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none", "text.parse_math": False}), warnings.catch_warnings():
        # browsers have fonts for every script; the PNG shows a box for missing glyphs
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        yield


def open_figure(
    x_label: str,
    y_label: str,
    size: tuple[float, float] = (4.4, 2.2),
    legend_rows: int = 0,
) -> "tuple[Figure, Axes]":
    """Open a figure; `size` (inches) is that of the axes, so that adjacent plots align."""
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


def drawable(name: str) -> str:
    """Replace characters that no font can draw: control characters and lone surrogates."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)


def whole_numbers(axes: "Axes") -> None:
    """Mark only whole numbers on the x axis."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))


def add_legend(axes: "Axes", columns: int, below: float = 0.17) -> None:
    """Add a legend below the axes, at a distance given as a share of their height."""
    handles = [*axes.lines, *axes.collections]
    # legends leave out labels that begin with an underscore
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
    name = re.sub(r"[^\w-]", "_", name, flags=re.ASCII)  # it becomes a file name
    return Plot(name, _for_page(svg.getvalue()), png.getvalue(), alternative)


def _for_page(svg: str) -> str:
    """Turn an SVG file into an element of the page, with its colors and unique ids."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<style.*?</style>", "", element, flags=re.DOTALL)
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'<g id="[^"]*"', "<g", element)
    # a width and height in points would keep the plot from fitting the page
    element = re.sub(r'(<svg[^>]*?) (width|height)="[\d.]+pt"', r"\1", element, count=1)
    element = re.sub(r'(<svg[^>]*?) (width|height)="[\d.]+pt"', r"\1", element, count=1)
    element = element.replace("<svg ", '<svg aria-hidden="true" ', 1)
    return re.sub(r'style="[^"]*"', _style, element).strip()


def _style(found: re.Match[str]) -> str:
    """Replace colors of a style attribute by CSS variables, and remove the font family."""
    style = re.sub(r"font: ([^;\"]*?)([\d.]+)px[^;\"]*", r"font-size: \2px", found.group())
    for colour, variable in _VARIABLES.items():
        style = re.sub(re.escape(colour), f"var({variable})", style, flags=re.IGNORECASE)
    return style
