"""Map page of a large library: progress of the job, then the map."""

import shutil
from contextlib import closing

import pytest
from tests.factories import copy_of_library
from tests.serve.served import LocalServer

from segue.library import Library
from segue.pipeline.jobs import runner
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.track_map import train_maps

pytestmark = pytest.mark.slow
STEPS = 4_000


@pytest.fixture
def large(trained, tmp_path, monkeypatch):
    """A server in this process for which 48 tracks are many, and which runs no jobs."""
    monkeypatch.setattr(train_maps, "MAX_FOR_ALL", 10)
    monkeypatch.setattr(runner.Runner, "tick", lambda runner: None)
    library = copy_of_library(trained, tmp_path / "my.segue")
    for made in (library / "models").glob("map-*"):
        shutil.rmtree(made)
    server = LocalServer(library).start()
    yield server
    server.stop()


@pytest.fixture
def library(large):
    with closing(Library(large.library)) as library:
        yield library


def said(part: str) -> str:
    return f"document.querySelector('#announcements').textContent.includes({part!r})"


def test_map_page_shows_progress_then_map(large, library, visit, until):
    page = visit(large)
    page.get_by_role("link", name="Map").click()
    bar = page.get_by_role("progressbar", name="Computing the map")
    bar.wait_for()
    until(page, said("Computing the map."))
    assert page.get_by_text("Waiting for other jobs").is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Map"
    job = library.jobs.claim("the test")
    assert job.verb == "map"
    library.jobs.tell(job, text="Laying out the map", done=STEPS // 2, total=STEPS)
    page.get_by_text("Laying out the map: 50").wait_for()
    assert bar.get_attribute("value") == "0.5"
    until(page, said("Map: 50"))
    train_maps.track_map(RecommenderService.open(library).state(), job.arguments["by"])
    library.jobs.finish(job, "done", result={})
    page.locator(".map-legend button").first.wait_for()
    until(page, said("The map is ready."))
    assert not bar.is_visible()
    assert page.evaluate("document.activeElement.textContent") == "Map"
    assert len(library.jobs.all()) == 1


def test_map_page_failed_job_shows_error(large, library, visit):
    page = visit(large)
    page.get_by_role("link", name="Map").click()
    page.get_by_role("progressbar", name="Computing the map").wait_for()
    library.jobs.finish(library.jobs.claim("the test"), "failed", error="The disk is full.")
    page.locator("main").get_by_text("The disk is full.").wait_for()


def test_map_page_job_is_stopped_and_started_again(large, library, visit):
    page = visit(large)
    page.get_by_role("link", name="Map").click()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("the job was stopped").wait_for()
    page.get_by_role("button", name="Compute the map").click()
    page.get_by_role("progressbar", name="Computing the map").wait_for()
    assert [job.state for job in library.jobs.all()] == ["waiting", "cancelled"]


def test_map_page_left_during_job_stays_left(large, library, visit, until):
    page = visit(large)
    page.get_by_role("link", name="Map").click()
    page.get_by_role("progressbar", name="Computing the map").wait_for()
    page.get_by_role("link", name="Quality").click()
    job = library.jobs.claim("the test")
    train_maps.track_map(RecommenderService.open(library).state(), job.arguments["by"])
    library.jobs.finish(job, "done", result={})
    page.wait_for_timeout(1_500)
    assert page.locator("h1").inner_text() == "Quality"
    assert page.locator(".map-stage").count() == 0
