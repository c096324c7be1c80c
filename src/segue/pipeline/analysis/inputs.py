"""Stores of features, and the input of each model.

An *input* is what analysis computes from audio, or precomputed frames of the dataset (stored in
their own data type). A model takes the input that covers most of the library: a library of mixed
kinds trains on one kind and reports what it leaves out. The hash of a store's settings names its
directory: a changed setting means that every library is analyzed again.
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
    SUMMARY_VERSION,
    Descriptor,
    PatternDescriptor,
    added_descriptors,
    descriptor_values,
    given_descriptors,
    given_summary_names,
    summary_names,
    track_value_names,
)
from segue.errors import ModelError
from segue.library import Catalogue, FeatureStore, Library, settings_hash

ANALYSIS = DEFAULT_SETTINGS
"""Settings of the analysis of every library. Other values make new stores next to the old ones."""

FAST = replace(ANALYSIS, fast=True)
"""Settings of ``--fast``: the same arrays, from less of the track."""


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Settings that the arrays of one store are computed with, and their data types."""

    settings: Mapping[str, Any]
    dtypes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Input:
    """Input of models, and the stores that hold it.

    `frames` names the array of `windows` that each encoder reads; `summary` holds the vectors,
    `added` those of each descriptor with a store of its own.
    """

    name: str
    windows: StoreSettings
    summary: StoreSettings
    frames: Mapping[str, str]

    @property
    def added(self) -> Mapping[str, StoreSettings]:
        """The store of each added descriptor, by its name."""
        if self is AUDIO:
            return {one.name: descriptor_store(one) for one in added_descriptors()}
        dtype = self.windows.dtypes["frames"]
        return {one.name: given_descriptor_store(one, dtype) for one in given_descriptors()}


def _audio(keeps: str, dtypes: Mapping[str, str], version: int = ANALYSIS_VERSION) -> StoreSettings:
    settings = {"from": "audio", "version": version, **asdict(ANALYSIS)}
    # fast analysis is a fact of each track: its arrays compare with those of a whole analysis
    for name in ("fast", "stretch_seconds"):
        del settings[name]
    return StoreSettings({**settings, "keeps": keeps}, dtypes)


def _given(dtype: str) -> Input:
    settings = {"from": "given frames", "dtype": dtype, "statistics": len(STATISTICS)}
    kept = StoreSettings(settings, {"frames": dtype, "summary": "float32"})
    return Input(
        f"frames ({dtype})", kept, kept, dict.fromkeys(("cnn", "rnn", "transformer"), "frames")
    )


AUDIO = Input(
    name="audio",
    # 9 of 10 bytes of a library: the windows may be dropped and computed again
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
        SUMMARY_VERSION,
    ),
    frames={"cnn": "log_mel", "rnn": "sequence", "transformer": "sequence"},
)
GIVEN = {dtype: _given(dtype) for dtype in ("uint8", "float32")}
_PATTERNS_VERSION = 1  # raised when the same frames give other values
INPUTS = {found.name: found for found in (AUDIO, *GIVEN.values())}


def open_store(library: Library, store: StoreSettings) -> FeatureStore:
    """Return the store of some settings."""
    return library.features(store.settings, store.dtypes)


def descriptor_store(descriptor: Descriptor) -> StoreSettings:
    """Return the settings of the store of a descriptor that is not part of `Analysis.summary`."""
    base = _audio("descriptor", {"summary": "float32"})
    values = list(descriptor_values(descriptor, ANALYSIS))
    settings = {**base.settings, "descriptor": descriptor.name, "values": values}
    return StoreSettings(settings, base.dtypes)


def given_descriptor_store(descriptor: PatternDescriptor, dtype: str) -> StoreSettings:
    """Return the settings of the store of a descriptor of precomputed frames."""
    settings = {
        "from": "given frames",
        "dtype": dtype,
        "descriptor": descriptor.name,
        "version": _PATTERNS_VERSION,
    }
    return StoreSettings(settings, {"summary": "float32"})


def audio_settings() -> list[Mapping[str, Any]]:
    """Return the settings of every store that analysis of audio fills now."""
    stores = [AUDIO.windows, AUDIO.summary, *map(descriptor_store, added_descriptors())]
    return [store.settings for store in stores]


def choose_input(library: Library) -> tuple[Input, FeatureStore] | None:
    """Return the input that most tracks have, with its windows; None if no track has any.

    Windows of some tracks may have been dropped.
    """
    n_tracks = {
        name: len(open_store(library, chosen.summary).rows()) for name, chosen in INPUTS.items()
    }
    chosen = INPUTS[max(n_tracks, key=lambda name: n_tracks[name])]
    return (chosen, open_store(library, chosen.windows)) if n_tracks[chosen.name] else None


def drop_windows(library: Library) -> int:
    """Delete the windows of audio, which only training needs; return the number of bytes freed.

    Raises
    ------
    LibraryBusyError
        If another program is writing to the library.
    """
    with library.writing("segue library drop-windows"):
        return library.drop_features(lambda settings: settings == AUDIO.windows.settings)


def need_input(library: Library, model: str) -> tuple[Input, FeatureStore]:
    """Return `choose_input` if every track with a summary has its windows.

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
            " run segue preprocess --windows on the dataset to compute them again."
        )
    return found


def _n_dropped(library: Library, chosen: Input, windows: FeatureStore) -> int:
    """Return how many tracks lack windows that can be computed again."""
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
    """Return the models that were trained on another analysis than the present one."""
    names = []
    for name in library.models.names():
        manifest = library.models.manifest(name)
        chosen = INPUTS.get(manifest.get("input", ""))
        if chosen is not None:
            facts = summary_facts(library, chosen)
            present = (settings_hash(chosen.windows.settings), facts["analysis"])
            if manifest.get("analysis") not in present:
                names.append(name)
    return names


def filled_descriptors(library: Library, chosen: Input) -> dict[str, StoreSettings]:
    """Return the stores of the added descriptors that are computed for at least one track."""
    return {
        name: store
        for name, store in chosen.added.items()
        if len(open_store(library, store).rows())
    }


def summary_facts(library: Library, chosen: Input | None) -> dict[str, Any]:
    """Return the manifest entries of a model that is trained on the summaries of an input.

    `analysis` identifies their columns; `descriptors` names those of `filled_descriptors`: a model
    trained before the others are computed is out of date when they are.
    """
    if chosen is None:
        return {"analysis": None}
    added = filled_descriptors(library, chosen)
    stores = [settings_hash(store.settings) for store in added.values()]
    facts = {**chosen.summary.settings, "added": stores}
    return {"analysis": settings_hash(facts), "descriptors": list(added)}


def summaries(
    library: Library,
    catalogue: Catalogue,
    name: str | None = None,
    descriptors: Sequence[str] | None = None,
) -> tuple[NDArray[np.float32], Sequence[str], Input | None]:
    """Return the summary vectors of all tracks, the descriptor of each column, and their input.

    Parameters
    ----------
    name
        Of the input; by default the one that most tracks have.
    descriptors
        Names of the added descriptors whose columns follow; by default `filled_descriptors`.

    Returns
    -------
    summary
        ``[n_tracks, d]``, rows of NaN where a track has none; ``d`` is 0 if no track has any.
    groups
        The descriptor of each column, ``[d]``.
    chosen
        The input, or None.
    """
    wanted = [INPUTS[name]] if name in INPUTS else [] if name else list(INPUTS.values())
    stores = [(chosen, open_store(library, chosen.summary)) for chosen in wanted]
    if not any(len(store.rows()) for _, store in stores) and name not in INPUTS:
        return np.zeros((len(catalogue), 0), np.float32), [], None
    chosen, store = max(stores, key=lambda pair: len(pair[1].rows()))
    parts = [store.matrix("summary", catalogue.rows)]
    groups = _groups(chosen, parts[0].shape[1])
    widths = _added_widths(chosen, parts[0].shape[1])
    if descriptors is None:
        descriptors = tuple(filled_descriptors(library, chosen))
    for added, settings in chosen.added.items():
        if added in descriptors:
            values = open_store(library, settings).matrix("summary", catalogue.rows)
            if values.shape[1] != widths[added]:  # computed for no track yet
                values = np.full((len(catalogue), widths[added]), np.nan, np.float32)
            parts.append(values)
            groups += [added] * widths[added]
    return np.concatenate(parts, axis=1), groups, chosen


def model_summaries(
    library: Library, catalogue: Catalogue, manifest: Mapping[str, Any]
) -> NDArray[np.float32]:
    """Return the columns of the summaries that a model was trained on, ``[n_tracks, d]``."""
    descriptors = manifest.get("descriptors", ())
    return summaries(library, catalogue, manifest["input"], descriptors)[0]


def _added_widths(chosen: Input, n_columns: int) -> dict[str, int]:
    """Return the number of values of each added descriptor, next to `n_columns` of the summary."""
    if chosen is AUDIO:
        return {one.name: len(descriptor_values(one, ANALYSIS)) for one in added_descriptors()}
    n_bands = n_columns // len(STATISTICS)
    return {one.name: one.n_values(n_bands) for one in given_descriptors()}


def _groups(chosen: Input, n_columns: int) -> list[str]:
    """Return the descriptor of each column: ``mfcc`` for ``"mfcc[3].mean"``.

    Values of the whole track (loudness, tempo, key) form the group ``track``.
    """
    if chosen is AUDIO:
        values = track_value_names()
        names = (*summary_names(ANALYSIS)[: -len(values)], *("track" for _ in values))
    else:
        names = given_summary_names(n_columns // len(given_summary_names(1)))
    return [name.split("[")[0].split(".")[0] for name in names]
