"""Contract of all signals. A new signal joins with one line in `CASES`.

Data: even tracks are similar, odd tracks are similar, and each listener likes one kind. One track
of that kind is withheld and must rank first.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from segue.engine import rank
from segue.index import MutualProximity
from segue.library.catalogue import ids_of
from segue.listening import Collaborative
from segue.listening.sequences import fit_sequences
from segue.signals import (
    SIGNALS,
    CollaborativeSignal,
    FriendsSignal,
    KnnModel,
    PaddedSignal,
    RecencySignal,
    SequenceSignal,
    UserProfile,
    knn,
    load_signal,
    lyrics,
    metadata,
    opinions_of,
    popularity,
    reads_same,
    save_signal,
    tags,
    temporal,
    timbre,
)
from segue.types import Track

N_TRACKS = 12
SILENT = N_TRACKS  # one more track, of which nothing is known


def vectors(seed=0):
    """Two directions with a little noise, and a row of NaN for the track without audio."""
    rng = np.random.default_rng(seed)
    points = np.zeros((N_TRACKS + 1, 4), np.float32)
    points[0:N_TRACKS:2, 0] = points[1:N_TRACKS:2, 1] = 1
    points += rng.normal(scale=0.01, size=points.shape).astype(np.float32)
    points[SILENT] = np.nan
    return points


def tracks():
    kinds = [("folk", "Even"), ("jazz", "Odd")]
    known = [
        Track(
            track_id=str(i),
            genres=(kinds[i % 2][0],),
            artist=kinds[i % 2][1],
            tempo=90.0 + i,
            tags={kinds[i % 2][0]: 2},
            lyrics=("the sea the sea", "my city")[i % 2],
        )
        for i in range(N_TRACKS)
    ]
    return [*known, Track(track_id="silent")]


def combined():
    model = KnnModel.fit(tracks(), vectors(), ["mfcc"] * 4, np.ones(N_TRACKS + 1, bool))
    return model.transform(tracks(), vectors())


def learned(n_tracks=N_TRACKS + 1):
    """A model of listeners who like all tracks of one kind but one."""
    profiles = [like(*np.setdiff1d(range(u % 2, N_TRACKS, 2), [u])) for u in range(N_TRACKS)]
    return Collaborative().fit(opinions_of(profiles, n_tracks))


def hubless(signal):
    """The same signal with mutual proximity in the place of cosines."""
    return replace(signal, hubs=MutualProximity.fit(signal.vectors))


CASES = {
    "timbre": lambda: timbre(vectors()),
    "timbre without hubs": lambda: hubless(timbre(vectors())),
    "temporal": lambda: temporal(vectors(1)),
    "knn": lambda: knn(combined()),
    "metadata": lambda: metadata(tracks(), ids_of(tracks())),
    "tags": lambda: tags(tracks()),
    "lyrics": lambda: lyrics(tracks()),
    "collaborative": lambda: CollaborativeSignal(learned()),
    "collaborative, fitted earlier": lambda: PaddedSignal(
        CollaborativeSignal(learned(N_TRACKS)), N_TRACKS, N_TRACKS + 1
    ),
    "recency": lambda: RecencySignal(np.array([*(i % 2 for i in range(N_TRACKS)), -1])),
    "friends": lambda: FriendsSignal(N_TRACKS + 1),
    "popularity": lambda: popularity([like(0, 2), like(0, 1), like(0, 4)], N_TRACKS + 1),
    "sequence": lambda: SequenceSignal(
        fit_sequences([range(8)] * 3, N_TRACKS + 1, attentive=False)
    ),
}
SAYING_LESS = ("popularity", "sequence", "recency", "friends")
COMPARING = [name for name in CASES if name not in SAYING_LESS]


def like(*positions, dislike=()):
    both = np.array([*positions, *dislike], np.int64)
    weights = np.array([1.0] * len(positions) + [-1.0] * len(dislike), np.float32)
    return UserProfile(both, weights, both, both)


def checkerboard():
    """Each listener likes all of one kind but one, which is withheld."""
    return [like(*(i for i in range(u % 2, N_TRACKS, 2) if i != u)) for u in range(N_TRACKS)]


@pytest.fixture(params=CASES, ids=str)
def signal(request):
    return CASES[request.param]()


@pytest.fixture(params=COMPARING, ids=str)
def comparing(request):
    return CASES[request.param]()


def test_scores_have_the_right_shape_and_type(signal):
    scores = signal.for_listeners(checkerboard())
    assert scores.shape == (N_TRACKS, N_TRACKS + 1)
    assert scores.dtype == np.float32
    assert signal.for_track(3).shape == (N_TRACKS + 1,)
    assert signal.for_track(3).dtype == np.float32
    assert not np.isinf(scores).any()


def test_scores_depend_on_what_the_signal_reads_only(signal):
    profile = replace(
        like(0, 2, 4, dislike=(3,)),
        history=np.array([0, 2, 2, 4]),
        ages=np.float32([9, 5, 2, 1]),
        friends=(np.array([1, 3]),),
    )
    others = {
        "positions": np.array([1, 3, 5, 2]),
        "weights": np.float32([1, 2, -1, 1]),
        "known": np.array([0, 7]),
        "history": np.array([1, 5, 5, 0]),
        "ages": np.float32([7, 4, 3, 1]),
        "friends": (np.array([2]), np.array([4, 6])),
        "sessions": np.array([0, 0, 1, 1]),
        "user": "ann",
    }
    assert set(signal.reads) <= set(others)
    moved = replace(profile, **{k: v for k, v in others.items() if k not in signal.reads})
    assert reads_same(signal, profile, moved)
    np.testing.assert_array_equal(*map(signal.for_listeners, ([profile], [moved])))
    for name in signal.reads:
        assert not reads_same(signal, profile, replace(profile, **{name: others[name]}))


def test_withheld_track_ranks_first(comparing):
    for withheld, profile in enumerate(checkerboard()):
        exclude = np.zeros(N_TRACKS + 1, bool)
        exclude[profile.known] = True
        scores = comparing.for_listeners([profile])
        assert rank(scores, np.ones(1), exclude, 1).positions.tolist() == [withheld]


def test_batch_equals_one_profile_at_a_time(signal):
    profiles = checkerboard()
    batch = signal.for_listeners(profiles)
    for row, profile in zip(batch, profiles, strict=True):
        np.testing.assert_allclose(row, signal.for_listeners([profile])[0], rtol=2e-6, atol=1e-6)


def test_no_profiles_give_no_rows(signal):
    assert signal.for_listeners([]).shape == (0, N_TRACKS + 1)


def test_tracks_of_one_kind_are_more_similar(comparing):
    scores = comparing.for_track(4)
    same, other = scores[0:N_TRACKS:2], scores[1:N_TRACKS:2]
    assert same.min() > other.max()


def test_dislike_lowers_scores_of_its_kind(comparing):
    neutral, against = comparing.for_listeners([like(0, 1), like(0, dislike=(1,))])
    gap_before = neutral[2] - neutral[3]
    assert against[2] - against[3] > gap_before


def test_dislikes_alone_give_scores(comparing):
    scores = comparing.for_listeners([like(dislike=(0,))])[0]
    assert scores[1] > scores[2]


def test_unknown_listener_scores_nan(comparing):
    assert np.isnan(comparing.for_listeners([like()])).all()
    assert np.isnan(comparing.for_listeners([like(SILENT)])).all()


def test_unknown_track_scores_nan():
    for name in ("timbre", "timbre without hubs", "temporal", "metadata", "tags", "lyrics"):
        signal = CASES[name]()
        assert np.isnan(signal.for_listeners([like(0)])[0, SILENT])
        assert np.isnan(signal.for_track(SILENT)).all()


def reloaded(signal, directory):
    """The signal saved and loaded again, its arrays mapped read-only."""
    settings, arrays = save_signal(signal)
    for name, array in arrays.items():
        np.save(directory / f"{name}.npy", array, allow_pickle=False)
    mapped = {name: np.load(directory / f"{name}.npy", mmap_mode="r") for name in arrays}
    return load_signal(json.loads(json.dumps(settings)), mapped)


def test_save_then_load_gives_the_same_scores(signal, tmp_path):
    loaded = reloaded(signal, tmp_path)
    assert loaded.name == signal.name
    profiles = [*checkerboard(), like(), replace(like(0), friends=(np.array([2]),))]
    for before, after in (
        (signal.for_listeners(profiles), loaded.for_listeners(profiles)),
        (signal.for_track(4), loaded.for_track(4)),
        (signal.for_track(SILENT), loaded.for_track(SILENT)),
    ):
        np.testing.assert_allclose(before, after, rtol=1e-5, atol=1e-5)


def test_save_after_load_gives_the_same_arrays(signal, tmp_path):
    settings, arrays = save_signal(signal)
    again, copies = save_signal(reloaded(signal, tmp_path))
    assert again == settings
    assert copies.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(copies[name], array)


def test_info_of_every_signal_is_complete(signal):
    info = SIGNALS[signal.name].info
    assert info.name == signal.name
    assert info.title[0].isupper()
    assert info.description
    assert not info.description.endswith(".")


def test_every_registered_signal_has_a_case():
    assert {CASES[name]().name for name in CASES} == set(SIGNALS)


def test_every_definition_has_one_way_to_be_built():
    for one in SIGNALS.values():
        ways = [one.from_embeddings, one.from_tracks, one.from_listens]
        assert sum(way is not None for way in ways) == 1, one.name


def test_titles_are_distinct():
    assert len({one.info.title for one in SIGNALS.values()}) == len(SIGNALS)


def test_save_refuses_a_signal_that_is_not_registered():
    with pytest.raises(ValueError, match="'unlisted' has no definition"):
        save_signal(replace(timbre(vectors()), name="unlisted"))


# linear RGB as people without one kind of cone see it: Machado, Oliveira and Fernandes, 2009
VISION = {
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def oklab(color, vision):
    """OKLab (Ottosson, 2020) of ``#rrggbb``, as it is seen."""
    values = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(VISION[vision]) @ linear, 0, 1)
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return to_lab @ np.cbrt(cones @ seen)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colors_of_signals_can_be_told_apart(vision, scheme):
    points = [oklab(getattr(one.info.color, scheme), vision) for one in SIGNALS.values()]
    for place, point in enumerate(points):
        for other in points[place + 1 :]:
            assert np.linalg.norm(point - other) >= (0.08 if vision == "tritan" else 0.1)


def test_scores_are_deterministic(signal):
    first = signal.for_listeners(checkerboard())
    np.testing.assert_array_equal(first, signal.for_listeners(checkerboard()))


def test_profile_without_a_track_scores_as_if_never_liked(comparing):
    profile = like(0, 2, 3)
    without = profile.without(np.array([3]))
    np.testing.assert_array_equal(
        comparing.for_listeners([without]), comparing.for_listeners([like(0, 2)])
    )
    assert without.known.tolist() == [0, 2, 3]


def test_profile_of_one_track_scores_as_that_track():
    for name in ("timbre", "timbre without hubs"):
        signal = CASES[name]()
        mine = signal.for_listeners([like(4)])[0]
        others = np.arange(N_TRACKS + 1) != 4
        np.testing.assert_allclose(mine[others], signal.for_track(4)[others], rtol=1e-4, atol=1e-4)


def test_embeddings_are_centered_on_train_tracks_only():
    train = np.arange(N_TRACKS + 1) < 6
    moved = vectors()
    moved[8] += 100
    first, second = timbre(vectors(), train), timbre(moved, train)
    np.testing.assert_array_equal(first.vectors[:8], second.vectors[:8])
    assert np.abs(timbre(vectors()).vectors[0] - timbre(moved).vectors[0]).max() > 0.1


def test_popularity_leaves_out_the_listeners_own_likes():
    mine = like(0, 2)
    signal = popularity([mine, like(0, 1)], 4)
    scores = signal.for_listeners([mine, like()])
    np.testing.assert_allclose(scores[0], np.log1p([1, 1, 0, 0]), rtol=1e-6)
    np.testing.assert_allclose(scores[1], np.log1p([2, 1, 1, 0]), rtol=1e-6)
    assert np.isnan(signal.for_track(0)).all()


def test_profile_with_unequal_lengths_is_refused():
    with pytest.raises(ValueError, match="one length"):
        UserProfile(np.zeros(2, np.int64), np.zeros(3, np.float32), np.zeros(0, np.int64))


def test_recency_weights_later_plays_more():
    signal = RecencySignal(np.array([0, 0, 1, 1, -1]))
    nothing = np.zeros(0, np.int64)
    profile = UserProfile(
        nothing,
        nothing.astype(np.float32),
        np.array([0, 2]),
        history=np.array([0, 2]),
        ages=np.array([16.0, 4.0], np.float32),
    )
    (scores,) = signal.for_listeners([profile])
    # 16 ** -.5 and 4 ** -.5; plays of the track itself are added to those of its artist
    np.testing.assert_allclose(scores, np.log1p([0.5, 0.25, 1.0, 0.5, 0.0]), rtol=1e-6)


def test_friends_score_is_the_root_of_their_share():
    friends = (np.array([0, 1]), np.array([1]))
    profile = replace(like(3), friends=friends)
    found, alone = FriendsSignal(4).for_listeners([profile, like(3)])
    np.testing.assert_allclose(found, [0.5**0.5, 1, 0, 0], rtol=1e-6)
    assert np.isnan(alone).all()


def test_padded_signal_scores_newer_tracks_nan():
    signal = CASES["collaborative, fitted earlier"]()
    assert np.isnan(signal.for_listeners([like(0)])[0, SILENT])
    assert np.isnan(signal.for_track(SILENT)).all()
    np.testing.assert_array_equal(
        signal.for_listeners([like(0, SILENT)]), signal.for_listeners([like(0)])
    )


def test_definition_says_whether_signal_compares_tracks(signal):
    scored = bool(np.isfinite(signal.for_track(4)).any())
    assert SIGNALS[signal.name].compares_tracks == scored
