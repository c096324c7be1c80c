"""`preprocess`: read a dataset, clean it, keep it, analyse what is new."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from segue.library import Library
from segue.pipeline.analysis import analyse_new, check_usable
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
    return _take_in(library, read_usable(dataset, progress=progress), workers, progress)


def preprocess_into(
    directory: Path,
    dataset: str | Path,
    *,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> Preprocessed:
    """Do what `preprocess` does; the library in `directory` is made once the dataset is usable.

    Raises
    ------
    DatasetError, LibraryError
        As `preprocess`.
    """
    found = read_usable(dataset, progress=progress)
    return _take_in(Library(directory), found, workers, progress)


def read_usable(dataset: str | Path, *, progress: Progress = no_progress) -> Dataset:
    """Read a dataset and make sure that there is something in it to learn from.

    Raises
    ------
    DatasetError
        If there are no listens and not one track that can be analysed.
    """
    found = read_dataset(Path(dataset), progress=progress)
    if found.listens.empty:
        check_usable(found.tracks)
    return found


def _take_in(
    library: Library, found: Dataset, workers: int | None, progress: Progress
) -> Preprocessed:
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
