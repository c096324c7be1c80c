"""Prepare the values that the page's template shows.

Conventions
-----------
- Texts reach the template as plain text and are escaped there.
- A missing or undefined number shows as a dash.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from segue.evaluation.classification import CLASSIFICATION_METRICS
from segue.evaluation.ranking import RANKING_METRICS
from segue.evaluation.report.contents import (
    ClassifierReport,
    RecommendationReport,
    Report,
)
from segue.evaluation.report.details_page import details_section
from segue.evaluation.report.drawing import Plot
from segue.evaluation.report.names import display_name, meanings
from segue.evaluation.report.plots import (
    class_plot,
    confusion_plot,
    curve_plots,
    learning_plots,
    map_plot,
)
from segue.evaluation.report.session_report import SessionReport
from segue.evaluation.report.similarity_page import similarity_section
from segue.evaluation.report.tables import (
    BEST_IN_BOLD,
    ScoreTable,
    model_table,
    number,
    spread,
    whisker_of,
)
from segue.evaluation.report.tagging_page import tag_section
from segue.evaluation.report.templates import (
    TOO_SMALL,
    environment,
    package_file,
    render_summary,
)
from segue.text import plural
from segue.types import SPLITS

if TYPE_CHECKING:
    from segue.evaluation.intervals import Interval

_PROPERTIES = (
    "Properties of the lists; more is not better in itself. Coverage: the share of all tracks that"
    " are in any list. Novelty: higher by one where half as many listeners know the tracks. Gini: 0"
    " where all tracks are recommended equally often, 1 where always the same. Artist diversity: 1"
    " where no artist appears twice."
)
_SESSION_METRICS = ("precision@20", "mrr@20", "hit_rate@20")
_OF_HITS = ("precision", "recall", "ndcg", "map", "hit_rate")


def render(report: Report) -> tuple[str, list[Plot]]:
    """Return the page, and the plots to write with it.

    Parameters
    ----------
    report : Report

    Returns
    -------
    str, list of Plot
    """
    trained = [found for found in report.classifiers if not found.baseline]
    classifiers = [_classifier(found) for found in trained]
    lists = [_lists(found) for found in report.recommendations]
    maps = [
        {"name": display_name(found.name), "plot": plot, "keys": keys}
        for found, (plot, keys) in ((found, map_plot(found)) for found in report.maps)
    ]
    page = (
        environment()
        .get_template("page.html")
        .render(
            css=Markup(package_file("page.css")),  # noqa: S704
            report=report,
            summary=render_summary(report),
            tables=[_classifier_table(rivals) for rivals in _rounds(report)],
            classifiers=classifiers,
            lists=lists,
            similar=similarity_section(report.similarity) if report.similarity else None,
            session_table=_session_table(report.sessions) if report.sessions else None,
            tagging=tag_section(report.tagging) if report.tagging else None,
            maps=maps,
            measured=_measured(report),
            simulated=any(found.simulated for found in report.recommendations),
        )
    )
    plots = [plot for each in classifiers for plot in each["files"]]
    plots += [plot for each in lists for plot in each["files"]]
    plots += [_map_file(each) for each in maps]
    return page, plots


def _session_table(found: SessionReport) -> ScoreTable:
    return model_table(
        caption=(
            f"{plural(found.n, 'play')} in {plural(found.n_sessions, 'session')}; models know"
            f" {plural(found.n_known, 'earlier session')}. {BEST_IN_BOLD}"
        ),
        metrics=_SESSION_METRICS,
        models=found.models,
        intervals=found.intervals,
        best=_SESSION_METRICS,
        whiskers=_SESSION_METRICS[0],
        roles=dict.fromkeys(found.models, "baseline") | {found.model: "segue"},
        chosen=found.model,
    )


def _map_file(prepared: Mapping[str, Any]) -> Plot:
    plot: Plot = prepared["plot"]
    return plot


def _rounds(report: Report) -> list[tuple[ClassifierReport, ...]]:
    """Group classifiers that were evaluated on the same tracks; baselines last."""
    seen: dict[tuple[str, str, int], tuple[ClassifierReport, ...]] = {}
    for found in report.classifiers:
        rivals = sorted(report.rivals(found), key=lambda rival: rival.baseline)
        seen[found.target, found.split, found.result.n] = tuple(rivals)
    return list(seen.values())


def _classifier_table(rivals: Sequence[ClassifierReport]) -> ScoreTable:
    first = rivals[0]
    return model_table(
        caption=(
            f"By {first.target}, on the {plural(first.result.n, 'track')} of the {first.split}"
            f" part. {BEST_IN_BOLD}"
        ),
        metrics=CLASSIFICATION_METRICS,
        models={rival.name: rival.result.metrics for rival in rivals},
        intervals={rival.name: rival.intervals for rival in rivals},
        best=CLASSIFICATION_METRICS,
        whiskers="accuracy",
        roles={rival.name: "baseline" for rival in rivals if rival.baseline},
        top=1.0,
    )


def _classifier(found: ClassifierReport) -> dict[str, Any]:
    """Prepare the section of one classifier."""
    result = found.result
    learning = learning_plots(found)
    intervals: Sequence[Interval | None] = found.f1_intervals or [None] * len(result.class_names)
    classes: list[dict[str, Any]] = [
        {
            "name": name,
            "support": score.support,
            "trained_on": found.trained_on.get(name),
            "precision": number(score.precision, 2),
            "recall": number(score.recall, 2),
            "f1": number(score.f1, 2),
            "interval": spread(interval, 2),
            "bar": 0.0 if math.isnan(score.f1) else round(100 * score.f1, 1),
            "whisker": whisker_of(score.f1, interval, 1.0),
            "small": score.support < TOO_SMALL,
        }
        for (name, score), interval in zip(result.per_class.items(), intervals, strict=True)
    ]
    classes.sort(key=lambda each: (each["small"], -each["bar"], each["name"]))
    truly = result.confusion.sum(axis=1)
    matrix = [
        {
            "name": name,
            "cells": [
                {"count": int(count), "share": round(float(count) / max(int(total), 1), 3)}
                for count in counts
            ],
            "total": int(total),
        }
        for name, counts, total in zip(result.class_names, result.confusion, truly, strict=True)
    ]
    return {
        "name": display_name(found.name),
        "key": found.name,
        "target": found.target,
        "split": found.split,
        "classes": classes,
        "class_names": result.class_names,
        "matrix": matrix,
        "learning": learning,
        "mistakes": found.mistakes,
        "files": [*learning, confusion_plot(found), class_plot(found)],
    }


def _lists(found: RecommendationReport) -> dict[str, Any]:
    """Prepare the section of ranked lists: one table for each k, the main one first."""
    main = found.main_cut
    found = _best_first(found, f"ndcg@{main}")
    cuts = [main, *(k for k in found.cuts if k != main)]
    known = meanings()
    roles = {name: known[name] for name in found.models if name in known}
    roles |= {name: known.get(name, "baseline") for name in found.baselines}
    roles[found.engine] = "what a listener gets"
    shared: dict[str, Any] = {
        "models": found.models,
        "intervals": found.intervals,
        "roles": roles,
        "chosen": found.engine,
    }
    cut_tables = []
    if found.shown:
        caption = f"Metrics of the protocol: {_evaluated_on(found)} Small print: 95% intervals."
        table = model_table(caption=caption, metrics=found.shown, best=(), **shared)
        cut_tables.append({"k": main, "tables": [table]})
    for k in cuts:
        hits, lists = (
            [name for name in (f"{each}@{k}" for each in family) if _measured_by_any(found, name)]
            for family in (_OF_HITS, [each for each in RANKING_METRICS if each not in _OF_HITS])
        )
        tables = []
        if hits:
            main_one = f"ndcg@{k}" if f"ndcg@{k}" in hits else hits[0]
            caption = f"Lists of {k}: {_evaluated_on(found)} {BEST_IN_BOLD}"
            tables.append(
                model_table(caption=caption, metrics=hits, best=hits, whiskers=main_one, **shared)
            )
        if lists:
            caption = _PROPERTIES if k == main else "Properties of the lists."
            tables.append(model_table(caption=caption, metrics=lists, best=(), **shared))
        cut_tables.append({"k": k, "tables": tables})
    beyond = details_section(found)
    drawn = [beyond["dial_plot"]] if beyond["dial_plot"] else []
    curves = curve_plots(found)
    return {
        "report": found,
        "cuts": cut_tables,
        "plots": curves,
        "beyond": beyond,
        "files": [*curves, *drawn],
    }


def _best_first(found: RecommendationReport, metric: str) -> RecommendationReport:
    """Sort models and curves: the engine first, then the others from best to worst."""

    def place(name: str) -> tuple[bool, float]:
        value = found.models[name].get(metric, math.nan) if name in found.models else math.nan
        return name != found.engine, -value if math.isfinite(value) else math.inf

    return replace(
        found,
        models={name: found.models[name] for name in sorted(found.models, key=place)},
        curves={name: found.curves[name] for name in sorted(found.curves, key=place)},
    )


def _measured_by_any(found: RecommendationReport, metric: str) -> bool:
    return any(metric in values for values in found.models.values())


def _evaluated_on(found: RecommendationReport) -> str:
    simulated = "simulated " if found.simulated else ""
    n_listeners = plural(found.n, f"{simulated}listener")
    return f"{n_listeners}, {plural(found.n_tracks, 'track')} to choose from."


def _measured(report: Report) -> dict[str, Any]:
    how = report.measurement
    separated = {
        True: "yes: no artist is in several parts",
        False: "no: some artists are in several parts",
    }
    return {
        "facts": {
            "Dataset": how.dataset,
            "Split": how.split_method,
        }
        | (
            {}
            if how.artist_disjoint is None
            else {"Artists kept apart": separated[how.artist_disjoint]}
        )
        | {
            "Seed": str(how.seed),
            "Intervals": (
                f"{100 * how.confidence:.0f}%, percentile bootstrap, {how.n_resamples:,} resamples"
            ),
            "Date": how.created.strftime("%Y-%m-%d %H:%M %Z").strip(),
        }
        | dict(how.settings),
        "splits": SPLITS,
        "counts": how.counts,
        "versions": how.versions,
    }
