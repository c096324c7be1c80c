"""The collaborative signal: scores of its model, standardized, with large ones reduced."""

import numpy as np
import pytest
from scipy import sparse

from segue.listening import ItemKnn
from segue.signals import CollaborativeSignal, UserProfile, opinions_of
from segue.signals.collaborative import _compress


def test_scores_keep_their_order_and_large_ones_are_reduced():
    rng = np.random.default_rng(0)
    likes = sparse.csr_array((rng.random((60, 40)) < np.linspace(0.02, 0.5, 40)).astype(np.float32))
    model = ItemKnn().fit(likes)
    liked = np.array([3, 38])
    profile = UserProfile(liked, np.ones(2, np.float32), liked)
    found = CollaborativeSignal(model).for_listeners([profile])[0]
    plain = model.score(opinions_of([profile], 40))[0]
    known = ~np.isnan(plain)
    np.testing.assert_array_equal(np.isnan(found), ~known)
    np.testing.assert_array_equal(
        np.argsort(found[known], kind="stable"), np.argsort(plain[known], kind="stable")
    )
    z = (plain[known] - plain[known].mean()) / plain[known].std()
    np.testing.assert_allclose(found[known], np.sign(z) * np.log1p(np.abs(z)), atol=1e-4)


@pytest.mark.parametrize("scale", [1.0, 1e-25, 1e6])
def test_compressed_equals_double_precision_at_any_scale(scale):
    rng = np.random.default_rng(1)
    row = (rng.gamma(0.3, size=5_000) * scale).astype(np.float32)
    row[rng.random(5_000) < 0.3] = np.nan
    z = row.astype(np.float64)
    z = (z - np.nanmean(z)) / np.nanstd(z)
    expected = np.sign(z) * np.log1p(np.abs(z))
    _compress(row)
    np.testing.assert_allclose(row, expected, atol=3e-6)
