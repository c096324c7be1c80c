"""Keys of tracks by the note model, where it is installed: `segue encoders add basic-pitch`.

The model reads 30 s from the middle of a track, which takes as long as the rest of the analysis of
a whole track: it is optional. Its keys replace those of the spectrum; they are stored, so that a
track is read once, and stay where the model is not installed.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from segue.audio import MIN_KEY_CONFIDENCE, SAMPLE_RATE, estimate_key, key_name
from segue.audio.decoding import Recording
from segue.encoders.pretrained import (
    NOTES_WHEEL,
    check_note_model,
    installed_note_model,
    note_chroma,
)
from segue.encoders.pretrained.notes import SECONDS
from segue.errors import AudioError
from segue.library import Catalogue, FeatureStore, Library
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.analysis.runners import FileTaskRunner
from segue.pipeline.analysis.tasks import Arrays, Failed
from segue.types import Progress, no_progress

VERSION = 1


def note_key_store(library: Library) -> FeatureStore:
    """Return the store of keys: number and confidence, NaN where no key was found."""
    settings = {"keys by notes": VERSION, "model": NOTES_WHEEL.sha256, "seconds": SECONDS}
    return library.features(settings, {"key": "float32"})


def note_key_of(path: Path, model: Path) -> Arrays | Failed:
    """Return the array `key` of one file: the task of a worker."""
    try:
        recording = Recording(path, SAMPLE_RATE)
        duration = recording.claimed_duration() or 0.0
        signal = recording.window(max((duration - SECONDS) / 2.0, 0.0), SECONDS)
    except AudioError as error:
        return Failed(str(error))
    except OSError as error:
        return Failed(f"'{path}' cannot be read ({error}): check its permissions.")
    found = estimate_key(note_chroma(model, signal)) if len(signal) else None
    key = (np.nan, np.nan) if found is None else (found.number, found.confidence)
    return {"key": np.array(key, np.float32)}


def find_note_keys(
    library: Library,
    catalogue: Catalogue,
    workers: FileTaskRunner,
    *,
    progress: Progress = no_progress,
) -> int:
    """Find the keys of analyzed tracks that the note model has not read yet; return their number.

    Tracks that it cannot read keep their key.

    Raises
    ------
    ModelError
        If the installed model is damaged.
    """
    n_found = 0
    with note_key_store(library) as store:
        model = installed_note_model()
        work = [] if model is None else _plan(library, catalogue, store, model)
        if work and model is not None:
            check_note_model(model)
            with progress("Finding keys by notes", len(work)) as advance:
                for row, answer in workers.answers(note_key_of, work):
                    if not isinstance(answer, Failed):
                        store.add(row, answer)
                        n_found += 1
                    advance(1)
        _record(library, store)
    return n_found


def _plan(
    library: Library, catalogue: Catalogue, store: FeatureStore, model: Path
) -> list[tuple[int, tuple[Path, Path]]]:
    analysed = set(open_store(library, AUDIO.summary).rows().tolist())
    return [
        (row, (track.path, model))
        for row, track in zip(catalogue.rows.tolist(), catalogue.tracks, strict=True)
        if track.path and not track.missing and row in analysed and row not in store
    ]


def _record(library: Library, store: FeatureStore) -> None:
    """Write the stored keys to the database, where it has others."""
    rows = store.rows().tolist()
    if not rows:
        return
    files, changed = library.audio_files(), {}
    for row in rows:
        number, confidence = store.read("key", row).ravel().tolist()
        file = files.get(row)
        if file is None or np.isnan(number) or file.loudness is None:  # nothing, or silence
            continue
        name = key_name(int(number)) if confidence >= MIN_KEY_CONFIDENCE else None
        if (file.key, file.key_confidence) != (name, confidence):
            changed[row] = replace(file, key=name, key_confidence=confidence)
    if changed:
        library.set_audio_files(changed)
