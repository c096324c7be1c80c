"""Find the datasets that were scanned before, by the names of their directories."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segue.errors import JobError
from segue.library import Library


def known_datasets(library: Library) -> dict[str, Path]:
    """Return the datasets that were scanned before, by directory name.

    If two have the same name, a number is appended to the later one.
    """
    found: dict[str, Path] = {}
    for directory in library.jobs.datasets():
        name, n = Path(directory).name, 2
        while name in found:
            name, n = f"{Path(directory).name} ({n})", n + 1
        found[name] = Path(directory)
    return found


def dataset_of(library: Library, arguments: Mapping[str, Any]) -> Path:
    """Return the dataset directory of a job `preprocess`.

    Raises
    ------
    JobError
        If its dataset was not scanned before.
    """
    if "path" in arguments:
        return Path(arguments["path"])
    known = known_datasets(library)
    if arguments["dataset"] not in known:
        raise JobError(f"There is no dataset {arguments['dataset']!r}: {_named(known)}.")
    return known[arguments["dataset"]]


def music_folders(library: Library) -> list[Path]:
    """Return the scanned datasets that may be scanned again without a request.

    Those with listens are left out: a scan would bring back the listens of deleted listeners.
    """
    kinds = {one["dataset"]: one for one in library.jobs.scans()}
    return [Path(name) for name, last in kinds.items() if not last.get("listens")]


def _named(known: Mapping[str, Path]) -> str:
    if not known:
        return "none was scanned yet, run segue preprocess"
    return f"choose from {', '.join(map(repr, known))}"
