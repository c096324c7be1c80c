"""Read the metadata of FMA (Free Music Archive), and the audio files beside it.

Conventions
-----------
- The directory, or `fma_metadata` in it, has `tracks.csv` and `genres.csv`. `tracks.csv` has a
  header of two rows (``track``, ``genre_top``), then one with ``track_id``.
- Audio files below the directory are named by the id in six digits: ``000/000002.mp3``. A track
  without its file is read for its metadata.
- `genre_top` is the genre; without it the titles of `genres` are. `split` is training, validation
  or test.

Source: README and usage notebook of github.com/mdeff/fma; Defferrard et al., "FMA: A Dataset For
Music Analysis", ISMIR 2017 (metadata of May 2017).
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from segue.errors import DatasetError
from segue.sources.datasets.tracks import build_track
from segue.sources.datasets.walk import walk
from segue.sources.public_data.listen_spool import ListenSpool
from segue.sources.public_data.public_dataset import PublicDataset
from segue.sources.tables.csv_records import read_records, too_long
from segue.sources.tables.problem_collector import ProblemCollector
from segue.text import clean_id
from segue.types import Progress, Track, no_progress

KIND: Final = "fma"
_N_HEADER_ROWS = 3
_SPLITS = {"training": "train", "validation": "valid", "test": "test"}
_COLUMNS = {
    ("track", "title"): "title",
    ("artist", "name"): "artist",
    ("album", "title"): "album",
    ("track", "date_recorded"): "year",
    ("track", "genre_top"): "genre",
    ("track", "duration"): "duration",
}
_EXTRA = (("set", "subset"), ("track", "license"), ("artist", "id"), ("album", "id"))
_NUMBER = re.compile(r"[0-9]+")


def is_fma(directory: Path) -> bool:
    """Return whether a directory, or `fma_metadata` in it, has the metadata of FMA."""
    place = _metadata(directory)
    if place is None:
        return False
    try:
        with (place / "tracks.csv").open(encoding="utf-8", errors="replace") as file:
            lines = [file.readline(1 << 16) for _ in range(2)]
    except OSError:
        return False
    return lines[0].startswith(",album,") and ",genre_top," in lines[1]


def read_fma(directory: Path, progress: Progress = no_progress) -> PublicDataset:
    """Read the tracks.

    Raises
    ------
    DatasetError
        `tracks.csv` or `genres.csv` cannot be read.
    """
    place = _metadata(directory) or directory
    found = ProblemCollector()
    genres = _genre_titles(place / "genres.csv")
    audio = {path.stem: path for path in walk(directory, {".mp3"}).files}
    tracks: dict[str, Track] = {}
    with progress("Reading the dataset FMA", 0) as advance:
        for row, names, cells in _rows(place / "tracks.csv", found):
            track_id = clean_id(cells[0])
            if not _NUMBER.fullmatch(track_id):
                found.add("tracks.csv", "track_id is not a number: the row is left out", row)
            elif track_id in tracks:
                found.add("tracks.csv", "another row has the same id: the first is used", row)
            else:
                track, reasons = _track(
                    track_id, dict(zip(names, cells, strict=True)), genres, audio
                )
                tracks[track_id] = track
                for reason in reasons:
                    found.add("tracks.csv", reason, row, track_id)
            advance(1)
    return PublicDataset(list(tracks.values()), ListenSpool().finish(), found.problems())


def _metadata(directory: Path) -> Path | None:
    for place in (directory, directory / "fma_metadata"):
        if (place / "tracks.csv").is_file() and (place / "genres.csv").is_file():
            return place
    return None


def _records(path: Path) -> Iterator[list[str] | str]:
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            yield from read_records(file, ",", max_lines=1000)
    except OSError as error:
        raise DatasetError(
            f"{path} cannot be read ({error.strerror}): check its permissions."
        ) from error


def _rows(
    path: Path, found: ProblemCollector
) -> Iterator[tuple[int, Sequence[tuple[str, str]], list[str]]]:
    """Yield the number, the names of the columns and the cells of each row that fits the header."""
    header: list[list[str]] = []
    names: list[tuple[str, str]] = []
    for row, record in enumerate(_records(path), start=1):
        if isinstance(record, str):
            found.add(path.name, record, row)
        elif row <= _N_HEADER_ROWS:
            header.append(record)
            if row == _N_HEADER_ROWS:
                names = list(zip(header[0], header[1], strict=False))
        elif record:
            reason = too_long(record, len(names), ",")
            if reason is not None or len(record) < len(names):
                reason = reason or "the row is cut short: it is left out"
                found.add(path.name, reason, row)
            else:
                yield row, names, record[: len(names)]


def _genre_titles(path: Path) -> dict[str, str]:
    """Return the title of each genre by its id."""
    records = [one for one in _records(path) if not isinstance(one, str)]
    if not records or not {"genre_id", "title"} <= set(records[0]):
        raise DatasetError(f"{path} has no columns genre_id and title: download it again.")
    number, title = records[0].index("genre_id"), records[0].index("title")
    return {one[number]: one[title] for one in records[1:] if len(one) > max(number, title)}


def _track(
    track_id: str,
    cells: dict[tuple[str, str], str],
    genres: dict[str, str],
    audio: dict[str, Path],
) -> tuple[Track, list[str]]:
    raw = {name: cells[column] for column, name in _COLUMNS.items() if cells.get(column)}
    numbers = _NUMBER.findall(cells.get(("track", "genres"), ""))
    titles = [genres[number] for number in numbers if number in genres]
    if "genre" not in raw and titles:
        raw["genre"] = "|".join(titles)
    stated = cells.get(("set", "split"), "")
    if stated:
        raw["split"] = _SPLITS.get(stated, stated)
    extra = {f"{one}_{name}": cells.get((one, name), "") for one, name in _EXTRA}
    path = audio.get(track_id.zfill(6))
    return build_track(track_id, raw, path=path, extra=extra)
