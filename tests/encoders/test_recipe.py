"""Augmentation does what its settings say, and nothing when it is switched off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.encoders import CnnSettings, RnnSettings
from segue.encoders.recipe import (
    class_weights,
    epoch_batches,
    fit_scale,
    jitter_level,
    jitter_tone,
    mask,
    mix,
)

OFF = {"mixup": 0.0, "masks": 0, "level_jitter": 0.0, "tone_jitter": 0.0}


@pytest.fixture
def crops(rng):
    return rng.normal(50, 10, (6, 40, 20)).astype(np.float32)


def test_scale_is_mean_and_variance_of_all_frames(rng):
    tracks = [rng.normal(3, 2, (n, 4)) for n in (10, 50, 1)]
    scale, frames = fit_scale(tracks), np.concatenate(tracks)
    np.testing.assert_allclose(scale.mean, frames.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(scale.variance, frames.var(axis=0), rtol=1e-5)
    scaled = frames * scale.factor + scale.offset
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-6)


def test_constant_band_becomes_zero():
    scale = fit_scale([np.full((20, 2), 255, dtype=np.uint8)])
    np.testing.assert_allclose(255 * np.array(scale.factor) + scale.offset, 0, atol=1e-4)


def test_epoch_has_every_track_and_is_repeatable(rng):
    tracks = [np.full((30, 3), n, dtype=np.uint8) for n in range(20)]
    settings = RnnSettings(batch=8, least_epoch_steps=5, **OFF)
    targets = np.eye(20, dtype=np.float32)

    def epoch(seed):
        return list(epoch_batches(tracks, targets, 16, fit_scale(tracks), settings, seed=seed))

    batches = epoch((7, 0))
    assert len(batches) == 5
    for crops, chosen in batches:
        assert crops.shape == (8, 16, 3)
        np.testing.assert_array_equal(crops[:, 0, 0], chosen.argmax(axis=1))
    counts = sum(chosen for _, chosen in batches).sum(axis=0)
    np.testing.assert_array_equal(counts, 2)  # 40 crops of 20 tracks
    for (crops, _), (again, _) in zip(batches, epoch((7, 0)), strict=True):
        np.testing.assert_array_equal(crops, again)
    assert any((a[0] != b[0]).any() for a, b in zip(batches, epoch((7, 1)), strict=True))


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60))
def test_class_weights_average_one_and_favour_rare_classes(labels):
    targets = np.eye(4, dtype=np.float32)[labels]
    weights = class_weights(targets)
    assert (targets @ weights).mean() == pytest.approx(1, abs=1e-5)
    counts = targets.sum(axis=0)
    present = [c for c in np.argsort(counts) if counts[c]]
    assert all(np.diff(weights[present]) <= 1e-6)


def test_masks_fill_with_the_mean_up_to_their_width(crops, rng):
    fill = np.arange(20, dtype=np.float32)
    settings = CnnSettings(masks=1, time_mask=0.25, band_mask=0.2)
    before = crops.copy()
    masked = mask(crops, fill, settings, rng)
    np.testing.assert_array_equal(crops, before)
    changed = masked != crops
    assert changed.any()
    np.testing.assert_array_equal(masked[changed], np.broadcast_to(fill, masked.shape)[changed])
    assert changed.all(axis=2).sum(axis=1).max() <= 10
    assert changed.all(axis=1).sum(axis=1).max() <= 4


def test_level_jitter_adds_one_level_to_a_crop(crops, rng):
    added = jitter_level(crops, 5.0, rng) - crops
    np.testing.assert_allclose(added, added[:, :1, :1].repeat(40, 1).repeat(20, 2), atol=1e-4)
    assert added.std() > 0


def test_mixup_keeps_a_distribution_led_by_the_first_crop(crops, rng):
    targets = np.eye(6, dtype=np.float32)
    mixed, mixed_targets = mix(crops, targets, 0.5, rng)
    np.testing.assert_allclose(mixed_targets.sum(axis=1), 1, rtol=1e-6)
    assert (np.diag(mixed_targets) >= 0.5).all()
    np.testing.assert_allclose(mixed, np.einsum("ij,jtb->itb", mixed_targets, crops), rtol=1e-4)


def test_augmentation_switched_off_changes_nothing(crops, rng):
    targets = np.eye(6, dtype=np.float32)
    np.testing.assert_array_equal(mask(crops, crops[0, 0], CnnSettings(masks=0), rng), crops)
    np.testing.assert_array_equal(jitter_level(crops, 0.0, rng), crops)
    np.testing.assert_array_equal(mix(crops, targets, 0.0, rng)[0], crops)


def test_level_and_tone_jitter_apply_to_spectra_only(rng):
    tracks = [np.full((30, 3), n, dtype=np.uint8) for n in range(20)]
    settings = RnnSettings(batch=8, least_epoch_steps=5, mixup=0, masks=0)
    arguments = (tracks, np.eye(20, dtype=np.float32), 16, fit_scale(tracks), settings)
    for spectra in (False, True):
        for crops, chosen in epoch_batches(*arguments, seed=(1, 2), spectra=spectra):
            same = crops[:, 0, 0] == chosen.argmax(axis=1)
            assert not same.any() if spectra else same.all()


def test_tone_jitter_is_a_smooth_curve_over_the_bands(crops, rng):
    change = jitter_tone(crops, 3.0, rng) - crops
    np.testing.assert_allclose(change, np.broadcast_to(change[:, :1], change.shape), atol=1e-5)
    curves = change[:, 0]
    assert np.abs(np.diff(curves, axis=1)).max() < np.ptp(curves)
    levels = np.concatenate([jitter_tone(crops, 3.0, rng)[:, 0] - crops[:, 0] for _ in range(500)])
    np.testing.assert_allclose(levels[:, [0, -1]].std(axis=0), 3.0, rtol=0.1)
    np.testing.assert_array_equal(jitter_tone(crops, 0.0, rng), crops)


def test_scale_change_is_the_deviation_of_differences(rng):
    tracks = [rng.normal(3, 2, (n, 4)) for n in (10, 50, 1)]
    scale = fit_scale(tracks)
    changes = np.concatenate([np.diff(t * scale.factor, axis=0) for t in tracks])
    assert scale.change == pytest.approx(np.sqrt((changes**2).mean()), rel=0.03)
