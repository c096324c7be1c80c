"""Check the arguments of jobs, and hide paths of this machine in them.

==========  =======================================================================================
preprocess  ``dataset`` (name of a dataset scanned before) or ``path`` (admins only); ``fast``,
            ``retry``
train       ``models`` (names, all by default), ``target``, ``on``, ``seed``, ``force``
evaluate    ``subject`` (all by default), ``target``, ``split``, ``seed``
demo        ``tracks``, ``seconds``, ``seed``: the generated demo music
map         ``by``: the signal that places the tracks
weekly      nothing: the weekly playlists of ListenBrainz, of all listeners who want them
==========  =======================================================================================
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from segue.errors import JobError
from segue.library import Library
from segue.pipeline.hidden_paths import hide_paths, places_of
from segue.types import SPLITS

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
    if verb not in _TAKES:
        raise JobError(f"There is no job {verb!r}: choose from {', '.join(_TAKES)}.")
    takes = _TAKES[verb]
    for name, value in arguments.items():
        if name not in takes:
            known = ", ".join(takes) or "none"
            raise JobError(f"A job {verb!r} has no argument {name!r}: it takes {known}.")
        is_right, kind = takes[name]
        if not is_right(value):
            raise JobError(f"The job's {name} is {_short(value)}: give {kind}.")
    checked = {name: value for name, value in arguments.items() if value is not None}
    if verb == "preprocess":
        _check_dataset(library, checked, admin=admin)
    if verb == "map" and "by" not in checked:
        raise JobError("A job 'map' needs a signal: give one, for example timbre.")
    if verb == "train" and "on" not in checked:
        from segue.pipeline.train import MODELS

        for model in checked.get("models", ()):
            if model not in (*MODELS, "all"):
                known = ", ".join(MODELS)
                raise JobError(f"There is no model {model!r}: choose from {known} or all.")
    return checked


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


# ---------------------------------------------------------------------------------------------


def _check_dataset(library: Library, arguments: dict[str, Any], *, admin: bool) -> None:
    if ("dataset" in arguments) == ("path" in arguments):
        raise JobError(
            "A job 'preprocess' needs either a dataset that was scanned before, or a path."
        )
    if "dataset" in arguments:
        dataset_of(library, arguments)
        return
    if not admin:
        raise JobError("Only an admin may give a path: name a dataset that was scanned before.")
    path = Path(arguments["path"]).expanduser()
    if not path.is_absolute() or not path.is_dir():
        raise JobError(f"There is no directory {arguments['path']!r}: give an absolute path.")
    arguments["path"] = str(path)


def _named(known: Mapping[str, Path]) -> str:
    if not known:
        return "none was scanned yet, run segue preprocess"
    return f"choose from {', '.join(map(repr, known))}"


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 4_096 and value.isprintable()


def _is_text_or_none(value: Any) -> bool:
    return value is None or _is_text(value)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= 50 and all(map(_is_text, value))


def _is_whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


_Check = tuple[Callable[[Any], bool], str]
_TEXT: _Check = (_is_text_or_none, "a text")
_SWITCH: _Check = (_is_boolean, "true or false")
_SEED: _Check = (_is_whole(0, 2**31 - 1), "a whole number, 0 or more")
_TAKES: dict[str, dict[str, _Check]] = {
    "preprocess": {"dataset": _TEXT, "path": _TEXT, "fast": _SWITCH, "retry": _SWITCH},
    "train": {
        "models": (_are_texts, "a list of names"),
        "target": _TEXT,
        "on": _TEXT,
        "seed": _SEED,
        "force": _SWITCH,
    },
    "evaluate": {
        "subject": (_is_text, "a text"),
        "target": _TEXT,
        "split": (lambda value: value in SPLITS, f"one of {', '.join(SPLITS)}"),
        "seed": _SEED,
    },
    "demo": {
        "tracks": (_is_whole(60, 2_000), "a whole number from 60 to 2,000"),
        "seconds": (_is_whole(3, 120), "a whole number from 3 to 120"),
        "seed": _SEED,
    },
    "map": {"by": (_is_text, "a text")},
    "weekly": {},
}
