"""ProfileAccumulator equals the profile of the same listens in one batch."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.engine import Listens, ProfileAccumulator, profiles_of

N = 4
IDS = [f"t{n}" for n in range(N)]
POSITIONS = {track_id: n for n, track_id in enumerate(IDS)}
DURATIONS = [200.0, None, 100.0, 40.0]
FIELDS = ("plays", "ms_played", "skipped", "completed", "rating", "timestamp", "position")


def table(rows):
    frame = pd.DataFrame(rows, columns=["track_id", *FIELDS])
    return frame.assign(user_id="anna").astype(dict.fromkeys(FIELDS, float))


def accumulated(rows):
    """Read rows as the library does."""
    frame = table(rows)
    tracks = frame["track_id"].map(POSITIONS).to_numpy(np.int64)
    columns = (frame[name].to_numpy() for name in FIELDS)
    return ProfileAccumulator.of(Listens(np.zeros_like(tracks), tracks, *columns), DURATIONS)


def same(one, other):
    np.testing.assert_array_equal(one.positions, other.positions)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-6)
    np.testing.assert_array_equal(one.known, other.known)
    np.testing.assert_array_equal(one.history, other.history)
    np.testing.assert_allclose(one.ages, other.ages, rtol=1e-6)


def plain(rows):
    return profiles_of(table(rows), POSITIONS, durations=DURATIONS).get("anna")


def maybe(values):
    return st.one_of(st.just(np.nan), values)


imported = st.tuples(
    st.sampled_from(IDS),
    maybe(st.integers(0, 5)),
    maybe(st.integers(0, 250_000)),
    maybe(st.sampled_from([0.0, 1.0])),
    maybe(st.sampled_from([0.0, 1.0])),
    maybe(st.sampled_from([-1.0, -0.5, 0.0, 1.0])),
    maybe(st.integers(0, 10)),
    maybe(st.integers(0, 50)),
)
events = st.tuples(
    st.sampled_from(["play", "skip", "like", "dislike", "clear"]),
    st.integers(0, N - 1),
    st.integers(0, 10).map(lambda at: at + 0.5),
    st.one_of(st.none(), st.integers(0, 250_000)),
)


def rows_after(rows, happened):
    """Write events as the feedback log writes them."""
    stated = {}
    for kind, track, at, ms in happened:
        if kind in ("play", "skip"):
            heard_ms = np.nan if ms is None else ms
            skip = float(kind == "skip")
            rows = [*rows, (IDS[track], 1.0, heard_ms, skip, np.nan, np.nan, at, np.nan)]
        elif track not in stated or at >= stated[track][6]:
            rating = {"like": 1.0, "dislike": -1.0}.get(kind, np.nan)
            plays = 0.0 if kind == "clear" else np.nan
            stated[track] = (IDS[track], plays, np.nan, np.nan, np.nan, rating, at, np.nan)
    return [*rows, *stated.values()]


@given(st.lists(imported, min_size=1, max_size=12))
@settings(deadline=None)
def test_accumulator_profile_equals_batch_profile(rows):
    found = accumulated(rows)
    assert found.is_empty == (plain(rows) is None)
    if not found.is_empty:
        same(found.profile("anna", found.last), plain(rows))


@given(st.lists(imported, min_size=1, max_size=6), st.lists(events, max_size=12))
@settings(deadline=None)
def test_accumulator_events_one_by_one_equal_all_at_once(rows, happened):
    found = accumulated(rows)
    for kind, track, at, ms in happened:
        found = found.after(kind, track, at, ms, DURATIONS[track])
    after = rows_after(rows, happened)
    same(found.profile("anna", found.last), accumulated(after).profile("anna", found.last))
    if not found.is_empty:
        same(found.profile("anna", found.last), plain(after))


def row(track, at, plays=1, rating=np.nan):
    return (track, plays, np.nan, np.nan, np.nan, rating, at, np.nan)


def test_accumulator_clear_takes_all_opinions_back():
    rows = [row("t0", 5), row("t1", 6), row("t1", 7, plays=np.nan, rating=1.0)]
    found = accumulated(rows).after("like", 2, 12)
    after = found.after("clear", 1, 13).after("clear", 2, 13).profile("anna", 20)
    assert found.profile("anna", 20).weights.tolist()[1:] == [1.0, 1.0]
    assert after.known.tolist() == [0, 1]
    assert after.weights[1] < 0.5


def test_accumulator_partial_listen_makes_track_known_only():
    found = accumulated([row("t0", 5)]).after("play", 2, 9.0, 40_000, 100.0)
    profile = found.profile("anna", 9.0)
    assert profile.known.tolist() == [0, 2]
    assert profile.positions.tolist() == [0]
    assert found.after("play", 3, 10.0, 900, 100.0).profile("anna", 10.0).known.tolist() == [0, 2]


def test_accumulator_history_is_latest_thousand_plays():
    found = accumulated([row("t0", n) for n in range(1_000)])
    found = found.after("play", 1, 500.5).after("play", 2, 2_000.0)
    history = found.profile("anna", 2_000.0).history
    assert len(history) == 1_000
    assert history[-1] == 2
    assert 1 in history.tolist()


def test_accumulator_skip_keeps_history():
    found = accumulated([row("t0", 5)])
    profile = found.after("skip", 1, 9.0).profile("anna", 9.0)
    assert profile.history.tolist() == [0]
    assert (profile.weights > 0).tolist() == [True, False]
