"""Weights: planted weights are found; personal and live weights."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.engine import Example, WeightPosterior, Weights, examples_from, learn, shares, updated
from segue.engine.examples import DrawnChoices, choices_of
from segue.engine.weights import _Stacked, likeliest
from segue.signals import UserProfile

N_TRACKS = 200


class ByListener:
    """A signal with a fixed row of scores for every listener, identified by name."""

    def __init__(self, name, rows):
        self.name, self.rows = name, rows

    def for_listeners(self, profiles):
        return np.stack([self.rows[profile.user] for profile in profiles])

    def for_track(self, position):
        raise NotImplementedError


def planted(weights_of, n_listeners=150, n_chosen=8, seed=0, turn=0):
    """Listeners who choose by their own weights over three signals of standard normal scores.

    In another `turn` the same listeners choose again.
    """
    rng = np.random.default_rng([seed, turn])
    scores = (
        np.random.default_rng(seed).standard_normal((3, n_listeners, N_TRACKS)).astype(np.float32)
    )
    examples = []
    nothing = np.zeros(0, np.int64)
    for user in range(n_listeners):
        wanted = weights_of(user) @ scores[:, user] + rng.gumbel(size=N_TRACKS)
        profile = UserProfile(nothing, nothing.astype(np.float32), nothing, user=str(user))
        examples.append(Example(profile, np.argsort(-wanted)[:n_chosen]))
    names = [str(user) for user in range(n_listeners)]
    signals = [
        ByListener(f"signal {i}", dict(zip(names, scores[i], strict=True))) for i in range(3)
    ]
    return signals, examples


def test_learn_finds_planted_weights():
    signals, examples = planted(lambda _: np.array([1.5, 0.5, 0.0]), n_chosen=1, n_listeners=600)
    found = learn(signals, examples).everyone
    np.testing.assert_allclose(found, [1.5, 0.5, 0.0], atol=0.15)


def test_learn_misleading_signal_gets_zero_weight():
    signals, examples = planted(lambda _: np.array([1.0, -1.0, 0.0]))
    found = learn(signals, examples).everyone
    assert found[0] > 0.5
    assert found[1] == 0


def test_choices_are_among_highest_ranked():
    signals, examples = planted(lambda _: np.ones(3), n_listeners=20)
    for example, choices in zip(examples, choices_of(signals, examples), strict=True):
        rows = np.stack([signal.rows[example.profile.user] for signal in signals])
        foremost = np.unique(np.argsort(-rows, axis=1)[:, :50])
        assert len(choices.others) == len(foremost)
        assert len(choices.chosen) == np.isin(example.chosen, foremost).sum()
        assert {tuple(row) for row in choices.chosen} <= {tuple(row) for row in choices.others}


def test_gradient_matches_loss():
    signals, examples = planted(lambda _: np.array([1.0, 0.2, 0.0]), n_listeners=5)
    stacked = _Stacked(choices_of(signals, examples))
    at = np.array([0.4, 0.1, 0.3])
    slope = stacked.loss(at)[1]
    for i in range(3):
        step = np.zeros(3)
        step[i] = 1e-5
        numeric = (stacked.loss(at + step)[0] - stacked.loss(at - step)[0]) / 2e-5
        assert slope[i] == pytest.approx(numeric, rel=1e-4)


def test_learn_different_listeners_get_personal_weights():
    one, other = np.array([2.0, 0.0, 0.0]), np.array([0.0, 2.0, 0.0])
    signals, examples = planted(lambda user: one if user % 2 else other)
    _, later = planted(lambda user: one if user % 2 else other, turn=1)
    found = learn(signals, examples, later)
    assert found.personal
    even, odd = found.of("0"), found.of("1")
    assert even[1] > found.of(None)[1] > odd[1]
    assert odd[0] > found.of(None)[0] > even[0]


def test_learn_equal_listeners_get_global_weights():
    signals, examples = planted(lambda _: np.array([1.0, 0.5, 0.2]))
    _, later = planted(lambda _: np.array([1.0, 0.5, 0.2]), turn=1)
    found = learn(signals, examples, later)
    own = np.stack([found.of(str(user)) for user in range(20)])
    assert np.abs(own - found.of(None)).max() < 0.1


class CountingSignal(ByListener):
    """The same, which counts the listeners that it scored."""

    n_scored = 0

    def for_listeners(self, profiles):
        self.n_scored += len(profiles)
        return super().for_listeners(profiles)


@pytest.mark.parametrize("personal", [False, True])
def test_learn_scores_only_the_listeners_it_uses(monkeypatch, personal):
    monkeypatch.setattr("segue.engine.weights._MAX_LISTENERS", 100)

    def wanted(user):
        return 2.0 * np.eye(3)[user % 2] if personal else np.array([1.0, 0.5, 0.2])

    signals, first = planted(wanted, n_listeners=500)
    _, then = planted(wanted, n_listeners=500, turn=1)
    counting = [CountingSignal(one.name, one.rows) for one in signals]
    found = learn(counting, first, then)
    assert found.personal == personal
    if personal:
        assert len(found.listeners) == 500
        assert counting[0].n_scored == 1_000
    else:
        # a hundred for each of both halves in batches of 64, and their later choices
        assert counting[0].n_scored <= 128 + 128 + 100


def test_drawn_choices_equal_those_of_all_examples():
    signals, examples = planted(lambda _: np.ones(3), n_listeners=150)
    expected = choices_of(signals, examples)
    drawn = DrawnChoices(signals, examples)
    some = {"3", "140", "nobody"}
    pairs = [
        (drawn.of_users(some), [one for one in expected if one.user in some]),
        (drawn.first(70), expected[:70]),
        (drawn.all(), expected),
    ]
    for found, wanted in pairs:
        assert [one.user for one in found] == [one.user for one in wanted]
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(one.others, other.others)
            np.testing.assert_array_equal(one.chosen, other.chosen)


@pytest.mark.slow
def test_learn_ignores_tastes_that_do_not_last():
    """Each follows a signal of their own on one evening, and everyone's on the next."""
    signals, first = planted(lambda user: 2.0 * np.eye(3)[user % 3])
    _, then = planted(lambda _: np.full(3, 0.7), turn=1)
    _, again = planted(lambda user: 2.0 * np.eye(3)[user % 3], turn=1)
    assert not learn(signals, first, then).personal
    assert learn(signals, first, again).personal
    assert not learn(signals, first).personal  # nothing shows that they last


@pytest.mark.parametrize("n_listeners", [1, 2, 4])
def test_learn_from_few_listeners_gives_global_weights(n_listeners):
    for seed in range(6):
        signals, examples = planted(
            lambda user: np.eye(3)[user % 3] * 3, n_listeners=n_listeners, seed=seed
        )
        assert not learn(signals, examples, examples).personal


def test_learn_without_listeners_gives_equal_weights():
    assert learn([ByListener("a", {}), ByListener("b", {})], []).of("anybody").tolist() == [
        0.5,
        0.5,
    ]


def test_the_same_seed_gives_the_same_weights():
    signals, examples = planted(lambda _: np.array([1.0, 0.5, 0.0]))
    first, second = learn(signals, examples, seed=4), learn(signals, examples, seed=4)
    np.testing.assert_array_equal(first.everyone, second.everyone)


def test_updated_like_and_skip_move_weights():
    posterior = WeightPosterior(np.array([0.5, 0.5]), np.eye(2) * 4)
    others = np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    track = np.array([2.0, -1.0])
    liked = updated(posterior, track, others, liked=True)
    skipped = updated(posterior, track, others, liked=False)
    assert liked.mean[0] > 0.5 > liked.mean[1]
    assert skipped.mean[0] < 0.5 < skipped.mean[1]
    for after in (liked, skipped):
        assert (np.linalg.eigvalsh(after.precision - posterior.precision) >= -1e-9).all()


def test_updated_in_steps_approximates_batch_learning():
    signals, examples = planted(lambda _: np.array([1.0, 0.0, 0.5]), n_listeners=1, n_chosen=40)
    choices = choices_of(signals, examples)[0]
    posterior = WeightPosterior(np.zeros(3), np.eye(3))
    for track in choices.chosen:
        posterior = updated(posterior, track.astype(np.float64), choices.others, liked=True)
    at_once = likeliest([choices], np.full(choices.others.shape[1], 0.3))
    assert np.corrcoef(np.maximum(posterior.mean, 0), at_once)[0, 1] > 0.95


def test_weights_posterior_replaces_global_weights():
    weights = Weights(np.array([0.3, 0.3]), np.array([0.1, 0.1]))
    own = WeightPosterior(np.array([0.9, 0.1]), np.eye(2))
    assert weights.with_belief("ann", own).of("ann").tolist() == [0.9, 0.1]
    assert weights.of("ann").tolist() == [0.5, 0.5]


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6))
def test_shares_sum_to_one_without_negatives(values):
    found = shares(np.array(values))
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()


def test_examples_hide_likes_completely():
    positions = np.arange(10)
    profile = UserProfile(positions, np.ones(10, np.float32), positions)
    (found,) = examples_from([profile])
    assert len(found.chosen) == 2
    assert not np.isin(found.chosen, found.profile.known).any()
    assert examples_from([replace(profile, weights=-profile.weights)]) == []
