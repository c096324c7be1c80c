"""Write sounding notes as a Standard MIDI File.

Conventions: times are seconds, pitches MIDI numbers, programs General MIDI from 0. One track
(format 0), 480 ticks a quarter at 120 beats per minute, so that one tick is 1/960 s. music21
is not used to write files: its files are sometimes faulty (a tick of twelve million in a string
quartet) and take longer to write than to render.

Source: Standard MIDI Files 1.0 and General MIDI 1, The MIDI Association.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TICKS_PER_QUARTER = 480
TICKS_PER_SECOND = 960
DRUM_CHANNEL = 9
BEND_RANGE_CENTS = 200.0  # the default range of a pitch wheel


@dataclass(frozen=True, slots=True)
class Sound:
    """One note as played. On `DRUM_CHANNEL` the pitch names a drum."""

    start: float
    end: float
    pitch: int
    velocity: int
    channel: int


def write_midi(
    sounds: Sequence[Sound],
    programs: Mapping[int, int],
    *,
    length: float = 0.0,
    cents: float = 0.0,
    reverb: int = 40,
    volume: int = 90,
) -> bytes:
    """Write `sounds` as a MIDI file, each channel on its program of `programs`.

    Parameters
    ----------
    length : float >= 0
        The music lasts at least so long; renderers stop with the last event.
    cents : float in [-200, 200]
        Moves everything but the drums off concert pitch.
    reverb, volume : int in [0, 127]
        Controllers 91 and 7 of every channel.

    Raises
    ------
    ValueError
        If there is nothing to write, or a note is not one that MIDI can hold.

    Examples
    --------
    >>> write_midi([Sound(0.0, 1.0, 60, 80, 0)], {0: 46})[:4]
    b'MThd'
    """
    if not sounds:
        raise ValueError("there are no notes to write: give at least one sound.")
    bend = min(16_383, max(0, round(8_192 * (1.0 + cents / BEND_RANGE_CENTS))))
    events: list[tuple[int, int, bytes]] = []  # tick, rank at the same tick, message
    for channel in sorted({sound.channel for sound in sounds}):
        events.append((0, 0, bytes([0xB0 | channel, 7, volume])))
        events.append((0, 0, bytes([0xB0 | channel, 91, reverb])))
        if channel != DRUM_CHANNEL:
            events.append((0, 0, bytes([0xC0 | channel, programs[channel]])))
            events.append((0, 0, bytes([0xE0 | channel, bend & 0x7F, bend >> 7])))
    for sound in sounds:
        events += _note(sound)
    # The end is marked with a message that changes nothing, for renderers that look at no other.
    last = max(events)[0]
    channel = sounds[0].channel
    end = max(last, round(length * TICKS_PER_SECOND))
    events.append((end, 3, bytes([0xB0 | channel, 91, reverb])))
    events.sort()
    track = bytearray(b"\x00\xff\x51\x03" + (500_000).to_bytes(3, "big"))
    tick = 0
    for at, _, message in events:
        track += _variable_length(at - tick) + message
        tick = at
    track += b"\x00\xff\x2f\x00"
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS_PER_QUARTER)
    return header + struct.pack(">4sI", b"MTrk", len(track)) + bytes(track)


def _note(sound: Sound) -> list[tuple[int, int, bytes]]:
    """Return the two messages of a note; at one tick, notes end (1) before others start (2)."""
    if not (0 <= sound.pitch <= 127 and 1 <= sound.velocity <= 127 and 0 <= sound.channel <= 15):
        raise ValueError(f"{sound} is not a MIDI note: keep pitch, velocity and channel in range.")
    start = round(sound.start * TICKS_PER_SECOND)
    end = max(start + 1, round(sound.end * TICKS_PER_SECOND))
    if start < 0:
        raise ValueError(f"{sound} begins before the music: start at 0 s or later.")
    return [
        (start, 2, bytes([0x90 | sound.channel, sound.pitch, sound.velocity])),
        (end, 1, bytes([0x80 | sound.channel, sound.pitch, 0])),
    ]


def _variable_length(number: int) -> bytes:
    r"""Encode a number in groups of seven bits, the high bit set on all but the last.

    >>> _variable_length(0), _variable_length(128), _variable_length(0x0FFFFFFF)
    (b'\x00', b'\x81\x00', b'\xff\xff\xff\x7f')
    """
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append((number & 0x7F) | 0x80)
    return bytes(reversed(groups))
