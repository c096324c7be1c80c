"""Written reports, by the names of their directories, which are their times."""

import json
from pathlib import Path
from typing import Any

from segue.library.storage import translate_errors


def report_names(directory: Path) -> list[str]:
    """Return the names of the reports in a directory, the latest first."""
    return sorted((path.parent.name for path in directory.glob("[!.]*/report.html")), reverse=True)


def report_metrics(directory: Path, name: str) -> dict[str, Any]:
    """Return the figures of a report.

    Raises
    ------
    LibraryError
        If it cannot be read.
    """
    with translate_errors(directory):
        text = (directory / name / "metrics.json").read_text("utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def report_page(directory: Path, name: str) -> str:
    """Return the page of a report.

    Raises
    ------
    LibraryError
        If it cannot be read.
    """
    with translate_errors(directory):
        return (directory / name / "report.html").read_text("utf-8")
