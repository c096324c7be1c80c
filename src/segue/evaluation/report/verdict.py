"""The verdict: what a report shows and does not show, in sentences that stand above all numbers.

It goes in the order of the page, recommended lists first: they are what the rest is for.
"""

from dataclasses import dataclass

from segue.evaluation.report.contents import Report
from segue.evaluation.report.details_words import details_show
from segue.evaluation.report.list_words import lists_show
from segue.evaluation.report.similarity_words import similarity_caveats, similarity_shows
from segue.evaluation.report.tagging_words import tagging_caveats, tagging_shows
from segue.evaluation.report.words import (
    class_caveats,
    classifier_shows,
    list_caveats,
    split_caveats,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Sentences: what the numbers `shows`, and what they do `not_shown`."""

    shows: tuple[str, ...]
    not_shown: tuple[str, ...]


def verdict(report: Report) -> Verdict:
    """Say what a report shows and does not show.

    Parameters
    ----------
    report : Report

    Returns
    -------
    Verdict
        Plain text, one sentence or a few each; not escaped for HTML.
    """
    shows: list[str] = []
    caveats: list[str] = []
    trained = [found for found in report.classifiers if not found.baseline]
    for lists in report.recommendations:
        shows += lists_show(lists) + details_show(lists.details)
    if report.similarity:
        shows += similarity_shows(report.similarity, report.measurement.confidence)
    if report.tagging:
        shows += tagging_shows(report, report.tagging)
    for found in trained:
        shows += classifier_shows(report, found)
    if any(lists.simulated for lists in report.recommendations):
        caveats.append(
            "The listeners are simulated from stated tastes. The figures show that the machinery "
            "finds the taste that was put in, and nothing about how people would like the result."
        )
    caveats += split_caveats(report)
    for target, found in {found.target: found for found in trained}.items():
        caveats += class_caveats(report, target, found)
    if report.tagging:
        caveats += tagging_caveats(report.tagging)
    caveats += list_caveats(report)
    if report.similarity:
        caveats += similarity_caveats(report.similarity)
    if not shows:
        shows.append("Nothing could be measured.")
    return Verdict(tuple(shows), (*caveats, *report.notes))
