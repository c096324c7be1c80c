"""Read datasets, tables, listening histories and playlist files, and report their problems.

`read_dataset` reads a directory, `load_frames` one file of precomputed frames.
"""

from segue.sources.datasets.dataset import (
    Dataset,
    FindVideos,
    IdentifyTracks,
    Kind,
    KnownTracks,
    NameFile,
    ReadTags,
    ReadTrack,
)
from segue.sources.datasets.entry import read_dataset
from segue.sources.datasets.frames import Frames, load_frames
from segue.sources.datasets.naming import free_id
from segue.sources.datasets.tracks import AUDIO_SUFFIXES
from segue.sources.datasets.walk import state_of

__all__ = [
    "AUDIO_SUFFIXES",
    "Dataset",
    "FindVideos",
    "Frames",
    "IdentifyTracks",
    "Kind",
    "KnownTracks",
    "NameFile",
    "ReadTags",
    "ReadTrack",
    "free_id",
    "load_frames",
    "read_dataset",
    "state_of",
]
