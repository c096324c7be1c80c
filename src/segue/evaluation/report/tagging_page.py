"""Prepare the page's section on tags from a `TaggingReport`."""

import math
from typing import Any

from segue.evaluation.report.names import display_name
from segue.evaluation.report.tables import ScoreTable, model_table, number, spread, whisker_of
from segue.evaluation.report.tagging import Tagged, TaggingReport
from segue.evaluation.report.templates import TOO_SMALL
from segue.evaluation.tagging import TAGGING_METRICS
from segue.text import plural


def tag_section(found: TaggingReport) -> dict[str, Any]:
    """Prepare the section for the page."""
    return {
        "report": found,
        "table": _table(found),
        "models": [
            {"name": display_name(name), "tags": _tags(found, model)}
            for name, model in found.trained.items()
        ],
    }


def _table(found: TaggingReport) -> ScoreTable:
    models = {**found.trained, **found.baselines}
    judged = next(iter(models.values())).result.n_judged
    return model_table(
        caption=(
            f"{plural(judged, 'tag')}, on the {plural(found.n, 'track')} of the {found.split} part"
            " that have any learned tag. Best in bold; small print: intervals."
        ),
        metrics=TAGGING_METRICS,
        models={name: model.result.metrics for name, model in models.items()},
        intervals={name: model.intervals for name, model in models.items()},
        best=TAGGING_METRICS,
        whiskers="roc_auc_macro",
        roles=dict.fromkeys(found.baselines, "baseline"),
        top=1.0,
    )


def _tags(found: TaggingReport, model: Tagged) -> list[dict[str, Any]]:
    """Return a row per tag, best first, those with too few tracks last."""
    rows: list[dict[str, Any]] = []
    for tag, score in model.result.per_tag.items():
        intervals = model.tag_intervals.get(tag, {})
        judged = math.isfinite(score.roc_auc)
        rows.append(
            {
                "name": tag,
                "support": score.support,
                "trained_on": found.trained_on.get(tag),
                "judged": judged,
                "small": not judged or score.support < TOO_SMALL,
                "roc_auc": number(score.roc_auc, 2),
                "interval": spread(intervals.get("roc_auc"), 2),
                "bar": round(100 * score.roc_auc, 1) if judged else 0.0,
                "whisker": whisker_of(score.roc_auc, intervals.get("roc_auc"), 1.0),
                "average_precision": number(score.average_precision, 2),
                "chance": number(score.support / max(found.n, 1), 2) if judged else number(None),
            }
        )
    rows.sort(key=lambda each: (each["small"], -each["bar"], each["name"]))
    return rows
