"""Tables of models by metrics, with intervals, formatted for the page.

Conventions
-----------
- A missing or undefined number is a dash.
- Whiskers (a value and its interval, drawn) are positions from 0 to 100 on their table's scale.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from segue.evaluation.intervals import Interval
from segue.evaluation.report.contents import Intervals
from segue.evaluation.report.names import display_name, title_of

BEST_IN_BOLD = "Best in bold; small print: 95% intervals."
_DASH = "\u2013"


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of a table: its `text`, its interval, and whether it is the best."""

    text: str
    interval: str = ""
    best: bool = False


@dataclass(frozen=True, slots=True)
class Whisker:
    """A value and its interval as positions from 0 to 100 on the scale of its table."""

    at: float
    low: float
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """One model's row."""

    name: str
    role: str
    cells: Sequence[Cell]
    whisker: Whisker | None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Models by metrics; `scale` is the title of the whiskers' axis, empty without whiskers."""

    caption: str
    heads: Sequence[str]
    rows: Sequence[Row]
    scale: str


def model_table(
    *,
    caption: str,
    metrics: Sequence[str],
    models: Mapping[str, Mapping[str, float]],
    intervals: Mapping[str, Intervals],
    best: Iterable[str],
    whiskers: str | None = None,
    roles: Mapping[str, str],
    top: float | None = None,
    chosen: str | None = None,
) -> ScoreTable:
    """Return a table of models by metrics.

    The highest values of the metrics in `best` are marked. The metric `whiskers` is drawn on a
    scale from 0 to `top` (by default the highest bound); None draws none.
    """
    highest = {
        metric: max(
            (round(values[metric], 3) for values in models.values() if _known(values, metric)),
            default=math.nan,
        )
        for metric in best
    }
    end = top or (_highest_bound(models, intervals, whiskers) if whiskers else 1.0)
    rows = [
        Row(
            display_name(name),
            roles.get(name, ""),
            [
                Cell(
                    number(values.get(metric)),
                    spread(intervals.get(name, {}).get(metric)),
                    _known(values, metric) and round(values[metric], 3) == highest.get(metric),
                )
                for metric in metrics
            ],
            whisker_of(values.get(whiskers), intervals.get(name, {}).get(whiskers), end)
            if whiskers
            else None,
            name == chosen,
        )
        for name, values in models.items()
    ]
    scale = f"{title_of(whiskers)}, 0 to {end:.2g}" if whiskers else ""
    return ScoreTable(caption, [title_of(metric) for metric in metrics], rows, scale)


def _highest_bound(
    models: Mapping[str, Mapping[str, float]],
    intervals: Mapping[str, Intervals],
    metric: str,
) -> float:
    """Return the highest value or bound of a metric, 1 if none is above 0."""
    bounds = [found[metric][1] for found in intervals.values() if metric in found]
    bounds += [found[metric] for found in models.values() if metric in found]
    return max((bound for bound in bounds if math.isfinite(bound) and bound > 0), default=1.0)


def number(value: float | None, digits: int = 3) -> str:
    r"""Return a number as the page shows it.

    Examples
    --------
    >>> number(0.12345), number(7.25), number(float("nan")) == "\u2013"
    ('0.123', '7.25', True)
    """
    if value is None or not math.isfinite(value):
        return _DASH
    return f"{value:.{digits if abs(value) < 1 else 2}f}"


def spread(interval: Interval | None, digits: int = 3) -> str:
    r"""Return an interval as the page shows it, empty without one.

    Examples
    --------
    >>> spread((0.1, 0.25), 2) == "0.10\u20130.25", spread(None)
    (True, '')
    """
    if interval is None or not all(map(math.isfinite, interval)):
        return ""
    return f"{number(interval[0], digits)}{_DASH}{number(interval[1], digits)}"


def whisker_of(value: float | None, interval: Interval | None, end: float) -> Whisker | None:
    """Place a value and its interval on a scale from 0 to `end`; None if undefined."""
    if value is None or not math.isfinite(value):
        return None
    low, high = interval if interval and all(map(math.isfinite, interval)) else (value, value)
    return Whisker(*(round(100 * bound / end, 2) for bound in (value, low, high - low)))


def _known(values: Mapping[str, float], metric: str) -> bool:
    return metric in values and math.isfinite(values[metric])
