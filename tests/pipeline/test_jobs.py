"""Test jobs: real commands in processes of their own, which survive their starter."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pandas as pd
import pytest

from segue.errors import JobError, UnknownJobError
from segue.library import Library
from segue.library import jobs as jobs_module
from segue.pipeline.jobs import job_process
from segue.pipeline.jobs import runner as runner_module
from segue.pipeline.jobs.job_arguments import without_paths
from segue.pipeline.jobs.job_datasets import known_datasets
from segue.pipeline.jobs.processes import identity, is_alive, pid_of
from segue.pipeline.jobs.runner import (
    Runner,
    cancel,
    find_job,
    job_document,
    run_waiting,
    start_job,
)
from segue.pipeline.preprocess import preprocess
from segue.types import Track

PATIENCE = 240.0


@pytest.fixture
def listens(tmp_path):
    """A dataset of listens alone, which is quick to take in."""
    directory = tmp_path / "My Listens"
    directory.mkdir()
    rows = [f"u{u},t{t}" for u in range(6) for t in range(12) if (u + t) % 3]
    (directory / "listens.csv").write_text("\n".join(["user_id,track_id", *rows]))
    return directory


@pytest.fixture
def music(dataset, tmp_path):
    """A dataset with audio whose analysis takes a while."""
    return shutil.copytree(dataset, tmp_path / "music")


def wait_for(what, runner=None):
    """Wait until `what` returns something, letting a runner look meanwhile."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        if runner is not None:
            runner.tick()
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def ended(library, job):
    return lambda: None if find_job(library, job.id).under_way else find_job(library, job.id)


def at_work(library, job):
    """Return the job once its process analyses audio."""

    def look():
        now = find_job(library, job.id)
        return now if now.process and is_alive(now.process) and now.total else None

    return look


@pytest.mark.slow
def test_jobs_run_in_order_and_store_results(library, listens):
    start_job(library, "preprocess", {"path": str(listens)}, by="anna", admin=True)
    start_job(library, "train", {"models": ["knn", "collaborative"]})
    start_job(library, "train", {"models": ["cnn"], "target": "mood"})
    start_job(library, "evaluate", {"subject": "recommendations"})
    first = run_waiting(library, every=0.05)
    assert (first.state, first.asked_by, first.error) == ("done", "anna", None)
    assert first.result["listens"] == library.counts()["listens"] > 0
    assert first.result["dataset"] == "My Listens"
    assert first.started <= first.finished
    trained = run_waiting(library, every=0.05)
    assert trained.state == "done"
    assert [model["model"] for model in trained.result["models"]] == ["knn", "collaborative"]
    refused = run_waiting(library, every=0.05)
    assert (refused.state, refused.result) == ("failed", None)
    assert "'mood'" in refused.error
    measured = run_waiting(library, every=0.05)
    assert measured.state == "done"
    assert (library.reports / measured.result["report"] / "report.html").is_file()
    assert run_waiting(library) is None
    again = start_job(library, "preprocess", {"dataset": "My Listens"})
    assert run_waiting(library, every=0.05).state == "done"
    assert find_job(library, again.id).starts == 1


def test_job_document_has_no_paths(library, listens, tmp_path):
    gone = tmp_path / "gone away"
    gone.mkdir()
    job = start_job(library, "preprocess", {"path": str(gone)}, admin=True)
    gone.rmdir()
    done = run_waiting(library, every=0.05)
    assert done.state == "failed"
    assert done.error
    document = json.dumps(job_document(library, find_job(library, job.id)))
    assert str(tmp_path) not in document
    assert "gone away" in document
    assert job_document(library, done)["arguments"] == {"path": "gone away"}
    assert set(job_document(library, done)).isdisjoint({"process", "runner", "claim"})


@pytest.mark.slow
def test_job_continues_after_starter_is_killed(library, music):
    job = start_job(library, "preprocess", {"path": str(music)}, admin=True)
    script = (
        "import sys, time\nfrom segue.library import Library\n"
        "from segue.pipeline.jobs.runner import Runner\nrunner = Runner(Library(sys.argv[1]))\n"
        "while True:\n    runner.tick()\n    time.sleep(0.05)\n"
    )
    server = subprocess.Popen([sys.executable, "-c", script, library.directory])
    working = wait_for(at_work(library, job))
    server.kill()
    server.wait()
    with Runner(library) as runner:
        done = wait_for(ended(library, job), runner)
    assert (done.state, done.starts, done.process) == ("done", 1, working.process)
    assert library.counts()["tracks"] == done.result["analyzed"] == 36


@pytest.mark.slow
def test_job_restarts_after_process_is_killed(library, music):
    job = start_job(library, "preprocess", {"path": str(music)}, admin=True)
    with Runner(library) as runner:
        working = wait_for(at_work(library, job), runner)
        os.kill(pid_of(working.process), signal.SIGKILL)
        done = wait_for(ended(library, job), runner)
    assert (done.state, done.starts) == ("done", 2)
    assert done.process != working.process
    assert library.counts()["tracks"] == 36


def test_job_of_dead_runner_is_restarted(library, listens):
    job = start_job(library, "preprocess", {"path": str(listens)}, admin=True)
    assert library.jobs.claim("1:2:nobody")
    assert run_waiting(library, every=0.05).state == "done"
    assert find_job(library, job.id).starts == 2


def test_job_that_always_dies_fails_with_sentence(library, listens):
    job = start_job(library, "preprocess", {"path": str(listens)}, admin=True)
    starts = 0
    with Runner(library) as runner:
        while find_job(library, job.id).under_way:
            if library.jobs.claim("1:2:nobody"):
                starts += 1
            for lost in library.jobs.under_way():
                if lost.state == "running":
                    runner._check_running(lost)
    assert starts == 4
    failed = find_job(library, job.id)
    assert failed.state == "failed"
    assert "ended 4 times without a result" in failed.error


def test_process_with_old_claim_does_nothing(library, listens):
    start_job(library, "preprocess", {"path": str(listens)}, admin=True)
    claimed = library.jobs.claim("1:2:nobody")
    library.jobs.give_back(claimed)
    again = library.jobs.claim(identity(os.getpid()))
    command = [sys.executable, "-m", "segue.pipeline.jobs.job_process", library.directory]
    subprocess.run([*command, str(claimed.id), claimed.claim], check=True)
    assert library.counts()["tracks"] == 0
    assert not library.jobs.finish(claimed, "done")
    assert find_job(library, again.id) == again


def test_two_runners_start_job_once(library, listens):
    job = start_job(library, "preprocess", {"path": str(listens)}, admin=True)
    start_job(library, "train", {})
    with Runner(library) as one, Runner(Library(library.directory)) as other:
        started = [runner.tick() for runner in (one, other, one, other)]
        assert [found.id for found in started if found] == [job.id]
        wait_for(ended(library, job), one)
        other.tick()
    cancel(library, library.jobs.all()[0].id)
    wait_for(lambda: not library.jobs.under_way(), Runner(library))


def test_cancel_waiting_job_is_immediate(library, listens):
    job = start_job(library, "preprocess", {"path": str(listens)}, admin=True)
    assert cancel(library, job.id, by="anna").state == "cancelled"
    assert run_waiting(library) is None
    assert cancel(library, job.id).state == "cancelled"
    with pytest.raises(UnknownJobError, match="no job 99"):
        cancel(library, 99)


@pytest.mark.slow
def test_cancel_running_job_keeps_finished_work(library, music):
    job = start_job(library, "preprocess", {"path": str(music)}, admin=True)
    with Runner(library) as runner:
        wait_for(at_work(library, job), runner)
        assert cancel(library, job.id).cancelled
        stopped = wait_for(ended(library, job), runner)
    assert (stopped.state, stopped.error) == ("cancelled", None)
    again = start_job(library, "preprocess", {"path": str(music)}, admin=True)
    assert again.id != job.id
    assert run_waiting(library, every=0.05).state == "done"
    assert library.counts()["tracks"] == 36


def test_cancel_escalates_signals(library, monkeypatch):
    script = (
        "import signal, time\nfor number in (2, 15): signal.signal(number, signal.SIG_IGN)\n"
        "print(1, flush=True); time.sleep(60)"
    )
    deaf = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    deaf.stdout.readline()
    start_job(library, "train", {})
    claimed = library.jobs.take(library.jobs.claim(identity(os.getpid())), identity(deaf.pid))
    cancel(library, claimed.id)
    with Runner(library) as runner:
        for seconds in (0, 11, 31):
            assert find_job(library, claimed.id).state == "running"
            later = SimpleNamespace(time=lambda seconds=seconds: time.time() + seconds)
            monkeypatch.setattr(runner_module, "time", later)
            runner.tick()
        assert deaf.wait() == -signal.SIGKILL
        deaf.stdout.close()
        runner.tick()
    assert find_job(library, claimed.id).state == "cancelled"


@pytest.mark.slow
def test_terminated_job_waits_again(library, music):
    job = start_job(library, "preprocess", {"path": str(music)}, admin=True)
    with Runner(library) as runner:
        working = wait_for(at_work(library, job), runner)
        os.kill(pid_of(working.process), signal.SIGTERM)
        wait_for(lambda: find_job(library, job.id).state == "waiting")
        assert find_job(library, job.id).starts == 0
        assert wait_for(ended(library, job), runner).state == "done"


def test_job_waits_for_locked_library(library, listens):
    job = start_job(library, "preprocess", {"path": str(listens)}, admin=True)
    with Runner(library) as runner:
        with library.writing("segue train"):
            runner.tick()
            wait_for(lambda: "another program" in find_job(library, job.id).text)
        assert wait_for(ended(library, job), runner).state == "done"


@pytest.mark.sqlite  # whose transactions lock the whole file
def test_progress_is_written_during_transaction(library):
    start_job(library, "train", {})
    job = library.jobs.take(library.jobs.claim("a"), "b")
    told = job_process.JobProgressWriter(library, job)
    told.step("1/2  Listening")
    with told("Analysing", 10) as advance:
        for _ in range(10):
            advance(1)
    now = find_job(library, job.id)
    assert (now.text, now.done, now.total) == ("1/2  Listening: Analysing", 10, 10)
    with library._database.begin() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = value")
        assert not library.jobs.tell(job, text="x", done=1, total=1)
    assert library.jobs.tell(job, text="x", done=1, total=1)


@pytest.mark.parametrize(
    ("verb", "arguments", "why"),
    [
        ("dance", {}, "no job 'dance'"),
        ("preprocess", {}, "needs either a dataset"),
        ("preprocess", {"path": "/"}, "Only an admin"),
        ("preprocess", {"dataset": "x"}, "none was scanned yet"),
        ("preprocess", {"dataset": 5}, "a text"),
        ("preprocess", {"dataset": "a\n"}, "a text"),
        ("train", {"models": ["cnn", "magic"]}, "no model 'magic'"),
        ("train", {"models": "cnn"}, "a list of names"),
        ("train", {"seed": -1}, "whole number"),
        ("train", {"force": "yes"}, "true or false"),
        ("train", {"settings": {}}, "has no argument .settings"),
        ("evaluate", {"split": "all"}, "train, valid, test"),
        ("evaluate", {"protocol": "x"}, "one of global-temporal"),
        ("evaluate", {"protocol": "global-temporal", "subject": "knn"}, "for recommendations"),
        ("evaluate", {"organic_only": True}, "is an option of"),
        ("demo", {"tracks": 10**9}, "60 to 2,000"),
    ],
)
def test_start_job_invalid_arguments_fail(library, verb, arguments, why):
    with pytest.raises(JobError, match=why):
        start_job(library, verb, arguments)
    assert library.jobs.all() == []


def test_start_job_admin_path_must_exist(library, tmp_path):
    for path in ("music", str(tmp_path / "nothing")):
        with pytest.raises(JobError, match="no directory"):
            start_job(library, "preprocess", {"path": path}, admin=True)


def test_start_job_duplicate_or_too_many(library, monkeypatch):
    assert (
        start_job(library, "train", {"seed": 1}).id == start_job(library, "train", {"seed": 1}).id
    )
    assert (
        start_job(library, "train", {"seed": 2}).id != start_job(library, "train", {"seed": 1}).id
    )
    monkeypatch.setattr(runner_module, "MAX_WAITING", 2)
    with pytest.raises(JobError, match="are waiting already"):
        start_job(library, "train", {"seed": 3})


def test_old_jobs_are_deleted_with_logs(library, monkeypatch):
    monkeypatch.setattr(jobs_module, "_MAX_ENDED", 2)
    made = []
    for seed in range(4):
        job = start_job(library, "train", {"seed": seed})
        library.jobs.log(job.id).parent.mkdir(exist_ok=True)
        library.jobs.log(job.id).write_text("log")
        cancel(library, job.id)
        made.append(job.id)
    start_job(library, "train", {"seed": 9})
    assert [job.id for job in library.jobs.all()][1:] == made[:1:-1]
    assert [library.jobs.log(one).exists() for one in made] == [False, False, True, True]
    assert [job.id for job in library.jobs.all(before=made[3], most=1)] == [made[2]]


def test_known_datasets_have_unique_names(library, listens, tmp_path):
    other = shutil.copytree(listens, tmp_path / "other" / "My Listens")
    preprocess(library, listens, workers=1)
    preprocess(library, other, workers=1)
    preprocess(library, listens, workers=1)
    assert known_datasets(library) == {"My Listens": other, "My Listens (2)": listens}


def test_without_paths_keeps_last_components(library):
    tracks = [Track(track_id="a")]
    none = pd.DataFrame({"user_id": [], "track_id": []}, dtype=str)
    library.add_dataset("d", tracks=tracks, listens=none)
    library.record_run("preprocess", {"dataset": "/srv/all my music"})
    told = without_paths(
        library, f"{library.directory}/x and /srv/all my music/b.wav: 3/4 and/or ~/secret/c."
    )
    assert told == "my.segue/x and all my music/b.wav: 3/4 and/or c."
