"""Find tracks that are the same recording, by fingerprints and durations.

Conventions
-----------
- A fingerprint is uint32 ``[n_codes]``: the low 16 bits are signs, the high 16 bits mark the
  reliable ones (`segue.audio` computes them).
- The *similarity* of two fingerprints is the mean agreement, from -1 to 1, of the signs that are
  reliable in both, at the best shift in time. It is about 0 for different recordings.
- Two fingerprints of one recording agree throughout: a voice over a backing changes only the parts
  in which it sounds. Therefore the parts that agree least count, too.
- Only pairs of neighbors are compared in full: each track with the twenty nearest by a short
  shift-invariant vector, the magnitude of the Fourier transform along time.
- A group is a track and those similar to *it*; similarity is not transitive.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from segue.index.exact import nearest, normalise
from segue.types import Advance

MIN_SIMILARITY = 0.8
"""Threshold above which two tracks are one recording (see ``benchmarks/duplicates.py``)."""
MIN_PART_SIMILARITY = 0.7
"""Threshold of the lowest tenth of the similarities of parts of 1.5 s, likewise."""
MAX_SHIFT = 110
"""Maximum shift in steps (10 s), for a cut beginning or added silence."""
MAX_SECONDS, MAX_SHARE = 15.0, 0.25
"""Maximum difference of durations of one recording: in seconds, and as a share of the longer."""

N_DIMENSIONS = 128
"""Dimensions of the vectors by which candidate pairs are found."""

_N_BITS = 16
_EMPTY = np.zeros(0, np.uint32)
_N_NEIGHBOURS = 20
_BLOCK = 1_024  # tracks whose neighbors are searched at once
_N_FFT = 2_048
_N_FREQUENCIES = 400  # up to 2 Hz
_MIN_COMMON = 400  # number of signs reliable in both
_MIN_COMMON_SHARE = 0.3  # of the reliable signs of the fingerprint that has fewer
_PART_STEPS, _PART_HOP = 16, 4
_MIN_COMMON_IN_PART = 20
_LOW_QUANTILE = 0.1


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two tracks, by position, and the similarity `value` of their fingerprints."""

    one: int
    other: int
    value: float


def find_duplicate_pairs(
    fingerprints: Sequence[NDArray[np.uint32]],
    durations: NDArray[np.float64],
    *,
    least: float = MIN_SIMILARITY,
    vectors: NDArray[np.float32] | None = None,
    new: NDArray[np.int64] | None = None,
    advance: Advance = lambda _: None,
) -> list[SimilarPair]:
    """Return the pairs of tracks that are one recording, the most similar first.

    Parameters
    ----------
    fingerprints : sequence of NDArray[uint32] [n_codes]
        One for each track; empty if there is none.
    durations : NDArray[float64] [n_tracks]
        Seconds; NaN if unknown, which matches any.
    least : float
        Minimum similarity; that of the parts that agree least is `MIN_PART_SIMILARITY`.
    vectors : NDArray[float32] [n_tracks, 128], optional
        `shift_invariant_vector` of each; computed if not given.
    new : NDArray[int64] [n], optional
        Positions of the tracks whose pairs are wanted; all by default.
    advance : callable
        Called with the number of tracks that were compared since the last call.
    """
    if vectors is None:
        vectors = np.stack(
            [shift_invariant_vector(codes) for codes in fingerprints]
            or [shift_invariant_vector(_EMPTY)]
        )
    known = np.flatnonzero(vectors.any(axis=1))
    asked = known if new is None else np.intersect1d(known, new)
    if len(known) < 2 or not len(asked):
        return []
    pairs: dict[tuple[int, int], float] = {}
    k = min(_N_NEIGHBOURS + 1, len(known))
    for start in range(0, len(asked), _BLOCK):
        block = asked[start : start + _BLOCK]
        neighbours, _ = nearest(vectors[known], vectors[block], k)
        for place, others in zip(block.tolist(), known[neighbours].tolist(), strict=True):
            for other in others:
                pair = (min(place, other), max(place, other))
                if place == other or pair in pairs:
                    continue
                if _durations_fit(durations[place], durations[other]):
                    one, another = (fingerprints[number] for number in pair)
                    pairs[pair] = _similarity_as_one(one, another, least)
            advance(1)
    found = [SimilarPair(*pair, value) for pair, value in pairs.items() if value >= least]
    return sorted(found, key=lambda pair: (-pair.value, pair.one, pair.other))


def shift_invariant_vector(codes: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Return a vector ``[128]`` that hardly depends on shifts of the codes in time.

    It has length one, or zero for an empty fingerprint.
    """
    if not len(codes):
        return np.zeros(N_DIMENSIONS, np.float32)
    magnitude = np.abs(np.fft.rfft(_signs(codes), _N_FFT, axis=0))[1 : _N_FREQUENCIES + 1]
    magnitude -= magnitude.mean(axis=0)
    projected = np.matmul(magnitude.ravel().astype(np.float32), _projection())
    vector: NDArray[np.float32] = normalise(projected[None])[0]
    return vector


def is_same_recording(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> bool:
    """Return whether two fingerprints are those of one recording."""
    return _similarity_as_one(one, other, MIN_SIMILARITY) > 0.0


def _similarity_as_one(one: NDArray[np.uint32], other: NDArray[np.uint32], least: float) -> float:
    """Return the similarity of two fingerprints of one recording; 0 if they are of two."""
    value, shift = _best_shift(one, other)
    if value < least or _part_similarity(one, other, shift) < MIN_PART_SIMILARITY:
        return 0.0
    return value


def similarity(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    """Return the similarity of two fingerprints, -1 to 1; 0 if too few signs are reliable."""
    return _best_shift(one, other)[0]


def _part_similarity(one: NDArray[np.uint32], other: NDArray[np.uint32], shift: int) -> float:
    """Return the lowest tenth of the similarities of parts; `shift` is that of `_best_shift`."""
    one, other = one[max(-shift, 0) :], other[max(shift, 0) :]
    n = min(len(one), len(other))
    window = np.ones(_PART_STEPS)
    agreement = (_signs(one[:n]) * _signs(other[:n])).sum(axis=1)
    common = (_reliable(one[:n]) * _reliable(other[:n])).sum(axis=1)
    sums = [np.convolve(counts, window, "valid")[::_PART_HOP] for counts in (agreement, common)]
    enough = sums[1] >= _MIN_COMMON_IN_PART
    if not enough.any():
        return 1.0
    return float(np.quantile(sums[0][enough] / sums[1][enough], _LOW_QUANTILE))


def _best_shift(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> tuple[float, int]:
    """Return the similarity at the best shift of the second fingerprint, and that shift."""
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
        return 0.0, 0
    values = np.where(enough, agreement / np.maximum(common, 1.0), -1.0)
    best = int(values.argmax())
    return float(values[best]), int(shifts[best])


def group_pairs(pairs: Sequence[tuple[int, int]], n_tracks: int) -> list[list[int]]:
    """Return groups of pairs, each around the track with the most pairs.

    Examples
    --------
    >>> group_pairs([(0, 1), (1, 2), (4, 5)], 6)  # 0 and 2 are paired with 1
    [[0, 1, 2], [4, 5]]
    >>> group_pairs([(0, 1), (1, 2), (2, 3)], 4)  # 3 is paired only with 2
    [[0, 1, 2]]
    """
    paired: dict[int, set[int]] = {}
    for one, other in pairs:
        paired.setdefault(one, set()).add(other)
        paired.setdefault(other, set()).add(one)
    groups = []
    taken = np.zeros(n_tracks, dtype=np.bool_)
    for centre in sorted(paired, key=lambda place: (-len(paired[place]), place)):
        members = [other for other in paired[centre] if not taken[other]]
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
    """Return 1 for each reliable sign, ``[n_codes, 16]``."""
    places = np.arange(_N_BITS, 2 * _N_BITS, dtype=np.uint32)
    return ((codes[:, None] >> places) & np.uint32(1)).astype(np.float32)


def _signs(codes: NDArray[np.uint32]) -> NDArray[np.float32]:
    """Return -1, 1, or 0 if unreliable, ``[n_codes, 16]``."""
    places = np.arange(_N_BITS, dtype=np.uint32)
    bits = ((codes[:, None] >> places) & np.uint32(1)).astype(np.float32)
    return (2.0 * bits - 1.0) * _reliable(codes)


def _transformed(
    codes: NDArray[np.uint32], n_fft: int
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Return the transforms of the signs and of the reliability, ``[n_fft // 2 + 1, 16]``."""
    return np.fft.rfft(_signs(codes), n_fft, axis=0), np.fft.rfft(_reliable(codes), n_fft, axis=0)


@lru_cache(maxsize=1)
def _projection() -> NDArray[np.float32]:
    """Return a fixed random projection, which keeps distances: ``[16 * 400, 128]``."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((_N_BITS * _N_FREQUENCIES, N_DIMENSIONS), dtype=np.float32)
