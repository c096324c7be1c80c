"""Written reports, by the names of their directories, which are their times."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segue.errors import LibraryError
from segue.library.files import new_directory
from segue.library.storage import translate_errors


def report_names(directory: Path) -> list[str]:
    """Return the names of the reports in a directory, the latest first."""
    return sorted((path.parent.name for path in directory.glob("[!.]*/report.html")), reverse=True)


def write_report(directory: Path, files: Mapping[str, bytes]) -> Path:
    """Write the files of a report, by path, into a directory, which it replaces; return its page.

    Raises
    ------
    LibraryError
        If it cannot be written: an earlier report of that name stays.
    """
    try:
        with new_directory(directory) as place:
            for name, content in files.items():
                (place / name).parent.mkdir(exist_ok=True)
                (place / name).write_bytes(content)
    except OSError as error:
        raise LibraryError(
            f"The report cannot be written to '{directory}' ({error.strerror or error}):"
            " free space there, or make the folder writable."
        ) from error
    return directory / "report.html"


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
