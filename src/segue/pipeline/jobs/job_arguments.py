"""Check the arguments of jobs, and hide paths of this machine in them.

`segue.pipeline.jobs.job_kinds` says which arguments each kind of job takes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from segue.errors import JobError
from segue.library import Library
from segue.pipeline.hidden_paths import hide_paths, places_of
from segue.pipeline.jobs.job_kinds import JOB_KINDS

_WHOLE_PATHS = {"path", "dataset", "page"}


def check_arguments(
    library: Library, verb: str, arguments: Mapping[str, Any], *, admin: bool
) -> dict[str, Any]:
    """Return the checked arguments of a job.

    Raises
    ------
    JobError
        If there is no such verb, or an argument is wrong.
    """
    if verb not in JOB_KINDS:
        raise JobError(f"There is no job {verb!r}: choose from {', '.join(JOB_KINDS)}.")
    kind = JOB_KINDS[verb]
    for name, value in arguments.items():
        if name not in kind.takes:
            known = ", ".join(kind.takes)
            rule = f"it takes {known}" if known else "it takes none"
            raise JobError(f"A job {verb!r} has no argument {name!r}: {rule}.")
        is_right, words = kind.takes[name]
        if not is_right(value):
            raise JobError(f"The job's {name} is {_short(value)}: give {words}.")
    checked = {name: value for name, value in arguments.items() if value is not None}
    if kind.check is not None:
        kind.check(library, checked, admin)
    return checked


def redact_paths(library: Library, value: Any) -> Any:
    """Return a JSON value with paths of this machine reduced to their last component.

    >>> from tempfile import mkdtemp
    >>> library = Library(mkdtemp())
    >>> redact_paths(library, {"path": "/home/anna/My Music"})
    {'path': 'My Music'}
    >>> text = f"In {library.directory}: and/or /srv/a/b.wav, '/etc/x y'; 3/4"
    >>> redact_paths(library, text) == f"In {library.directory.name}: and/or b.wav, 'x y'; 3/4"
    True
    """
    if isinstance(value, Mapping):
        return {
            key: Path(one).name
            if key in _WHOLE_PATHS and isinstance(one, str)
            else redact_paths(library, one)
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact_paths(library, one) for one in value]
    return without_paths(library, value) if isinstance(value, str) else value


def without_paths(library: Library, text: str) -> str:
    """Return a sentence with paths of this machine reduced to their last component."""
    return hide_paths(text, *places_of(library), Path.home())


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
