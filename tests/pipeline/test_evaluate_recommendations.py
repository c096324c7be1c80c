"""Evaluation of recommendations, on listeners with planted tastes.

Four crowds of fifteen listeners play thirty tracks each, in a round from a random start: the next
play is the next track of the round. Tracks of a crowd share a tag.
"""

import json
from functools import partial

import numpy as np
import pandas as pd
import pytest
from tests.factories import write_dataset

from segue.engine import Engine, Weights, profile_from_seeds
from segue.evaluation import Measurement, Report, report_files
from segue.evaluation.report.templates import render_summary
from segue.library import Library, write_report
from segue.listening import search
from segue.pipeline.experiments.control import ShuffledSignal
from segue.pipeline.experiments.dials import precomputed
from segue.pipeline.experiments.held_out import hold_out
from segue.pipeline.experiments.recommendations import evaluate_recommendations
from segue.pipeline.preprocess import preprocess
from segue.pipeline.training.content import content_signals
from segue.pipeline.training.listening_models import LISTENING_MODELS, TrainingData
from segue.signals import VectorSignal, popularity

N_CROWDS, N_LISTENERS, N_TRACKS, N_PLAYED = 4, 15, 30, 22
KINDS = ("tags", "metadata")


def write_crowds(directory, *, ordered=True):
    rng = np.random.default_rng(3)
    tracks = [
        (f"c{crowd}t{i}", f"Artist {crowd}-{i // 3}", f"kind {crowd}:5|mood {i % 7}")
        for crowd in range(N_CROWDS)
        for i in range(N_TRACKS)
    ]
    # tracks in an order that says nothing
    table = pd.DataFrame(tracks, columns=["track_id", "artist", "tags"])
    table = table.sample(frac=1, random_state=0)
    plays = [
        (f"c{crowd}u{u}", f"c{crowd}t{(start + i) % N_TRACKS}", i)
        for crowd in range(N_CROWDS)
        for u, start in enumerate(rng.integers(0, N_TRACKS, N_LISTENERS).tolist())
        for i in range(N_PLAYED)
    ]
    listens = pd.DataFrame(plays, columns=["user_id", "track_id", "position"])
    listens = listens if ordered else listens.drop(columns="position")
    write_dataset(directory, table.to_dict("records"), listens=listens.to_dict("records"))


def judged(tmp_path, *, wanted=LISTENING_MODELS, thorough=True, ordered=True):
    write_crowds(tmp_path, ordered=ordered)
    library = Library(tmp_path / "my.segue")
    preprocess(library, tmp_path)
    catalogue = library.catalogue()
    content = content_signals(library, catalogue)
    material = TrainingData.of(library, catalogue, content, wanted=wanted)
    known = hold_out(library.listens(), material, "test")
    with pytest.MonkeyPatch.context() as patched:  # the search has tests of its own
        patched.setattr(
            "segue.pipeline.training.listening_models.search", partial(search, budget=1)
        )
        return evaluate_recommendations(library, material, known, thorough=thorough)


@pytest.fixture(scope="module")
def crowds(tmp_path_factory):
    return judged(tmp_path_factory.mktemp("crowds"))


@pytest.mark.slow
class TestPlanted:
    def test_details_have_every_part(self, crowds):
        document = Report(measurement=measurement(), subject="x", recommendations=(crowds,))
        found = document.to_document()
        assert found["n"] == N_CROWDS * N_LISTENERS
        assert not crowds.notes
        for key in ("groups", "cold", "control", "dials", "faithfulness", "next_track"):
            assert found[key], key
        assert {"personal", "global", "item-knn", "random", "collaborative"} <= set(found["models"])
        assert found["baselines"] == ["popularity", "random", "item-knn"]
        json.dumps(found, allow_nan=False)

    def test_control_drops_to_chance(self, crowds):
        control = crowds.details.control
        assert set(control.fell) == set(KINDS)
        assert all(control.fell.values())
        for name in KINDS:
            real = control.real.intervals[name]["ndcg@20"]
            chance = control.chance.intervals["random"]["ndcg@20"]
            exchanged = control.shuffled.intervals[name]["ndcg@20"]
            assert real[0] > chance[1]
            assert real[0] > exchanged[1]

    def test_cold_tracks_are_found_by_tags(self, crowds):
        cold = crowds.details.cold_tracks
        assert cold.n_tracks == 12
        assert "popularity" not in cold.figures.models  # it has nothing to say of them
        chance = cold.figures.models["random"]["ndcg@20"]
        assert cold.figures.models["tags"]["ndcg@20"] > 1.2 * chance
        assert cold.figures.models["collaborative"]["ndcg@20"] > 1.2 * chance
        assert set(cold.ratios) == set(cold.figures.models) - {"tags"}

    def test_cold_listeners_with_three_picks_find_crowd(self, crowds):
        assert set(crowds.details.cold_listeners) == {3, 5}
        for found in crowds.details.cold_listeners.values():
            assert found.n == 6
            assert found.models["global"]["ndcg@20"] > 2 * found.models["random"]["ndcg@20"]
            assert not {"personal", "sequence"} & set(found.models)

    def test_groups_are_large_enough_for_claims(self, crowds):
        for groups in crowds.details.groups.values():
            assert sum(group.figures.n for group in groups) <= crowds.n
            for group in groups:
                assert group.figures.n >= 20
                assert {"personal", "global", "popularity"} <= set(group.figures.models)
                assert set(group.gains) == {"ndcg@10", "ndcg@20"}

    def test_comparisons_agree_with_table(self, crowds):
        single = crowds.details.best_single
        for found in crowds.details.comparisons:
            mine, other = (
                crowds.models[name][found.metric] for name in (found.first, found.second)
            )
            assert found.difference.mean == pytest.approx(mine - other)
        assert {(one.first, one.second) for one in crowds.details.comparisons} == {
            ("personal", single),
            ("global", single),
            ("personal", "global"),
        }

    def test_dials_off_equals_plain_list(self, crowds):
        curves = crowds.details.dials.curves
        assert set(curves) == {"diversity", "calibration", "popularity", "randomness", "artist_cap"}
        for points in curves.values():
            assert len(points) == 5
            off = next(point for point in points if point.setting in (None, 0))
            assert off.metrics["ndcg@10"] == pytest.approx(crowds.models["personal"]["ndcg@10"])
        capped = curves["artist_cap"][-1].metrics["artist_diversity@10"]
        assert capped == pytest.approx(1.0)

    def test_faithfulness_and_next_track_are_measured(self, crowds):
        faithful = crowds.details.faithfulness
        assert faithful.n_tracks == 60 * 5
        assert 0 <= faithful.named <= 1
        following = crowds.details.next_track
        # the round was planted: counting successors finds it
        assert following.figures.models["sequence"]["hit_rate@20"] > 0.9
        assert following.figures.models["Markov, first order"]["mrr@20"] > 0.8
        assert following.figures.models["own most played"]["new_hit_rate@20"] < 0.5
        assert set(following.ahead) == {
            "hit_rate@20",
            "mrr@20",
            "new_hit_rate@20",
            "new_mrr@20",
        }

    def test_report_page_has_every_section(self, crowds, tmp_path):
        report = Report(
            measurement=measurement(), subject="recommendations", recommendations=(crowds,)
        )
        page = write_report(tmp_path / "run", report_files(report)).read_text("utf-8")
        for part in ("groups", "cold", "control", "dials", "reasons", "next"):
            assert f'id="{part}-1"' in page
            assert f'href="#{part}-1"' in page
        assert (tmp_path / "run" / "plots" / "dials.png").is_file()
        said = str(render_summary(report))
        assert "The control passed" in said
        assert "the best single signal" in said


@pytest.mark.slow
def test_unmeasurable_part_becomes_note(tmp_path):
    found = judged(tmp_path, wanted=("sequence",), ordered=False)
    assert found.notes == (
        (
            "The next track cannot be evaluated, because the earlier listens have no order:"
            " import listens with timestamps."
        ),
    )
    assert found.details.next_track is None
    assert found.details.cold_tracks is not None
    assert "collaborative" not in found.models


def test_expensive_parts_need_thorough(tmp_path):
    found = judged(tmp_path, wanted=(), thorough=False)
    assert found.details.groups
    assert found.details.comparisons
    assert found.details.cold_tracks is None
    assert found.details.control is None
    assert not found.notes


def test_shuffled_signal_has_content_of_other_tracks(rng):
    vectors = np.eye(5, dtype=np.float32)[[0, 0, 1, 1, 2]]
    order = np.array([2, 4, 3, 0, 1])  # 0 has the content of 2, 2 that of 3: both are alike
    signal = ShuffledSignal(VectorSignal("tags", vectors), order)
    moved = VectorSignal("tags", vectors[order])
    for position in range(5):
        np.testing.assert_allclose(signal.for_track(position), moved.for_track(position))
    profiles = [profile_from_seeds([0]), profile_from_seeds([3, 1])]
    np.testing.assert_allclose(signal.for_listeners(profiles), moved.for_listeners(profiles))


def test_precomputed_engine_gives_same_lists(rng):
    vectors = rng.normal(size=(30, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    profiles = [profile_from_seeds(rng.choice(30, 4, replace=False).tolist()) for _ in range(3)]
    engine = Engine(
        [VectorSignal("tags", vectors), popularity(profiles, 30)], Weights.fixed([0.3, 0.3])
    )
    quick = precomputed(engine, profiles[:2])
    for profile in profiles:  # the third is not precomputed
        mine, other = quick.recommend(profile, 10), engine.recommend(profile, 10)
        np.testing.assert_array_equal(mine.positions, other.positions)
        np.testing.assert_allclose(mine.scores, other.scores, rtol=1e-5)
    np.testing.assert_array_equal(quick.similar(3, 5).positions, engine.similar(3, 5).positions)


def measurement():
    from datetime import UTC, datetime

    return Measurement(
        dataset="crowds", seed=0, created=datetime(2026, 1, 2, tzinfo=UTC), split_method="drawn"
    )
