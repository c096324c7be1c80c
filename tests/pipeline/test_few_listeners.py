"""Reports on few listeners: they say what was measured and claim nothing."""

import json
import re

import numpy as np
import pytest
from tests.factories import make_library, rows, write_dataset

import segue
from segue.evaluation import MIN_LISTENERS_FOR_CLAIMS
from segue.evaluation.report.templates import detail_findings, render_summary

N_TRACKS, N_PLAYS = 120, 24
CLAIMS = re.compile(
    r"better than|worse than|not measurably|p [<=] |control (failed|passed)|niche|mainstream"
    r"|help|hurt|1 listeners"
)


def household(directory, n_listeners):
    """Write a dataset of listeners with one taste each; return a library of it."""
    rng = np.random.default_rng(0)
    tracks = [
        (f"t{i}", f"No. {i}", f"Artist {i % 20}", ("folk", "jazz", "rock")[i % 3], f"x{i % 5}")
        for i in range(N_TRACKS)
    ]
    listens = [
        (f"u{user}", f"t{track}", 1_600_000_000 + 86_400 * n)
        for user in range(n_listeners)
        for n, track in enumerate(rng.choice(np.arange(user % 3, N_TRACKS, 3), N_PLAYS))
    ]
    dataset = write_dataset(
        directory / "data",
        rows("track_id title artist genre tags", tracks),
        listens=rows("user_id track_id timestamp", listens),
    )
    return make_library(directory / "my.segue", dataset, "sequence")


@pytest.fixture(scope="module", params=[1, 3])
def found(request, tmp_path_factory):
    library = household(tmp_path_factory.mktemp("household"), request.param)
    return request.param, segue.evaluate(library, "recommendations").report, library


@pytest.mark.slow
class TestFewListeners:
    def test_report_claims_nothing(self, found):
        n, report, _ = found
        (lists,) = report.recommendations
        said = " ".join([str(render_summary(report)), *detail_findings(lists.details)])
        text = " ".join(re.sub(r"<[^>]+>", " ", said).split())
        note = next(note for note in report.notes if "were evaluated for" in note)
        assert CLAIMS.search(text.replace(note, "")) is None
        assert "own time split" in note
        assert f"at least {MIN_LISTENERS_FOR_CLAIMS} listeners" in note
        assert f"cannot be told from {n} listener" in text

    def test_document_has_no_claims_and_no_zero_width(self, found):
        _, report, _ = found
        document = report.to_document()
        json.dumps(document, allow_nan=False)
        assert set(document) >= {"task", "split", "n", "metrics", "intervals", "models"}
        spans = [
            span
            for own in (*document["model_intervals"].values(), *document["differences"].values())
            for span in own.values()
        ]
        assert all(span == [None, None] or span[0] < span[1] for span in spans)
        assert any(span[0] is not None for span in spans)
        assert all(one["p"] is None for one in document["comparisons"])
        assert document["control"] is None
        assert not any(document["groups"].values())
        assert document["p_values"] == {}

    def test_empty_baselines_are_not_compared(self, found):
        n, report, library = found
        (lists,) = report.recommendations
        for name in lists.baselines:
            assert lists.models[name]["coverage@20"] > 0
        if n == 1:
            assert "popularity" not in lists.models
            picks = segue.recommend(library, "u0")
            assert "popularity" not in picks.weights
            assert all("popularity" not in pick.why for pick in picks)
