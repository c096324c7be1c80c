"""What a dataset is once it has been read. `segue.sources.datasets.entry` reads one."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from segue.types import FileState, Problem, Progress, Track

if TYPE_CHECKING:
    import pandas as pd

Known = Mapping[Path, tuple[FileState | None, Track]]
"""The tracks of an earlier reading by their files, each with the file's state at that time.

A file in the same state need not be read again, one that changed keeps its track's id.
"""

Kind = Literal["table", "folder", "gtzan", "msd"]


Read = tuple[Track, list[str]]
"""A file as a track, and the reasons why some of it could not be used."""

ReadFiles = Callable[[Path, Sequence[Path]], Iterable[tuple[Path, Read]]]
"""Reads the tags of files below a directory, in whatever order, each given with its path."""

NameOf = Callable[[Path], str]
"""What a file of a folder is called, as text that can be an id."""

Identify = Callable[[Path, Sequence[Track], NameOf], Sequence[str]]
"""Gives the files of a directory, as tracks, their ids: each once, in the same order."""


@dataclass(frozen=True, slots=True)
class HowToRead:
    """The choices of one reading: see `segue.sources.read_dataset`."""

    exclude: Sequence[str]
    known: Known
    read_files: ReadFiles | None
    identify: Identify | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class Dataset:
    """What came in.

    Attributes
    ----------
    directory : Path
        Absolute.
    kind : {"table", "folder", "gtzan", "msd"}
    tracks : list of Track
        At least one, each id once.
    listens : DataFrame
        `user_id` and `track_id` (text), and those of `LISTEN_COLUMNS` that were given; no rows
        where there are none. Every `track_id` is one of `tracks`. See `listens` for the types.
    friends : DataFrame or None
        `user_id`, `friend_id`, both text.
    problems : list of Problem
        What could not be used, and why.
    left_out : collection of str
        The ids of tracks that a table names and whose files are not to be used.
    """

    directory: Path
    kind: Kind
    tracks: list[Track]
    listens: "pd.DataFrame"
    friends: "pd.DataFrame | None"
    problems: list[Problem]
    left_out: Collection[str] = ()
