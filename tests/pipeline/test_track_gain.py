"""Gains for equal loudness: by track, by album, and below full scale."""

import pytest

from segue.library import Catalogue
from segue.pipeline.catalogue.track_gain import gain_of
from segue.types import Track


def track(number, loudness, *, duration=100.0, album="A", **metadata):
    return Track(
        track_id=f"t{number}",
        artist="Band",
        album=album,
        loudness=loudness,
        duration=duration,
        metadata=metadata,
    )


def gains(*tracks):
    return gain_of(Catalogue.of(tracks), 0)


def test_album_gain_is_of_energy_over_time():
    found = gains(track(0, -10.0, duration=100.0), track(1, -20.0, duration=300.0))
    assert found.track == -8.0
    # (0.1 * 100 + 0.01 * 300) / 400 = 0.0325
    assert found.album == pytest.approx(-18.0 + 14.88, abs=0.01)


def test_album_of_tracks_without_loudness_has_no_gain():
    assert gains(track(0, None), track(1, None)).album is None
    assert gains(track(0, None), track(1, -10.0)).album == -8.0


def test_track_without_album_is_its_own_album():
    found = gains(track(0, -10.0, album=None), track(1, -20.0, album=None))
    assert found.track == found.album == -8.0


def test_gain_without_peak_never_raises_the_level():
    found = gains(track(0, -30.0))
    assert found.track == found.album == 0.0


def test_album_gain_is_limited_by_its_highest_peak():
    quiet = track(0, -30.0, replaygain_track_peak="0.25")
    assert gains(quiet, track(1, -30.0, replaygain_track_peak="0.5")).album == 6.02
    assert gains(quiet, track(1, -30.0, replaygain_track_peak="loud")).album == 0.0


@pytest.mark.parametrize("peak", ["", "0", "-1", "nan", "inf", "1.2"])
def test_peak_that_is_none_leaves_no_headroom(peak):
    assert gains(track(0, -30.0, replaygain_track_peak=peak)).track == 0.0
