"""Labels of encoder training: genres, tags or groups of tracks."""

import numpy as np
import pandas as pd
import pytest

from segue.library import Catalogue
from segue.pipeline.training.labels import artist_groups, default_target, labels_of
from segue.types import Track

NONE = pd.DataFrame(columns=["user_id", "track_id"])


def with_tracks(library, tracks):
    library.add_dataset("d", tracks=tracks, listens=NONE)
    return library, library.catalogue()


def track(i, **values):
    return Track(track_id=f"{i:03}", **values)


@pytest.mark.parametrize(
    ("tracks", "target"),
    [
        ([{"genres": ("a",)}, {"genres": ("a",)}, {"genres": ("b",)}, {"genres": ("b",)}], "genre"),
        # one class; and classes of one track
        ([{"genres": ("a",), "artist": f"{i % 3}"} for i in range(9)], "artist"),
        ([{"genres": (f"{i}",), "artist": f"{i % 3}"} for i in range(9)], "artist"),
        # two labelled pairs among fifty tracks
        (
            [{"genres": ("ab"[i % 2],) if i < 4 else (), "album": f"{i // 5}"} for i in range(50)],
            "album",
        ),
        ([{"artist": "the only one"}] * 5, "track"),
        ([{}] * 5, "track"),
    ],
)
def test_what_is_learned_by_default(library, tracks, target):
    _, catalogue = with_tracks(library, [track(i, **values) for i, values in enumerate(tracks)])
    assert default_target(catalogue) == target


def test_tags_are_all_that_are_common(library):
    tags = [
        {"rock": 9.0, "loud": 1.0} if i % 2 else {"calm": 1.0, f"own {i}": 5.0} for i in range(20)
    ]
    tags[3] = {}
    labels = labels_of(
        *with_tracks(library, [track(i, tags=t) for i, t in enumerate(tags)]), "tags"
    )
    assert labels.objective == "tags"
    assert labels.class_names == ("calm", "loud", "rock")
    assert labels.tags is not None
    assert labels.tags[0].tolist() == [True, False, False]
    assert labels.tags[1].tolist() == [False, True, True]
    assert labels.labels[[0, 1, 3]].tolist() == [0, 2, -1]  # the strongest; none
    np.testing.assert_array_equal(labels.taught([1, 3]), labels.tags[[1, 3]])


def test_what_belongs_together_is_by_the_artists_name_however_written(library):
    tracks = [track(i, artist=name) for i, name in enumerate(("Björk", "bjork", "Air", None, None))]
    labels = labels_of(*with_tracks(library, tracks), "artist")
    assert labels.objective == "contrast"
    assert labels.class_names == ()
    groups = labels.labels.tolist()
    assert groups[0] == groups[1]
    assert len(set(groups)) == 4  # who is unknown is alone


def test_who_has_no_name_is_grouped_by_id():
    tracks = [track(i, metadata={"artist_id": one}) for i, one in enumerate(("5", "5", "-1"))]
    groups = artist_groups(Catalogue.of([*tracks, track(3, artist="5"), track(4, artist="Björk")]))
    assert groups[0] == groups[1]
    assert len(set(groups)) == 4
    assert groups[4] == "artist bjork"


def test_the_split_for_contrast_keeps_artists_apart(library):
    tracks = [track(i, artist=f"artist {i % 12}", album=f"album {i % 24}") for i in range(96)]
    labels = labels_of(*with_tracks(library, tracks), "album")
    sides = {}
    for one, split in zip(tracks, labels.splits, strict=True):
        assert sides.setdefault(one.artist, split) == split
    assert set(sides.values()) == {"train", "valid", "test"}
