"""Evaluation of similarity: known values, brute force, queries, and invalid input."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.factories import make_library, write_dataset

from segue.errors import ModelError
from segue.library import Library
from segue.pipeline.evaluate import evaluate
from segue.pipeline.experiments.similarity import evaluate_similarity
from segue.pipeline.preprocess import preprocess
from segue.pipeline.recommender.recommend import similar
from segue.pipeline.train import train
from segue.pipeline.training import hubs, spaces
from segue.pipeline.training.content import vector_signal
from segue.pipeline.training.hubs import MUTUAL_PROXIMITY, hub_decision
from segue.pipeline.training.labels import artist_groups

GENRES = ("folk", "jazz", "metal")
N_PER_ARTIST = 6


HEADER = ("track_id", "features", "artist", "album", "genre")


def shelf(directory, header=HEADER, noise=0.0, **changes):
    """Make and read a dataset of frames: three genres, two artists each, six tracks an artist.

    Genres differ much, the artists of a genre a little; without noise an artist's tracks are alike.
    """
    rng = np.random.default_rng(0)
    same = rng.normal(size=(40, 6))
    tracks, arrays = [], {}
    for i in range(len(GENRES) * 2 * N_PER_ARTIST):
        artist = i // N_PER_ARTIST
        genre = artist // 2
        place = 40 * np.eye(6)[genre] + 6 * np.eye(6)[3 + genre] * (artist % 2)
        frames = same + place + noise * rng.normal(size=same.shape)
        arrays[f"{i}.npy"] = frames.astype(np.float32)
        row = {
            "track_id": f"t{i:02}",
            "features": f"{i}.npy",
            "artist": f"Artist {artist}",
            "album": f"Album {artist}",
            "genre": GENRES[genre],
        }
        row |= {key: value(i) for key, value in changes.items()}
        tracks.append({name: row[name] for name in dict.fromkeys([*header, *changes])})
    return make_library(directory / "my.segue", write_dataset(directory, tracks, frames=arrays))


def judged(library, *arguments, **options):
    return evaluate_similarity(library, library.catalogue(), *arguments, **options)


@pytest.fixture(scope="module")
def plain_shelf(tmp_path_factory):
    return shelf(tmp_path_factory.mktemp("shelf") / "data")


def test_similarity_matches_known_values(plain_shelf):
    report = judged(plain_shelf).report
    found = report.judged.models["descriptors"]
    assert (report.judged.split, report.target, report.model) == ("all", "genre", "descriptors")
    # a genre lies together, and an artist within it: 5 others of the artist, 6 of the genre's other
    assert [found[f"precision@{k}"] for k in (1, 5, 10)] == pytest.approx([1, 1, 0.6])
    assert [found[f"precision_unfiltered@{k}"] for k in (1, 5, 10)] == pytest.approx([1, 1, 1])
    assert [found[f"artist_precision@{k}"] for k in (1, 5, 10)] == pytest.approx([1, 1, 0.5])
    assert found["album_precision@5"] == pytest.approx(1)
    # an album is by one artist: with the filter there is nothing to find
    assert report.judged.n["album_precision_filtered@10"] == 0
    assert "album_precision_filtered@10" not in found
    chance = report.judged.models["random"]
    assert chance["precision@10"] == pytest.approx(6 / 30)
    assert chance["precision_unfiltered@10"] == pytest.approx(11 / 35)
    assert chance["artist_precision@10"] == pytest.approx(5 / 35)
    low, high = report.judged.intervals["descriptors"]["precision@10"]
    assert low == high == pytest.approx(0.6)


def test_neighbor_lists_match_brute_force(tmp_path, rng):
    noisy = [GENRES[i] for i in rng.integers(0, 3, 36)]
    library = shelf(
        tmp_path / "data", noise=1.0, genre=lambda i: noisy[i], artist=lambda i: f"A{i % 5}"
    )
    catalogue = library.catalogue()
    report = judged(library).report
    space = next(s for s in spaces.spaces(library, catalogue) if s.name == "descriptors")
    artists = artist_groups(catalogue)
    for filtered, metric in ((True, "precision@5"), (False, "precision_unfiltered@5")):
        values, counts = [], np.zeros(36, int)
        for query in range(36):
            others = [
                (-float(space.vectors[query] @ space.vectors[other]), other)
                for other in range(36)
                if other != query and not (filtered and artists[other] == artists[query])
            ]
            near = [other for _, other in sorted(others)]
            values.append(np.mean([noisy[other] == noisy[query] for other in near[:5]]))
            counts[near[:10]] += 1
        assert report.judged.models["descriptors"][metric] == pytest.approx(np.mean(values))
    found = report.judged.models["descriptors"]
    assert (found["largest_hub@10"], found["never_retrieved@10"]) == (
        counts.max(),
        (counts == 0).mean(),
    )


def test_similarity_document_keeps_contract(plain_shelf):
    found = evaluate(plain_shelf, "similarity")
    document = found.report.to_document()
    assert document["task"] == "similarity"
    assert (document["split"], document["n"], document["target"]) == ("all", 36, "genre")
    assert document["metrics"] == document["models"][document["model"]]
    assert set(document["intervals"]) <= set(document["metrics"])
    assert document["baselines"] == ["random"]
    assert set(document["differences"]) == set(document["models"]) - {"descriptors", "random"}
    assert document["hubs"]["descriptors"]["used"] is None
    assert set(document["hubs"]["descriptors"]["methods"]) == {
        "cosine",
        "mutual_proximity",
        "local_scaling",
    }
    assert json.loads((found.page.parent / "metrics.json").read_text("utf-8")) == document
    page = found.page.read_text("utf-8")
    assert "Similar tracks" in page
    assert "Same genre, other artist (36)" in page
    assert "Of the 10 tracks most similar to a track by all descriptors, 6.0 on average" in page


def test_similarity_reports_unmeasurable_target(plain_shelf, tmp_path):
    with pytest.raises(ModelError, match="No track has a 'mood': choose a --target from genre"):
        judged(plain_shelf, "mood")
    one = shelf(tmp_path / "one", genre=lambda _: "folk")
    with pytest.raises(ModelError, match=r"by 'genre', which needs two classes.* has one, 'folk'"):
        judged(one, "genre")
    found = judged(one)
    assert found.report.target is None
    assert "Only artists and albums are evaluated." in found.notes[0]
    assert found.report.judged.models["descriptors"]["artist_precision@5"] == pytest.approx(1)
    bare = shelf(tmp_path / "bare", header=["track_id", "features"])
    with pytest.raises(
        ModelError, match=r"No two tracks of the .* part have a class, artist or album in common"
    ):
        judged(bare)


def test_similarity_notes_class_of_one_artist(tmp_path):
    library = shelf(tmp_path / "data", artist=lambda i: "Solo" if i < 12 else f"Artist {i // 6}")
    found = judged(library)
    assert "all their tracks are by one artist" in found.notes[0]
    assert found.notes[0].endswith("folk.")
    counts = found.report.judged.n
    assert (counts["precision@10"], counts["precision_unfiltered@10"]) == (24, 36)


def test_similarity_without_vectors_raises(tmp_path):
    (tmp_path / "metadata.csv").write_text("track_id,artist,genre\na,A,x\nb,A,x\nc,B,y\nd,B,y")
    library = Library(tmp_path / "my.segue")
    preprocess(library, tmp_path)
    with pytest.raises(ModelError, match=r"none has audio, frames or a trained model's vector"):
        judged(library)
    with pytest.raises(ModelError, match="none has audio"):
        evaluate(library, "similarity")


def test_similarity_ignores_other_files_of_recording(plain_shelf, monkeypatch):
    monkeypatch.setattr(
        "segue.pipeline.experiments.similarity.recordings", lambda library, catalogue: [[0, 1]]
    )
    found = judged(plain_shelf).report.judged.models["random"]
    # two tracks have one less to find
    expected = (2 * 4 / 34 + 34 * 5 / 35) / 36
    assert found["artist_precision@10"] == pytest.approx(expected)


def test_similarity_of_large_library_is_sampled(plain_shelf, monkeypatch):
    monkeypatch.setattr("segue.pipeline.training.neighbours.MAX_TRACKS", 20)
    found = judged(plain_shelf)
    assert found.report.n_tracks == 20
    assert "a sample of 20 of 36" in found.notes[0]
    assert judged(plain_shelf).report == found.report


# Hubs


@pytest.fixture
def neighbourly(tmp_path):
    """A shelf whose kNN model is trained."""
    library = shelf(tmp_path / "data")
    train(library, "knn")
    return library


def test_hub_decision_is_stored_per_training(neighbourly, monkeypatch):
    made = hub_decision(neighbourly, neighbourly.catalogue(), "knn")
    assert made.used in made.figures
    assert made.n >= 10
    monkeypatch.setattr(hubs, "_decide", lambda *_: pytest.fail("decided again"))
    again = Library(neighbourly.directory)
    assert hub_decision(again, again.catalogue(), "knn") == made
    monkeypatch.undo()
    (neighbourly.models.path("hubs") / "manifest.json").write_text("{")
    assert hub_decision(neighbourly, neighbourly.catalogue(), "knn") == made


@pytest.mark.parametrize(
    ("precision", "skewness", "used"),
    [
        ((0.5, 0.6), (2.0, 1.0), "mutual_proximity"),
        ((0.5, 0.5), (2.0, 1.0), "mutual_proximity"),
        ((0.5, 0.4), (2.0, 1.0), "cosine"),
        ((0.5, 0.6), (1.0, 2.0), "cosine"),
    ],
)
def test_hubs_are_removed_if_it_costs_nothing(neighbourly, monkeypatch, precision, skewness, used):
    from segue.evaluation import Hubness

    found = iter(zip(precision, skewness, strict=True))
    now = {}

    def precisions(field, lists, queries, expected):
        now["precision"], now["skewness"] = next(found)
        values = np.full(len(queries), now["precision"])
        return {"precision@10": values, "precision_unfiltered@10": values}

    monkeypatch.setattr(hubs, "precisions", precisions)
    monkeypatch.setattr(hubs, "hubness", lambda *_: Hubness(now["skewness"], 1, 0.0))
    assert hubs._decide(neighbourly, neighbourly.catalogue(), "knn").used == used


def test_signal_follows_hub_decision(neighbourly, monkeypatch):
    catalogue = neighbourly.catalogue()
    decided = hub_decision(neighbourly, catalogue, "knn")
    for used in ("cosine", MUTUAL_PROXIMITY):
        changed = replace(decided, used=used)
        monkeypatch.setattr(hubs, "hub_decision", lambda *_, changed=changed: changed)
        signal = vector_signal(neighbourly, catalogue, "knn")
        assert (signal.hubs is not None) == (used == MUTUAL_PROXIMITY)
        for by in (None, "knn"):
            near = similar(neighbourly, "t00", 5, signal=by).tracks
            assert {pick.track_id for pick in near} <= {f"t{i:02}" for i in range(12)}
            assert all(np.isfinite(pick.score) for pick in near)


# Encoders that learned labels


@pytest.mark.slow
def test_learned_spaces_query_held_out_tracks_only(trained):
    report = judged(trained).report
    assert report.learned == ("cnn", "rnn", "transformer")
    assert report.judged.split == "test"
    n_test = sum(part == "test" for part in trained.splits("genre").values())
    assert report.judged.n["precision_unfiltered@10"] == n_test
    assert set(report.hubs) == {"cnn", "rnn", "transformer", "knn", "descriptors"}
    assert {report.hubs["cnn"].split, report.hubs["knn"].split} == {"test", "all"}
    assert report.everything is not None
    assert not {"cnn", "rnn"} & set(report.everything.models)
    assert {"mfcc", "chroma", "knn", "random"} <= set(report.everything.models)
    assert report.everything.n["precision@10"] == 36


@pytest.mark.slow
def test_similarity_without_test_part_uses_valid(trained, monkeypatch):
    splits = {
        row: "valid" if part == "test" else part for row, part in trained.splits("genre").items()
    }
    monkeypatch.setattr(Library, "splits", lambda self, target: splits)
    assert judged(trained).report.judged.split == "valid"


def test_pretrained_spaces_use_models_target(neighbourly, monkeypatch):
    """A space without a manifest: as a pretrained encoder, it learned nothing from this library."""
    catalogue = neighbourly.catalogue()
    stored = neighbourly.features({"heard by": "ear"}, {"embedding": "float32"})
    with stored:
        found = spaces.spaces(neighbourly, catalogue)[-1]
        stored.add_many(catalogue.rows.tolist(), {"embedding": found.vectors})
    for room in ("analysis.embeddings", "training.combinations"):
        monkeypatch.setattr(f"segue.pipeline.{room}.embedding_store", lambda *_: stored)
    ear = spaces.model_space(neighbourly, catalogue, "ear")
    assert (ear.target, ear.learned, ear.has_vector.all()) == (None, False, True)
    made = hub_decision(neighbourly, catalogue, "ear")
    assert made.judged_by in ("genre", "artist")
    monkeypatch.setattr(hubs, "trained_target", lambda _: "album")
    assert hub_decision(neighbourly, catalogue, "ear").judged_by in ("album", "artist")
