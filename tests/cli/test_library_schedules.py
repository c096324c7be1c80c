"""Test `segue library schedules`: list and change schedules."""

import json
import re
from datetime import datetime

import pytest
from typer.testing import CliRunner

from segue.cli import app
from segue.library import Library
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.schedules.scheduler import Scheduler
from segue.pipeline.schedules.times import server_zone

NAMES = [name for name, kind in JOB_KINDS.items() if kind.schedule is not None]


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("NO_COLOR", "1")
    opened = Library(tmp_path / "my.segue")
    yield opened
    opened.close()


def run(library, *arguments):
    given = ["library", "schedules", *arguments, "--library", str(library.directory)]
    return CliRunner().invoke(app, given)


def listed(library, *arguments):
    done = run(library, *arguments, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["time_zone"] == str(server_zone())
    return {one["name"]: one for one in document["schedules"]}


def row(library, name):
    """Return the cells of a schedule in the table."""
    lines = run(library).stdout.splitlines()
    (line,) = [line for line in lines if line.strip().startswith(name)]
    return [cell for cell in re.split(r"\s{2,}", line.strip()) if cell]


def shown_time(seconds):
    return f"{datetime.fromtimestamp(seconds, server_zone()):%Y-%m-%d %H:%M}"


def test_all_schedules_are_listed(library):
    found = listed(library)
    assert list(found) == NAMES
    backup = found["backup"]
    assert row(library, "backup") == [
        "backup",
        "At 02:30 on Sunday",
        shown_time(backup["next_run"]),
    ]
    assert row(library, "rescan")[1] == "At 03:00 every day, and when files change"
    assert f"Schedules ({server_zone()})" in run(library).stdout


def test_named_schedule_is_listed_alone(library):
    assert list(listed(library, "train")) == ["train"]


def test_each_option_changes_its_schedule(library):
    before = listed(library)
    changed = listed(library, "backup", "--times", "every day at 4:05", "--keep", "2")
    assert list(changed) == ["backup"]
    assert (changed["backup"]["cron"], changed["backup"]["arguments"]) == (
        "5 4 * * *",
        {"keep": 2},
    )
    assert listed(library, "train", "--off")["train"]["next_run"] is None
    assert row(library, "train")[-1] == "off"
    assert listed(library, "train", "--on")["train"]["enabled"] is True
    assert listed(library, "rescan", "--no-watch")["rescan"]["watch"] is False
    assert row(library, "rescan")[1] == "At 03:00 every day"
    assert listed(library, "rescan", "--watch")["rescan"]["watch"] is True
    after = listed(library)
    assert after == before | changed


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("lunch",), 1, "choose from rescan, train"),
        (("lunch", "--off"), 1, "choose from rescan, train"),
        (("--off",), 2, "Name the schedule to change"),
        (("--on",), 2, "Name the schedule to change"),
        (("--no-watch",), 2, "Name the schedule to change"),
        (("--keep", "3"), 2, "Name the schedule to change"),
        (("backup", "--times", "sometimes"), 1, "write it like"),
        (("backup", "--watch"), 1, "cannot watch files"),
        (("train", "--keep", "3"), 1, "no argument 'keep'"),
    ],
)
def test_wrong_change_is_one_sentence(library, arguments, code, words):
    before = listed(library)
    done = run(library, *arguments)
    assert done.exit_code == code
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.output
    assert listed(library) == before


@pytest.mark.parametrize("keep", ["0", "101", "many"])
def test_number_of_backups_has_limits(library, keep):
    assert run(library, "backup", "--keep", keep).exit_code == 2


def test_schedules_need_a_library(tmp_path):
    done = CliRunner().invoke(app, ["library", "schedules", "--library", str(tmp_path / "none")])
    assert done.exit_code == 1
    assert not (tmp_path / "none").exists()


def test_results_of_runs_are_listed(library):
    scheduler = Scheduler(library)
    for state, error in (("done", None), ("failed", "The disk is gone."), ("failed", "Again.")):
        scheduler.run_now("backup", by="anna")
        library.jobs.finish(library.jobs.claim("a test"), state, error=error)
        scheduler.tick()
        found = scheduler.find("backup")
        shown = row(library, "backup")
        assert shown[3] == shown_time(found.last_run)
        expected = "done" if state == "done" else f"failed {found.failures}x: {error}"
        assert shown[4] == expected
    scheduler.close()
