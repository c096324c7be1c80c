"""Lists of a library that is being scanned, and of listeners without a history."""

import pytest
from tests.factories import copy_of_library, make_library, rows, sound, write_dataset

import segue.pipeline.preprocess as preprocessing
from segue.library import Library
from segue.pipeline.jobs.job_process import Speed
from segue.pipeline.recommender.service import RecommenderService

GENRES = ("folk", "jazz", "rock")


def table(n, columns="track_id title artist genre"):
    found = [(f"t{i}", f"No. {i}", f"Artist {i % 6}", GENRES[i % 3]) for i in range(n)]
    return rows(columns, found)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A library of metadata only: twelve tracks by six artists; `ben` played two of them."""
    directory = tmp_path_factory.mktemp("twelve")
    listens = [("ben", "t0", 10.0), ("ben", "t1", 20.0)]
    dataset = write_dataset(
        directory / "data", table(12), listens=rows("user_id track_id timestamp", listens)
    )
    make_library(directory / "my.segue", dataset).close()
    return directory / "my.segue"


@pytest.fixture
def library(original, tmp_path):
    found = Library(copy_of_library(original, tmp_path / "my.segue"))
    found.histories.welcome("dora")
    return found


def first_list(library, k=6, **wanted):
    state = RecommenderService.open(library).state_of_any_library()
    return state.recommend(state.query("dora", k, **wanted))


def test_list_without_history_has_many_artists_and_genres(library):
    found = first_list(library, 6)
    assert len({one.artist for one in found}) == 6
    assert {one.reason for one in found} >= {f"To get started: {genre}" for genre in GENRES[1:]}


def test_list_without_history_is_the_same_again(library):
    assert [one.track_id for one in first_list(library)] == [
        one.track_id for one in first_list(library)
    ]


def test_list_without_history_has_no_negative_scores(library):
    found = first_list(library, 12)
    assert len(found) == 12
    assert all(one.score >= 0 for one in found)
    assert all(one.score == pytest.approx(sum(one.why.values())) for one in found)


def test_list_without_history_obeys_exclusions(library):
    from segue.engine import Exclusions

    found = first_list(library, 12, exclusions=Exclusions(genres=("folk",)))
    assert len(found) == 8
    assert not any("folk" in (one.reason or "") for one in found)


def test_library_of_nothing_comparable_gives_a_list(tmp_path):
    titles = [(f"t{i}", f"No. {i}") for i in range(5)]
    dataset = write_dataset(tmp_path / "data", rows("track_id title", titles))
    library = make_library(tmp_path / "my.segue", dataset)
    library.histories.welcome("dora")
    assert len(first_list(library, 4)) == 4


def test_tracks_are_listed_before_they_are_analyzed(tmp_path, rng, monkeypatch):
    files = [(f"t{i}", f"audio/{i}.wav", f"No. {i}", f"Artist {i}", "folk") for i in range(4)]
    dataset = write_dataset(
        tmp_path / "data",
        rows("track_id path title artist genre", files),
        sounds={f"{i}.wav": sound("noise", rng, 1) for i in range(4)},
    )
    seen = {}
    analyze = preprocessing.analyse_library

    def look(library, *rest, **more):
        other = Library(library.directory)
        other.histories.welcome("dora")
        seen.update(
            other.analyzed(), listed=len(first_list(other, 3)), folders=other.jobs.datasets()
        )
        return analyze(library, *rest, **more)

    monkeypatch.setattr(preprocessing, "analyse_library", look)
    make_library(tmp_path / "my.segue", dataset).close()
    assert (seen["analyzed"], seen["listed"]) == (0, 3)
    assert seen["folders"] == [str(dataset.resolve())]


def test_service_follows_a_scan_but_not_a_training(library, monkeypatch):
    monkeypatch.setattr("segue.pipeline.recommender.service.CHECK_SECONDS", 0)
    service = RecommenderService(library)
    for verb, follows in (("segue train", False), ("segue preprocess", True)):
        before = service.snapshot()
        with library.writing(verb):
            library.record_run("scan", {})
            service.snapshot()
            if service._refreshing is not None:
                service._refreshing.join()
            assert (service.snapshot() is not before) == follows
    service.close()


def test_speed_of_a_resumed_job_leaves_out_what_was_done():
    speed = Speed()
    speed.note(900, 0.0)
    assert speed.rate() is None
    for second in range(1, 200):
        speed.note(900 + 2 * second, float(second))
    assert speed.rate() == pytest.approx(2)


def test_speed_is_that_of_the_last_minute():
    speed = Speed()
    for second in range(100):
        speed.note(10 * second, float(second))
    for second in range(100, 200):
        speed.note(1_000 + second, float(second))
    assert speed.rate() == pytest.approx(1)
