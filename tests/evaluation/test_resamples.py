"""Tables of bootstrap resamples."""

import numpy as np
import pytest

from segue.evaluation import bootstrap_interval, resamples
from segue.evaluation.resamples import resampled_counts, resampled_members, resampled_sums


def drawn_one_by_one(n, n_resamples, seed):
    """What a plain loop draws, as counts."""
    rng = np.random.default_rng(seed)
    return np.array(
        [np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(n_resamples)], float
    )


@pytest.mark.parametrize("kept", [0, 1_000_000])
@pytest.mark.parametrize("step", [0, 1, 3, 100])
def test_resampled_counts_match_plain_draws(monkeypatch, kept, step):
    monkeypatch.setattr(resamples, "MAX_KEPT_BYTES", kept)
    parts = list(resampled_counts(7, 10, seed=4, step=step))
    np.testing.assert_array_equal(np.concatenate(parts), drawn_one_by_one(7, 10, 4))
    assert max(map(len, parts)) == min(step or 10, 10)


def test_resampled_sums_match_drawn_rows(rng):
    units = rng.normal(size=(50, 3))
    draws = np.random.default_rng(2)
    expected = [units[draws.integers(0, 50, 50)].sum(axis=0) for _ in range(20)]
    np.testing.assert_allclose(resampled_sums(units, 20, seed=2), expected)


def test_resampled_members_draw_whole_groups():
    [times] = resampled_members(4, 50, ["a", "b", "a", "b"], seed=3)
    np.testing.assert_array_equal(times[:, :2], times[:, 2:])
    assert (times[:, :2].sum(axis=1) == 2).all()


def test_resample_tables_are_drawn_once(monkeypatch, rng):
    seen = []
    draw = resamples._drawn
    monkeypatch.setattr(resamples, "_drawn", lambda *args: seen.append(args) or draw(*args))
    for values in rng.random((5, 83)):
        bootstrap_interval(values, n_resamples=31, seed=12)
    assert len(seen) == 1
