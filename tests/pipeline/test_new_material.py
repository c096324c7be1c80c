"""Training that a server starts by itself when there is enough new material."""

import pytest

from segue.errors import JobError
from segue.library import Library
from segue.pipeline.jobs import new_material
from segue.pipeline.jobs.runner import Runner, cancel, start_again, start_job
from segue.pipeline.schedules.edit_schedules import change_schedule
from segue.pipeline.schedules.scheduler import Scheduler


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "my.segue")


@pytest.fixture
def counts(monkeypatch):
    """Counts of the library, which a test changes."""
    found = {"analyzed": 24, "listens": 0}
    monkeypatch.setattr(new_material, "training_counts", lambda library: dict(found))
    return found


def train_if_useful(library, reason, **options):
    return Scheduler(library, **options).trigger("train", reason)


def test_training_starts_where_there_is_enough(library, counts):
    job = train_if_useful(library, "new-music")
    assert (job.verb, job.reason, job.asked_by) == ("train", "new-music", None)
    assert train_if_useful(library, "new-music") is None  # one is waiting


@pytest.mark.parametrize("few", [{"analyzed": 19, "listens": 49}, {"analyzed": 0, "listens": 0}])
def test_training_with_too_little_does_not_start(library, counts, few):
    counts.update(few)
    assert train_if_useful(library, "new-music") is None


def test_training_waits_for_a_scan(library, counts, tmp_path):
    start_job(library, "preprocess", {"path": str(tmp_path)}, admin=True)
    assert train_if_useful(library, "new-history") is None


def test_training_is_repeated_after_growth_only(library, counts):
    library.record_run("train", {"models": [], "counts": dict(counts)})
    counts["analyzed"] = 28
    assert train_if_useful(library, "new-music") is None
    counts["analyzed"] = 29
    assert train_if_useful(library, "new-music") is not None


def test_training_of_earlier_version_is_not_repeated(library, counts):
    library.record_run("train", {"models": []})
    assert train_if_useful(library, "new-music") is None


def test_training_that_is_off_does_not_start(library, counts):
    assert train_if_useful(library, "new-music", off=frozenset({"train"})) is None
    change_schedule(Scheduler(library), "train", enabled=False)
    assert train_if_useful(library, "new-music") is None
    assert library.jobs.all() == []


def test_runner_reports_jobs_that_ended(library):
    ended = []
    with Runner(library, ended.append) as runner:
        job = start_job(library, "train")
        runner.look()
        claimed = library.jobs.claim("somebody")
        library.jobs.take(claimed, "another process")
        library.jobs.finish(claimed, "done", result={})
        runner.look()
        runner.look()
    assert [(one.id, one.state) for one in ended] == [(job.id, "done")]


def test_stopped_job_is_started_again_with_its_arguments(library, tmp_path):
    job = start_job(library, "preprocess", {"path": str(tmp_path)}, admin=True)
    with pytest.raises(JobError, match="has not ended yet"):
        start_again(library, job.id)
    cancel(library, job.id)
    again = start_again(library, job.id, by="anna")
    assert again.id != job.id
    assert (again.verb, again.arguments, again.asked_by) == ("preprocess", job.arguments, "anna")
