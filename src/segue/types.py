"""The words that every part of segue shares. Plain, frozen data; no behaviour beyond validation.

Conventions
-----------
- Times are seconds, tempo is beats per minute, `timestamp` is seconds since 1970 in UTC.
- `None` means unknown. Zero, empty text and NaN are never used for unknown.
- Frames are time-major: ``[n_frames, n_bands]``.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, get_args

if TYPE_CHECKING:
    import pandas as pd

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

LISTEN_COLUMNS = (
    "user_id",
    "track_id",
    "timestamp",
    "position",
    "session_id",
    "plays",
    "ms_played",
    "rating",
    "skipped",
    "completed",
    "recommended",
    "private",
    "split",
)
"""Columns of a listen.

`session_id` is the name that the source gives to a listening session of the listener.
`rating` is an explicit opinion in [-1, 1]; `completed` is whether the source says that the track
ended by itself, `recommended` whether segue proposed it; `private` listens are not learned from.
"""


class ListenBatches(Protocol):
    """Listens that may be too many for memory, as frames of some thousands each."""

    def __len__(self) -> int:
        """Return the number of listens."""

    @property
    def user_ids(self) -> Sequence[str]:
        """Each listener once."""

    @property
    def track_ids(self) -> Sequence[str]:
        """Each track with listens once."""

    def batches(self) -> "Iterator[pd.DataFrame]":
        """Yield the listens in their order, with some of `LISTEN_COLUMNS`."""


ArtistRole = Literal["main", "guest"]


class ArtistCredit(NamedTuple):
    """An artist of a track as the source spells it, and the MusicBrainz id where that is stated."""

    name: str
    role: ArtistRole = "main"
    musicbrainz_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One item that can be recommended.

    `artist` is the name to show. `artists` are all artists, main ones first, where there are more
    than that one or their MusicBrainz ids are known.

    `path` is its audio file, `features` its precomputed frames; both absolute, both optional
    (a dataset of listens alone has neither). `tags` maps a tag to its count or weight. `metadata`
    keeps the columns that segue has no use for, as text; `details` what the file states of itself
    for players: see `segue.sources.file_tags.fields`.

    `tempo` is the dataset's where it states one, else that of the analysis; `duration` is that of
    the decoded file, else the dataset's. A tempo or `key` ("A minor") whose confidence is too low
    is None. The confidences are those of the analysis, from 0 to 1, and None without one.
    `loudness` is in LUFS. A track that is `missing` had a file which is gone, or is `left_out` now:
    it is kept, and not recommended. `tag_reader` is the version of the reader of the tags of its
    file; None where a table describes the track.
    """

    track_id: str
    title: str | None = None
    artist: str | None = None
    artists: tuple[ArtistCredit, ...] = ()
    album: str | None = None
    year: int | None = None
    genres: tuple[str, ...] = ()
    tags: Mapping[str, float] = field(default_factory=dict)
    tempo: float | None = None
    tempo_confidence: float | None = None
    key: str | None = None
    key_confidence: float | None = None
    loudness: float | None = None
    duration: float | None = None
    lyrics: str | None = None
    split: Split | None = None
    path: Path | None = None
    features: Path | None = None
    missing: bool = False
    left_out: bool = False
    tag_reader: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)


class TrackReference(NamedTuple):
    """A track as a listen or playlist names it; the library may not have it.

    `recording` is its MusicBrainz id; several are joined by ``|``.
    """

    track_id: str | None = None
    recording: str | None = None
    isrc: str | None = None
    artist: str | None = None
    title: str | None = None
    album: str | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """By what a file is taken for unchanged: its size in bytes, and when it was written, in ns."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that came in and could not be used: where it was, and why.

    `source` names the file relative to the dataset, `row` its line (the header is line 1) where
    there is one, `subject` the track or listener meant.
    """

    source: str
    reason: str
    row: int | None = None
    subject: str | None = None


Advance = Callable[[int], None]
"""Tells a progress bar how many more steps are done."""


class Progress(Protocol):
    """Opens a progress bar for `total` steps; the context gives the `Advance` to call."""

    def __call__(self, description: str, total: int) -> AbstractContextManager[Advance]:
        """Open a bar named `description` for `total` steps."""


@contextmanager
def no_progress(description: str, total: int) -> Iterator[Advance]:  # noqa: ARG001
    """Show nothing: the default of every function that takes a `Progress`."""
    yield lambda steps: None  # noqa: ARG005
