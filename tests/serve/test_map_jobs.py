"""Test maps of large libraries: one job makes a map for all requests."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest
from tests.serve.conftest import N_TRACKS, PASSWORD, Client, is_problem

from segue.library import Library
from segue.pipeline.jobs import map_jobs, runner
from segue.pipeline.track_map import train_maps
from segue.serve import app as app_module
from segue.serve.app import make_app

PATIENCE = 240.0


@pytest.fixture
def large(monkeypatch):
    """Let twelve tracks be many."""
    monkeypatch.setattr(train_maps, "MAX_FOR_ALL", N_TRACKS - 1)


@pytest.fixture
def directory(directory, large):
    """A library without a map."""
    for made in (directory / "models").glob("map-*"):
        shutil.rmtree(made)
    return directory


@pytest.fixture
def resting(monkeypatch):
    """Let servers start no job."""
    monkeypatch.setattr(app_module, "JOB_POLL_SECONDS", 1e6)
    monkeypatch.setattr(runner.Runner, "tick", lambda runner: None)


def test_missing_map_is_made_by_job(anna):
    answer = anna.get("/api/v1/map")
    assert is_problem(answer, 409, "in-progress")
    assert int(answer.headers["retry-after"]) > 0
    job = answer.json()["job"]
    assert set(job) == {"id", "state", "done", "total", "text", "stage", "stage_name"}
    assert str(job["id"]) in answer.json()["detail"]
    asked = anna.get(f"/api/v1/jobs/{job['id']}").json()
    assert (asked["verb"], asked["asked_by"]) == ("map", "anna")
    end = time.monotonic() + PATIENCE
    while anna.get(f"/api/v1/jobs/{job['id']}").json()["state"] != "done":
        assert time.monotonic() < end
        time.sleep(0.1)
    about = anna.get("/api/v1/map").json()
    assert about["n"] == N_TRACKS
    assert asked["arguments"] == {"by": about["by"]}
    points = np.frombuffer(anna.get("/api/v1/map/points").content, "<u2").reshape(-1, 3)
    assert (points[:, :2] <= about["edge"]).all()


def test_points_and_paths_share_the_job(anna, resting):
    first = anna.get("/api/v1/map")
    points = anna.get("/api/v1/map/points")
    path = anna.post("/api/v1/map/path", json={"points": [[0, 0], [9, 9]]})
    for answer in (points, path):
        assert is_problem(answer, 409, "in-progress")
        assert answer.json()["job"]["id"] == first.json()["job"]["id"]
    assert is_problem(anna.get("/api/v1/map?by=nonsense"), 422, "invalid")
    assert len(anna.get("/api/v1/jobs").json()["items"]) == 1


def test_parallel_map_requests_start_one_job(directory, resting):
    with Client(make_app(directory)) as one, Client(make_app(directory)) as other:
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(who.get, "/api/v1/map") for who in [one, other] * 4]
        assert len({answer.result().json()["job"]["id"] for answer in asked}) == 1
    with closing(Library(directory)) as library:
        assert len(library.jobs.all()) == 1


def test_running_job_is_reused(directory):
    with closing(Library(directory)) as library:
        first = runner.start_job(library, "map", {"by": "knn"}, once=True)
        library.jobs.claim("somebody")
        assert runner.start_job(library, "map", {"by": "knn"}, once=True).id == first.id
        assert runner.start_job(library, "map", {"by": "metadata"}, once=True).id != first.id


def test_failed_map_job_is_reported_then_retried(anna, directory, resting, monkeypatch):
    assert is_problem(anna.get("/api/v1/map"), 409, "in-progress")
    with closing(Library(directory)) as library:
        library.jobs.finish(library.jobs.claim("somebody"), "failed", error="The disk is full.")
    failed = anna.get("/api/v1/map")
    assert is_problem(failed, 409, "conflict")
    assert "The disk is full." in failed.json()["detail"]
    monkeypatch.setattr(map_jobs, "RETRY_SECONDS", 0.0)
    assert is_problem(anna.get("/api/v1/map"), 409, "in-progress")
    assert len(anna.get("/api/v1/jobs").json()["items"]) == 2


def test_map_progress_is_visible_without_admin(guarded, resting):
    with Client(guarded) as client:
        client.log_in("ben", PASSWORD)
        answer = client.get("/api/v1/map")
        assert is_problem(answer, 409, "in-progress")
        assert answer.json()["job"]["state"] == "waiting"
        assert is_problem(client.get("/api/v1/jobs"), 403, "forbidden")


def test_small_map_is_made_at_once(anna, monkeypatch):
    monkeypatch.setattr(train_maps, "MAX_FOR_ALL", N_TRACKS)
    assert anna.get("/api/v1/map").json()["n"] == N_TRACKS


def test_openapi_describes_map_job(anna):
    document = anna.get("/api/v1/openapi.json").json()
    for path, method in (("/map", "get"), ("/map/points", "get"), ("/map/path", "post")):
        content = document["paths"][f"/api/v1{path}"][method]["responses"]["409"]["content"]
        example = content["application/problem+json"]["examples"]["in-progress"]["value"]
        assert set(example["job"]) == {
            "id",
            "state",
            "done",
            "total",
            "text",
            "stage",
            "stage_name",
        }
