"""Intervals of few listeners: unbiased, paired, never without width."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.evaluation import held_out_resamples, ranking_metrics, resample_intervals

N_ITEMS = 40


def accuracy(lists, held_out, ks):
    found = ranking_metrics(
        lists, held_out, ks=ks, n_items=N_ITEMS, popularity=np.zeros(N_ITEMS), n_listeners=0
    )
    return found.mean


@st.composite
def cases(draw):
    """Lists of one to four listeners, and held-out tracks of each."""
    seed = draw(st.integers(0, 1_000))
    rng = np.random.default_rng(seed)
    n = draw(st.integers(1, 4))
    lists = np.stack([rng.permutation(N_ITEMS)[:10] for _ in range(n)])
    sizes = draw(st.lists(st.integers(1, 15), min_size=n, max_size=n))
    return lists, [set(rng.permutation(N_ITEMS)[:size].tolist()) for size in sizes]


@given(cases())
def test_resamples_are_bounded_and_intervals_have_width(case):
    lists, held_out = case
    drawn = held_out_resamples({"a": lists}, held_out, ks=[5, 10], n_resamples=200, seed=1)["a"]
    for values in drawn.values():
        assert values.shape == (200,)
        assert ((values >= 0) & (values <= 1)).all()
    for low, high in resample_intervals(drawn, drawn).values():
        assert low < high or np.isnan([low, high]).all()


def test_resampled_means_agree_with_metrics(rng):
    lists = np.stack([rng.permutation(N_ITEMS)[:20] for _ in range(3)])
    held_out = [set(rng.permutation(N_ITEMS)[:12].tolist()) for _ in range(3)]
    drawn = held_out_resamples({"a": lists}, held_out, ks=[20], n_resamples=4_000, seed=0)["a"]
    means = accuracy(lists, held_out, [20])
    for name in ("precision@20", "recall@20", "ndcg@20"):
        assert drawn[name].mean() == pytest.approx(means[name], rel=0.03), name
    # tracks of one place drawn twice and others not at all: MAP is only near
    assert drawn["map@20"].mean() == pytest.approx(means["map@20"], rel=0.15)
    for name, (low, high) in resample_intervals(drawn, ["recall@20", "ndcg@20"]).items():
        assert low < means[name] < high


def test_same_lists_have_no_interval_of_difference(rng):
    lists = rng.permutation(N_ITEMS)[None, :10]
    held_out = [{1, 5, 9, 20}]
    both = held_out_resamples({"one": lists, "other": lists}, held_out, ks=[10], seed=2)
    found = resample_intervals(both["one"], both["one"], both["other"])
    assert all(np.isnan(each).all() for each in found.values())


def test_listeners_without_held_out_tracks_are_left_out():
    drawn = held_out_resamples({"a": [[0, 1], [2, 3]]}, [{1, 2}, set()], ks=[2], seed=0)
    alone = held_out_resamples({"a": [[0, 1]]}, [{1, 2}], ks=[2], seed=0)
    assert drawn["a"]["recall@2"].tolist() == alone["a"]["recall@2"].tolist()
    assert held_out_resamples({"a": [[0, 1]]}, [set()], ks=[2], seed=0) == {"a": {}}
