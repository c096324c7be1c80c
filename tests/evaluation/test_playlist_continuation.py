"""Metrics of the RecSys Challenge 2018: known answers worked out by hand."""

import numpy as np
import pytest

from segue.evaluation.playlist_continuation import NO_HIT_CLICKS, continuation_metrics

# tracks 0-9; artists: 0 has tracks 0-2, 1 has 3-5, 2 has 6, track 7 on are unknown
ARTISTS = [0, 0, 0, 1, 1, 1, 2, -1, -1, -1]


@pytest.mark.parametrize(
    ("recommended", "held_out", "expected"),
    [
        pytest.param([6, 3], {6, 3}, (2 + 0.25 * 2) / 2, id="all hits, both artists"),
        pytest.param([1, 4], {0, 3}, (0 + 0.25 * 2) / 2, id="artists only"),
        pytest.param([1, 2], {0, 3}, (0 + 0.25) / 2, id="an artist counts once"),
        pytest.param([8, 6, 0], {0, 9}, 0.0, id="hit beyond the first two"),
        pytest.param([8, 0, -1], {0, 9, 3}, (1 + 0.25) / 3, id="short list"),
        pytest.param([8, 7], {9}, 0.0, id="unknown artists are not credited"),
        pytest.param([-1, -1], {9}, 0.0, id="empty list"),
    ],
)
def test_r_precision_matches_hand_computation(recommended, held_out, expected):
    found = continuation_metrics([recommended], [held_out], artists=ARTISTS)
    assert found["r_precision"][0] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("place", "expected"),
    [(1, 0), (10, 0), (11, 1), (20, 1), (21, 2), (500, 49), (501, NO_HIT_CLICKS)],
)
def test_clicks_count_tens_before_first_hit(place, expected):
    n_tracks = 600
    row = np.insert(np.arange(n_tracks - 1), place - 1, n_tracks - 1)
    found = continuation_metrics([row], [{n_tracks - 1}], artists=np.arange(n_tracks))
    assert found["clicks"][0] == expected


def test_playlist_without_held_out_tracks_is_undefined():
    found = continuation_metrics([[0], [1]], [set(), {1}], artists=ARTISTS)
    assert np.isnan(found["r_precision"][0])
    assert found["clicks"].tolist()[1] == 0
