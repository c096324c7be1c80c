"""Keys by the note model: installed on request, found once, kept without it."""

import numpy as np
import pytest
import soundfile

from segue import Library
from segue.encoders.pretrained import check_note_model, installed_note_model, note_chroma
from segue.errors import ModelError
from segue.pipeline.analysis.note_keys import note_key_store
from segue.pipeline.preprocess import preprocess
from segue.pipeline.pretrained import add_encoders, remove_encoders

RATE = 22_050
PACKAGE = "basic-pitch"
MAJOR = (0, 2, 4, 5, 7, 9, 11, 12)


def scale(tonic: int) -> np.ndarray:
    """Play a major scale up and down, its tonic twice as long; `tonic` is MIDI's number."""
    notes = []
    for step in (*MAJOR, *MAJOR[::-1]):
        time = np.arange(RATE // (2 if step % 12 == 0 else 4)) / RATE
        hertz = 440.0 * 2 ** ((tonic + step - 69) / 12)
        partials = sum(np.sin(2 * np.pi * hertz * n * time) / n**2 for n in (1, 2, 3, 4))
        notes.append(0.3 * partials * np.exp(-3 * time))
    return np.concatenate(notes * 3).astype(np.float32)


@pytest.fixture
def note_model(tmp_path, monkeypatch, notes_wheel):
    """The installed note model, in a data directory of its own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert add_encoders(PACKAGE, wheel=notes_wheel)
    return installed_note_model()


def test_note_chroma_of_a_chord_is_its_tones(note_model):
    time = np.arange(3 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time) for note in (60, 64, 67))
    chroma = note_chroma(note_model, (0.2 * chord).astype(np.float32)).mean(axis=0)
    assert set(np.argsort(chroma)[-3:].tolist()) == {0, 4, 7}


def test_wheel_of_another_package_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "a.whl").write_bytes(b"PK but no more")
    with pytest.raises(ModelError, match="is not the wheel basic-pitch"):
        add_encoders(PACKAGE, wheel=tmp_path / "a.whl")
    assert not (tmp_path / "data").exists()


def test_damaged_note_model_is_installed_again(note_model, notes_wheel):
    assert not add_encoders(PACKAGE, wheel=notes_wheel)
    note_model.write_bytes(note_model.read_bytes()[:1_000])
    with pytest.raises(ModelError, match="segue encoders add basic-pitch --force"):
        check_note_model(note_model)
    assert add_encoders(PACKAGE, wheel=notes_wheel)
    check_note_model(note_model)


def test_keys_are_found_once_and_kept(note_model, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    for name, tonic in (("d", 62), ("a-flat", 56)):
        soundfile.write(music / f"{name}.flac", scale(tonic), RATE)
    library = Library(tmp_path / "my.segue")
    for _ in range(2):  # the second run finds nothing to do, without the model
        preprocess(library, music, workers=1)
        catalogue = library.catalogue()
        tracks = catalogue.tracks
        assert {track.path.stem: track.key for track in tracks} == {
            "d": "D major",
            "a-flat": "G# major",
        }
        store = note_key_store(library)
        assert len(store.rows()) == 2
        for row, track in zip(catalogue.rows.tolist(), tracks, strict=True):
            assert track.key_confidence == store.read("key", row).ravel()[1]
        if installed_note_model():
            remove_encoders(PACKAGE)
    library.close()


def test_silent_track_has_no_key_by_notes(tmp_path, library):
    sounds = {"scale.wav": scale(60), "silent.wav": np.zeros(6 * RATE, np.float32)}
    (tmp_path / "music").mkdir()
    for name, sound in sounds.items():
        soundfile.write(tmp_path / "music" / name, sound, RATE)
    preprocess(library, tmp_path / "music", workers=1)
    with note_key_store(library) as store:
        for row in library.catalogue().rows.tolist():
            store.add(row, {"key": np.array([2, 0.95], np.float32)})
    preprocess(library, tmp_path / "music", workers=1)
    keys = {track.track_id: track.key for track in library.catalogue().tracks}
    assert keys == {"scale.wav": "D major", "silent.wav": None}
