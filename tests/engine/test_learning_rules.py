"""Profiles with rules equal those of the listens that the rules keep; tracks stay known."""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.engine import (
    DailyInterval,
    LearningRules,
    ListeningSession,
    Listens,
    ProfileAccumulator,
    profiles_of,
)

N = 5
POSITIONS = {f"t{n}": n for n in range(N)}
SOURCES = ("live", "import:spotify", "data")
FIELDS = ("plays", "ms_played", "skipped", "completed", "rating", "timestamp", "position")
BERLIN = ZoneInfo("Europe/Berlin")

listens = st.lists(
    st.tuples(
        st.integers(0, N - 1),
        st.sampled_from([np.nan, 1.0, 4.0]),
        st.sampled_from([np.nan, 5e3, 200e3]),
        st.sampled_from([np.nan, 0.0, 1.0]),
        st.just(np.nan),
        st.sampled_from([np.nan, np.nan, np.nan, -1.0, 1.0]),
        st.one_of(st.just(np.nan), st.integers(0, 200_000).map(float)),
        st.just(np.nan),
        st.sampled_from(SOURCES),
    ),
    max_size=25,
)
minutes = st.integers(0, 24 * 60 - 1)
intervals = st.builds(
    DailyInterval, minutes, minutes, st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"])
).filter(lambda one: one.start != one.end)
sessions = st.builds(
    lambda start, length: ListeningSession(start, None if length is None else start + length),
    st.integers(0, 200_000).map(float),
    st.one_of(st.none(), st.integers(0, 100_000)),
)
rules = st.builds(
    LearningRules,
    st.one_of(st.none(), st.lists(st.booleans(), min_size=N, max_size=N).map(np.array)),
    st.lists(intervals, max_size=1).map(tuple),
    st.lists(sessions, max_size=1).map(tuple),
    st.frozensets(st.sampled_from(["live", "spotify", "data"]), max_size=2),
)


def frame(rows):
    columns = ["track", *FIELDS, "source"]
    table = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(FIELDS, float))
    return table.assign(user_id="u", track_id=[f"t{n}" for n in table["track"]])


def profile(table, own=None):
    return profiles_of(table, POSITIONS, rules={"u": own} if own else None).get("u")


def ignored(table, own):
    return own.ignored(
        table["track"].to_numpy(np.int64), table["timestamp"].to_numpy(), list(table["source"])
    )


def taste(one):
    """Return what a profile says of the taste: all but the known tracks."""
    if one is None or not len(one.positions):
        return [], [], [], []
    return (
        one.positions.tolist(),
        one.weights.round(6).tolist(),
        one.history.tolist(),
        np.round(one.ages, 6).tolist(),
    )


@given(listens, rules)
def test_profile_with_rules_equals_that_of_kept_listens(rows, own):
    table = frame(rows)
    plain = table.copy()
    gone = ignored(table, own)
    # opinions that come with an ignored listen are kept, as a row of its own
    plain.loc[gone, ["plays", "ms_played", "skipped", "completed"]] = np.nan
    kept = plain[~gone | plain["rating"].notna()]
    assert taste(profile(table, own)) == taste(profile(kept))


@given(listens, rules)
def test_known_tracks_are_the_same_with_rules(rows, own):
    table = frame(rows)
    with_rules, without = profile(table, own), profile(table)
    assert (with_rules is None) == (without is None)
    if without is not None:
        np.testing.assert_array_equal(with_rules.known, without.known)


@given(listens, rules)
def test_single_events_equal_the_batch_with_rules(rows, own):
    table = frame([(*row[:1], 1.0, row[2], row[3], *row[4:5], np.nan, *row[6:]) for row in rows])
    table = table[table["timestamp"].notna()].assign(plays=1.0, source="live")
    table["skipped"] = table["skipped"].fillna(0.0)
    one = ProfileAccumulator.of(Listens(*[np.zeros(0, np.int64)] * 2, *[np.zeros(0)] * 7))
    for row in table.itertuples():
        mine = own.ignored(np.array([row.track]), np.array([row.timestamp]), ["live"])[0]
        heard = None if np.isnan(row.ms_played) else row.ms_played
        kind = "skip" if row.skipped else "play"
        one = one.after(kind, row.track, row.timestamp, heard, ignored=bool(mine))
    batch = profile(table, own)
    if batch is None:
        assert one.is_empty
    else:
        found = one.profile("u", one.last)
        assert sorted(found.known) == sorted(batch.known)
        np.testing.assert_array_equal(found.positions, batch.positions)
        np.testing.assert_allclose(found.weights, batch.weights, rtol=1e-6)


@given(listens, rules)
def test_filter_of_arrays_equals_that_of_single_listens(rows, own):
    table = frame(rows)
    single = [bool(ignored(table.iloc[[n]], own)[0]) for n in range(len(table))]
    assert ignored(table, own).tolist() == single


def test_rating_of_an_ignored_listen_decides_the_opinion():
    own = LearningRules(np.ones(N, bool))
    table = frame([(1, 30.0, np.nan, np.nan, np.nan, -1.0, 5.0, np.nan, "data")])
    found = profile(table, own)
    assert found.positions.tolist() == [1]
    assert found.weights.tolist() == [-1.0]
    assert len(found.history) == 0


def moment(*parts):
    return datetime(*parts, tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("time", "inside"),
    [
        (moment(2026, 1, 15, 20), True),
        (moment(2026, 1, 15, 19, 59, 59), False),
        (moment(2026, 7, 15, 20), True),  # summer time: another offset
        (moment(2026, 7, 15, 19, 59), False),
        (moment(2026, 7, 16, 6, 59, 59), True),
        (moment(2026, 7, 16, 7), False),
        (moment(2026, 3, 29, 0, 30), True),  # the clock changes in this night
        (np.nan, False),
        (-5.0, False),
        (1e300, False),
    ],
)
def test_daily_interval_follows_its_time_zone(time, inside):
    night = DailyInterval.parse("20:00-07:00 Europe/Berlin")
    assert night.contains(np.array([time])).tolist() == [inside]


@given(intervals)
def test_daily_interval_survives_as_text(interval):
    assert DailyInterval.parse(str(interval)) == interval


@given(sessions)
def test_session_survives_as_text(session):
    assert ListeningSession.parse(str(session)) == session


@pytest.mark.parametrize(
    ("read", "text", "reason"),
    [
        (DailyInterval.parse, "20-7", "write them like 20:00-07:00 Europe/Berlin"),
        (DailyInterval.parse, "20-20 UTC", "start and end at the same time"),
        (DailyInterval.parse, "25-7 UTC", "is no time of the day"),
        (DailyInterval.parse, "20-7 Moon/Base", "no time zone 'Moon/Base'"),
        (ListeningSession.parse, "2026-01-05T18:00Z", "cannot be read"),
        (ListeningSession.parse, "2026-01-05T18:00/..", "with their zone"),
        (ListeningSession.parse, "2026-01-05T18:00Z/2026-01-04T18:00Z", "ends before it starts"),
    ],
)
def test_bad_times_are_refused_with_the_reason(read, text, reason):
    with pytest.raises(ValueError, match=reason):
        read(text)
