"""Published protocols, from a small dataset in its layout to the report."""

import json
from functools import partial

import numpy as np
import pytest
from tests.sources.test_public_data import COLUMNS, entry, write_parquet, write_slice
from typer.testing import CliRunner

from segue.cli import app
from segue.errors import ModelError
from segue.library import Library
from segue.listening import search
from segue.pipeline.evaluate import evaluate
from segue.pipeline.experiments.large_histories import opinion_matrix, read_history
from segue.pipeline.experiments.protocol_names import GLOBAL_TEMPORAL, PLAYLIST_CONTINUATION
from segue.pipeline.experiments.protocols import split_by_protocol
from segue.pipeline.jobs.job_commands import run_evaluate
from segue.pipeline.jobs.runner import start_job
from segue.pipeline.preprocess import preprocess
from segue.pipeline.training.listening_models import TrainingData
from segue.sources.public_data.event_counts import Counts, open_events
from segue.types import no_progress

DAY = 86_400
N_LISTENERS = 24


@pytest.fixture(autouse=True)
def short_search(monkeypatch):
    monkeypatch.setattr(
        "segue.pipeline.training.listening_models.search", partial(search, budget=1)
    )


def yambda_rows():
    """Two tastes; on the last day each listener repeats a track and hears two others."""
    rng = np.random.default_rng(0)
    rows = []
    for uid in range(N_LISTENERS):
        own = rng.permutation(np.arange(uid % 2, 40, 2))
        for number, item in enumerate(own[:12].tolist()):
            rows.append((uid, item, 1000 * number + uid, 1, 100, 200))
        last = 10 * DAY
        rows.append((uid, int(own[0]), last - uid, 1, 90, 200))
        rows.append((uid, int(own[12]), last - uid, 0, 90, 200))  # recommended
        rows.append((uid, int(own[13]), last - uid, 1, 10, 200))  # skipped
        rows.append((uid, 100 + uid, last - DAY - 60, 1, 100, 200))  # in the gap
        rows.append((uid, 500, last - uid, 1, 100, 200))  # never heard before
    return rows


@pytest.fixture
def yambda(tmp_path):
    write_parquet(tmp_path / "50m" / "listens.parquet", COLUMNS, yambda_rows())
    library = Library(tmp_path / "my.segue")
    preprocess(library, tmp_path / "50m", workers=1)
    return library


@pytest.fixture
def playlists(tmp_path):
    rng = np.random.default_rng(0)
    slices = []
    for pid in range(30):
        own = rng.permutation(np.arange(pid % 2, 60, 2))[:14].tolist()
        tracks = [
            entry(place, track_uri=f"t{one}", artist_name=f"Band {one % 20}")
            for place, one in enumerate(own)
        ]
        slices.append({"pid": pid, "tracks": tracks})
    write_slice(tmp_path / "mpd", 0, slices)
    library = Library(tmp_path / "my.segue")
    preprocess(library, tmp_path / "mpd", workers=1)
    return library


def split(library, protocol, **options):
    material = TrainingData.of(library, library.catalogue(), ())
    return material, split_by_protocol(library.listens(), material, protocol, **options)


def test_global_temporal_holds_out_completed_of_last_day(yambda):
    material, found = split(yambda, GLOBAL_TEMPORAL)
    ids = [track.track_id for track in material.catalogue.tracks]
    excluded = {ids[place] for place in np.flatnonzero(found.excluded)}
    assert "500" in excluded
    assert {str(100 + uid) for uid in range(N_LISTENERS)} <= excluded
    assert found.known.before["timestamp"].max() < 9 * DAY - 1800
    for user, held, profile in zip(
        found.known.users, found.known.held_out, found.known.profiles, strict=True
    ):
        own = {ids[place] for place in held}
        rows = [row for row in yambda_rows() if str(row[0]) == user]
        assert own == {str(rows[12][1]), str(rows[13][1]), "500"}
        assert len(profile.known) == 12


def test_organic_only_leaves_out_recommended_tracks(yambda):
    _, whole = split(yambda, GLOBAL_TEMPORAL)
    _, organic = split(yambda, GLOBAL_TEMPORAL, organic_only=True)
    assert {len(one) for one in whole.known.held_out} == {3}
    assert {len(one) for one in organic.known.held_out} == {2}


def test_global_temporal_report_has_its_metrics(yambda):
    result = evaluate(yambda, "recommendations", protocol=GLOBAL_TEMPORAL)
    document = result.report.to_document()
    assert document["protocol"] == GLOBAL_TEMPORAL
    for metric in ("ndcg@10", "recall@50", "coverage@100"):
        assert 0 <= document["metrics"][metric] <= 1
    # all 40 tracks that were heard before fit into a list of 100, and 500 cannot be found
    assert document["n_tracks"] == 40
    assert document["models"]["random"]["recall@100"] == pytest.approx(2 / 3)
    assert document["models"]["random"]["coverage@100"] == 1
    assert "R-precision" not in result.page.read_text("utf-8")


def test_short_history_has_no_global_temporal_split(playlists):
    with pytest.raises(ModelError, match="longer history with times"):
        evaluate(playlists, "recommendations", protocol=GLOBAL_TEMPORAL)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subject": "recommendations", "protocol": "x"}, "choose global-temporal or"),
        ({"subject": "knn", "protocol": GLOBAL_TEMPORAL}, "is for recommendations"),
        ({"subject": "recommendations", "organic_only": True}, "is an option of"),
    ],
)
def test_wrong_protocol_is_one_sentence(yambda, options, message):
    with pytest.raises(ModelError, match=message):
        evaluate(yambda, **options)


def test_command_line_evaluates_by_protocol(yambda):
    wanted = ("evaluate", "--protocol", GLOBAL_TEMPORAL, "--organic-only", "--json")
    done = CliRunner().invoke(app, [*wanted, "--library", str(yambda.directory)])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["subject"], document["protocol"]) == ("recommendations", GLOBAL_TEMPORAL)
    assert document["shown"][0] == "ndcg@10"
    # of the three held-out tracks the recommended one is not counted, and 500 cannot be found
    assert document["models"]["random"]["recall@100"] == pytest.approx(1 / 2)


def test_command_line_refuses_an_unknown_protocol(yambda):
    wanted = ["evaluate", "--protocol", "x", "--library", str(yambda.directory)]
    assert CliRunner().invoke(app, wanted).exit_code == 2


def test_job_measures_playlist_continuation(playlists):
    job = start_job(playlists, "evaluate", {"protocol": PLAYLIST_CONTINUATION})
    assert job.arguments == {"protocol": PLAYLIST_CONTINUATION, "subject": "recommendations"}
    report = run_evaluate(playlists, job.arguments, no_progress)["report"]
    document = json.loads((playlists.reports / report / "metrics.json").read_text("utf-8"))
    assert document["shown"] == ["r_precision", "ndcg@500", "clicks"]
    assert document["models"]["random"]["recall@500"] == 1
    assert document["metrics"]["ndcg@500"] > document["models"]["random"]["ndcg@500"]
    assert 0 <= document["metrics"]["clicks"] < 6
    assert "R-precision" in (playlists.reports / report / "report.html").read_text("utf-8")


def test_events_evaluated_without_a_library_have_its_split(yambda, tmp_path):
    pytest.importorskip("duckdb")
    material, found = split(yambda, GLOBAL_TEMPORAL, organic_only=True)
    with open_events(tmp_path / "50m") as counter:
        history = read_history(counter, organic_only=True)
        numbers = {str(one): place for place, one in enumerate(counter.track_ids.tolist())}
        users = [str(counter.user_ids[user]) for user in history.users.tolist()]
    assert sorted(users) == found.known.users
    assert history.counts == found.known.counts["listens"]
    assert (history.n_new_tracks, history.opinions.shape[1]) == (1, (~found.excluded).sum())
    ids = [track.track_id for track in material.catalogue.tracks]
    for place, user in enumerate(users):
        known = found.known.users.index(user)
        wanted = {numbers.get(ids[track], 40) for track in found.known.held_out[known].tolist()}
        assert set(history.held_out[place].tolist()) == wanted
        profile = found.known.profiles[known]
        row = history.opinions[[int(history.users[place])]].tocoo()
        opinions = dict(zip(row.col.tolist(), row.data.tolist(), strict=True))
        own = zip(profile.positions.tolist(), profile.weights.tolist(), strict=True)
        assert opinions == {numbers[ids[track]]: weight for track, weight in own}


@pytest.mark.usefixtures("yambda")
def test_events_are_evaluated_by_models_that_learn(tmp_path):
    pytest.importorskip("duckdb")
    command = ["evaluate", "recommendations", "--protocol", "global-temporal", "--json"]
    done = CliRunner().invoke(app, [*command, "--listens", str(tmp_path / "50m")])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert (document["n"], document["protocol"]) == (N_LISTENERS, GLOBAL_TEMPORAL)
    metrics = {name: values["ndcg@10"] for name, values in document["models"].items()}
    assert min(metrics["collaborative"], metrics["als"]) > 2 * metrics["random"]


def test_batches_may_end_within_a_user():
    def counts(users, tracks):
        n = len(users)
        ones, none = np.ones(n), np.full(n, np.nan)
        places = np.array(users), np.array(tracks)
        return Counts(*places, ones * np.array(tracks), ones * 0, ones > 0, none, none)

    parts = [counts([0, 0], [1, 2]), counts([0, 1], [3, 0]), counts([1, 3], [5, 1])]
    whole = counts([0, 0, 0, 1, 1, 3], [1, 2, 3, 0, 5, 1])
    found = opinion_matrix(iter(parts), 4, 6).toarray()
    assert (found == opinion_matrix(iter([whole]), 4, 6).toarray()).all()
    assert (found > 0).sum(axis=1).tolist() == [3, 1, 0, 1]
    assert opinion_matrix(iter([]), 2, 3).shape == (2, 3)
