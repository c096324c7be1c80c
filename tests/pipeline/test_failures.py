"""Failed analyses: when they are tried again, and where they are reported."""

import numpy as np
import pytest
import soundfile

from segue.pipeline.analysis import tasks
from segue.pipeline.analysis.inputs import AUDIO, open_store
from segue.pipeline.analysis.tasks import Failed, analyse_track
from segue.pipeline.analysis.workers import Workers
from segue.pipeline.preprocess import preprocess

RATE = 22_050


@pytest.fixture
def music(tmp_path):
    """A folder of two tracks, one of them long enough for a fast analysis."""
    rng = np.random.default_rng(0)
    (tmp_path / "music").mkdir()
    for name, seconds in {"long": 100, "short": 2}.items():
        noise = 0.1 * rng.normal(size=seconds * RATE)
        soundfile.write(tmp_path / "music" / f"{name}.flac", noise, RATE)
    return tmp_path / "music"


@pytest.fixture
def tried(monkeypatch):
    """The names of the analyzed files, with failures of some of them in `answers_of`."""
    names, answers_of = [], {}
    answers = Workers.answers

    def answer(self, function, work):
        work = list(work)
        if function is not analyse_track:
            return answers(self, function, work)
        names.extend(arguments[0].name for _, arguments in work)
        replaced = [one for one in work if one[1][0].name in answers_of]
        rest = [one for one in work if one[1][0].name not in answers_of]
        failures = [(key, answers_of[path.name]) for key, (path, *_) in replaced]
        return iter([*failures, *answers(self, function, rest)])

    monkeypatch.setattr(Workers, "answers", answer)

    def run(library, folder, **how):
        names.clear()
        result = preprocess(library, folder, **how)
        return sorted(names), result.problems

    run.answers_of = answers_of
    return run


def test_higher_time_limit_retries_slow_files(music, library, tried):
    tried.answers_of["long.flac"] = Failed("it took more than 2 s", after=2)
    assert tried(library, music, time_limit=2) == (["long.flac", "short.flac"], 1)
    assert tried(library, music, time_limit=2) == ([], 1)
    assert tried(library, music, time_limit=1) == ([], 1)
    tried.answers_of.clear()
    assert tried(library, music, time_limit=3) == (["long.flac"], 0)


def test_fast_run_retries_files_that_were_too_slow(music, library, tried):
    tried.answers_of["long.flac"] = Failed("it took more than 300 s", after=300)
    tried(library, music)
    tried.answers_of.clear()
    assert tried(library, music, fast=True) == (["long.flac"], 0)


def test_system_failures_are_retried_by_every_run(music, library, tried):
    tried.answers_of["long.flac"] = Failed("check its permissions", passing=True)
    for _ in range(2):
        assert "long.flac" in tried(library, music)[0]
    tried.answers_of.clear()
    assert tried(library, music) == (["long.flac"], 0)


def test_damaged_file_is_retried_on_demand_only(music, library, tried):
    tried.answers_of["long.flac"] = Failed("it ended the process")
    tried(library, music)
    assert tried(library, music) == ([], 1)
    assert tried(library, music, fast=True) == ([], 1)
    assert tried(library, music, retry=True) == (["long.flac"], 1)


def test_complete_run_retries_failed_fast_analyses(music, library, tried):
    tried.answers_of["long.flac"] = Failed("nothing decodes there")
    tried(library, music, fast=True)
    assert tried(library, music, fast=True) == ([], 1)
    tried.answers_of.clear()
    assert "long.flac" in tried(library, music)[0]


def test_failed_completion_of_a_fast_analysis_is_tried_once(music, library, tried):
    tried(library, music, fast=True)
    before = library.catalogue().tracks[0]
    tried.answers_of["long.flac"] = Failed("it took more than 300 s", after=300)
    assert "long.flac" in tried(library, music)[0]
    assert tried(library, music) == ([], 1)
    # the fast analysis remains valid, and runs of either kind report the reason
    assert library.catalogue().tracks[0] == before
    assert len(open_store(library, AUDIO.summary).rows()) == 2
    assert tried(library, music, fast=True) == ([], 1)
    tried.answers_of.clear()
    assert tried(library, music, time_limit=400) == (["long.flac"], 0)


def test_problems_are_reported_once_for_many_datasets(music, library, tmp_path):
    (music / "bad.flac").write_text("no music")
    preprocess(library, music)
    (tmp_path / "other").mkdir()
    soundfile.write(tmp_path / "other" / "x.flac", np.ones(RATE) / 2, RATE)
    preprocess(library, tmp_path / "other")
    (reported,) = library.problems(stage="analysis")
    assert reported.subject == "bad.flac"
    (music / "bad.flac").unlink()
    preprocess(library, music)
    assert library.problems() == []


def test_missing_permission_is_not_remembered_as_failure(tmp_path, monkeypatch):
    def refuse(path, settings, added):
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "x.flac").touch()
    monkeypatch.setattr(tasks, "analyse_file", refuse)
    failed = analyse_track(tmp_path / "x.flac", tasks.DEFAULT_SETTINGS)
    assert failed.passing
    assert "check its permissions" in failed.reason
