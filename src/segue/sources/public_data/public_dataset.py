"""The content of a public dataset, and the description of a layout."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from segue.types import ListenBatches, Problem, Progress, Track

PublicKind = Literal[
    "yambda", "million-playlists", "fma", "lfm-2b", "music4all", "listenbrainz-dump"
]


class PublicDataset(NamedTuple):
    """The tracks, listens and problems of a public dataset."""

    tracks: list[Track]
    listens: ListenBatches
    problems: list[Problem]


class PublicLayout(NamedTuple):
    """A layout: its name, whether a directory has it, and its reader."""

    kind: PublicKind
    matches: Callable[[Path], bool]
    read: Callable[[Path, Progress], PublicDataset]
