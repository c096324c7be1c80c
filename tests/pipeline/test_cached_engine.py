"""A cached engine asks only the signals that read something that has changed."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.engine import Engine, SignalScores, Weights
from segue.index import normalise
from segue.pipeline.recommender.cached_engine import CachedEngine
from segue.signals import (
    FriendsSignal,
    RecencySignal,
    SignalWrapper,
    UserProfile,
    VectorSignal,
    popularity,
)

N_TRACKS = 40


class Counted(SignalWrapper):
    """A signal that counts the listeners that it is asked to score."""

    def for_listeners(self, profiles):
        vars(self)["n"] = vars(self).get("n", 0) + len(profiles)
        return super().for_listeners(profiles)


class Undeclared:
    """A signal that does not name what it reads: the number of known tracks."""

    name = "undeclared"

    def for_listeners(self, profiles):
        return np.float32([np.arange(N_TRACKS) % (2 + len(one.known)) for one in profiles])


def listener(rng, n=6):
    positions = np.sort(rng.choice(N_TRACKS, n, replace=False))
    history = rng.choice(positions, 9)
    return UserProfile(
        positions,
        rng.choice(np.float32([-0.3, 1, 2]), n),
        positions,
        history,
        np.sort(rng.random(9).astype(np.float32))[::-1],
        (np.sort(rng.choice(N_TRACKS, 4, replace=False)),),
        user="ann",
    )


def all_signals():
    rng = np.random.default_rng(0)
    vectors = normalise(rng.standard_normal((N_TRACKS, 5)).astype(np.float32))
    vectors[:3] = 0
    return [
        VectorSignal("timbre", vectors),
        popularity([listener(rng) for _ in range(5)], N_TRACKS),
        RecencySignal(np.arange(N_TRACKS) // 3),
        FriendsSignal(N_TRACKS),
        Undeclared(),
    ]


CHANGES = {
    "opinion": lambda one, n: one.with_opinion(n, 0.7),
    "play": lambda one, n: one.played(n),
    "friend": lambda one, n: replace(one, friends=(*one.friends[:3], np.array([n]))),
    "no friends": lambda one, n: replace(one, friends=()),
    "time": lambda one, n: replace(one, ages=one.ages + np.float32(n)),
    "silent": lambda one, n: replace(one, silent=one.silent ^ {"timbre"}),
    "seeds": lambda one, n: replace(one, seeds=UserProfile(*([np.array([n])] * 3))),
    "no seeds": lambda one, n: replace(one, seeds=None),
}


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 9),
    st.lists(st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, N_TRACKS - 1)), max_size=8),
)
def test_rows_after_changes_equal_those_of_a_new_engine(seed, changes):
    signals = all_signals()
    weights = Weights.prior([one.name for one in signals])
    cached, plain = CachedEngine(signals, weights), Engine(signals, weights)
    profile = listener(np.random.default_rng(seed))
    cached.rows(profile)
    for kind, n in changes:
        profile = CHANGES[kind](profile, n)
        found, wanted = cached.rows(profile), plain.rows(profile)
        if not isinstance(found, SignalScores):
            assert found.share == wanted.share
            assert_equal(found.seeds, wanted.seeds)
            found, wanted = found.history, wanted.history
        assert_equal(found, wanted)


def assert_equal(found, wanted):
    for name in (field.name for field in fields(SignalScores)):
        one, other = getattr(found, name), getattr(wanted, name)
        if name == "silent":
            assert len(one) == len(other)
            for mine, theirs in zip(one, other, strict=True):
                assert (mine is None) == (theirs is None)
                assert mine is None or np.array_equal(mine, theirs)
        else:
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ("opinion", {"timbre", "popularity", "recency"}),
        ("play", {"recency"}),
        ("friend", {"friends"}),
        ("time", {"recency"}),
        ("silent", {"timbre"}),
    ],
)
def test_rows_after_a_change_ask_signals_that_read_it(change, asked):
    signals = [Counted(one) for one in all_signals()[:4]]
    engine = CachedEngine(signals, Weights.prior([one.name for one in signals]))
    profile = listener(np.random.default_rng(0))
    engine.rows(profile)
    engine.rows(CHANGES[change](profile, 39))
    assert {one.name for one in signals if one.n == 2} == asked
