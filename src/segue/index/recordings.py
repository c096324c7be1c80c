"""Which tracks are the same recording, by their fingerprints and durations.

Conventions
-----------
- A fingerprint is uint32 ``[n_codes]``: 16 bits that mean a sign, and above them 16 that say which
  of those can be relied on (`segue.audio` makes them).
- Two fingerprints are *alike* by the mean agreement, from -1 to 1, of the signs that are reliable
  in both, at the shift in time that fits best. Different recordings come to about 0.
- Tracks are compared in full only where a short vector that knows no shift, the magnitude of the
  Fourier transform along time, is near: twenty neighbours each.
- A group is a track and those that are alike to *it*; likeness is not passed on from member to
  member.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from segue.index.exact import nearest, normalise

MIN_SIMILARITY = 0.8
"""From here on two tracks are one recording (``benchmarks/duplicates.py`` has the figures)."""
MAX_SHIFT = 110
"""Steps (10 s) by which a beginning may have been cut off, or silence put before it."""
MAX_SECONDS, MAX_SHARE = 15.0, 0.25
"""How far the durations of one recording's files may differ: in seconds, and of the longer."""

N_DIMENSIONS = 128
"""Of the vectors by which likely pairs are found."""

_N_BITS = 16
_NOTHING = np.zeros(0, np.uint32)
_N_NEIGHBOURS = 20
_N_FFT = 2_048
_N_FREQUENCIES = 400  # up to 2 Hz
_MIN_COMMON = 400  # signs reliable in both
_MIN_COMMON_SHARE = 0.3  # of the signs that are reliable in the one that has fewer


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two tracks, by their places, and how alike they are."""

    one: int
    other: int
    value: float


def alike_pairs(
    fingerprints: Sequence[NDArray[np.uint32]],
    durations: NDArray[np.float64],
    *,
    least: float = MIN_SIMILARITY,
    vectors: NDArray[np.float32] | None = None,
    new: NDArray[np.int64] | None = None,
) -> list[Likeness]:
    """Return the pairs of tracks that are one recording, the most alike first.

    Parameters
    ----------
    fingerprints : sequence of NDArray[uint32] [n_codes]
        One a track; empty where there is none.
    durations : NDArray[float64] [n_tracks]
        Seconds; NaN where unknown, which fits any.
    least : float
        How alike they must be at least.
    vectors : NDArray[float32] [n_tracks, 128], optional
        What `shiftless` gives for each; computed where it is not given.
    new : NDArray[int64] [n], optional
        Places of the tracks whose pairs are asked for; all by default.
    """
    if vectors is None:
        vectors = np.stack([shiftless(codes) for codes in fingerprints] or [shiftless(_NOTHING)])
    known = np.flatnonzero(vectors.any(axis=1))
    asked = known if new is None else np.intersect1d(known, new)
    if len(known) < 2 or not len(asked):
        return []
    pairs: dict[tuple[int, int], float] = {}
    k = min(_N_NEIGHBOURS + 1, len(known))
    neighbours, _ = nearest(vectors[known], vectors[asked], k)
    for place, others in zip(asked.tolist(), known[neighbours].tolist(), strict=True):
        for other in others:
            pair = (min(place, other), max(place, other))
            if place == other or pair in pairs:
                continue
            if _durations_fit(durations[place], durations[other]):
                pairs[pair] = likeness(fingerprints[pair[0]], fingerprints[pair[1]])
    found = [Likeness(*pair, value) for pair, value in pairs.items() if value >= least]
    return sorted(found, key=lambda pair: (-pair.value, pair.one, pair.other))


def shiftless(codes: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Return a vector ``[128]`` that hardly changes when the codes are shifted in time.

    Of length one, or zero for an empty fingerprint.
    """
    if not len(codes):
        return np.zeros(N_DIMENSIONS, np.float32)
    magnitude = np.abs(np.fft.rfft(_signs(codes), _N_FFT, axis=0))[1 : _N_FREQUENCIES + 1]
    magnitude -= magnitude.mean(axis=0)
    projected = np.matmul(magnitude.ravel().astype(np.float32), _projection())
    vector: NDArray[np.float32] = normalise(projected[None])[0]
    return vector


def likeness(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    """Return how alike two fingerprints are, from -1 to 1; 0 where too little is reliable."""
    n_fft = 1 << (len(one) + len(other) - 1).bit_length()
    signs, reliable = _transformed(one, n_fft), _transformed(other, n_fft)
    agreement, common = (
        np.fft.irfft((left.conj() * right).sum(axis=1), n_fft)
        for left, right in zip(signs, reliable, strict=True)
    )
    shifts = np.arange(-MAX_SHIFT, MAX_SHIFT + 1)
    agreement, common = agreement[shifts], common[shifts]
    fewer = min(np.count_nonzero(_reliable(codes)) for codes in (one, other))
    enough = common >= max(_MIN_COMMON, _MIN_COMMON_SHARE * fewer)
    if not enough.any():
        return 0.0
    return float((agreement[enough] / common[enough]).max())


def grouped(pairs: Sequence[tuple[int, int]], n_tracks: int) -> list[list[int]]:
    """Make groups of pairs: each around the track that is alike to most others.

    Examples
    --------
    >>> grouped([(0, 1), (1, 2), (4, 5)], 6)  # 0 and 2 are alike to 1
    [[0, 1, 2], [4, 5]]
    >>> grouped([(0, 1), (1, 2), (2, 3)], 4)  # 3 is alike to 2 only
    [[0, 1, 2]]
    """
    alike: dict[int, set[int]] = {}
    for one, other in pairs:
        alike.setdefault(one, set()).add(other)
        alike.setdefault(other, set()).add(one)
    groups = []
    taken = np.zeros(n_tracks, dtype=np.bool_)
    for centre in sorted(alike, key=lambda place: (-len(alike[place]), place)):
        members = [other for other in alike[centre] if not taken[other]]
        if taken[centre] or not members:
            continue
        group = sorted([centre, *members])
        taken[group] = True
        groups.append(group)
    return sorted(groups)


def _durations_fit(one: float, other: float) -> bool:
    longer = max(one, other)
    # NaN compares false.
    return not abs(one - other) > min(MAX_SECONDS, MAX_SHARE * longer)


def _reliable(codes: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Return 1 for each sign that can be relied on, ``[n_codes, 16]``."""
    places = np.arange(_N_BITS, 2 * _N_BITS, dtype=np.uint32)
    return ((codes[:, None] >> places) & np.uint32(1)).astype(np.float32)


def _signs(codes: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Return -1, 1, or 0 where unreliable ``[n_codes, 16]``."""
    places = np.arange(_N_BITS, dtype=np.uint32)
    bits = ((codes[:, None] >> places) & np.uint32(1)).astype(np.float32)
    return (2.0 * bits - 1.0) * _reliable(codes)


def _transformed(
    codes: NDArray[np.uint32], n_fft: int
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return the transforms of the signs, and of what is reliable, ``[n_fft // 2 + 1, 16]``."""
    return np.fft.rfft(_signs(codes), n_fft, axis=0), np.fft.rfft(_reliable(codes), n_fft, axis=0)


@lru_cache(maxsize=1)
def _projection() -> NDArray[np.float32]:
    """Return random directions, which keep distances: ``[16 * 400, 128]``, always the same."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((_N_BITS * _N_FREQUENCIES, N_DIMENSIONS), dtype=np.float32)
