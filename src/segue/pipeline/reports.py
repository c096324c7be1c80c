"""Read stored evaluation reports, those of earlier versions too."""

from typing import Any

from segue.library import Library, report_metrics


def report_document(library: Library, name: str) -> dict[str, Any]:
    """Return the document of a report, in the form of ``segue evaluate --json``.

    Raises
    ------
    LibraryError
        If it cannot be read.
    """
    from segue.evaluation import current_document  # only reports need the metrics

    return current_document(report_metrics(library.reports, name))
