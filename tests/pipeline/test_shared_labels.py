"""Queries by shared labels: other artists only, every column, the share of what can be found."""

import numpy as np
import pytest
from tests.factories import make_library, rows, write_dataset

from segue.index import normalise
from segue.pipeline.training.labels import artist_groups
from segue.pipeline.training.neighbours import compared_tracks
from segue.pipeline.training.shared_labels import CUT, label_queries

N_TRACKS = 24


@pytest.fixture
def catalogue(tmp_path):
    """Tracks of six artists, two genres, a column with the same classes, one with one class."""
    genre = np.arange(N_TRACKS) // 4 % 2
    tracks = rows(
        "track_id title artist genre package style lyrics",
        [
            (
                f"t{n}",
                f"Title {n}",
                f"Artist {n // 4}",
                f"genre {genre[n]}",
                f"p{genre[n]}",
                "even" if n % 2 else "odd",
                "la",
            )
            for n in range(N_TRACKS)
        ],
    )
    library = make_library(tmp_path / "my.segue", write_dataset(tmp_path / "data", tracks))
    return library.catalogue()


@pytest.fixture
def queries(catalogue):
    field = compared_tracks(catalogue, [], np.ones(N_TRACKS, bool))
    return label_queries(catalogue, field)


def by_hand(catalogue, vectors, labels):
    """Count the neighbors with the label of each track, one track after another."""
    groups, found = artist_groups(catalogue), []
    for track in range(N_TRACKS):
        allowed = [n for n in range(N_TRACKS) if groups[n] != groups[track]]
        near = sorted(allowed, key=lambda n: -float(vectors[n] @ vectors[track]))[:CUT]
        n_there = sum(labels[n] == labels[track] for n in allowed)
        hits = sum(labels[n] == labels[track] for n in near)
        found.append(hits / min(CUT, n_there) if n_there else np.nan)
    return np.array(found)


def test_columns_that_separate_are_used_once(queries):
    assert list(queries.columns) == ["genre", "style"]
    assert queries.queries.all()


def test_share_equals_a_count_by_hand(catalogue, queries, rng):
    vectors = normalise(rng.normal(size=(N_TRACKS, 5)).astype(np.float32))
    genres = [track.genres[0] for track in catalogue.tracks]
    styles = [track.metadata["style"] for track in catalogue.tracks]
    expected = (by_hand(catalogue, vectors, genres) + by_hand(catalogue, vectors, styles)) / 2
    np.testing.assert_allclose(queries.found_shares(vectors), expected)


def test_measurements_and_internal_columns_are_no_labels(tmp_path):
    names = "track_id title artist loudness rating mood isrc from_path collection"
    tracks = [
        (
            f"t{n}",
            f"Title {n}",
            f"Artist {n // 4}",
            f"{-6.5 - n % 3} dB",
            str(n % 4),
            f"mood {n % 3}",
            f"code {n % 3}",
            "title|artist" if n % 2 else "title",
            f"collection {n % 5}",
        )
        for n in range(N_TRACKS)
    ]
    dataset = write_dataset(tmp_path / "data", rows(names, tracks))
    catalogue = make_library(tmp_path / "my.segue", dataset).catalogue()
    field = compared_tracks(catalogue, [], np.ones(N_TRACKS, bool))
    assert list(label_queries(catalogue, field).columns) == ["collection", "mood"]
    asked = label_queries(catalogue, field, targets=["rating"])
    assert list(asked.columns) == ["collection", "mood", "rating"]


def test_tracks_that_are_not_asked_remain_neighbors(catalogue, queries, rng):
    vectors = normalise(rng.normal(size=(N_TRACKS, 5)).astype(np.float32))
    asked = np.arange(N_TRACKS) % 4 > 0
    found = label_queries(catalogue, queries.field, asked=asked)
    np.testing.assert_array_equal(found.queries, asked)
    expected = np.where(asked, queries.found_shares(vectors), np.nan)
    np.testing.assert_allclose(found.found_shares(vectors), expected)


def test_class_of_one_artist_is_no_query(tmp_path):
    tracks = rows(
        "track_id title artist genre",
        [
            (f"t{n}", f"Title {n}", f"Artist {n // 4}", "own" if n < 4 else f"g{n % 2}")
            for n in range(N_TRACKS)
        ],
    )
    library = make_library(tmp_path / "my.segue", write_dataset(tmp_path / "data", tracks))
    catalogue = library.catalogue()
    field = compared_tracks(catalogue, [], np.ones(N_TRACKS, bool))
    queries = label_queries(catalogue, field)
    alone = np.array([track.genres == ("own",) for track in catalogue.tracks])
    np.testing.assert_array_equal(queries.queries, ~alone)
    shares = queries.found_shares(np.eye(N_TRACKS, dtype=np.float32))
    assert np.isnan(shares[alone]).all()
    assert np.isfinite(shares[~alone]).all()
