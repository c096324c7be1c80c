"""Duplicate recordings: shifts, durations, groups, new tracks."""

import numpy as np
import pytest

from segue.index import (
    find_duplicate_pairs,
    group_pairs,
    is_same_recording,
    shift_invariant_vector,
)
from segue.index.recordings import MIN_SIMILARITY, similarity


def random_codes(seed, n=600):
    rng = np.random.default_rng(seed)
    # a sign holds for some steps, as it does in music
    signs = np.repeat(rng.integers(0, 2**16, n // 3, dtype=np.uint32), 3)
    reliable = rng.integers(0, 2**16, n, dtype=np.uint32) | rng.integers(
        0, 2**16, n, dtype=np.uint32
    )
    return signs | (reliable << np.uint32(16))


def flipped(codes, share, seed=9):
    """Invert that share of the signs."""
    turned = np.random.default_rng(seed).random((len(codes), 16)) < share
    mask = (turned << np.arange(16)).sum(axis=1).astype(np.uint32)
    return codes ^ mask


def test_fingerprint_is_similar_to_itself_only():
    assert similarity(random_codes(1), random_codes(1)) == pytest.approx(1.0)
    assert similarity(random_codes(1), random_codes(2)) < 0.3


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_similarity_is_the_agreement_of_the_signs(share):
    codes = random_codes(1)
    assert similarity(codes, flipped(codes, share)) == pytest.approx(1 - 2 * share, abs=0.05)


@pytest.mark.parametrize("shift", [1, 37, 100])
def test_cut_beginning_does_not_change_similarity(shift):
    codes = random_codes(1)
    assert similarity(codes, codes[shift:]) == pytest.approx(1.0)
    assert similarity(codes[shift:], codes) == pytest.approx(1.0)
    assert shift_invariant_vector(codes) @ shift_invariant_vector(codes[shift:]) > 0.8


def test_empty_fingerprint_is_similar_to_nothing():
    nothing = np.zeros(0, np.uint32)
    assert not shift_invariant_vector(nothing).any()
    assert find_duplicate_pairs([nothing, nothing], np.array([10.0, 10.0])) == []
    assert find_duplicate_pairs([], np.zeros(0)) == []


def test_voice_over_a_backing_makes_another_recording():
    codes, other = random_codes(1), random_codes(2)
    sung = codes.copy()
    for start in range(0, 600, 150):  # a sixth of the time
        sung[start : start + 25] = other[start : start + 25]
    assert similarity(codes, sung) > MIN_SIMILARITY
    assert not is_same_recording(codes, sung)
    assert find_duplicate_pairs([codes, sung], np.array([60.0, 60.0])) == []
    # an encoder changes as much, everywhere
    encoded = flipped(codes, (1 - similarity(codes, sung)) / 2)
    assert is_same_recording(codes, encoded)


def test_compared_tracks_are_counted_as_progress():
    advanced: list[int] = []
    prints = [random_codes(seed) for seed in range(5)]
    find_duplicate_pairs(prints, np.full(5, 60.0), new=np.array([1, 3]), advance=advanced.append)
    assert advanced == [1, 1]


def pairs(found):
    return sorted((pair.one, pair.other) for pair in found)


@pytest.mark.slow
def test_copies_are_found_among_other_tracks():
    prints = [random_codes(seed) for seed in range(40)]
    prints += [flipped(prints[3], 0.05), prints[7][50:]]
    durations = np.full(42, 200.0)
    assert pairs(find_duplicate_pairs(prints, durations)) == [(3, 40), (7, 41)]
    found = find_duplicate_pairs(prints, durations)
    assert all(pair.value >= MIN_SIMILARITY for pair in found)


def test_only_pairs_with_new_tracks_are_returned():
    prints = [random_codes(0), random_codes(0), random_codes(1), random_codes(1)]
    durations = np.full(4, 200.0)
    assert pairs(find_duplicate_pairs(prints, durations)) == [(0, 1), (2, 3)]
    assert pairs(find_duplicate_pairs(prints, durations, new=np.array([3]))) == [(2, 3)]
    assert pairs(find_duplicate_pairs(prints, durations, new=np.array([], np.int64))) == []


@pytest.mark.parametrize(
    ("one", "other", "fits"),
    [
        (200.0, 214.0, True),
        (200.0, 216.0, False),
        (20.0, 26.0, True),
        (20.0, 28.0, False),
        (np.nan, 200.0, True),
    ],
)
def test_recordings_of_other_durations_are_no_pairs(one, other, fits):
    prints = [random_codes(0), random_codes(0)]
    assert bool(find_duplicate_pairs(prints, np.array([one, other]))) == fits


def test_groups_are_disjoint_and_not_transitive():
    rng = np.random.default_rng(0)
    for _ in range(50):
        found = {tuple(sorted(pair)) for pair in rng.integers(0, 12, (10, 2)).tolist()}
        found = {pair for pair in found if pair[0] != pair[1]}
        groups = group_pairs(sorted(found), 12)
        members = [place for group in groups for place in group]
        assert len(members) == len(set(members))
        for group in groups:
            assert any(
                all(tuple(sorted((centre, other))) in found for other in group if other != centre)
                for centre in group
            )
