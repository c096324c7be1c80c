"""Test schedules over the API, and in real servers."""

import json
import time

import pytest
from tests.serve.conftest import PASSWORD, Client, is_problem

from segue.library import Library
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.serve.app import make_app
from segue.serve.settings import Settings

SCHEDULES = "/api/v1/schedules"


def listed(client):
    return {each["name"]: each for each in client.get(SCHEDULES).json()["items"]}


def test_schedules_are_listed_with_their_times(anna):
    answer = anna.get(SCHEDULES).json()
    assert answer["time_zone"]
    assert answer["next"] is None
    found = listed(anna)
    assert list(found) == [name for name, kind in JOB_KINDS.items() if kind.schedule is not None]
    backup = found["backup"]
    assert (backup["cron"], backup["words"]) == ("30 2 * * 0", "At 02:30 on Sunday")
    assert (backup["arguments"], backup["watch"]) == ({"keep": 4}, None)
    assert backup["next_run"] > time.time()
    assert found["rescan"]["watch"] is True


def test_schedule_is_changed_and_run(anna):
    body = {"times": "every day at 4:05", "enabled": False, "arguments": {"keep": 2}}
    changed = anna.patch(f"{SCHEDULES}/backup", json=body).json()
    assert (changed["cron"], changed["enabled"], changed["next_run"]) == ("5 4 * * *", False, None)
    assert listed(anna)["backup"] == changed
    answer = anna.post(f"{SCHEDULES}/backup/runs")
    assert (answer.status_code, answer.json()["verb"]) == (202, "backup")
    assert answer.json()["arguments"] == {"keep": 2}
    assert answer.headers["location"] == f"/api/v1/jobs/{answer.json()['id']}"
    assert listed(anna)["backup"]["last_job"] == answer.json()["id"]
    assert anna.patch(f"{SCHEDULES}/rescan", json={"watch": False}).json()["watch"] is False


@pytest.mark.parametrize(
    ("name", "body", "status", "problem"),
    [
        ("lunch", {"enabled": False}, 404, "unknown-schedule"),
        ("backup", {"times": "sometimes"}, 422, "invalid"),
        ("backup", {"times": "* * * * * *"}, 422, "invalid"),
        ("backup", {"watch": True}, 422, "invalid"),
        ("backup", {"arguments": {"keep": 0}}, 422, "invalid"),
        ("backup", {"arguments": {"path": 1}}, 422, "invalid"),
        ("backup", {"enabled": "no"}, 422, "invalid"),
        ("backup", {"next_run": 1}, 422, "invalid"),
    ],
)
def test_bad_change_of_schedule_is_rejected(anna, name, body, status, problem):
    before = listed(anna)
    assert is_problem(anna.patch(f"{SCHEDULES}/{name}", json=body), status, problem)
    assert listed(anna) == before


def test_schedules_are_for_admins(guarded):
    with Client(guarded) as one:
        ben = one.log_in("ben", PASSWORD)
        assert is_problem(ben.get(SCHEDULES), 403, "forbidden")
        change = ben.patch(f"{SCHEDULES}/backup", json={"enabled": False})
        assert is_problem(change, 403, "forbidden")
        assert is_problem(ben.post(f"{SCHEDULES}/backup/runs"), 403, "forbidden")


def test_unknown_schedule_is_not_run(anna):
    assert is_problem(anna.post(f"{SCHEDULES}/lunch/runs"), 404, "unknown-schedule")


@pytest.mark.parametrize(
    ("options", "off"),
    [({"schedule": False}, set(JOB_KINDS)), ({"auto_train": False}, {"train"}), ({}, set())],
)
def test_settings_switch_schedules_off(directory, options, off):
    with Client(make_app(directory, Settings(**options))) as client:
        found = listed(client.log_in("anna"))
    assert {name for name, one in found.items() if not one["runs"]} == off & set(found)
    assert all((one["next_run"] is None) == (not one["runs"]) for one in found.values())


def ended(server, number):
    """Return the job once it has ended."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        document = json.loads(server.ask("GET", f"/api/v1/jobs/{number}")[2])
        if document.get("finished"):
            return document
        time.sleep(0.2)
    raise AssertionError("the job did not end")


def make_due(directory, name):
    library = Library(directory)
    schedule = next(one for one in library.schedules.all() if one.name == name)
    assert library.schedules.change(schedule, next_run=time.time() - 1)
    library.close()


@pytest.mark.slow
def test_workers_run_a_missed_backup_once(serve, directory):
    server = serve("--workers", "2")
    server.log_in("anna")
    server.ask("GET", SCHEDULES)
    server.stop()
    make_due(directory, "backup")
    server = serve("--workers", "2")
    server.log_in("anna")
    job = ended(server, 1)
    assert (job["verb"], job["state"], job["reason"]) == ("backup", "done", "schedule")
    time.sleep(5)  # the other worker has looked twice
    assert [job["id"] for job in json.loads(server.ask("GET", "/api/v1/jobs")[2])["items"]] == [1]
    (copy,) = (directory / "backups").glob("automatic-*.db")
    assert copy.name == job["result"]["backup"]


def test_server_without_schedule_runs_nothing(serve, directory):
    server = serve("--no-schedule")
    server.log_in("anna")
    server.ask("GET", SCHEDULES)
    make_due(directory, "backup")
    time.sleep(5)
    assert json.loads(server.ask("GET", "/api/v1/jobs")[2])["items"] == []
    found = json.loads(server.ask("GET", SCHEDULES)[2])["items"]
    assert not any(one["runs"] for one in found)
