"""Simulated listeners follow their stated tastes, and say that they are simulated."""

import numpy as np
import pytest

from segue.demo_data.listeners import (
    FIRST_DAY,
    N_DAYS,
    N_LISTENERS,
    draw_tastes,
    liking,
    simulate_listens,
)
from segue.demo_data.styles import STYLES, draw_performers

PERFORMERS = draw_performers(seed=0)
TRACKS = [
    {
        "track_id": f"starter-{number:03d}",
        "genre": performer.genre,
        "ensemble": performer.ensemble,
        "artist": performer.name,
    }
    for number, performer in enumerate(PERFORMERS * 2)
]
TASTES = draw_tastes(TRACKS, seed=0)
LISTENS = simulate_listens(TRACKS, TASTES, seed=0)


def test_user_ids_say_that_listeners_are_simulated() -> None:
    assert len({taste.user_id for taste in TASTES}) == len(TASTES) == N_LISTENERS
    assert all(listen.user_id.startswith("simulated-") for listen in LISTENS)
    assert {listen.user_id for listen in LISTENS} == {taste.user_id for taste in TASTES}


def test_listens_are_unique_sorted_and_in_the_period() -> None:
    for taste in TASTES:
        own = [listen for listen in LISTENS if listen.user_id == taste.user_id]
        assert len({listen.track_id for listen in own}) == len(own) >= 8
        times = [listen.timestamp for listen in own]
        assert times == sorted(times)
        assert times[0] >= FIRST_DAY
        assert times[-1] < FIRST_DAY + (N_DAYS + 1) * 86_400


def test_listeners_play_and_finish_more_of_what_they_like() -> None:
    place = {track["track_id"]: number for number, track in enumerate(TRACKS)}
    likes = {taste.user_id: liking(taste, TRACKS) for taste in TASTES}
    heard = np.array([likes[listen.user_id][place[listen.track_id]] for listen in LISTENS])
    assert heard.mean() > 2 * np.mean([values.mean() for values in likes.values()])
    skipped = np.array([listen.skipped for listen in LISTENS])
    plays = np.array([listen.plays for listen in LISTENS])
    assert skipped[heard < 0.5].mean() > 0.6 > 0.2 > skipped[heard > 1.5].mean()
    assert plays[heard > 1.5].mean() > plays[heard < 0.5].mean() + 1
    assert np.all(plays >= 1)
    assert np.all(plays[skipped] == 1)


def test_listens_depend_on_the_seed_alone() -> None:
    assert simulate_listens(TRACKS, TASTES, seed=0) == LISTENS
    assert simulate_listens(TRACKS, TASTES, seed=1) != LISTENS


@pytest.mark.parametrize("n_tracks", [1, 3])
def test_small_libraries_have_listeners(n_tracks: int) -> None:
    tracks = TRACKS[:n_tracks]
    listens = simulate_listens(tracks, draw_tastes(tracks, seed=0), seed=0)
    assert {listen.track_id for listen in listens} <= {track["track_id"] for track in tracks}


def test_performers_are_distinct_and_genres_share_their_instruments() -> None:
    assert len({performer.name for performer in PERFORMERS}) == len(PERFORMERS)
    drawn = {
        style.genre: {
            program
            for performer in PERFORMERS
            if performer.genre == style.genre
            for program in performer.programs
        }
        for style in STYLES
    }
    for genre, programs in drawn.items():
        assert len(programs) >= 3
        assert programs & set().union(*(drawn[other] for other in drawn if other != genre))
