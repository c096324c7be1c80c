"""Read a dataset directory of any kind.

Conventions
-----------
- `kind` says how the tracks were read: ``table`` (metadata.csv, or listens alone), ``gtzan`` (its
  folder layout), ``msd`` (HDF5 files) or ``folder`` (audio files and their tags). A table is
  preferred to files; HDF5 songs to audio files if they are at least as many.
- listens.csv and friends.csv are read with any kind; their ids are those of the tracks.
- A directory in the layout of a public dataset is read by `segue.sources.public_data`.
- Paths in tracks are absolute. Nothing is decoded and nothing is written.
- Everything that cannot be used is a `Problem`, never an error, as long as one track is left.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from segue.sources.datasets.dataset import (
    Dataset,
    FindVideos,
    IdentifyTracks,
    KnownTracks,
    ReadOptions,
    ReadTags,
)
from segue.types import Progress, Track, no_progress


def read_dataset(
    directory: Path,
    *,
    exclude: Sequence[str] = (),
    known: KnownTracks | None = None,
    known_ids: Mapping[str, Track] | None = None,
    read_files: ReadTags | None = None,
    find_videos: FindVideos | None = None,
    identify: IdentifyTracks | None = None,
    progress: Progress = no_progress,
) -> Dataset:
    """Read a dataset directory of any kind.

    Parameters
    ----------
    directory : Path
    exclude : sequence of str
        Patterns of files and folders to leave out: see `segue.sources.datasets.ignored`.
    known : Known, optional
        The tracks of an earlier reading. Of a plain music folder, only the tags of files that
        changed since are read.
    known_ids : mapping of str to Track, optional
        The tracks of the library by every id that they have or had: listens may name tracks
        whose files are missing.
    read_files : ReadFiles, optional
        The reader of tags in a plain music folder; by default one file after another in this
        process. Parsers may crash the process on damaged files: a caller can use other processes.
    find_videos : FindVideos, optional
        Asked about files that may hold a video; by default in this process.
    identify : Identify, optional
        The identity of the files of a folder; by default a file is the track that had this path
        before. It is called before listens are read, because these name tracks.
    progress : Progress
        Opened when many files are read one by one.

    Raises
    ------
    DatasetError
        The directory is missing, is a file, or has no usable track; or a table in it cannot be
        read at all.
    """
    # the readers import pandas, h5py and mutagen, which are not needed to recommend
    from segue.sources.datasets.reading import read

    options = ReadOptions(
        exclude, known or {}, known_ids or {}, read_files, find_videos, identify, progress
    )
    return read(directory, options)
