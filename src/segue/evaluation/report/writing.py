"""Write a report atomically: the page, the document and the plots.

<directory>/report.html     self-contained: no other file, no network, no script
            metrics.json    `Report.to_document`
            plots/*.png     the page's plots, as files
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

from segue.errors import LibraryError
from segue.evaluation.report.contents import Report


def write_report(report: Report, directory: Path) -> Path:
    """Write a report, replacing an existing one.

    It is written under a temporary name next to `directory` and renamed when it is complete.

    Parameters
    ----------
    report : Report
    directory : Path
        Created if it does not exist.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    LibraryError
        If it cannot be written.
    """
    from segue.evaluation.report.page import render

    page, plots = render(report)
    document = json.dumps(report.to_document(), indent=2, ensure_ascii=False, allow_nan=False)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            draft.chmod(0o755)  # mkdtemp allows only its user
            (draft / "plots").mkdir()
            _write(draft / "report.html", page.encode("utf-8", "replace"))
            _write(draft / "metrics.json", (document + "\n").encode("utf-8", "replace"))
            for plot in plots:
                _write(draft / "plots" / f"{plot.name}.png", plot.png)
            _replace(draft, directory)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise LibraryError(
            f"The report cannot be written to '{directory}' ({error.strerror or error}): "
            "free space there, or make the folder writable."
        ) from error
    return directory / "report.html"


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _replace(draft: Path, directory: Path) -> None:
    """Rename `draft` to `directory`, replacing it; restore the old one if that fails."""
    if not directory.exists():
        draft.rename(directory)
        return
    former = draft.with_name(f"{draft.name}.former")
    directory.rename(former)
    try:
        draft.rename(directory)
    except OSError:
        former.rename(directory)
        raise
    shutil.rmtree(former, ignore_errors=True)
