"""The result of reading a dataset, and the options of `segue.sources.datasets.entry`."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from segue.sources.public_data.public_dataset import PublicKind
from segue.types import FileState, ListenBatches, Problem, Progress, Track

if TYPE_CHECKING:
    import pandas as pd

KnownTracks = Mapping[Path, tuple[FileState | None, Track]]
"""The tracks of an earlier reading by their files, each with the state of the file at that time.

A file in the same state need not be read again, one that changed keeps its track's id.
"""

Kind = Literal["table", "folder", "gtzan", "msd"] | PublicKind


ReadTrack = tuple[Track, list[str]]
"""A file as a track, and the reasons why some of it could not be used."""

ReadTags = Callable[[Path, Sequence[Path]], Iterable[tuple[Path, ReadTrack]]]
"""Read the tags of files below a directory, in any order, and yield each with its path."""

FindVideos = Callable[[Sequence[Path]], Collection[Path]]
"""Return the files that hold moving pictures, and are no tracks."""

NameFile = Callable[[Path], str]
"""Return the name of a file in a folder, as text that can be an id."""

IdentifyTracks = Callable[[Path, Sequence[Track], NameFile], Sequence[str]]
"""Return the ids of the files of a directory, given as tracks, each once and in the same order."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options of `segue.sources.read_dataset`."""

    exclude: Sequence[str]
    known: KnownTracks
    known_ids: Mapping[str, Track]
    read_files: ReadTags | None
    find_videos: FindVideos | None
    identify: IdentifyTracks | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class Dataset:
    """The content of a dataset.

    Attributes
    ----------
    directory : Path
        Absolute.
    kind : {"table", "folder", "gtzan", "msd"} or that of a public dataset
    tracks : list of Track
        At least one, each id once.
    listens : DataFrame or ListenBatches
        `user_id` and `track_id` (text), and those of `LISTEN_COLUMNS` that were given; empty if
        there are no listens. Every `track_id` is one of `tracks`. See `listens` for the types.
        Public datasets, which may have any number of listens, give them in batches.
    friends : DataFrame or None
        `user_id`, `friend_id`, both text.
    problems : list of Problem
        Everything that could not be used, and why.
    left_out : collection of str
        The ids of tracks that a table names and whose files are excluded.
    passed_over : mapping of str to int
        Number of other files by suffix: see `segue.sources.datasets.walk.FoundFiles`.
    """

    directory: Path
    kind: Kind
    tracks: list[Track]
    listens: "pd.DataFrame | ListenBatches"
    friends: "pd.DataFrame | None"
    problems: list[Problem]
    left_out: Collection[str] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)

    @property
    def n_listeners(self) -> int:
        """The number of users with listens."""
        import pandas as pd

        if isinstance(self.listens, pd.DataFrame):
            return int(self.listens["user_id"].nunique())
        return len(self.listens.user_ids)
