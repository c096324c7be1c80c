"""Contract of all collaborative models. A new model joins with one line in `MODELS`.

The checkerboard: even listeners like even items and odd listeners odd ones, and listener `u` is not
known to like item `u`. The right first answer for each is therefore known exactly.
"""

import json
from dataclasses import asdict

import numpy as np
import pytest
from scipy import sparse

from segue.errors import ModelError
from segue.listening import (
    Als,
    AlsSettings,
    Collaborative,
    CollaborativeSettings,
    Ease,
    EaseSettings,
    ItemKnn,
    ItemKnnSettings,
    Rp3Beta,
    Rp3BetaSettings,
)

N = 12
FEW = AlsSettings(dimensions=2, seed=3)

MODELS = {
    "iALS": lambda: Als(FEW),
    "iALS, by strength": lambda: Als(AlsSettings(dimensions=2, strength=0.5, frequency=0.5)),
    "EASE, users": lambda: Ease(EaseSettings(regularization=2, balance=0.2, lift=0.1)),
    "EASE, items": lambda: Ease(EaseSettings(regularization=2, most_users=0)),
    "item-kNN": lambda: ItemKnn(ItemKnnSettings(neighbours=5)),
    "RP3beta": lambda: Rp3Beta(Rp3BetaSettings(neighbours=7)),
    "collaborative": lambda: Collaborative(CollaborativeSettings(als=FEW, share=0.4)),
    "collaborative, one": lambda: Collaborative(CollaborativeSettings(als=FEW, share=0)),
}


@pytest.fixture(params=MODELS, ids=str)
def make(request):
    return MODELS[request.param]


@pytest.fixture
def model(make):
    return make().fit(checkerboard())


def checkerboard(n_users=N - 2):
    """Fewer users than items, so that EASE is solved on the user side."""
    board = np.indices((n_users, N)).sum(axis=0) % 2 == 0
    np.fill_diagonal(board, val=False)
    return sparse.csr_array(board.astype(np.float32))


def history(*likes, dislikes=()):
    row = np.zeros((1, N), np.float32)
    row[0, list(likes)] = 1
    row[0, list(dislikes)] = -1
    return sparse.csr_array(row)


def nothing_found(answer, shape):
    ids, scores = answer
    assert ids.shape == scores.shape == shape
    assert (ids == -1).all()
    assert (scores == -np.inf).all()


def same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


# what is right ------------------------------------------------------------------------------------


def test_withheld_item_ranks_first(model):
    ids, _ = model.recommend(np.arange(N - 2), k=1)
    assert ids[:, 0].tolist() == list(range(N - 2))


def test_items_of_one_kind_are_more_similar(model):
    ids, scores = model.similar_items(np.arange(N), k=4)
    assert (ids % 2 == np.arange(N)[:, None] % 2).all()
    assert (ids != np.arange(N)[:, None]).all()
    assert (np.diff(scores, axis=1) <= 0).all()


def test_dislike_lowers_scores_of_its_kind(model):
    neutral = model.score(history(0, 1))[0]
    against = model.score(history(0, dislikes=[1]))[0]
    assert against[2] - against[3] > neutral[2] - neutral[3]


def test_fit_counts_dislikes_as_no_likes(make):
    board = checkerboard().toarray()
    board[::2, 0] = -board[::2, 0]
    model = make().fit(sparse.csr_array(board))
    ids, _ = model.recommend_for(history(2, 4), k=3)
    assert set(ids[0]) <= {6, 8, 10}


def test_user_without_likes_gets_nothing(make):
    model = make().fit(-checkerboard())
    nothing_found(model.recommend(0, k=3), (3,))


# shapes and ids -----------------------------------------------------------------------------------


def test_results_have_the_right_shape_and_type(model):
    ids, scores = model.recommend([0, 3, 3], k=4)
    assert (ids.shape, ids.dtype) == ((3, 4), np.int64)
    assert (scores.shape, scores.dtype) == ((3, 4), np.float32)
    assert model.score(checkerboard()).dtype == np.float32
    assert model.item_scores(np.array([1, 2])).shape == (2, N)


@pytest.mark.parametrize("ask", ["recommend", "similar_items"])
def test_batch_equals_one_user_at_a_time(make, ask):
    uneven = (np.random.default_rng(0).random((30, N)) < np.linspace(0.1, 0.6, N)).astype(int)
    model = make().fit(sparse.csr_array(uneven))
    batch_ids, batch_scores = getattr(model, ask)(np.arange(5), k=3)
    for i in range(5):
        ids, scores = getattr(model, ask)(i, k=3)
        assert ids.shape == (3,)
        assert ids.tolist() == batch_ids[i].tolist()
        np.testing.assert_allclose(scores, batch_scores[i], atol=1e-5)


def test_no_ids_give_no_rows(model):
    assert model.recommend([], k=3)[0].shape == (0, 3)
    assert model.similar_items([], k=3)[0].shape == (0, 3)


def test_history_of_a_user_gives_the_same_result(model):
    same(model.recommend([2, 5]), model.recommend_for(checkerboard()[[2, 5]]))


def test_fewer_items_than_k_are_padded_with_minus_one(model):
    known = int(np.diff(checkerboard().indptr)[0])
    ids, scores = model.recommend(0, k=N + 5)
    assert sorted(ids[: N - known]) == sorted(set(range(N)) - set(checkerboard()[[0]].indices))
    assert (ids[N - known :] == -1).all()
    assert (scores[N - known :] == -np.inf).all()
    assert np.isfinite(scores[: N - known]).all()
    others, _ = model.similar_items(0, k=N + 5)
    assert (others[N - 1 :] == -1).all()


def test_exclude_seen_leaves_out_the_history(model):
    known = set(checkerboard()[[0]].indices.tolist())
    assert not known & set(model.recommend(0, k=N)[0].tolist())
    assert known <= set(model.recommend(0, k=N, exclude_seen=False)[0].tolist())
    disliked = model.recommend_for(history(0, dislikes=[2]), k=N)[0]
    assert not {0, 2} & set(disliked[0].tolist())


def test_empty_history_gets_nothing(model):
    nothing_found(model.recommend_for(history(), k=3), (1, 3))
    assert np.isnan(model.score(history())).all()


def test_history_of_unknown_items_gets_nothing(make):
    board = checkerboard().toarray()
    board[:, 6] = 0
    nothing_found(make().fit(sparse.csr_array(board)).recommend_for(history(6), k=3), (1, 3))


def test_item_without_listeners_is_not_recommended(make):
    board = checkerboard().toarray()
    board[:, 6] = 0
    model = make().fit(sparse.csr_array(board))
    assert 6 not in model.recommend(0, k=N, exclude_seen=False)[0]
    nothing_found(model.similar_items(6, k=3), (3,))


@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (0, 4), (1, 1), (3, 1), (3, 0)])
def test_empty_matrix_gives_nothing(make, shape):
    model = make().fit(sparse.csr_array(shape, dtype=np.float32))
    users, items = np.arange(shape[0]), np.arange(shape[1])
    nothing_found(model.recommend(users, k=2), (shape[0], 2))
    nothing_found(model.similar_items(items, k=2), (shape[1], 2))


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (1, 1)])
def test_one_user_or_one_item_is_enough(make, shape):
    model = make().fit(sparse.csr_array(np.ones(shape, np.float32)))
    nothing_found(model.recommend(np.arange(shape[0]), k=2), (shape[0], 2))
    ids, _ = model.recommend(0, k=1, exclude_seen=False)
    assert ids.shape == (1,)


# what is refused ----------------------------------------------------------------------------------


def test_unknown_id_is_refused(model):
    with pytest.raises(ValueError, match=r"no user 10: ids are from 0 to 9"):
        model.recommend([0, N - 2])
    with pytest.raises(ValueError, match="no user -1"):
        model.recommend(-1)
    with pytest.raises(ValueError, match=f"no item {N}"):
        model.similar_items(N)


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_is_refused(model, k):
    for ask in (model.recommend, model.similar_items):
        with pytest.raises(ValueError, match="at least 1 item"):
            ask(0, k=k)
    with pytest.raises(ValueError, match="at least 1 item"):
        model.recommend_for(history(0), k=k)


def test_id_that_is_no_integer_is_refused(model):
    for wrong in (1.5, [0.0, 1.0], "alice", True, np.nan):
        with pytest.raises(ValueError, match="must be an integer"):
            model.recommend(wrong)
    with pytest.raises(ValueError, match="2 dimensions"):
        model.recommend([[0, 1]])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, 1e300])
def test_nan_and_infinity_are_refused(make, wrong):
    board = checkerboard().astype(np.float64)
    board.data[3] = wrong
    with pytest.raises(ValueError, match="NaN or infinity"):
        make().fit(board)


def test_input_that_is_no_matrix_is_refused(make):
    with pytest.raises(ValueError, match=r"give \[n_users, n_items\]"):
        make().fit(np.ones(4))
    with pytest.raises(ValueError, match="give one row an item"):
        make().fit(checkerboard(), np.ones((N + 1, 2)))


def test_history_of_another_width_is_refused(model):
    with pytest.raises(ValueError, match=f"over 3 items and the model over {N}"):
        model.recommend_for(sparse.csr_array((1, 3)))


def test_unfitted_model_raises(make, tmp_path):
    for ask in (
        lambda: make().recommend(0),
        lambda: make().recommend_for(history(0)),
        lambda: make().similar_items(0),
        lambda: make().save(tmp_path),
    ):
        with pytest.raises(ModelError, match="call fit first"):
            ask()


# the same again -----------------------------------------------------------------------------------


def test_results_are_deterministic(make, model):
    same(make().fit(checkerboard()).recommend(range(5)), model.recommend(range(5)))


def test_second_fit_replaces_the_first(make, model):
    fewer = checkerboard(N + 3)  # now EASE is solved on the other side
    again, new = model.fit(fewer), make().fit(fewer)
    same(again.recommend(range(N)), new.recommend(range(N)))
    same(again.similar_items(range(N)), new.similar_items(range(N)))


def test_fit_does_not_change_its_input(make):
    data = np.array([1, 0, 2, 1, -1], np.float32)  # one zero, one twice, out of order
    indices, indptr = np.array([3, 1, 0, 0, 2]), np.array([0, 3, 5])
    given = sparse.csr_array((data, indices, indptr), shape=(2, 4))
    make().fit(given).recommend_for(given)
    assert given.data.tolist() == [1, 0, 2, 1, -1]
    assert given.indices.tolist() == [3, 1, 0, 0, 2]
    assert given.indptr.tolist() == [0, 3, 5]
    board = checkerboard()
    model = make().fit(board)
    expected = model.recommend(0)
    board.data[:] = 0  # and what the caller does later changes nothing
    same(model.recommend(0), expected)


def test_any_kind_of_matrix_is_accepted(make, model):
    board = checkerboard()
    for kind in (board.tocoo(), board.tocsc(), sparse.csr_matrix(board), board.toarray()):
        same(make().fit(kind.astype(np.int64)).recommend(range(5)), model.recommend(range(5)))


def test_save_then_load_gives_the_same_model(model, tmp_path):
    model.save(tmp_path / "kept")
    model.save(tmp_path / "kept")  # over itself
    loaded = type(model).load(tmp_path / "kept")
    assert loaded.settings == model.settings
    same(loaded.recommend(range(N - 2), k=N), model.recommend(range(N - 2), k=N))
    same(loaded.similar_items(range(N)), model.similar_items(range(N)))
    assert sorted(p.name for p in (tmp_path / "kept").iterdir()) == ["arrays.npz", "model.json"]


def test_load_from_an_empty_directory_is_refused(make, tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        type(make()).load(tmp_path)


@pytest.mark.parametrize("name", ["arrays.npz", "model.json"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_truncated_file_is_refused(model, tmp_path, name, share):
    model.save(tmp_path)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match=r"cannot be read .*train it again"):
        type(model).load(tmp_path)


@pytest.mark.parametrize("about", [[], "x", {}, {"kind": None}, {"settings": {}}])
def test_malformed_description_is_refused(model, tmp_path, about):
    model.save(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(ModelError, match=r"cannot be read|is of the kind None"):
        type(model).load(tmp_path)


def test_settings_of_another_version_are_refused(model, tmp_path):
    model.save(tmp_path)
    about = {"kind": model.kind, "settings": {**asdict(model.settings), "colour": 1}}
    (tmp_path / "model.json").write_text(json.dumps(about), "utf-8")
    with pytest.raises(ModelError, match="cannot be read"):
        type(model).load(tmp_path)


def test_arrays_of_another_model_are_refused(model, tmp_path):
    model.save(tmp_path)
    np.savez(tmp_path / "arrays.npz", weights=np.ones(3))
    with pytest.raises(ModelError, match=r"cannot be read \((it has no '\w+'|\w+ )"):
        type(model).load(tmp_path)


def test_model_of_another_kind_is_refused(model, tmp_path):
    model.save(tmp_path)
    other = ItemKnn if model.kind != "item-knn" else Als
    with pytest.raises(ModelError, match=f"kind '{model.kind}', not '{other.kind}'"):
        other.load(tmp_path)


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        (AlsSettings, {"dimensions": 0}),
        (AlsSettings, {"iterations": 0}),
        (AlsSettings, {"regularization": 0.0}),
        (AlsSettings, {"unobserved": float("nan")}),
        (AlsSettings, {"strength": 1.5}),
        (AlsSettings, {"prior": -1.0}),
        (EaseSettings, {"regularization": -1.0}),
        (EaseSettings, {"kept": 0}),
        (CollaborativeSettings, {"share": 1.1}),
        (ItemKnnSettings, {"neighbours": 0}),
        (ItemKnnSettings, {"shrinkage": -1.0}),
        (Rp3BetaSettings, {"neighbours": 0}),
    ],
)
def test_settings_out_of_range_are_refused(settings, wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} is .*: it must be"):
        settings(**wrong)
