"""Test playback reports: plays and skips derived from positions and times."""

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
        (0, 200, None),  # it was not heard
        (1, 200, "skip"),
        (29.9, 200, "skip"),
        (30, 200, None),
        (49.9, 200, None),
        (99.9, 200, None),
        (100, 200, "play"),
        (240, 10_000, "play"),
        (239, 10_000, None),
        (29.9, None, "skip"),
        (30, None, "play"),  # as Spotify counts a stream
        (240, None, "play"),
        (0, None, None),
    ],
)
def test_outcome_follows_position(position, duration, expected):
    assert outcome(position, duration) == expected


def test_position_moves_at_rate_up_to_end():
    assert position_at(playing(), NOW + 20, DURATION) == 30
    assert position_at(playing(rate=2.0), NOW + 20, DURATION) == 50
    assert position_at(playing(state="paused"), NOW + 20, DURATION) == 10
    assert position_at(playing(), NOW + 200, DURATION) == DURATION
    assert position_at(playing(), NOW - 5, DURATION) == 10


def test_position_of_silent_player_stays():
    assert position_at(playing(), NOW + 1_000, DURATION) == 10
    assert event_at_end("anna", playing(), NOW + 1_000, DURATION, by="b") is None
    assert event_at_end("anna", playing(120), NOW + 1_000, DURATION, by="b").kind == "play"


def test_replaced_track_ends_at_elapsed_position():
    assert event_at_end("anna", playing(), NOW + 10, DURATION, by="b").kind == "skip"
    assert event_at_end("anna", playing(), NOW + 60, DURATION, by="b") is None
    event = event_at_end("anna", playing(), NOW + 95, DURATION, by="b")
    assert (event.kind, event.ms_played, event.at) == ("play", 105_000.0, NOW - 10)


def test_playback_continues_until_stop_or_restart():
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


def test_playback_is_over_long_after_end():
    late = NOW + DURATION + SILENT_SECONDS
    report = PlaybackReport(track_id="a", state="stopped", position=DURATION)
    assert next_playback(report, playing(), late - 60, DURATION).session == "s"
    assert next_playback(report, playing(), late + 60, DURATION).session != "s"


def test_repeated_stop_keeps_position():
    stopped = playing(150, state="stopped")
    report = PlaybackReport(track_id="a", state="stopped", position=0)
    assert next_playback(report, stopped, NOW + 1, DURATION).position == 150


def test_zero_rate_stops_position():
    report = PlaybackReport(track_id="a", state="paused", position=30, rate=0.0)
    assert next_playback(report, None, NOW, DURATION).begun == NOW - 30
