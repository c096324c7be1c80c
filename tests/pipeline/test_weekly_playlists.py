"""Test playlists that follow the weekly lists of ListenBrainz."""

import time

import pandas as pd
import pytest
from tests.recorded_services import TOKEN, RecordedServices

from segue.errors import AccountError
from segue.library import Library
from segue.pipeline.history.service_connections import connect_service
from segue.pipeline.jobs.runner import run_waiting, start_job
from segue.pipeline.playlists.weekly_playlists import (
    REFRESH_SECONDS,
    WEEKLY_NAMES,
    fetch_due_playlists,
    fetch_weekly_playlists,
    is_fetch_due,
)
from segue.types import LISTEN_COLUMNS, Track

EXTENSION = "https://musicbrainz.org/doc/jspf#playlist"


@pytest.fixture
def services():
    made = RecordedServices()
    yield made
    made.close()


@pytest.fixture
def library(tmp_path, services):
    opened = Library(tmp_path / "my.segue")
    add(opened, range(4))
    connect_service(
        opened,
        "anna",
        "listenbrainz",
        {"token": TOKEN},
        url=services.url,
        fetches=True,
        admin=True,
    )
    yield opened
    opened.close()


def add(library, numbers):
    tracks = [Track(track_id=f"t{n}", title=f"Piece {n}", artist=f"Band {n}") for n in numbers]
    listens = pd.DataFrame(columns=LISTEN_COLUMNS)
    library.add_dataset("music", tracks=tracks, listens=listens)


def weekly(number, patch, date, *numbers):
    about = {"additional_metadata": {"algorithm_metadata": {"source_patch": patch}}}
    tracks = [{"title": f"Piece {n}", "creator": f"Band {n}", "identifier": []} for n in numbers]
    playlist = {
        "title": f"{patch} of {date}",
        "identifier": f"https://listenbrainz.org/playlist/{number}",
        "date": date,
        "extension": {EXTENSION: about},
        "track": tracks,
    }
    return {number: {"playlist": playlist}}


def saved(library):
    return {one.name: list(one.tracks) for one in library.playlists.of("anna")}


def test_weekly_lists_are_saved_and_follow(library, services):
    services.playlists = {
        **weekly("a", "weekly-jams", "2026-11-23", 0, 1),
        **weekly("b", "weekly-jams", "2026-11-30", 2, 9, 1),
        **weekly("c", "weekly-exploration", "2026-11-30", 3),
        **weekly("d", "daily-jams", "2026-11-30", 3),
        **weekly("e", "", "2026-11-30", 3),
    }
    jams, exploration = fetch_weekly_playlists(library, "anna")
    assert (jams.matched, jams.missing, jams.changed) == (2, 1, True)
    assert (exploration.matched, exploration.missing) == (1, 0)
    names = WEEKLY_NAMES["weekly-jams"], WEEKLY_NAMES["weekly-exploration"]
    assert saved(library) == {names[0]: ["t2", "t1"], names[1]: ["t3"]}
    assert not any(one.changed for one in fetch_weekly_playlists(library, "anna"))
    add(library, range(10))  # a missing track has come
    services.playlists |= weekly("f", "weekly-exploration", "2026-12-07", 0)
    fetch_weekly_playlists(library, "anna")
    assert saved(library) == {names[0]: ["t2", "t9", "t1"], names[1]: ["t0"]}


def test_renamed_list_follows_and_deleted_one_rests(library, services):
    services.playlists = weekly("a", "weekly-jams", "2026-11-30", 0)
    (one,) = fetch_weekly_playlists(library, "anna")
    library.playlists.rename("anna", one.playlist, "Mine")
    services.playlists = weekly("b", "weekly-jams", "2026-12-07", 1)
    fetch_weekly_playlists(library, "anna")
    assert saved(library) == {"Mine": ["t1"]}
    library.playlists.delete("anna", one.playlist)
    fetch_weekly_playlists(library, "anna")
    assert saved(library) == {}
    services.playlists = weekly("c", "weekly-jams", "2026-12-14", 2)
    fetch_weekly_playlists(library, "anna")
    assert saved(library) == {WEEKLY_NAMES["weekly-jams"]: ["t2"]}


def test_list_without_any_track_is_not_saved(library, services):
    services.playlists = weekly("a", "weekly-jams", "2026-11-30", 20, 21)
    (one,) = fetch_weekly_playlists(library, "anna")
    assert (one.playlist, one.matched, one.missing) == (None, 0, 2)
    assert saved(library) == {}


def test_listener_without_listenbrainz_is_told(library):
    with pytest.raises(AccountError, match="connect it first"):
        fetch_weekly_playlists(library, "ben")


def test_failed_fetch_is_tried_in_an_hour(library, services):
    services.failures = [503]
    assert fetch_due_playlists(library) == {"n_playlists": 0, "n_failed": 1}
    connections = library.services.fetching()
    assert not is_fetch_due(connections, time.time() + 3_000)
    assert is_fetch_due(connections, time.time() + 4_000)


def test_refused_token_stops_the_fetches(library, services):
    services.failures = [401]
    assert fetch_due_playlists(library)["n_failed"] == 1
    assert library.services.get("anna", "listenbrainz").stopped
    assert library.services.fetching() == []


def test_job_fetches_for_all_who_want_it(library, services):
    services.playlists = weekly("a", "weekly-jams", "2026-11-30", 0)
    assert is_fetch_due(library.services.fetching(), time.time())
    start_job(library, "weekly")
    job = run_waiting(library)
    assert (job.state, job.result) == ("done", {"n_playlists": 1, "n_failed": 0}), job.error
    assert saved(library) == {WEEKLY_NAMES["weekly-jams"]: ["t0"]}
    now = time.time()
    assert not is_fetch_due(library.services.fetching(), now)
    assert is_fetch_due(library.services.fetching(), now + REFRESH_SECONDS + 60)
