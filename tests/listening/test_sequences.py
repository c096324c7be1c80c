"""Contract of all sequence models. A new model joins with one line in `MODELS`.

The cycle: listeners play twelve items in one order, over and over, each starting elsewhere; so the
right next item is known exactly. Items of one album stand together in it, and one item and one
artist were never played by anyone.
"""

import json

import numpy as np
import pytest

from segue.errors import ModelError
from segue.listening.sequences import SequenceModel, SequenceSettings
from segue.listening.sequences.group_repeats import (
    ArtistAlbumRepeats,
    ArtistAlbumRepeatsSettings,
    GroupMarkov,
    GroupMarkovSettings,
)
from segue.listening.sequences.markov import Markov, MarkovSettings
from segue.listening.sequences.model import PlayHistory, Plays
from segue.listening.sequences.popularity import Popularity
from segue.listening.sequences.repeats import BaseLevel, RepeatConsumption, Replay
from segue.listening.sequences.session_knn import SessionKnn, SessionKnnSettings

CYCLE = 12
NEVER = CYCLE  # one more item, without plays
N_ITEMS = CYCLE + 1
ARTISTS = np.array([i // 3 for i in range(CYCLE)] + [9])
ALBUMS = np.array([i // 3 for i in range(CYCLE)] + [-1])


def cycle(start, length=40):
    return (start + np.arange(length)) % CYCLE


def sequences():
    return [cycle(start) for start in range(CYCLE)]


MODELS = {
    "popularity": Popularity,
    "markov": Markov,
    "first order": lambda: Markov(MarkovSettings(order=1, reach=1)),
    "session-kNN": lambda: SessionKnn(SessionKnnSettings(session_length=4, recent=2)),
    "base level": BaseLevel,
    "returns": RepeatConsumption,
    "replay": Replay,
    "artist runs": ArtistAlbumRepeats,
    "album runs": lambda: ArtistAlbumRepeats(ArtistAlbumRepeatsSettings(group="album")),
    "artist chain": GroupMarkov,
    "album chain": lambda: GroupMarkov(GroupMarkovSettings(group="album")),
    "mixture": lambda: SequenceModel(SequenceSettings(attentive=None)),
}
ORDERED = ["markov", "first order", "replay", "mixture"]
ONLY_PLAYED = ["base level", "returns", "replay"]


def is_scored(model, scores):
    """Return whether scores are above zero or NaN; the mixture scores every item."""
    if isinstance(model, SequenceModel):
        return np.isfinite(scores).all()
    return (np.isnan(scores) | (scores > 0)).all()


def fitted(name):
    return MODELS[name]().fit(sequences(), N_ITEMS, ARTISTS, ALBUMS)


@pytest.fixture(scope="module")
def models():
    return {name: fitted(name) for name in MODELS}


@pytest.fixture(params=MODELS, ids=str)
def model(request, models):
    return models[request.param]


@pytest.mark.parametrize("name", ORDERED)
def test_next_item_of_the_cycle_ranks_first(name, models):
    for start in range(CYCLE):
        history = cycle(start, 30)
        assert np.nanargmax(models[name].score(history)) == (start + 30) % CYCLE


@pytest.mark.parametrize("name", ["markov", "first order"])
def test_markov_scores_after_one_play(name, models):
    for item in range(CYCLE):
        assert np.nanargmax(models[name].score([item])) == (item + 1) % CYCLE


@pytest.mark.parametrize("name", ONLY_PLAYED)
def test_repeat_models_score_only_played_items(name, models):
    scores = models[name].score(cycle(0, 15) % 5)
    assert (scores[:5] > 0).all()
    assert np.isnan(scores[5:]).all()


def test_similar_sessions_vote_for_their_items(models):
    scores = np.nan_to_num(models["session-kNN"].score([4, 5]))
    assert scores[[3, 6]].min() > scores[[8, 9, 10, 11, 0]].max()


@pytest.mark.parametrize("name", ["artist runs", "album runs"])
def test_artist_repeats_score_the_same_artist(name, models):
    scores = models[name].score([0, 6])
    assert scores[[7, 8]].min() > scores[[1, 2]].max() > 0
    assert np.isnan(scores[3])


@pytest.mark.parametrize("name", ["artist chain", "album chain"])
def test_group_markov_scores_the_next_group(name, models):
    scores = np.nan_to_num(models[name].score([0, 1, 2]))
    assert scores[[3, 4, 5]].min() > scores[[9, 10, 11]].max()


def test_scores_have_the_right_shape_and_type(model):
    scores = model.score([0, 1])
    assert scores.shape == (N_ITEMS,)
    assert scores.dtype == np.float32
    assert is_scored(model, scores)


def test_batch_equals_one_history_at_a_time(model):
    histories = [cycle(start, 1 + 3 * start) for start in range(5)]
    batch = model.score_many(histories)
    assert batch.shape == (5, N_ITEMS)
    for row, history in zip(batch, histories, strict=True):
        np.testing.assert_array_equal(row, model.score(history))
    assert model.score_many([]).shape == (0, N_ITEMS)


def test_save_then_load_gives_the_same_model(model, tmp_path):
    model.save(tmp_path / "new")
    again = type(model).load(tmp_path / "new")
    assert again.settings == model.settings
    for history in ([], [3], cycle(2, 20)):
        np.testing.assert_array_equal(again.score(history), model.score(history))


@pytest.mark.parametrize("name", MODELS)
def test_second_fit_gives_the_same_model(name, models):
    np.testing.assert_array_equal(fitted(name).score([2, 3]), models[name].score([2, 3]))


def test_empty_history_is_scored(model):
    scores = model.score([])
    assert scores.shape == (N_ITEMS,)
    assert is_scored(model, scores)


def test_unknown_items_are_ignored(model):
    np.testing.assert_array_equal(model.score([4, -1, 5, 10_000]), model.score([4, 5]))


def test_history_of_items_without_plays_is_scored(model):
    assert is_scored(model, model.score([NEVER, NEVER]))


def test_long_history_is_cut_to_its_latest_plays(model):
    long = cycle(0, 3000)
    np.testing.assert_array_equal(model.score(long), model.score(long[-1000:]))


@pytest.mark.parametrize("name", MODELS)
def test_fit_without_plays_is_no_error(name):
    for nothing in ([], [[]], [[3]]):
        model = MODELS[name]().fit(nothing, N_ITEMS, ARTISTS, ALBUMS)
        assert is_scored(model, model.score([1, 2]))


@pytest.mark.parametrize("name", MODELS)
def test_fit_without_artists_and_albums_works(name):
    model = MODELS[name]().fit(sequences(), N_ITEMS)
    assert is_scored(model, model.score([1, 2]))


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="at least one item"):
        Markov().fit([[0]], 0)
    with pytest.raises(ValueError, match="give a vector"):
        Markov().fit([[[0, 1]]], 3)
    with pytest.raises(ValueError, match="one album an item"):
        Markov().fit([[0]], 3, None, [1])
    with pytest.raises(ModelError, match="not fitted yet"):
        Markov().score([0])
    with pytest.raises(ValueError, match="at least 1"):
        MarkovSettings(order=0)
    with pytest.raises(ValueError, match="at least 1"):
        SessionKnnSettings(neighbours=0)


def test_damaged_and_foreign_models_are_refused(tmp_path, models):
    models["markov"].save(tmp_path)
    with pytest.raises(ModelError, match="of the kind 'markov'"):
        Replay.load(tmp_path)
    (tmp_path / "arrays.npz").write_bytes(b"no")
    with pytest.raises(ModelError, match="train it again"):
        Markov.load(tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        Markov.load(tmp_path / "nowhere")


def test_saved_settings_are_readable_json(models, tmp_path):
    models["mixture"].save(tmp_path)
    about = json.loads((tmp_path / "model.json").read_text("utf-8"))
    assert about["settings"]["markov"]["order"] == 10


# what single models compute ----------------------------------------------------------------------


def test_base_level_equals_the_formula():
    model = BaseLevel().fit([], 4)
    expected = np.float32([np.nan, 1 / np.sqrt(1) + 1 / np.sqrt(3), 1 / np.sqrt(2), np.nan])
    np.testing.assert_allclose(model.score([1, 2, 1]), expected, rtol=1e-6)


def test_base_level_by_days_has_a_minimum_of_an_hour():
    model = BaseLevel().fit([], 3)
    scores = model.score_aged([0, 1, 0, 7], [4.0, 0.0, 16.0, 1.0])
    np.testing.assert_allclose(scores, [1 / 2 + 1 / 4, np.sqrt(24), np.nan], rtol=1e-6)
    with pytest.raises(ValueError, match="one age a play"):
        model.score_aged([0, 1], [1.0])


def test_repeat_consumption_equals_counted_shares():
    rng = np.random.default_rng(0)
    played = [rng.integers(0, 6, 200), rng.integers(0, 30, 100)]
    model = RepeatConsumption().fit(played, 30)
    came, could = {}, {}
    for own in played:
        for t in range(1, len(own)):
            for item in np.unique(own[:t]):
                gap = t - np.flatnonzero(own[:t] == item)[-1]
                cell = (gap, int(np.log2((own[:t] == item).sum())))
                could[cell] = could.get(cell, 0) + 1
                came[cell] = came.get(cell, 0) + (own[t] == item)
    average = sum(came.values()) / sum(could.values())
    for gap, count in [(1, 0), (3, 1), (5, 2), (7, 3)]:
        expected = (came[gap, count] + 20 * average) / (could[gap, count] + 20)
        assert model.chances_[gap - 1, count] == pytest.approx(expected)


def test_markov_counts_skips_and_backs_off():
    settings = MarkovSettings(order=1, reach=2, skip_decay=0.5, pseudo_count=1.0)
    scores = Markov(settings).fit([[0, 1, 2], [0, 2]], 3).score([0])
    np.testing.assert_allclose(scores, [np.nan, 1 / 3.5, 1.5 / 3.5], rtol=1e-6)


def test_session_knn_equals_brute_force():
    rng = np.random.default_rng(1)
    played = [rng.permutation(40)[:9] for _ in range(30)]
    settings = SessionKnnSettings(session_length=9, recent=4, lag_decay=0.5, neighbours=5)
    model = SessionKnn(settings).fit(played, 40)
    history = rng.permutation(40)[:6]
    idf = np.log1p(30 / np.maximum(np.bincount(np.concatenate(played), minlength=40), 1))
    lags = {item: lag for lag, item in enumerate(history[-4:][::-1])}
    similarity = np.array(
        [sum(0.5 ** lags[i] * idf[i] for i in own if i in lags) / 3 for own in played]
    )
    votes = np.zeros(40)
    for session in np.argsort(-similarity, kind="stable")[:5]:
        votes[played[session]] += similarity[session]
    expected = votes * np.sqrt(idf)
    found = np.nan_to_num(model.score(history))
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-5)


def test_play_history_has_lags_and_repeats():
    history = PlayHistory.of([3, 1, 3, 2], 5)
    assert history.distinct.tolist() == [1, 2, 3]
    assert history.last_lags.tolist() == [2, 0, 1]
    assert history.was_repeat.tolist() == [False, False, True, False]
    assert history.played.tolist() == [False, True, True, True, False]


def test_pairs_at_a_distance_stay_within_one_sequence():
    plays = Plays.of([[0, 1, 2], [3, 4]], 5)
    before, after = plays.apart(1)
    assert list(zip(before.tolist(), after.tolist(), strict=True)) == [(0, 1), (1, 2), (3, 4)]
    assert plays.until(np.array([1, 2])).items.tolist() == [0, 3, 4]


def test_pairs_at_a_distance_stay_within_one_session():
    plays = Plays.of([[0, 1, 2, 9, 3], [3, 4]], 5, sessions=[[1, 1, 2, 2, 2], []])
    before, after = plays.apart(1)
    assert list(zip(before.tolist(), after.tolist(), strict=True)) == [(0, 1), (2, 3), (3, 4)]
    cut = plays.until(np.array([3, 1]))
    assert (cut.items.tolist(), cut.sessions.tolist()) == ([0, 1, 2, 3], [1, 1, 2, 0])


def test_plays_with_too_few_sessions_are_refused():
    with pytest.raises(ValueError, match="1 sessions for 2 plays"):
        Plays.of([[0, 1]], 2, sessions=[[1]])


def test_session_knn_votes_only_within_sessions():
    plays = Plays.of([[0, 1, 2, 3]], 4, sessions=[[1, 1, 2, 2]])
    by_session = SessionKnn().fit(plays, 4)
    assert np.isnan(by_session.score([0])).tolist() == [False, False, True, True]
    everything = SessionKnn(SessionKnnSettings(by_session=False)).fit(plays, 4)
    assert np.isfinite(everything.score([0])).all()
