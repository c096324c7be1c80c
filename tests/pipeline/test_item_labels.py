"""Labels of tracks for the collaborative model: shared tags, genres, artists and albums."""

import numpy as np

from segue.catalogue_ids import CatalogueIds
from segue.pipeline.training.item_features import item_labels
from segue.types import Track


def track(number, **values):
    return Track(track_id=str(number), **values)


def test_item_labels_are_those_that_tracks_share():
    tracks = [
        track(0, tags={"folk": 5, "rare": 1}, genres=("jazz",)),
        track(1, tags={"folk": 2}, genres=("jazz",)),
        track(2),
        track(3),
    ]
    ids = CatalogueIds.of([[7], [8], [8, 7], []], [1, None, 2, 2])
    found = item_labels(tracks, ids)
    # folk; jazz; the artists 7 and 8; the album 2
    np.testing.assert_array_equal(
        found.toarray() > 0,
        [[1, 1, 1, 0, 0], [1, 1, 0, 1, 0], [0, 0, 1, 1, 1], [0, 0, 0, 0, 1]],
    )


def test_item_labels_grow_with_the_root_of_weights():
    many = {f"tag {number}": 1 for number in range(16)}
    tracks = [track(n, tags=many) for n in range(3)] + [track(9, tags={"tag 1": 1})] * 2
    ids = CatalogueIds.of([[]] * 5, [None] * 5)
    length = np.linalg.norm(item_labels(tracks, ids).toarray(), axis=1)
    assert abs(length[0] - 1) < 1e-6  # the median
    assert 0.4 < length[3] < 0.6


def test_item_labels_without_shared_labels_are_none():
    tracks = [track(0, tags={"folk": 1}), track(1, tags={"jazz": 1})]
    assert item_labels(tracks, CatalogueIds.of([[1], [2]], [None, None])) is None
