"""The content of a public dataset, and the description of a layout."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from segue.types import Problem, Progress, Track

if TYPE_CHECKING:
    import pandas as pd

PublicKind = Literal["yambda", "million-playlists", "fma"]


class PublicDataset(NamedTuple):
    """The tracks, listens and problems of a public dataset."""

    tracks: list[Track]
    listens: "pd.DataFrame"
    problems: list[Problem]


class PublicLayout(NamedTuple):
    """A layout: its name, whether a directory has it, and its reader."""

    kind: PublicKind
    matches: Callable[[Path], bool]
    read: Callable[[Path, Progress], PublicDataset]
