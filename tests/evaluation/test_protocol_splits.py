"""Splits of published protocols: nothing of the future is known before the split."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.evaluation.protocol_splits import (
    DAY_SECONDS,
    GAP_SECONDS,
    SEED_SCENARIOS,
    hide_playlist_tracks,
    split_at_last_day,
)

TIMES = st.lists(st.one_of(st.floats(0, 4e5), st.just(float("nan"))), max_size=40)


@given(times=TIMES)
@settings(max_examples=200, deadline=None)
def test_split_at_last_day_leaks_nothing(times):
    values = np.array(times, np.float64)
    before, after = split_at_last_day(values)
    assert not (before & after).any()
    assert not (before | after)[np.isnan(values)].any()
    if after.any():
        assert values[after].max() == np.nanmax(values)
        assert values[after].max() - values[after].min() <= DAY_SECONDS
        if before.any():
            start = np.nanmax(values) - DAY_SECONDS
            assert values[before].max() < start - GAP_SECONDS


def test_split_without_times_has_no_parts():
    before, after = split_at_last_day(np.full(3, np.nan))
    assert not before.any()
    assert not after.any()


def playlists(lengths, *, repeated=False):
    found = [
        (f"playlist {number}", f"t{place}", place)
        for number, length in enumerate(lengths)
        for place in range(length)
    ]
    if repeated:
        found += [(name, track, place + 500) for name, track, place in found]
    return pd.DataFrame(found, columns=["user_id", "track_id", "position"])


@given(
    lengths=st.lists(st.sampled_from([1, 2, 6, 11, 30, 130]), min_size=1, max_size=25),
    seed=st.integers(0, 5),
    repeated=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_hidden_tracks_are_absent_from_seeds(lengths, seed, repeated):
    table = playlists(lengths, repeated=repeated)
    held, scenarios = hide_playlist_tracks(table, seed=seed)
    assert set(table["user_id"][held]) == set(scenarios)
    for name, own in table.groupby("user_id"):
        hidden = set(own["track_id"][held[own.index]])
        known = set(own["track_id"][~held[own.index]])
        assert not hidden & known
        if name in scenarios:
            n_seeds, which = scenarios[name].split()
            assert len(known) == int(n_seeds)
            if which == "first":
                assert known == {f"t{place}" for place in range(int(n_seeds))}


def test_scenarios_get_equally_many_playlists():
    table = playlists([130] * 70)
    _, scenarios = hide_playlist_tracks(table, seed=0, share=0.2)
    counts = pd.Series(scenarios).value_counts()
    assert set(counts.index) == {f"{n} {which}" for n, which in SEED_SCENARIOS}
    assert counts.tolist() == [2] * len(SEED_SCENARIOS)


def test_hidden_tracks_do_not_depend_on_row_order():
    table = playlists([130, 30, 12, 12, 7, 7, 3])
    mixed = table.sample(frac=1, random_state=1)
    held, scenarios = hide_playlist_tracks(table, seed=3)
    other, same = hide_playlist_tracks(mixed, seed=3)
    assert scenarios == same
    again = pd.Series(other, index=mixed.index).reindex(table.index)
    assert again.tolist() == held.tolist()
