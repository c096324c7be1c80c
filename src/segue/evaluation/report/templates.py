"""The Jinja environment of the report: its templates, and the functions they call.

Templates hold all sentences. Every text is escaped; only our own CSS and the SVG that matplotlib
wrote are marked as safe.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from segue import text
from segue.evaluation.report import comparing, formatting, names
from segue.evaluation.report.contents import Report
from segue.evaluation.report.details import Details
from segue.evaluation.significance import MIN_LISTENERS_FOR_CLAIMS

TOO_SMALL = 10
"""Classes and tags with fewer tracks have too few for reliable numbers."""

FEW = 50
"""With fewer tracks or listeners than this, all numbers are unreliable."""

TARGET_FAITHFUL = 0.95
"""The share of named strongest signals without which a track should rank lower."""


def package_file(name: str) -> str:
    """Return the text of a file of this package."""
    return (files("segue.evaluation.report") / name).read_text(encoding="utf-8")


def render_summary(report: Report) -> Markup:
    """Return the summary of a report as HTML: what the numbers show, and their limits."""
    splits: set[str] = {found.split for found in report.classifiers}
    splits |= {lists.split for lists in report.recommendations}
    splits |= {report.similarity.judged.split} if report.similarity else set()
    splits |= {report.tagging.split} if report.tagging else set()
    splits |= {report.sessions.split} if report.sessions else set()
    trained = [found for found in report.classifiers if not found.baseline]
    template = environment().get_template("summary.html")
    text = template.render(
        report=report,
        trained=trained,
        by_target={found.target: found for found in trained},
        measured_splits=splits,
    )
    return Markup(text)  # noqa: S704  (the template escapes what it is given)


def detail_findings(details: Details) -> list[str]:
    """Return the findings beyond the main table of recommendations as plain text."""
    sentences = environment().get_template("sentences.html").module
    items = str(sentences.detail_findings(details)).split("</li>")[:-1]  # type: ignore[attr-defined]
    return [Markup(item).striptags() for item in items]  # noqa: S704


@cache
def environment() -> Environment:
    """Return the environment of all templates."""
    made = Environment(
        loader=FunctionLoader(package_file),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["svg"] = lambda plot: Markup(plot.svg)  # noqa: S704  (ours, not a user's)
    made.filters["each"] = _each
    functions: Sequence[Any] = (
        comparing.baselines_by_side,
        comparing.best_classifier_baseline,
        comparing.best_model,
        comparing.best_signal,
        comparing.best_tagging_baseline,
        comparing.control_outcome,
        comparing.dial_effects,
        comparing.group_effects,
        comparing.idle_dials,
        comparing.side_of_classifier,
        comparing.side_of_interval,
        comparing.side_of_list,
        comparing.spaces_compared_by,
        comparing.with_support,
        formatting.joined,
        formatting.magnitudes,
        formatting.p_value,
        formatting.percent,
        formatting.percent_down,
        formatting.signed,
        names.display_name,
        names.lower_first,
        names.spoken_name,
        names.title_of,
        names.upper_first,
        text.plural,
        math.isfinite,
    )
    for function in functions:
        made.globals[function.__name__] = made.filters[function.__name__] = function
    made.globals |= {
        "few": FEW,
        "min_listeners": MIN_LISTENERS_FOR_CLAIMS,
        "group_titles": names.GROUP_TITLES,
        "nan": math.nan,
        "target_faithful": TARGET_FAITHFUL,
        "too_small": TOO_SMALL,
    }
    return made


def _each(values: Iterable[Any], pattern: str) -> list[str]:
    """Format each mapping, or plain value, by a pattern of `str.format`."""
    return [
        pattern.format(**value) if isinstance(value, Mapping) else pattern.format(value)
        for value in values
    ]
