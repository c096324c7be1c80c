"""`preprocess`: read a dataset, clean it, keep it, analyse what is new."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from segue.library import Library
from segue.pipeline.analysis import analyse_new
from segue.pipeline.embeddings import encode_new
from segue.sources import Dataset, read_dataset
from segue.types import Progress, no_progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessed:
    """What `preprocess` did. `analysed` counts tracks analysed now, `seconds` all it took."""

    dataset: str
    kind: str
    tracks: int
    listeners: int
    listens: int
    analysed: int
    encoded: int
    problems: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue preprocess --json`` prints."""
        return asdict(self)


def preprocess(
    library: Library,
    dataset: str | Path,
    *,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> Preprocessed:
    """Take a dataset into the library and analyse what is new in it.

    Running it again does only what is not done yet. Stopping it loses the track in work at most.

    Parameters
    ----------
    dataset
        Directory of the dataset: metadata.csv, a music folder, GTZAN, Million Song, or listens.
    workers
        Processes that decode and describe; by default one a processor.

    Raises
    ------
    DatasetError
        If nothing in the dataset can be used; the library is then as it was.
    LibraryError
        If the library cannot be written.
    """
    return take_in(
        library, read_dataset(Path(dataset), progress=progress), workers=workers, progress=progress
    )


def take_in(
    library: Library,
    found: Dataset,
    *,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> Preprocessed:
    """Do what `preprocess` does with a dataset that was already read."""
    started = time.monotonic()
    name = str(found.directory.resolve())
    library.add_dataset(
        name,
        tracks=found.tracks,
        listens=found.listens,
        friends=found.friends,
        problems=found.problems,
    )
    catalogue = library.catalogue()
    analysed, problems = analyse_new(library, catalogue, workers=workers, progress=progress)
    library.set_problems(name, "analysis", problems)
    encoded = encode_new(library, library.catalogue(), progress=progress)
    result = Preprocessed(
        dataset=name,
        kind=found.kind,
        tracks=len(found.tracks),
        listeners=int(found.listens["user_id"].nunique()),
        listens=len(found.listens),
        analysed=analysed,
        encoded=encoded,
        problems=len(found.problems) + len(problems),
        seconds=round(time.monotonic() - started, 2),
    )
    library.record_run("preprocess", result.to_dict())
    return result
