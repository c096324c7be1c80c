"""Combined kNN vector: shares of blocks, statistics of train tracks, extreme values."""

from dataclasses import replace

import numpy as np
import pytest

from segue.errors import TooLittleDataError
from segue.signals import KnnModel, KnnSettings
from segue.types import Track

N = 200


@pytest.fixture
def tracks(rng):
    genres = rng.choice(["folk", "jazz", "metal"], N)
    return [
        Track(track_id=str(i), genres=(str(genres[i]),), tempo=float(60 + i % 90), year=1990)
        for i in range(N)
    ]


@pytest.fixture
def summary(rng):
    """300 columns of one descriptor and one column of another."""
    return np.concatenate(
        [rng.normal(size=(N, 300)), 1000 + 50 * rng.normal(size=(N, 1))], axis=1
    ).astype(np.float32)


GROUPS = ["log_mel"] * 300 + ["centroid"]
ALL = np.ones(N, bool)
ALONE = KnnSettings(genre=0.0, tag=0.0, number=0.0, descriptor_axes=301)


def test_wide_block_does_not_dominate_a_narrow_one(tracks, summary):
    model = KnnModel.fit(tracks, summary, GROUPS, ALL, ALONE)
    blocks = (summary - summary.mean(0)) / summary.std(0) * model.arrays["scale"]
    wide, narrow = blocks[:, :300], blocks[:, 300:]
    # of 300 columns, as much as of the root of 300
    ratio = np.mean((wide**2).sum(1)) / np.mean((narrow**2).sum(1))
    assert ratio == pytest.approx(300**0.5, rel=0.05)


def test_principal_axes_keep_distances(tracks, summary):
    settings = replace(ALONE, descriptor_axes=301, whitening=0.0)
    vectors = KnnModel.fit(tracks, summary, GROUPS, ALL, settings).transform(tracks, summary)
    columns = np.clip((summary - summary.mean(0)) / summary.std(0), -5, 5)
    blocks = columns * np.array([300**-0.25] * 300 + [1.0])
    blocks /= np.linalg.norm(blocks, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors @ vectors.T, blocks @ blocks.T, atol=1e-4)


@pytest.mark.parametrize("whitening", [0.0, 0.5, 1.0])
def test_whitening_evens_axes_and_keeps_their_length(tracks, summary, whitening):
    correlated = summary.copy()
    correlated[:, :300] += 3 * correlated[:, :1]  # one axis holds most of the variance
    settings = replace(ALONE, descriptor_axes=20)
    plain, whitened = (
        KnnModel.fit(tracks, correlated, GROUPS, ALL, replace(settings, whitening=power))
        for power in (0.0, whitening)
    )
    columns = (correlated - correlated.mean(0)) / correlated.std(0) * plain.arrays["scale"]
    before, after = (columns @ model.arrays["axes"].T for model in (plain, whitened))
    np.testing.assert_allclose((after**2).sum(), (before**2).sum(), rtol=1e-3)
    noise = before.var(0).sum() / N  # an even share of the variance for each track
    spread = before.std(0) * (before.var(0) + noise) ** (-whitening / 2)
    np.testing.assert_allclose(after.std(0) / after.std(0)[0], spread / spread[0], rtol=1e-2)


def test_statistics_come_from_train_tracks_only(tracks, summary):
    train = np.arange(N) < 100
    odd = summary.copy()
    odd[100:] *= 50
    renamed = [*tracks[:100], *(replace(track, genres=("other",)) for track in tracks[100:])]
    first = KnnModel.fit(tracks, summary, GROUPS, train)
    second = KnnModel.fit(renamed, odd, GROUPS, train)
    assert first.arrays.keys() == second.arrays.keys()
    for name, values in first.arrays.items():
        np.testing.assert_array_equal(values, second.arrays[name])


def test_labels_are_left_out_on_request(tracks, summary):
    model = KnnModel.fit(tracks, summary, GROUPS, ALL)
    other = [replace(track, genres=("opera",), tags={"x": 1}) for track in tracks]
    np.testing.assert_array_equal(
        model.transform(tracks, summary, labels=False),
        model.transform(other, summary, labels=False),
    )


@pytest.mark.filterwarnings("error")
def test_unknown_and_extreme_values_give_unit_vectors(tracks, summary):
    summary[0] = np.nan
    summary[1, 5] = np.nan
    summary[2] = 1e9
    summary[:, 7] = 3.0
    bare = [Track(track_id="bare"), *tracks[1:]]
    model = KnnModel.fit(bare, summary, GROUPS, ALL)
    vectors = model.transform(bare, summary)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors[1:], axis=1), 1, atol=1e-5)


def test_metadata_without_descriptors_is_enough(tracks):
    nothing = np.zeros((N, 0), np.float32)
    vectors = KnnModel.fit(tracks, nothing, [], ALL).transform(tracks, nothing)
    same = [i for i in range(1, N) if tracks[i].genres == tracks[0].genres]
    other = [i for i in range(1, N) if tracks[i].genres != tracks[0].genres]
    similarity = vectors @ vectors[0]
    assert similarity[same].mean() > similarity[other].mean() + 0.3


def test_too_few_train_tracks_are_refused(tracks, summary):
    with pytest.raises(TooLittleDataError, match="at least 2 train tracks and has 1"):
        KnnModel.fit(tracks, summary, GROUPS, np.arange(N) == 3)
