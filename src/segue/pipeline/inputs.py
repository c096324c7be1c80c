"""Which arrays the library keeps of a track, and which of them a model is fed with.

A *input* is one store of arrays: what analysis computes from audio, or frames that came with the
dataset (kept in their own data type). Models take the input that covers most of the library, so a
library of mixed kinds trains on one kind and says what it leaves out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.audio import (
    ANALYSIS_VERSION,
    DEFAULT_SETTINGS,
    given_summary_names,
    summary_names,
)
from segue.errors import ModelError
from segue.library import Catalogue, FeatureStore, Library

ANALYSIS = DEFAULT_SETTINGS
"""What every library is analysed with. Another value makes another store beside the old one."""


@dataclass(frozen=True, slots=True)
class Input:
    """One kind of store. `frames` names the array that each encoder reads."""

    name: str
    settings: Mapping[str, Any]
    dtypes: Mapping[str, str]
    frames: Mapping[str, str]


AUDIO = Input(
    name="audio",
    settings={"from": "audio", "version": ANALYSIS_VERSION, **asdict(ANALYSIS)},
    dtypes={"log_mel": "uint8", "sequence": "float16", "summary": "float32"},
    frames={"cnn": "log_mel", "rnn": "sequence"},
)
GIVEN = {
    dtype: Input(
        name=f"frames ({dtype})",
        settings={"from": "given frames", "dtype": dtype},
        dtypes={"frames": dtype, "summary": "float32"},
        frames={"cnn": "frames", "rnn": "frames"},
    )
    for dtype in ("uint8", "float32")
}
INPUTS = {found.name: found for found in (AUDIO, *GIVEN.values())}


def open_store(library: Library, chosen: Input) -> FeatureStore:
    """Return the store of one input."""
    return library.features(chosen.settings, chosen.dtypes)


def choose_input(library: Library) -> tuple[Input, FeatureStore] | None:
    """Return the input that most tracks have, with its store; None if no track has any."""
    stores = [(chosen, open_store(library, chosen)) for chosen in INPUTS.values()]
    chosen, store = max(stores, key=lambda pair: len(pair[1].rows()))
    return (chosen, store) if len(store.rows()) else None


def need_input(library: Library, model: str) -> tuple[Input, FeatureStore]:
    """Return `choose_input`, or say that there is nothing to train on.

    Raises
    ------
    ModelError
        If no track has audio or frames.
    """
    found = choose_input(library)
    if found is None:
        raise ModelError(
            f"The model '{model}' needs audio or precomputed frames and this library has neither:"
            " run segue preprocess on a dataset that has them."
        )
    return found


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
    if name is None:
        found = choose_input(library)
    else:
        found = (INPUTS[name], open_store(library, INPUTS[name])) if name in INPUTS else None
    if found is None:
        return np.zeros((len(catalogue), 0), np.float32), [], None
    chosen, store = found
    summary = store.matrix("summary", catalogue.rows)
    return summary, _groups(chosen, summary.shape[1]), chosen


def _groups(chosen: Input, n_columns: int) -> list[str]:
    """Return the part of each column's name before its band: ``"mfcc[3].mean"`` is of ``mfcc``."""
    if chosen is AUDIO:
        names = summary_names(ANALYSIS)
    else:
        names = given_summary_names(n_columns // len(given_summary_names(1)))
    return [name.split("[")[0].split(".")[0] for name in names]
