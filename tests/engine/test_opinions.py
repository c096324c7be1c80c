"""Properties of the opinion function."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.engine.opinions import MAX_IMPLICIT, opinions
from segue.signals.signal import EXPLICIT_DISLIKE

NONE = np.nan
counts = st.integers(0, 5_000).map(float)
explicit = st.one_of(st.just(NONE), st.integers(-8, 8).map(lambda n: n / 8))
tracks = st.lists(st.tuples(counts, counts, explicit), min_size=1, max_size=8)


def of(*rows):
    return opinions(*(np.array(column, float) for column in zip(*rows, strict=True)))


@given(tracks)
def test_opinions_are_bounded(rows):
    found = of(*rows)
    assert (np.abs(found) <= 1).all()
    implicit = found[[np.isnan(row[2]) for row in rows]]
    assert ((implicit < MAX_IMPLICIT) & (implicit > -EXPLICIT_DISLIKE)).all()


@given(tracks, st.integers(1, 50))
def test_opinion_more_plays_never_lower_it(rows, more):
    completed, skipped, rating = rows[0]
    after = of((completed + more, skipped, rating), *rows[1:])[0]
    assert after >= of(*rows)[0] - 1e-6


@given(tracks, st.integers(1, 50))
def test_opinion_more_skips_never_raise_it(rows, more):
    completed, skipped, rating = rows[0]
    after = of((completed, skipped + more, rating), *rows[1:])[0]
    assert after <= of(*rows)[0] + 1e-6


@given(tracks)
def test_opinion_explicit_one_decides_the_sign(rows):
    for (_, _, rating), found in zip(rows, of(*rows).tolist(), strict=True):
        if not np.isnan(rating) and rating:
            assert np.sign(found) == np.sign(rating)


@given(tracks)
def test_opinion_of_nothing_is_zero(rows):
    found = of((0, 0, NONE), *rows)[0]
    assert found == 0


@given(st.floats(0.02, 0.6), st.integers(20, 2_000))
def test_opinion_share_of_skips_decides_the_sign(normal, n):
    """A listener skips a `normal` share; tracks at that share are liked, far above it not."""
    rest = (100_000 * (1 - normal), 100_000 * normal, NONE)
    share = min(normal * 3 / (1 + 2 * normal) + 0.1, 1)  # more than double the odds
    usual, disliked = (n * (1 - normal), n * normal, NONE), (n * (1 - share), n * share, NONE)
    found = of(usual, disliked, rest)
    assert found[0] > 0
    assert found[1] < 0


@pytest.mark.parametrize(("plays", "skips"), [(200, 8), (808, 102), (50, 1), (100, 24)])
def test_opinion_of_favourite_survives_some_skips(plays, skips):
    rest = (3_000, 1_000, NONE)
    found = of((plays, skips, NONE), (2, 0, NONE), rest)
    assert found[0] > found[1]


def test_opinion_hated_after_fifty_plays_is_lowest():
    assert of((50, 0, -1.0))[0] == -1.0
    assert of((0, 40, 1.0))[0] == 1.0


def test_opinion_of_single_skip_is_weak_dislike():
    found = of((0, 1, NONE), (0, 5, NONE), (300, 60, NONE))
    assert -0.25 < found[0] < 0
    assert found[1] < found[0]


def test_opinion_grows_with_diminishing_returns():
    found = of(*((n, 0, NONE) for n in (1, 2, 3, 4, 5)))
    assert (np.diff(found) > 0).all()
    assert (np.diff(found, n=2) < 0).all()


@given(st.integers(1, 50), st.integers(0, 20_000), st.integers(0, 20_000))
def test_opinion_of_skips_alone_is_no_like(skips, plays, other_skips):
    found = of((0, skips, NONE), (plays, other_skips, NONE))
    assert found[0] < 0
