"""Combinations of blocks: unit blocks that count the same, few components, chosen like encoders."""

import numpy as np
import pytest
from tests.factories import make_library, rows, write_dataset

from segue.encoders.pretrained import PRETRAINED_ENCODERS
from segue.index import normalise
from segue.pipeline.analysis.pretrained_embeddings import BLOCKS, block_store, pretrained_store
from segue.pipeline.recommender.recommend import similar
from segue.pipeline.training.combinations import (
    COMBINATIONS,
    N_COMPONENTS,
    is_complete,
    model_id,
    model_vectors,
)
from segue.pipeline.training.encoder_selection import candidates, select_encoders
from segue.pipeline.training.scaling import moments, scaled
from segue.sources.datasets.listens import no_listens

N_TRACKS = 240
SIZES = {"deviation": None, "max_pool": 30, "mean_pool": 30}


@pytest.fixture
def blocky(tmp_path, rng):
    """A library whose genres differ in the pooled layers, and not in the embeddings."""
    genre = np.arange(N_TRACKS) % 4
    tracks = rows(
        "track_id title artist genre",
        [(f"t{n}", f"Title {n}", f"Artist {n // 4}", f"genre {genre[n]}") for n in range(N_TRACKS)],
    )
    library = make_library(tmp_path / "my.segue", write_dataset(tmp_path / "data", tracks))
    catalogue = library.catalogue()
    for name, encoder in PRETRAINED_ENCODERS.items():
        order = np.array([int(track.track_id[1:]) for track in catalogue.tracks])
        arrays = {
            block: rng.normal(size=(N_TRACKS, size or encoder.embedding_size)).astype(np.float16)
            for block, size in SIZES.items()
        }
        arrays["mean_pool"][:, :4] += 8 * np.eye(4, dtype=np.float16)[genre[order]]
        vectors = rng.normal(size=(N_TRACKS, encoder.embedding_size)).astype(np.float32)
        chances = np.full((N_TRACKS, 50), 0.1, np.float32)
        with pretrained_store(library, name) as store:
            store.add_many(
                catalogue.rows.tolist(), {"embedding": vectors, "probabilities": chances}
            )
        with block_store(library, name) as store:
            store.add_many(catalogue.rows.tolist(), arrays)
    return library


def test_cosines_are_means_of_those_of_blocks(blocky):
    """Without a limit of components nothing is lost but the mean; so few lose a little."""
    catalogue = blocky.catalogue()
    everyone = np.ones(N_TRACKS, bool)
    parts = []
    for encoder in ("musicnn", "vgg"):
        parts.append(pretrained_store(blocky, encoder).matrix("embedding", catalogue.rows))
        blocks = block_store(blocky, encoder)
        parts += [blocks.matrix(block, catalogue.rows) for block in BLOCKS]
    side = np.concatenate([normalise(scaled(one, *moments(one))) for one in parts], axis=1)
    centred = side - side.mean(axis=0)
    found = model_vectors(blocky, catalogue, "musicnn-vgg-blocks", everyone)
    assert found.shape == (N_TRACKS, N_COMPONENTS)
    exact, near = centred @ centred.T, found @ found.T
    assert np.corrcoef(exact.ravel(), near.ravel())[0, 1] > 0.95


def test_statistics_are_of_train_tracks_alone(blocky):
    """Changing tracks that are evaluated on does not move the others."""
    catalogue = blocky.catalogue()
    train = np.arange(N_TRACKS) < 200
    before = model_vectors(blocky, catalogue, "musicnn-blocks", train)
    with block_store(blocky, "musicnn") as store:
        row = int(catalogue.rows[-1])
        store.add(row, {block: 9 * store.read(block, row) for block in BLOCKS})
    after = model_vectors(blocky, catalogue, "musicnn-blocks", train)
    np.testing.assert_allclose(before[:-1], after[:-1], atol=1e-5)
    assert not np.allclose(before[-1], after[-1], atol=1e-2)


def test_better_blocks_are_chosen_and_used(blocky):
    catalogue = blocky.catalogue()
    found = select_encoders(blocky, catalogue)
    assert found.used["timbre"] in COMBINATIONS
    assert found.precision["musicnn-blocks"] > found.precision["musicnn"] + 0.2
    genres = {track.track_id: track.genres for track in catalogue.tracks}
    picks = similar(blocky, "t0", signal="timbre", k=10).tracks
    assert sum(genres[pick.track_id] == genres["t0"] for pick in picks) >= 8


def test_combination_of_tracks_without_blocks_waits(blocky):
    """A library of an earlier segue is served by embeddings until its blocks are computed."""
    before = model_id(blocky, "musicnn-blocks")
    with block_store(blocky, "musicnn") as store:
        store.forget(store.rows().tolist()[: N_TRACKS // 10])
    assert not is_complete(blocky, "musicnn-vgg-blocks")
    assert not set(COMBINATIONS) & set(candidates(blocky))
    assert select_encoders(blocky, blocky.catalogue()).used["timbre"] in PRETRAINED_ENCODERS
    assert before == model_id(blocky, "musicnn-blocks")
    assert before != model_id(blocky, "musicnn-vgg-blocks")


def test_combination_without_blocks_of_missing_tracks_is_used(blocky):
    """Their file is gone, and nothing computes their blocks."""
    rows_without = blocky.catalogue().rows[: N_TRACKS // 4].tolist()
    forget_blocks(blocky, rows_without)
    assert not set(COMBINATIONS) & set(candidates(blocky))
    ids = [track.track_id for track in blocky.catalogue().tracks[: N_TRACKS // 4]]
    blocky.add_dataset("gone", tracks=[], listens=no_listens(), missing=ids)
    assert set(COMBINATIONS) <= set(candidates(blocky))
    assert select_encoders(blocky, blocky.catalogue()).used["timbre"] in COMBINATIONS


def test_combination_without_blocks_of_a_few_tracks_is_used(blocky):
    """A file that fails to decode fails in every run."""
    forget_blocks(blocky, blocky.catalogue().rows[:2].tolist())
    assert set(COMBINATIONS) <= set(candidates(blocky))
    vectors = model_vectors(blocky, blocky.catalogue(), "musicnn-blocks", np.ones(N_TRACKS, bool))
    assert np.isnan(vectors).any(axis=1).tolist() == [True] * 2 + [False] * (N_TRACKS - 2)


def forget_blocks(library, tracks):
    for encoder in PRETRAINED_ENCODERS:
        with block_store(library, encoder) as store:
            store.forget(tracks)
