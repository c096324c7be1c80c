"""Test that listens and opinions that players submit are stored as they are meant."""

import time

import pandas as pd
import pytest
from sqlalchemy import select

from segue.library import Event, Library
from segue.library.schema import feedback, listens
from segue.pipeline.history.submitted_listens import (
    SubmissionTarget,
    give_opinion,
    read_listens,
    submit,
)
from segue.serve.scrobbling.scrobble_times import MAX_AHEAD_SECONDS, time_problem
from segue.sources.history_import.matching import Matcher
from segue.types import LISTEN_COLUMNS, Track

AT = 1_700_000_000
TRACKS = [Track(track_id=f"t{n}", title=f"Piece {n}", artist=f"Band {n}") for n in range(3)]


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "my.segue")
    opened.add_dataset("music", tracks=TRACKS, listens=pd.DataFrame(columns=LISTEN_COLUMNS))
    yield opened
    opened.close()


@pytest.fixture
def target(library):
    ids = {row: one.track_id for row, one in library.each_track()}
    return SubmissionTarget(library, library.feedback.add, Matcher(library.each_track()), ids.get)


def record(number=1, at=AT, **more):
    names = {"artist_name": f"Band {number}", "track_name": f"Piece {number}"}
    return {
        "listened_at": at,
        "track_metadata": {**names, "additional_info": {"submission_client": "segue", **more}},
    }


def stored(library, table):
    with library._database.connect() as connection:
        return connection.execute(select(table)).mappings().all()


def test_listen_of_a_known_second_counts_once(library, target):
    played = Event(user="anna", track_id="t1", kind="play", key="k", at=AT + 0.7)
    library.feedback.add([played])
    assert submit(target, "anna", read_listens([record()])) == 0
    assert submit(target, "ben", read_listens([record()])) == 1
    assert submit(target, "anna", read_listens([record(at=AT + 1), record(2)])) == 2


def test_private_listen_is_stored_and_not_learned_from(library, target):
    submit(target, "anna", read_listens([record(private=True), record(2)]))
    assert [one["private"] for one in stored(library, listens)] == [True, None]
    assert len(stored(library, feedback)) == 1


def test_listen_keeps_whether_it_was_recommended(library, target):
    submit(target, "anna", read_listens([record(recommended=True), record(2)]))
    assert [one["recommended"] for one in stored(library, listens)] == [True, None]


def test_user_that_a_listen_names_is_ignored(library, target):
    submit(target, "anna", read_listens([{**record(), "user_name": "ben", "user": "ben"}]))
    assert (library.plays.count("anna"), library.plays.count("ben")) == (1, 0)
    assert read_listens([{**record(), "user_name": "ben"}])[0].user is None


def test_opinion_that_is_there_is_not_stored_again(library, target):
    for score in (0, 1, 1, -1, 0, 0):
        give_opinion(target, "anna", "t1", score)
    assert [one["kind"] for one in stored(library, feedback)] == ["like", "dislike", "clear"]


@pytest.mark.parametrize(("ahead", "problem"), [(-60, None), (60, "new")])
def test_clock_may_be_ahead_by_an_hour(ahead, problem):
    assert time_problem(int(time.time() + MAX_AHEAD_SECONDS + ahead)) == problem
