"""The files of a report: the page, the document and the plots."""

import json

from segue.evaluation.report.contents import Report


def report_files(report: Report) -> dict[str, bytes]:
    """Return the contents of the files of a report, by path.

    - ``report.html``     self-contained: no other file, no network, no script
    - ``metrics.json``    `Report.to_document`
    - ``plots/*.png``     the page's plots, as files
    """
    from segue.evaluation.report.page import render

    page, plots = render(report)
    document = json.dumps(report.to_document(), indent=2, ensure_ascii=False, allow_nan=False)
    return {
        "report.html": page.encode("utf-8", "replace"),
        "metrics.json": (document + "\n").encode("utf-8", "replace"),
        **{f"plots/{plot.name}.png": plot.png for plot in plots},
    }
