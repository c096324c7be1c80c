"""Registry of signals: which signals are built from which inputs."""

from dataclasses import replace

import numpy as np

from segue.listening import ItemKnn
from segue.listening.sequences import fit_sequences
from segue.signals import SIGNALS, ListeningInputs, PaddedSignal, UserProfile

ARTISTS = np.array([0, 0, 1, 2])


def like(*positions):
    both = np.array(positions, np.int64)
    return UserProfile(both, np.ones(len(both), np.float32), both)


def built(given):
    """The signals that are built from these inputs, by name."""
    found = {name: one.from_listens(given) for name, one in SIGNALS.items() if one.from_listens}
    return {name: signal for name, signal in found.items() if signal is not None}


def test_no_listens_build_no_signals():
    assert built(ListeningInputs([], ARTISTS)) == {}


def test_profiles_build_popularity_and_recency():
    found = built(ListeningInputs([like(0, 2), like(0)], ARTISTS))
    assert found.keys() == {"popularity", "recency"}
    assert found["popularity"].listeners.tolist() == [2, 0, 1, 0]
    assert found["recency"].artists.tolist() == ARTISTS.tolist()


def test_artists_with_one_track_each_build_no_recency():
    assert built(ListeningInputs([like(0), like(0)], np.arange(4))).keys() == {"popularity"}


def test_one_listener_builds_no_popularity():
    silent = like()
    for profiles in ([like(0, 2)], [like(0), silent], [silent, silent]):
        assert "popularity" not in built(ListeningInputs(profiles, ARTISTS))


def test_a_profile_with_friends_builds_friends():
    profiles = [like(0), replace(like(1), friends=(np.array([2]),))]
    found = built(ListeningInputs(profiles, ARTISTS))
    assert found["friends"].n_tracks == 4


def test_models_build_their_signals_over_all_tracks():
    collaborative = ItemKnn().fit(np.eye(3, dtype=np.float32))
    sequence = fit_sequences([[0, 1, 2]], 4, attentive=False)
    found = built(ListeningInputs([like(0)], ARTISTS, collaborative, sequence))
    assert isinstance(found["collaborative"], PaddedSignal)  # the model knows three of four tracks
    assert found["collaborative"].for_track(0).shape == (4,)
    assert not isinstance(found["sequence"], PaddedSignal)
    assert found["sequence"].model is sequence
