"""One way in for every kind of dataset.

Conventions
-----------
- `kind` tells what the tracks were read from: ``table`` (metadata.csv, or listens alone), ``gtzan``
  (its layout of folders), ``msd`` (HDF5 files) or ``folder`` (audio files and their tags).
  A table wins over files; HDF5 songs win where they are at least as many as audio files.
- listens.csv and friends.csv are read beside any of them; their ids are those of the tracks.
- Paths in tracks are absolute. Nothing is decoded here, and nothing is written.
- What cannot be used is a `Problem`, never an error, as long as one track is left.
"""

from collections.abc import Sequence
from pathlib import Path

from segue.sources.datasets.dataset import Dataset, HowToRead, Identify, Known, ReadFiles
from segue.types import Progress, no_progress


def read_dataset(
    directory: Path,
    *,
    exclude: Sequence[str] = (),
    known: Known | None = None,
    read_files: ReadFiles | None = None,
    identify: Identify | None = None,
    progress: Progress = no_progress,
) -> Dataset:
    """Read a dataset directory of any kind.

    Parameters
    ----------
    directory : Path
    exclude : sequence of str
        Patterns of files and folders that are left out: see `segue.sources.datasets.walk`.
    known : Known, optional
        The tracks of an earlier reading. Of a plain music folder, only the tags of files that
        changed since are read.
    read_files : ReadFiles, optional
        How the tags of a plain music folder are read; by default here, one file after another.
        Parsers of damaged files may end the process: others read them elsewhere.
    identify : Identify, optional
        Which tracks the files of a folder are; by default those that lay there before. It is asked
        before listens are read, since these name tracks.
    progress : Progress
        Opened where many files are read one by one.

    Raises
    ------
    DatasetError
        The directory is missing, is a file, or holds no usable track; a table in it cannot be
        read at all.
    """
    # pandas, h5py and mutagen load with the readers: a program that only recommends has no need.
    from segue.sources.datasets.reading import read

    return read(directory, HowToRead(exclude, known or {}, read_files, identify, progress))
