"""Objectives: targets, measures, and the loss on each backend."""

import numpy as np
import pytest

from segue.encoders.objectives import TEMPERATURE, is_labelled, measure, targets_of
from segue.encoders.recipe import epoch_batches, fit_scale, partners
from segue.encoders.settings import RnnSettings


def unit(vectors):
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_is_labelled():
    assert is_labelled("classes", np.array([0, -1, 2])).tolist() == [True, False, True]
    assert is_labelled("contrast", np.array([7, -1])).tolist() == [True, False]
    assert is_labelled("tags", np.array([[1, 0], [0, 0]])).tolist() == [True, False]


def test_measure_of_classes_uses_the_likeliest():
    outputs = np.array([[0.8, 0.2], [0.6, 0.4]], np.float32)
    loss, right = measure("classes", outputs, targets_of("classes", np.array([0, 1]), 2))
    assert right == 0.5
    assert loss == pytest.approx(-(np.log(0.8) + np.log(0.4)) / 2)


def test_measure_of_tags_averages_over_tags():
    outputs = np.array([[0.9, 0.8, 0.1], [0.2, 0.7, 0.5]], np.float32)
    targets = np.array([[1, 1, 0], [1, 0, 1]], np.float32)
    loss, right = measure("tags", outputs, targets)
    assert right == 0.5  # the likeliest of the second is none of its tags
    chances = np.where(targets > 0, outputs, 1 - outputs)
    assert loss == pytest.approx(-np.log(chances).mean(), rel=1e-5)


def test_measure_of_contrast_uses_the_nearest_neighbour():
    vectors = unit([[1, 0], [1, 0.1], [0, 1], [-1, 0.2], [0.9, 0.3]])
    groups = targets_of("contrast", np.array([4, 4, 5, 5, 6]), 0)
    _, right = measure("contrast", vectors, groups)
    # 0 and 1 find each other; 2 is nearer to 4, 3 to 2; 4 is alone and not judged
    assert right == pytest.approx(3 / 4)
    alone = targets_of("contrast", np.arange(5), 0)
    assert measure("contrast", vectors, alone) == (0.0, 0.0)


def test_keras_contrast_loss_equals_its_definition(rng):
    pytest.importorskip("keras")
    from segue.encoders.losses import loss_of

    vectors = unit(rng.normal(size=(8, 5)))
    groups = np.array([0, 0, 1, 1, 1, 2, 2, 3], np.float32)
    branches = np.stack([vectors, np.roll(vectors, 1, axis=1)], axis=1)  # of equal cosines
    found = np.array(loss_of("contrast", 0.0)(np.tile(groups[:, None, None], (1, 2, 1)), branches))
    for i in range(8):
        shares = np.exp(vectors @ vectors[i] / TEMPERATURE)
        shares[i] = 0
        shares /= shares.sum()
        others = [j for j in range(8) if j != i and groups[j] == groups[i]]
        expected = -np.mean(np.log(shares[others])) if others else 0.0
        assert found[i] == pytest.approx(expected, abs=1e-4)


def test_contrast_batches_hold_pairs_of_a_group(rng):
    tracks = [np.full((30, 3), n, np.uint8) for n in range(12)]
    groups = np.repeat(np.arange(4), 3).astype(np.float32)[:, None]
    settings = RnnSettings(
        batch=8, least_epoch_steps=6, mixup=0.4, masks=0, level_jitter=0, tone_jitter=0
    )
    batches = epoch_batches(
        tracks, groups, 16, fit_scale(tracks), settings, seed=(0, 0), objective="contrast"
    )
    for crops, targets in batches:
        drawn = crops[:, 0, 0].astype(int)
        np.testing.assert_array_equal(drawn // 3, targets[:, 0])  # no crops are mixed
        np.testing.assert_array_equal(targets[:4], targets[4:])
        assert (drawn[:4] != drawn[4:]).all()


def test_single_member_of_a_group_is_its_own_partner(rng):
    found = partners(np.array([0, 1, 2]), np.array([3, 8, 8], np.float32), rng)
    assert found.tolist() == [0, 2, 1]
