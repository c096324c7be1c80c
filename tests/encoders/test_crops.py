"""Crops cover a track evenly, and short tracks are tiled."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.encoders.crops import crop, even_crops, even_starts, random_crop

lengths = st.integers(1, 200)
windows = st.integers(1, 80)
counts = st.integers(1, 12)


@given(lengths, windows, counts)
def test_crops_have_the_window_and_reach_both_ends(n_frames, window, n_crops):
    frames = np.arange(n_frames, dtype=np.float64)[:, None]
    crops = even_crops(frames, window, n_crops)
    assert crops.dtype == np.float32
    assert crops.shape[1:] == (window, 1)
    assert 1 <= len(crops) <= n_crops
    if n_crops > 1:
        assert crops[0, 0, 0] == 0
        if n_frames >= window:
            assert crops[-1, -1, 0] == n_frames - 1


@given(lengths, windows, counts)
def test_even_starts_ascend_within_the_track(n_frames, window, n_crops):
    starts = even_starts(n_frames, window, n_crops)
    assert starts == sorted(set(starts))
    assert min(starts) >= 0
    assert max(starts) <= max(n_frames - window, 0)


@given(st.integers(1, 30), st.integers(31, 80))
def test_short_track_is_tiled(n_frames, window):
    frames = np.arange(n_frames * 2).reshape(n_frames, 2)
    expected = [frames[row % n_frames] for row in range(window)]
    np.testing.assert_array_equal(crop(frames, 0, window), expected)


def test_random_crops_reach_every_start(rng):
    frames = np.arange(12)[:, None]
    assert {int(random_crop(frames, 6, rng)[0, 0]) for _ in range(200)} == set(range(7))


def test_random_crop_of_a_short_track_wraps_around(rng):
    for n_frames in (3, 10, 19):
        frames = np.arange(n_frames)[:, None]
        crops = [random_crop(frames, 10, rng)[:, 0] for _ in range(300)]
        assert {int(one[0]) for one in crops} == set(range(n_frames))
        for one in crops:
            np.testing.assert_array_equal(np.diff(one) % n_frames, 1 % n_frames)
