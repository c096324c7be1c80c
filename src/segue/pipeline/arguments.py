"""Read the arguments of public functions: each accepts what a caller plausibly has.

Conventions
-----------
- A library is a `Library`, or its directory as text or `Path`.
- An id (of a track or listener) is text; a whole number becomes its decimal text.
- Where several values are meant, one alone is a list of one.
- Dials and exclusions may be given as a mapping from the name of a setting to its value.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from segue.engine import Dials, Exclusions
from segue.library import Library

Id = str | int
"""The id of a track or listener."""

Ids = Id | Iterable[Id]
"""One id, or several."""

LibraryArgument = Library | str | PathLike[str]
"""A library, or its directory."""

PathArgument = str | PathLike[str]
"""A path of a file or directory."""

DialsArgument = Dials | Mapping[str, Any]
ExclusionsArgument = Exclusions | Mapping[str, Any]

Settings = TypeVar("Settings", Dials, Exclusions)


def as_library(library: LibraryArgument, *, create: bool = False) -> Library:
    """Return an opened library.

    Parameters
    ----------
    create
        Make a library that is missing; by default it is an error.

    Raises
    ------
    TypeError
        If it is neither a library nor a path.
    LibraryError
        If it cannot be opened.
    """
    if isinstance(library, Library):
        return library
    return Library(as_path(library, "library"), create=create)


def as_path(path: PathArgument, name: str = "path") -> Path:
    """Return a path; `name` is the argument's, for the error.

    Raises
    ------
    TypeError
        If it is no path.

    Examples
    --------
    >>> as_path(3, "dataset")
    Traceback (most recent call last):
        ...
    TypeError: dataset is 3: give a path, as text or pathlib.Path.
    """
    if not isinstance(path, str | PathLike):
        raise TypeError(f"{name} is {path!r}: give a path, as text or pathlib.Path.")
    return Path(path)


def as_paths(paths: PathArgument | Iterable[PathArgument], name: str = "files") -> list[Path]:
    """Return paths; one path is a list of one.

    >>> [str(path) for path in as_paths("house.csv")]
    ['house.csv']
    """
    return [as_path(path, name) for path in _several(paths, name)]


def as_id(value: Id, name: str = "id") -> str:
    """Return an id as text; `name` is the argument's, for the error.

    Raises
    ------
    TypeError
        If it is neither text nor a whole number.

    Examples
    --------
    >>> as_id(7), as_id("007")
    ('7', '007')
    >>> as_id(1.5, "user")
    Traceback (most recent call last):
        ...
    TypeError: user is 1.5: give text or a whole number.
    """
    given: object = value
    if isinstance(given, str):
        return str(given)
    if isinstance(given, bool) or not isinstance(given, Integral):
        raise TypeError(f"{name} is {given!r}: give text or a whole number.")
    return str(int(given))


def as_ids(values: Ids, name: str = "ids") -> list[str]:
    """Return ids as text; one id is a list of one.

    >>> as_ids("starter-143"), as_ids([1, "a"]), as_ids(())
    (['starter-143'], ['1', 'a'], [])
    """
    return [as_id(value, name) for value in _several(values, name)]


def as_texts(values: str | Iterable[str], name: str) -> list[str]:
    """Return texts; one text is a list of one."""
    return [str(value) for value in _several(values, name)]


def as_dials(dials: DialsArgument | None) -> Dials:
    """Return dials; None gives the default ones.

    Raises
    ------
    ValueError
        If a mapping has an unknown name, or a value is out of its range.

    Examples
    --------
    >>> as_dials({"diversity": 0.5}).diversity
    0.5
    >>> as_dials({"familiar": 0.5})
    Traceback (most recent call last):
        ...
    ValueError: There is no dial 'familiar': choose from artist_cap, album_cap, diversity, \
calibration, popularity, energy, valence, max_known_share, seed_share, randomness, seed, \
interests, versions, weights.
    """
    return _settings(Dials, "dial", dials)


def as_exclusions(exclusions: ExclusionsArgument | None) -> Exclusions:
    """Return exclusions; None gives none.

    >>> as_exclusions({"genres": "jazz"}).genres
    ('jazz',)
    """
    return _settings(Exclusions, "exclusion", exclusions)


def _settings(
    kind: type[Settings], word: str, given: Settings | Mapping[str, Any] | None
) -> Settings:
    if given is None:
        return kind()
    if isinstance(given, kind):
        return given
    if not isinstance(given, Mapping):
        raise TypeError(
            f"The {word}s are {given!r}: give segue.{kind.__name__}(...), or a mapping from names"
            " to values."
        )
    known = [one.name for one in fields(kind)]
    for name in given:
        if name not in known:
            raise ValueError(f"There is no {word} {name!r}: choose from {', '.join(known)}.")
    return kind(**given)


def _several(values: Any, name: str) -> list[Any]:
    """Return a list of values; text, a path or a number is one value."""
    if isinstance(values, str | PathLike | Integral):
        return [values]
    if not isinstance(values, Iterable) or isinstance(values, bytes | Mapping):
        raise TypeError(f"{name} is {values!r}: give one value, or a list of values.")
    return list(values)
