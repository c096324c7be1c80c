"""ProfileAccumulator equals the profile of the same listens in one batch."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.engine import profiles_of
from segue.engine.profile_accumulator import Listens, ProfileAccumulator
from segue.engine.profiles import on_unit_scale, rating_scale

N = 4
IDS = [f"t{n}" for n in range(N)]
POSITIONS = {track_id: n for n, track_id in enumerate(IDS)}
DURATIONS = [200.0, None, 100.0, 40.0]
FIELDS = ("plays", "ms_played", "skipped", "rating", "timestamp", "position")


def table(rows):
    frame = pd.DataFrame(rows, columns=["track_id", *FIELDS, "source"])
    return frame.assign(user_id="anna").astype(dict.fromkeys(FIELDS, float))


def accumulated(rows):
    """Read rows as the library does, one source on its own scale."""
    frame = table(rows)
    rating = frame["rating"].to_numpy()
    unit = np.zeros(len(frame))
    for source in set(frame["source"]):
        own = (frame["source"] == source).to_numpy()
        unit[own] = on_unit_scale(rating[own], rating_scale(rating[own], source))
    column = {name: frame[name].to_numpy() for name in FIELDS}
    return ProfileAccumulator.of(
        Listens(
            frame["track_id"].map(POSITIONS).to_numpy(np.int64),
            column["plays"],
            column["ms_played"],
            column["skipped"],
            unit,
            ~np.isnan(rating),
            (frame["source"] == "live").to_numpy() & ~np.isnan(rating),
            column["timestamp"],
            column["position"],
        ),
        DURATIONS,
    )


def same(one, other):
    np.testing.assert_array_equal(one.positions, other.positions)
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-6)
    np.testing.assert_array_equal(one.known, other.known)
    np.testing.assert_array_equal(one.history, other.history)
    np.testing.assert_allclose(one.ages, other.ages, rtol=1e-6)


def plain(rows):
    return profiles_of(table(rows), POSITIONS, durations=DURATIONS)["anna"]


def maybe(values):
    return st.one_of(st.just(np.nan), values)


imported = st.tuples(
    st.sampled_from(IDS),
    maybe(st.integers(0, 5)),
    maybe(st.integers(0, 250_000)),
    maybe(st.sampled_from([0.0, 1.0])),
    maybe(st.integers(0, 100)),
    maybe(st.integers(0, 10**7)),
    maybe(st.integers(0, 50)),
    st.sampled_from(["shop", "files"]),
)
events = st.tuples(
    st.sampled_from(["play", "skip", "like", "dislike", "clear"]),
    st.integers(0, N - 1),
    st.integers(0, 10**7),
    st.one_of(st.none(), st.integers(0, 250_000)),
)


def is_mark(row, track_id):
    return row[0] == track_id and row[7] == "live" and not np.isnan(row[4])


def rows_after(rows, happened):
    """Write events as the feedback log writes them."""
    for kind, track, at, ms in happened:
        heard_ms = np.nan if ms is None else ms
        if kind in ("play", "skip"):
            skip = float(kind == "skip")
            rows = [*rows, (IDS[track], 1.0, heard_ms, skip, np.nan, at, np.nan, "live")]
            continue
        rows = [row for row in rows if not is_mark(row, IDS[track])]
        if kind != "clear":
            mark = {"like": 5.0, "dislike": 1.0}[kind]
            rows = [*rows, (IDS[track], np.nan, np.nan, np.nan, mark, at, np.nan, "live")]
    return rows


@given(st.lists(imported, min_size=1, max_size=12))
@settings(deadline=None)
def test_accumulator_profile_equals_batch_profile(rows):
    found = accumulated(rows)
    same(found.profile("anna", found.last), plain(rows))


@given(st.lists(imported, min_size=1, max_size=6), st.lists(events, max_size=12))
@settings(deadline=None)
def test_accumulator_events_one_by_one_equal_all_at_once(rows, happened):
    found = accumulated(rows)
    for kind, track, at, ms in happened:
        found = found.after(kind, track, at, ms, DURATIONS[track])
    after = rows_after(rows, happened)
    same(found.profile("anna", found.last), accumulated(after).profile("anna", found.last))
    same(found.profile("anna", found.last), plain(after))


@pytest.mark.parametrize(("plays", "rating"), [(0, np.nan), (np.nan, 3), (0, 3)])
def test_accumulator_clear_keeps_known_track(plays, rating):
    """Of a play of nothing, and of a rating of the middle, nothing is left in any sum."""
    rows = [
        ("t0", 1, np.nan, np.nan, 1, 5, np.nan, "shop"),
        ("t0", 1, np.nan, np.nan, 5, 6, np.nan, "shop"),
        ("t1", plays, np.nan, np.nan, rating, 7, np.nan, "shop"),
    ]
    found = accumulated(rows).after("like", 1, 10).after("clear", 1, 11).after("like", 2, 12)
    assert found.profile("anna", 20).known.tolist() == [0, 1, 2]
    assert found.after("clear", 2, 13).profile("anna", 20).known.tolist() == [0, 1]


def test_accumulator_history_is_latest_thousand_plays():
    found = accumulated(
        [("t0", 1, np.nan, np.nan, np.nan, n, np.nan, "shop") for n in range(1_000)]
    )
    found = found.after("play", 1, 500.5).after("play", 2, 2_000.0)
    history = found.profile("anna", 2_000.0).history
    assert len(history) == 1_000
    assert history[-1] == 2
    assert 1 in history.tolist()


def test_accumulator_skip_keeps_history():
    found = accumulated([("t0", 1, np.nan, np.nan, np.nan, 5, np.nan, "shop")])
    profile = found.after("skip", 1, 9.0).profile("anna", 9.0)
    assert profile.history.tolist() == [0]
    assert profile.weights.tolist() == pytest.approx([np.log(2), -1.0])
