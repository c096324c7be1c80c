"""What a listen counts as, by what was heard and what the source says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.listens import ReportedListens, outcomes, positions_across_sessions

NONE = np.nan


def outcome(plays=NONE, ms=NONE, seconds=NONE, skipped=NONE, completed=NONE, rated=False):
    columns = (plays, ms, seconds, skipped, completed)
    found = outcomes(
        ReportedListens(*(np.array([one], float) for one in columns), np.array([rated]))
    )
    return float(found.completed[0]), float(found.skipped[0]), bool(found.met[0])


COMPLETED, SKIPPED, PARTIAL, NOTHING = (1, 0, True), (0, 1, True), (0, 0, True), (0, 0, False)


@pytest.mark.parametrize(
    ("listen", "expected"),
    [
        ({}, COMPLETED),
        ({"skipped": 1}, SKIPPED),
        ({"skipped": 0}, COMPLETED),
        ({"ms": 250e3, "seconds": 260, "skipped": 1}, COMPLETED),  # "next" at 96 %
        ({"ms": 240e3, "seconds": 3_600}, COMPLETED),  # four minutes of a long track
        ({"ms": 130e3, "seconds": 260}, COMPLETED),
        ({"ms": 120e3, "seconds": 260}, PARTIAL),
        ({"ms": 100e3, "seconds": 260, "skipped": 1}, SKIPPED),
        ({"ms": 10e3, "seconds": 260}, SKIPPED),
        ({"ms": 29e3, "seconds": 100}, PARTIAL),  # more than a quarter
        ({"ms": 31e3, "seconds": 260}, PARTIAL),  # more than 30 seconds
        ({"ms": 10e3, "seconds": 260, "skipped": 0}, PARTIAL),  # a log-out, an error
        ({"ms": 0, "seconds": 260, "skipped": 0}, NOTHING),
        ({"ms": 3e3, "seconds": 180, "skipped": 0}, NOTHING),
        ({"ms": 0, "seconds": 260}, NOTHING),
        ({"ms": 100e3, "seconds": 260, "completed": 1}, COMPLETED),  # the album has a longer one
        ({"ms": 3e3, "seconds": 260, "completed": 1}, NOTHING),  # the measure contradicts
        ({"ms": 31e3}, COMPLETED),  # a stream, of an unknown duration
        ({"ms": 10e3}, SKIPPED),
        ({"plays": 0}, NOTHING),
        ({"plays": 7}, (7, 0, True)),
        ({"plays": 3, "skipped": 1}, (0, 3, True)),
        ({"rated": True}, (0, 0, True)),
        ({"rated": True, "plays": 2}, (2, 0, True)),
        ({"rated": True, "skipped": 1}, SKIPPED),
    ],
)
def test_outcome_of_one_listen(listen, expected):
    assert outcome(**listen) == expected


flags = st.sampled_from([0.0, 1.0, NONE])
counts = st.one_of(st.just(NONE), st.integers(0, 9).map(float))
lengths = st.one_of(st.just(NONE), st.floats(0, 5e5))
rows = st.tuples(counts, lengths, lengths.map(lambda ms: ms / 500), flags, flags, st.booleans())


@given(rows)
def test_outcome_is_never_both_completed_and_skipped(row):
    completed, skipped, met = outcome(*row)
    assert not (completed and skipped)
    assert met or not (completed or skipped)


@given(st.lists(rows, min_size=1, max_size=8))
def test_outcomes_of_many_equal_each_alone(listens):
    columns = [np.array(column) for column in zip(*listens, strict=True)]
    found = outcomes(ReportedListens(*columns))
    alone = [outcome(*row) for row in listens]
    assert [tuple(map(float, one)) for one in zip(*found, strict=True)] == [
        tuple(map(float, one)) for one in alone
    ]


@given(rows, st.floats(0, 2e5))
def test_outcome_hearing_more_never_turns_into_skip(row, more):
    plays, ms, *rest = row
    if np.isnan(ms) or ms == 0:  # nothing was heard, so nothing was skipped
        return
    before, after = outcome(plays, ms, *rest), outcome(plays, ms + more, *rest)
    assert after[0] >= before[0]
    assert after[1] <= before[1]


def test_positions_across_sessions_follow_the_first_rows():
    users = np.array([0, 0, 0, 0, 1, 1, 1])
    sessions = np.array([5, 4, 5, 4, 5, 5, 4])
    positions = np.array([1, 0, 0, np.nan, 7, 8, 9])
    found = positions_across_sessions(users, sessions, positions)
    order = np.argsort(found[:3])
    assert order.tolist() == [2, 0, 1]
    assert np.isnan(found[3])
    assert found[4:].tolist() == [7, 8, 9]  # these do not begin again
