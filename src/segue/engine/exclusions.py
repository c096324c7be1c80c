"""Exclusions: tracks that must never be recommended, whatever the scores and dials.

An excluded track is no candidate, so no later step can bring it back.

Conventions
-----------
- Names are compared without regard to case, accents and punctuation. All artists of a track count,
  guests too. An album may be named alone or as ``ARTIST - ALBUM``.
- A folder is the start of an absolute path, or folders that follow each other anywhere in a path:
  ``Christmas`` and ``Holiday/Christmas`` both exclude ``/music/Holiday/Christmas/01.flac``.
- Limits of duration (in seconds), year, energy and valence (0 to 1) are strict: a track whose value
  is unknown is excluded.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Final

LIMITS: Final = (
    ("duration", "min_duration", "max_duration", inf),
    ("year", "from_year", "to_year", inf),
    ("energy", "min_energy", "max_energy", 1.0),
    ("valence", "min_valence", "max_valence", 1.0),
)
"""What is limited, the names of its lower and upper limit, and the largest value of both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusions:
    """Filters for tracks that must not be recommended; none by default.

    One name alone is a list of one.

    Raises
    ------
    ValueError
        If a limit is negative, a lower limit is above its upper one, or a name is empty.

    Examples
    --------
    >>> bool(Exclusions(genres=("jazz",), to_year=1999)), bool(Exclusions())
    (True, False)
    """

    artists: Sequence[str] = ()
    genres: Sequence[str] = ()
    albums: Sequence[str] = ()
    tags: Sequence[str] = ()
    folders: Sequence[str] = ()
    min_duration: float | None = None
    max_duration: float | None = None
    from_year: int | None = None
    to_year: int | None = None
    min_energy: float | None = None
    max_energy: float | None = None
    min_valence: float | None = None
    max_valence: float | None = None

    def __post_init__(self) -> None:
        """Check names and limits."""
        for kind in ("artists", "genres", "albums", "tags", "folders"):
            if isinstance(getattr(self, kind), str):
                object.__setattr__(self, kind, (getattr(self, kind),))
            if not all(name.strip() for name in getattr(self, kind)):
                raise ValueError(f"{kind} contains an empty name: remove it.")
        for _, low, high, highest in LIMITS:
            bounds = getattr(self, low), getattr(self, high)
            for name, bound in zip((low, high), bounds, strict=True):
                if bound is not None and not 0 <= bound <= highest:
                    allowed = "0 or a larger number" if highest == inf else "a number from 0 to 1"
                    raise ValueError(f"{name} is {bound}: give {allowed}.")
            if None not in bounds and bounds[0] > bounds[1]:
                raise ValueError(
                    f"{low} is {bounds[0]}, which is above {high}, {bounds[1]}: correct one of"
                    " them."
                )

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) not in ((), [], None) for one in fields(self))


def folder_parts(folder: str) -> tuple[str, ...]:
    """Return the parts of the name of a folder, for `is_inside`; ``~`` is the user's home."""
    return _parts(_home(Path(folder)))


def is_inside(path: Path, folder: tuple[str, ...]) -> bool:
    """Return whether a file is in a folder that is given by its parts.

    >>> is_inside(Path("/music/Holiday/Christmas/01.flac"), folder_parts("holiday/christmas"))
    True
    """
    parents = _parts(path.parent)
    return any(
        parents[start : start + len(folder)] == folder
        for start in range(len(parents) - len(folder) + 1)
    )


def _home(path: Path) -> Path:
    """Return a path with its ``~`` spelled out, as it is where there is no such home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _parts(path: Path) -> tuple[str, ...]:
    parts = (unicodedata.normalize("NFC", part) for part in path.parts if part != ".")
    return tuple(part.casefold() for part in parts)
