"""iALS: exact half steps, a falling objective, and parity with `implicit`."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from segue.listening import Als, AlsSettings, als_solver
from segue.listening.als_solver import half_step
from segue.listening.matrices import relative_strengths
from segue.task_runner import InProcess

SETTINGS = AlsSettings(dimensions=8, regularization=0.03, unobserved=0.1, frequency=0.7)


def listens(n_users=90, n_items=60, seed=0):
    """Empty rows, and rows of one, few (Woodbury) and many (direct) likes and dislikes."""
    rng = np.random.default_rng(seed)
    share = np.concatenate([[0, 0.017], rng.uniform(0.02, 0.6, n_users - 2)])
    there = rng.random((n_users, n_items)) < share[:, None]
    values = rng.geometric(0.4, there.shape) * np.where(rng.random(there.shape) < 0.2, -1, 1)
    return sparse.csr_array((values * there).astype(np.float32))


def factors(n, d, seed=1):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def weights_of(row, settings):
    strength = settings.strength
    return (row != 0) * (1 - strength + strength * np.abs(row))


def ridge_of(row, settings):
    known = (row != 0).sum() + settings.unobserved * len(row)
    return settings.regularization * known**settings.frequency


def dense_half_step(rows, columns, settings):
    """Solve each row's normal equations from the module's header, in float64."""
    y = columns.astype(np.float64)
    solved = []
    for row in rows.toarray().astype(np.float64):
        weight = weights_of(row, settings)
        system = y.T @ np.diag(weight + settings.unobserved) @ y
        system += ridge_of(row, settings) * np.eye(y.shape[1])
        solved.append(np.linalg.solve(system, y.T @ (weight * (row > 0))))
    return np.array(solved)


def objective(matrix, users, items, settings):
    dense = matrix.toarray().astype(np.float64)
    x, y = users.astype(np.float64), items.astype(np.float64)
    weight = np.array([weights_of(row, settings) for row in dense])
    predicted = x @ y.T
    total = (weight * ((dense > 0) - predicted) ** 2).sum()
    total += settings.unobserved * (predicted**2).sum()
    for factors_of_side, rows in ((x, dense), (y, dense.T)):
        ridges = np.array([ridge_of(row, settings) for row in rows])
        total += (ridges * (factors_of_side**2).sum(axis=1)).sum()
    return total


@pytest.mark.parametrize("d", [1, 8, 40])
@pytest.mark.parametrize("strength", [0.0, 0.6])
@pytest.mark.parametrize("frequency", [0.0, 1.0])
def test_half_step_solves_every_row_exactly(d, strength, frequency):
    settings = replace(SETTINGS, strength=strength, frequency=frequency)
    matrix, columns = listens(), factors(60, d)
    found = half_step(matrix, columns, settings)
    expected = dense_half_step(matrix, columns, settings)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-4 * np.abs(expected).max())
    assert (found[0] == 0).all()


@pytest.mark.parametrize("numbers", [1, 700, 20_000])
def test_block_size_does_not_change_results(monkeypatch, numbers):
    matrix, columns = listens(), factors(60, 8)
    expected = half_step(matrix, columns, SETTINGS)
    monkeypatch.setattr(als_solver, "_BLOCK_NUMBERS", numbers)  # rows of many listens come in parts
    np.testing.assert_allclose(half_step(matrix, columns, SETTINGS), expected, atol=1e-5)


def test_blocks_hold_each_row_with_listens_once():
    counts = np.random.default_rng(0).integers(0, 300, 500)
    blocks = list(als_solver._blocks(counts, 16))
    assert sorted(np.concatenate(blocks)) == np.flatnonzero(counts).tolist()
    for block in blocks:
        own = counts[block]
        assert (np.diff(own) >= 0).all()
        assert own[-1] <= own[0] + own[-1] // 8
        assert (own < 16).all() or (own >= 16).all()


def test_objective_never_rises():
    matrix = listens()
    by_item, items = matrix.T.tocsr(), factors(60, 8) / 3
    settings, found = replace(SETTINGS, strength=0.3), []
    for _ in range(6):
        users = half_step(matrix, items, settings)
        found.append(objective(matrix, users, items, settings))
        items = half_step(by_item, users, settings)
        found.append(objective(matrix, users, items, settings))
    assert (np.diff(found) <= 1e-4 * found[0]).all()
    assert found[-1] < 0.9 * found[0]


def test_fit_alternates_half_steps():
    """Scores do not depend on the basis in which a fit keeps its factors."""
    given = listens()
    matrix = relative_strengths(given, 1.0)
    settings = replace(SETTINGS, iterations=3, seed=5, strength=0.4)
    items = np.random.default_rng(5).standard_normal((60, 8), np.float32) / np.float32(8**0.5)
    for _ in range(3):
        users = half_step(matrix, items, settings)
        items = half_step(matrix.T.tocsr(), users, settings)
    expected = half_step(matrix, items, settings) @ items.T
    scores = Als(settings).fit(given).score(given)
    np.testing.assert_allclose(scores[1:], expected[1:], atol=2e-4)


def test_factors_equal_those_of_implicit():
    """The same start ends in the same factors as with the library `implicit`, to rounding.

    It weighs what was not listened to by 1 and leaves that weight off what was. With a confidence
    of ``1 + 1 / unobserved`` and its regulariser divided by `unobserved`, its half step is ours
    times ``1 + unobserved``; dislikes are confidences below zero.
    """
    matrix = listens()
    matrix.data = np.sign(matrix.data)
    settings = replace(SETTINGS, frequency=0.0)
    start = factors(60, 8) / 8
    users, items = implicit_factors(matrix, settings, start)
    own, stretch = start, 1 + settings.unobserved
    for _ in range(settings.iterations):
        mine = stretch * half_step(matrix, own, settings)
        own = stretch * half_step(matrix.T.tocsr(), mine, settings)
    np.testing.assert_allclose(users, mine, atol=1e-3 * np.abs(mine).max())
    np.testing.assert_allclose(items, own, atol=1e-3 * np.abs(own).max())


def implicit_factors(matrix, settings, start):
    """Return the factors of users and items that `implicit` ends with, solving exactly."""
    implicit = pytest.importorskip("implicit.cpu.als")
    confidence = sparse.csr_matrix(matrix * np.float32(1 + 1 / settings.unobserved))
    with threadpool_limits(1, user_api="blas"):
        peer = implicit.AlternatingLeastSquares(
            factors=settings.dimensions,
            regularization=settings.regularization / settings.unobserved,
            alpha=1.0,
            use_native=True,
            use_cg=False,
            iterations=settings.iterations,
            random_state=0,
        )
        peer.item_factors = start.copy()
        peer.fit(confidence, show_progress=False)
    return peer.user_factors, peer.item_factors


def test_recommendations_equal_those_of_implicit():
    """Nine of ten recommendations agree from different starts, on data with four tastes."""
    rng = np.random.default_rng(2)
    taste = np.arange(200) % 4
    likely = np.where(taste[:, None] == np.arange(80) % 4, 0.5, 0.03)
    likely = likely * np.linspace(1, 0.2, 80)
    matrix = sparse.csr_array((rng.random((200, 80)) < likely).astype(np.float32))
    settings = AlsSettings(dimensions=4, frequency=0.0, regularization=0.05, iterations=30)
    start = factors(80, 4, seed=9) / 4
    users, items = implicit_factors(matrix, settings, start)
    theirs = users @ items.T
    theirs[matrix.toarray() > 0] = -np.inf
    top = np.argsort(-theirs, axis=1)[:, :5]
    ids, _ = Als(settings).fit(matrix).recommend(range(200), k=5)
    overlap = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(top, ids, strict=True)])
    assert overlap >= 0.9


@pytest.mark.parametrize("kind", [np.asarray, sparse.coo_array])
def test_features_place_an_item_without_listeners(kind):
    """Item 0 has no listens; its features are those of the even items."""
    rng = np.random.default_rng(0)
    board = (np.indices((60, 50)).sum(axis=0) % 2 == 0) & (rng.random((60, 50)) < 0.7)
    board[:, 0] = False
    matrix = sparse.csr_array(board.astype(np.float32))
    features = kind(np.arange(50)[:, None] % 2 == np.arange(2)).astype(np.float32)
    scores = Als(AlsSettings(dimensions=2)).fit(matrix, features).score(matrix)
    even, odd = scores[::2], scores[1::2]
    assert even[:, 0].min() > odd[:, 0].max()
    assert np.median(even[:, 0]) > 0.5 * np.median(even[:, 2::2])
    assert np.isnan(Als(AlsSettings(dimensions=2)).fit(matrix).score(matrix)[:, 0]).all()


class TwoTasks(InProcess):
    """Runs tasks in this process, and says that two run at the same time: work is divided."""

    n_parallel = 2

    def __init__(self):
        self.n_tasks = 0

    def map(self, function, tasks, shared=(), *, threads=False):
        listed = list(tasks)
        self.n_tasks += len(listed)
        assert not threads
        with threadpool_limits(1):  # as a node does
            return iter([function(*task, *shared) for task in listed[::-1]][::-1])


def test_factors_by_parts_equal_those_of_one_machine():
    rng = np.random.default_rng(3)
    likes = rng.random((400, 300)) * (rng.random((400, 300)) < 0.05)
    likes[:, 7] *= -1  # dislikes
    likes[5], likes[6, ::2] = 0, 1
    likes = sparse.csr_array(likes)
    settings = AlsSettings(dimensions=16, iterations=3, strength=0.5)
    runner = TwoTasks()
    whole, parts = Als(settings).fit(likes), Als(settings).fit(likes, runner=runner)
    assert runner.n_tasks >= 2 * 2 * 3  # two parts or more of each half step
    assert whole.item_factors_.tobytes() == parts.item_factors_.tobytes()
    assert whole.shared_.tobytes() == parts.shared_.tobytes()
    assert type(parts.runner) is InProcess
