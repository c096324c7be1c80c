"""Ids of recordings in the form of ListenBrainz's MessyBrainz ids, which contain what they name.

The id of a track has its row and a digest of its track id, that of a track which the library lacks
has the key of its reference; so both are found without a table of ids. They are UUIDs of version 8.
"""

from hashlib import blake2b
from typing import Final
from uuid import UUID

from segue.library import Library
from segue.library.imports import key_of
from segue.types import TrackReference

_TRACK: Final = 0x5E60E0
_REFERENCE: Final = 0x5E60E1
_PAYLOAD_BITS: Final = 96


def track_msid(row: int, track_id: str) -> str:
    """Return the id of a track of the library.

    >>> track_msid(7, "a")
    '17983800-0000-801d-80f8-9e395b66422f'
    """
    return _uuid(_TRACK, row.to_bytes(4, "big") + _digest(track_id))


def reference_msid(reference: TrackReference) -> str:
    """Return the id of a track that the library lacks."""
    return _uuid(_REFERENCE, key_of(reference))


def named_recording(library: Library, msid: str) -> str | tuple[int, TrackReference] | None:
    """Return the track id that an id stands for, or the row and text of a reference, or None."""
    parts = _parts(msid)
    if parts is None:
        return None
    kind, payload = parts
    if kind == _REFERENCE:
        return library.reference_of_key(payload)
    if kind != _TRACK:
        return None
    row = int.from_bytes(payload[:4], "big")
    track = library.reader.tracks([row]).get(row)
    return track.track_id if track and _digest(track.track_id) == payload[4:] else None


def _uuid(kind: int, payload: bytes) -> str:
    number = kind << _PAYLOAD_BITS | int.from_bytes(payload, "big")
    high, middle, low = number >> 74, number >> 62 & 0xFFF, number & (1 << 62) - 1
    return str(UUID(int=high << 80 | 8 << 76 | middle << 64 | 2 << 62 | low))


def _parts(msid: str) -> tuple[int, bytes] | None:
    try:
        number = UUID(msid).int
    except ValueError:
        return None
    high, middle, low = number >> 80, number >> 64 & 0xFFF, number & (1 << 62) - 1
    joined = high << 74 | middle << 62 | low
    payload = joined & (1 << _PAYLOAD_BITS) - 1
    return joined >> _PAYLOAD_BITS, payload.to_bytes(_PAYLOAD_BITS // 8, "big")


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
