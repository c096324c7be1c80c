"""Which arrays the library keeps of a track, and which of them a model is fed with.

An *input* is what analysis computes from audio, or frames that came with the dataset (kept in their
own data type). Models take the input that covers most of the library, so a
library of mixed kinds trains on one kind and says what it leaves out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.audio import (
    ANALYSIS_VERSION,
    DEFAULT_SETTINGS,
    STATISTICS,
    TRACK_VALUES,
    given_summary_names,
    summary_names,
)
from segue.errors import ModelError
from segue.library import Catalogue, FeatureStore, Library, settings_hash

ANALYSIS = DEFAULT_SETTINGS
"""What every library is analysed with. Another value makes other stores beside the old ones."""

FAST = replace(ANALYSIS, fast=True)
"""What ``--fast`` analyses with: the same arrays, from less of the track."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One store: what its arrays were computed with, and their data types."""

    settings: Mapping[str, Any]
    dtypes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Input:
    """What models are fed with, and the stores in which it is kept.

    `frames` names the array of `windows` that each encoder reads; `summary` holds the vectors.
    """

    name: str
    windows: Kept
    summary: Kept
    frames: Mapping[str, str]


def _audio(keeps: str, dtypes: Mapping[str, str]) -> Kept:
    settings = {"from": "audio", "version": ANALYSIS_VERSION, **asdict(ANALYSIS)}
    # how much of a track is listened to is a fact of the track: what comes out compares
    for name in ("fast", "stretch_seconds"):
        del settings[name]
    return Kept({**settings, "keeps": keeps}, dtypes)


def _given(dtype: str) -> Input:
    settings = {"from": "given frames", "dtype": dtype, "statistics": len(STATISTICS)}
    kept = Kept(settings, {"frames": dtype, "summary": "float32"})
    return Input(
        f"frames ({dtype})", kept, kept, dict.fromkeys(("cnn", "rnn", "transformer"), "frames")
    )


AUDIO = Input(
    name="audio",
    # what takes the room, 9 of 10 bytes: it may be dropped and made again
    windows=_audio("windows", {"log_mel": "uint8", "sequence": "float16"}),
    summary=_audio(
        "summary",
        {
            "summary": "float32",
            "beats": "float32",
            "fingerprint": "uint32",
            "facts": "float32",
            "file": "int64",
            "digest": "uint8",
        },
    ),
    frames={"cnn": "log_mel", "rnn": "sequence", "transformer": "sequence"},
)
GIVEN = {dtype: _given(dtype) for dtype in ("uint8", "float32")}
INPUTS = {found.name: found for found in (AUDIO, *GIVEN.values())}


def open_store(library: Library, kept: Kept) -> FeatureStore:
    """Return one store of one input."""
    return library.features(kept.settings, kept.dtypes)


def choose_input(library: Library) -> tuple[Input, FeatureStore] | None:
    """Return the input that most tracks have, with its windows; None if no track has any.

    The windows of some tracks may have been dropped.
    """
    n_tracks = {
        name: len(open_store(library, chosen.summary).rows()) for name, chosen in INPUTS.items()
    }
    chosen = INPUTS[max(n_tracks, key=lambda name: n_tracks[name])]
    return (chosen, open_store(library, chosen.windows)) if n_tracks[chosen.name] else None


def drop_windows(library: Library) -> int:
    """Delete the windows of audio, which only training needs; return how many bytes that freed.

    Raises
    ------
    LibraryBusyError
        If another program is writing to the library.
    """
    with library.writing("segue library drop-windows"):
        return library.drop_features(lambda kept: kept == AUDIO.windows.settings)


def need_input(library: Library, model: str) -> tuple[Input, FeatureStore]:
    """Return `choose_input`, or say that there is nothing, or not all, to train on.

    Raises
    ------
    ModelError
        If no track has audio or frames, or the windows of some were dropped.
    """
    found = choose_input(library)
    if found is None:
        raise ModelError(
            f"The model '{model}' needs audio or precomputed frames and this library has neither:"
            " run segue preprocess on a dataset that has them."
        )
    chosen, windows = found
    n_tracks = len(open_store(library, chosen.summary).rows())
    n_dropped = _n_dropped(library, chosen, windows)
    if n_dropped or not len(windows.rows()):
        raise ModelError(
            f"The model '{model}' needs the windows of the tracks, and those of"
            f" {n_dropped or n_tracks:,} of {n_tracks:,} were dropped:"
            " run segue preprocess --windows on the dataset to make them again."
        )
    return found


def _n_dropped(library: Library, chosen: Input, windows: FeatureStore) -> int:
    """Return how many tracks lack the windows that could be made again."""
    lacking = set(open_store(library, chosen.summary).rows().tolist())
    lacking -= set(windows.rows().tolist())
    if not lacking:
        return 0
    catalogue, files = library.catalogue(), library.audio_files()
    return sum(
        row in lacking and not track.missing and not (row in files and files[row].failed)
        for row, track in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True)
    )


def outdated(library: Library) -> list[str]:
    """Return the models that learned from another analysis than this one."""
    names = []
    for name in library.models.names():
        manifest = library.models.manifest(name)
        chosen = INPUTS.get(manifest.get("input", ""))
        if chosen is not None:
            present = {settings_hash(kept.settings) for kept in (chosen.windows, chosen.summary)}
            if manifest.get("analysis") not in present:
                names.append(name)
    return names


def summaries(
    library: Library, catalogue: Catalogue, name: str | None = None
) -> tuple[NDArray[np.float32], Sequence[str], Input | None]:
    """Return the summary vectors of all tracks, what their columns describe, and their input.

    Parameters
    ----------
    name
        Of the input; by default the one that most tracks have.

    Returns
    -------
    summary
        ``[n_tracks, d]``, rows of NaN where a track has none; ``d`` is 0 if no track has any.
    groups
        The descriptor of each column, ``[d]``.
    """
    wanted = [INPUTS[name]] if name in INPUTS else [] if name else list(INPUTS.values())
    stores = [(chosen, open_store(library, chosen.summary)) for chosen in wanted]
    if not any(len(store.rows()) for _, store in stores) and name not in INPUTS:
        return np.zeros((len(catalogue), 0), np.float32), [], None
    chosen, store = max(stores, key=lambda pair: len(pair[1].rows()))
    summary = store.matrix("summary", catalogue.rows)
    return summary, _groups(chosen, summary.shape[1]), chosen


def _groups(chosen: Input, n_columns: int) -> list[str]:
    """Return the part of each column's name before its band: ``"mfcc[3].mean"`` is of ``mfcc``.

    What is one value a track (loudness, tempo, key) is a group of its own.
    """
    if chosen is AUDIO:
        names = summary_names(ANALYSIS)
        names = (*names[: -len(TRACK_VALUES)], *("track" for _ in TRACK_VALUES))
    else:
        names = given_summary_names(n_columns // len(given_summary_names(1)))
    return [name.split("[")[0].split(".")[0] for name in names]
