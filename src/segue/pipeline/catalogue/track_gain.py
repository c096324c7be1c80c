"""Gain that plays tracks, or albums, at the same loudness: ReplayGain 2.0, from the analysis.

Gains are in dB, loudness in LUFS. A gain never raises a track above full scale: without a known
peak (the tag ``replaygain_track_peak``) it is at most 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log10
from typing import Final

import numpy as np

from segue.library import Catalogue
from segue.types import Track

REFERENCE: Final = -18.0
"""Loudness at which tracks are played, in LUFS."""
_PEAK: Final = "replaygain_track_peak"


@dataclass(frozen=True, slots=True)
class TrackGain:
    """Gains of a track, by its own loudness and by that of its album; None without analysis."""

    track: float | None
    album: float | None


def gain_of(catalogue: Catalogue, position: int) -> TrackGain:
    """Return the gains of the track at a position; a track without an album is its own album."""
    own = catalogue.tracks[position]
    row = catalogue.ids.album[position]
    positions = np.flatnonzero(catalogue.ids.album == row) if row >= 0 else [position]
    album = [catalogue.tracks[int(one)] for one in positions]
    return TrackGain(track_gain(own), _limited(mean_loudness(album), album))


def track_gain(track: Track) -> float | None:
    """Return the gain of a track; None if its loudness is unknown.

    >>> track_gain(Track(track_id="loud", loudness=-8.0))
    -10.0
    >>> track_gain(Track(track_id="quiet", loudness=-24.0))
    0.0
    >>> peak = {"replaygain_track_peak": "0.5"}
    >>> track_gain(Track(track_id="quiet", loudness=-30.0, metadata=peak))
    6.02
    """
    return _limited(track.loudness, [track])


def _limited(loudness: float | None, tracks: Sequence[Track]) -> float | None:
    """Return the gain of tracks of a loudness together, limited by their peaks."""
    if loudness is None or not isfinite(loudness):
        return None
    return round(min(REFERENCE - loudness, *map(_headroom, tracks)), 2)


def _headroom(track: Track) -> float:
    """Return by how much a track can be raised, from 0 dB on."""
    try:
        peak = float(track.metadata.get(_PEAK, "").replace(",", "."))
    except ValueError:
        return 0.0
    return max(0.0, -20.0 * log10(peak)) if 0.0 < peak < 1.0 else 0.0


def mean_loudness(album: Sequence[Track]) -> float | None:
    """Return the loudness of tracks one after the other: the mean of their energy over time.

    It is in LUFS; None if that of no track is known.
    """
    known = [
        (10.0 ** (track.loudness / 10.0), track.duration or 1.0)
        for track in album
        if track.loudness is not None and isfinite(track.loudness)
    ]
    if not known:
        return None
    return 10.0 * log10(
        sum(energy * seconds for energy, seconds in known) / sum(seconds for _, seconds in known)
    )
