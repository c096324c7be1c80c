"""What follows from where a player is: pure functions of two reports and the time between."""

import pytest

from segue.library import Playback
from segue.pipeline.history.playback import (
    SILENT_SECONDS,
    PlaybackReport,
    event_at_end,
    next_playback,
    outcome,
    position_at,
)

NOW = 1_700_000_000.0
DURATION = 200.0


def playing(position=10.0, state="playing", at=NOW, **more):
    values = {
        "session": "s",
        "version": 1,
        "track_id": "a",
        "state": state,
        "position": position,
        "rate": 1.0,
        "begun": at - position,
        "at": at,
        "ignored": False,
    }
    return Playback(**(values | more))


@pytest.mark.parametrize(
    ("position", "duration", "expected"),
    [
        (0, 200, "skip"),
        (49.9, 200, "skip"),
        (50, 200, None),
        (99.9, 200, None),
        (100, 200, "play"),
        (240, 10_000, "play"),
        (239, 10_000, "skip"),
        (239, None, None),
        (240, None, "play"),
        (0, None, None),
    ],
)
def test_the_outcome_follows_from_how_far_a_track_came(position, duration, expected):
    assert outcome(position, duration) == expected


def test_a_position_moves_as_fast_as_the_player_says_and_not_beyond_the_end():
    assert position_at(playing(), NOW + 20, DURATION) == 30
    assert position_at(playing(rate=2.0), NOW + 20, DURATION) == 50
    assert position_at(playing(state="paused"), NOW + 20, DURATION) == 10
    assert position_at(playing(), NOW + 200, DURATION) == DURATION
    assert position_at(playing(), NOW - 5, DURATION) == 10


def test_of_a_player_that_fell_silent_only_what_it_said_is_believed():
    assert position_at(playing(), NOW + 1_000, DURATION) == 10
    assert event_at_end("anna", playing(), NOW + 1_000, DURATION, by="b") is None
    assert event_at_end("anna", playing(120), NOW + 1_000, DURATION, by="b").kind == "play"


def test_a_track_that_another_replaced_came_as_far_as_the_time_between():
    assert event_at_end("anna", playing(), NOW + 20, DURATION, by="b").kind == "skip"
    assert event_at_end("anna", playing(), NOW + 60, DURATION, by="b") is None
    event = event_at_end("anna", playing(), NOW + 95, DURATION, by="b")
    assert (event.kind, event.ms_played, event.at) == ("play", 105_000.0, NOW - 10)


def test_a_track_goes_on_until_it_stops_begins_again_or_is_another():
    before = playing()
    for state in ("playing", "paused", "stopped"):
        report = PlaybackReport(track_id="a", state=state, position=20)
        assert next_playback(report, before, NOW + 10, DURATION).session == "s"
    for report in (
        PlaybackReport(track_id="a", state="starting"),
        PlaybackReport(track_id="b", state="playing"),
    ):
        assert next_playback(report, before, NOW + 10, DURATION).session != "s"
    stopped = playing(state="stopped")
    again = PlaybackReport(track_id="a", state="playing")
    assert next_playback(again, stopped, NOW + 10, DURATION).session != "s"


def test_long_after_its_end_a_track_is_over():
    late = NOW + DURATION + SILENT_SECONDS
    report = PlaybackReport(track_id="a", state="stopped", position=DURATION)
    assert next_playback(report, playing(), late - 60, DURATION).session == "s"
    assert next_playback(report, playing(), late + 60, DURATION).session != "s"


def test_told_again_that_it_stopped_a_track_stopped_where_it_did():
    stopped = playing(150, state="stopped")
    report = PlaybackReport(track_id="a", state="stopped", position=0)
    assert next_playback(report, stopped, NOW + 1, DURATION).position == 150


def test_a_rate_of_nought_is_none():
    report = PlaybackReport(track_id="a", state="paused", position=30, rate=0.0)
    assert next_playback(report, None, NOW, DURATION).begun == NOW - 30
