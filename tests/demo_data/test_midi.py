"""MIDI files are read back by an independent reader (mido)."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.demo_data.midi import DRUM_CHANNEL, Sound, write_midi

sounds = st.lists(
    st.builds(
        lambda start, length, pitch, velocity, channel: Sound(
            start, start + length, pitch, velocity, channel
        ),
        st.floats(0, 60),
        st.floats(0.01, 20),
        st.integers(0, 127),
        st.integers(1, 127),
        st.integers(0, 15),
    ),
    min_size=1,
    max_size=20,
)


def read_notes(midi: bytes) -> tuple[list[tuple[float, int, int]], float]:
    """Read (start, pitch, channel) of all notes, and the length, with mido."""
    mido = pytest.importorskip("mido")
    time, notes = 0.0, []
    for message in mido.MidiFile(file=io.BytesIO(midi)):
        time += message.time
        if message.type == "note_on" and message.velocity > 0:
            notes.append((time, message.note, message.channel))
    return notes, time


@settings(max_examples=50, deadline=None)
@given(sounds)
def test_write_midi_is_read_by_another_reader(played: list[Sound]) -> None:
    notes, _ = read_notes(write_midi(played, dict.fromkeys(range(16), 0)))
    expected = sorted((sound.start, sound.pitch, sound.channel) for sound in played)
    assert sorted((pitch, channel) for _, pitch, channel in notes) == sorted(
        (pitch, channel) for _, pitch, channel in expected
    )
    for (start, *_), (meant, *_) in zip(sorted(notes), expected, strict=True):
        assert start == pytest.approx(meant, abs=1 / 960)


def test_write_midi_has_the_requested_length() -> None:
    _, length = read_notes(write_midi([Sound(0.0, 1.0, 60, 80, 0)], {0: 0}, length=21.0))
    assert length == pytest.approx(21.0, abs=0.01)


def test_write_midi_repeated_note_ends_before_it_starts() -> None:
    mido = pytest.importorskip("mido")
    midi = write_midi([Sound(0, 1, 60, 80, 0), Sound(1, 2, 60, 80, 0)], {0: 46})
    kinds = [m.type for m in mido.MidiFile(file=io.BytesIO(midi)) if m.type.startswith("note")]
    assert kinds == ["note_on", "note_off", "note_on", "note_off"]


def test_write_midi_drums_have_no_program_or_tuning() -> None:
    mido = pytest.importorskip("mido")
    midi = write_midi([Sound(0, 1, 64, 80, DRUM_CHANNEL)], {}, cents=30.0)
    kinds = {message.type for message in mido.MidiFile(file=io.BytesIO(midi))}
    assert not kinds & {"program_change", "pitchwheel"}


@pytest.mark.parametrize(
    ("played", "message"),
    [
        ([], "no notes to write"),
        ([Sound(0, 1, 128, 80, 0)], "not a MIDI note"),
        ([Sound(0, 1, 60, 0, 0)], "not a MIDI note"),
        ([Sound(-1, 1, 60, 80, 0)], "begins before the music"),
    ],
)
def test_write_midi_refuses_values_out_of_range(played: list[Sound], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write_midi(played, {0: 0})
