"""The files of a report: the page, the document and the plots."""

import json
from collections.abc import Mapping
from typing import Any

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


def current_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored document in the form of `Report.to_document`.

    Earlier versions wrote ``{"task": "all", "reports": [results]}`` for several results, and no
    `subject` for one. Without any result there is no `task`.

    >>> old = {"task": "all", "reports": [{"task": "similarity"}, {"task": "recommendation"}]}
    >>> found = current_document(old)
    >>> found["task"], [one["task"] for one in found["other_results"]]
    ('recommendation', ['similarity'])
    """
    if "task" not in document or "other_results" in document:
        return {"other_results": []} | dict(document)
    several = document["task"] == "all"
    shared = {name: document[name] for name in ("notes", "measured") if name in document}
    found: list[dict[str, Any]] = document["reports"] if several else [dict(document)]
    results = [{"target": None} | one for one in found]
    results.sort(key=lambda one: one["task"] != "recommendation")
    if not results:
        return {"subject": "all", "other_results": []} | shared
    main, *others = results
    subjects = {"recommendation": "recommendations", "similarity": "similarity"}
    subject = "all" if several else subjects.get(main["task"], main["model"])
    return main | {"subject": subject, "other_results": others} | shared
