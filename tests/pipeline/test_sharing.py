"""What listeners with accounts share: nothing that one does shows in the lists of another."""

import numpy as np
import pytest
from tests.factories import make_library, rows, write_dataset

from segue.library import Event, Library
from segue.library.sharing import MIN_GROUP, Sharing
from segue.pipeline.accounts.login import add_account, remove_account
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.train import train
from segue.pipeline.training.listening_models import SEQUENCE

N_TRACKS = 24
PASSWORD = "four words do well"  # noqa: S105
FAMILY = ("anna", "ben")


def household(tmp_path, listeners, *, friends=True):
    """A library of listeners who play different halves of it, and are friends."""
    rng = np.random.default_rng(5)
    tracks = [(f"t{i:02}", f"Piece {i}", f"Band {i % 8}", "ab"[i % 2]) for i in range(N_TRACKS)]
    listens = [
        (user, f"t{i:02}", 1_700_000_000 + 1_000 * n)
        for place, user in enumerate(listeners)
        for n, i in enumerate(rng.permutation(N_TRACKS)[: 8 + place % 3].tolist())
    ]
    pairs = [(one, other) for one in listeners for other in listeners if one < other]
    dataset = write_dataset(
        tmp_path / "music",
        rows("track_id title artist genre", tracks),
        listens=rows("user_id track_id timestamp", listens),
        friends=rows("user_id friend_id", pairs) if friends else [],
    )
    return make_library(tmp_path / "my.segue", dataset).directory


def give_account(directory, name, *, shares=False):
    library = Library(directory)
    add_account(library, name, PASSWORD, shares_taste=shares)
    library.close()


def seen_by(directory, user):
    """All that a list shows to a listener."""
    with_service = RecommenderService.open(directory)
    state = with_service.state()
    found = state.recommend(state.query(user, 12)).to_dict()
    with_service.close()
    return found


def act(directory, user):
    """Play and like much, enough for a new snapshot."""
    library = Library(directory)
    for i in range(N_TRACKS):
        kind = "like" if i % 3 == 0 else "play"
        track = f"t{i:02}"
        library.feedback.add([Event(user=user, track_id=track, kind=kind, key=f"act {i}")])
    library.record_run("import", {})  # what is learned from listens is learned again
    library.close()


def test_sharing_withholds_in_small_groups_only():
    refusing = frozenset({"anna"})
    assert Sharing(refusing, 1, 1).withheld == frozenset()
    assert Sharing(refusing, 1, 2).withheld == refusing
    assert Sharing(refusing, 2, 2).withheld == refusing
    assert Sharing(refusing, MIN_GROUP - 1, MIN_GROUP).withheld == refusing
    assert Sharing(refusing, MIN_GROUP, MIN_GROUP).withheld == frozenset()


def test_acts_of_one_account_do_not_change_what_another_sees(tmp_path):
    directory = household(tmp_path, FAMILY)
    for name in FAMILY:
        give_account(directory, name)
    before = seen_by(directory, "anna")
    act(directory, "ben")
    assert seen_by(directory, "anna") == before


def test_acts_of_one_account_are_seen_if_both_consent(tmp_path):
    """The test above tests something: with consent the list changes."""
    directory = household(tmp_path, FAMILY)
    for name in FAMILY:
        give_account(directory, name, shares=True)
    before = seen_by(directory, "anna")
    assert "friends" in before["weights"]
    act(directory, "ben")
    assert seen_by(directory, "anna") != before


@pytest.mark.parametrize(("anna", "ben"), [(True, False), (False, True), (False, False)])
def test_friends_need_the_consent_of_both(tmp_path, anna, ben):
    directory = household(tmp_path, FAMILY)
    give_account(directory, "anna", shares=anna)
    give_account(directory, "ben", shares=ben)
    service = RecommenderService.open(directory)
    assert service.state().listener("anna").friends == ()
    assert service.state().listener("ben").friends == ()


def test_listener_without_account_counts_as_consenting(tmp_path):
    directory = household(tmp_path, FAMILY)
    give_account(directory, "anna", shares=True)
    service = RecommenderService.open(directory)
    assert len(service.state().listener("anna").friends) == 1
    give_account(directory, "ben", shares=False)
    assert service.state().listener("anna").friends == ()


def test_withdrawn_consent_holds_at_once(tmp_path):
    directory = household(tmp_path, FAMILY)
    for name in FAMILY:
        give_account(directory, name, shares=True)
    service = RecommenderService.open(directory)
    assert len(service.state().listener("anna").friends) == 1
    library = Library(directory)
    library.accounts.set_flags("ben", shares_taste=False)
    assert service.state().listener("anna").friends == ()
    assert service.state().listener("ben").silent >= {"popularity", "collaborative", "sequence"}


def test_mixed_signals_are_off_for_refusing_accounts_of_small_libraries(tmp_path):
    directory = household(tmp_path, ("anna", "ben", "carl"), friends=False)
    give_account(directory, "anna", shares=False)
    give_account(directory, "ben", shares=True)
    service = RecommenderService.open(directory)
    state = service.state()
    for user, off in (("anna", True), ("ben", False), ("carl", False)):
        rows = state.engine.rows(state.listener(user))
        names = [signal.name for signal in state.engine.signals]
        speaks = rows.speaks(np.ones(N_TRACKS, bool))
        assert speaks[names.index("popularity")] != off


def test_large_group_uses_the_listens_of_all(tmp_path):
    names = tuple(f"listener {i}" for i in range(MIN_GROUP))
    directory = household(tmp_path, names, friends=False)
    give_account(directory, names[0], shares=False)
    library = Library(directory)
    assert set(library.shared_listens()["user_id"]) == set(names)
    service = RecommenderService.open(directory)
    assert service.state().listener(names[0]).silent == frozenset()


def test_only_listener_keeps_own_listens(tmp_path):
    directory = household(tmp_path, ("anna",), friends=False)
    give_account(directory, "anna", shares=False)
    assert len(Library(directory).shared_listens()) == 8


def test_model_with_withdrawn_listens_is_not_used(tmp_path):
    names = ("anna", "ben", "carl", "dora")
    directory = household(tmp_path, names, friends=False)
    for name in names:
        give_account(directory, name, shares=True)
    library = Library(directory)
    train(library, SEQUENCE)
    service = RecommenderService.open(directory)
    assert SEQUENCE in {signal.name for signal in service.state().engine.signals}
    service.close()
    library.accounts.set_flags("dora", shares_taste=False)
    service = RecommenderService.open(directory)
    assert SEQUENCE not in {signal.name for signal in service.state().engine.signals}
    service.close()
    train(library, SEQUENCE)
    assert library.models.manifest(SEQUENCE)["withheld"] == ["dora"]
    service = RecommenderService.open(directory)
    assert SEQUENCE in {signal.name for signal in service.state().engine.signals}


def test_new_account_does_not_see_what_the_first_one_plays(tmp_path):
    directory = household(tmp_path, ("anna",), friends=False)
    for name in FAMILY:
        give_account(directory, name)
    service = RecommenderService.open(directory)
    state = service.state()
    rows = state.engine.rows(state.listener("ben", like=["t00"]))
    names = [signal.name for signal in state.engine.signals]
    assert (
        "popularity" not in names
        or not rows.speaks(np.ones(N_TRACKS, bool))[names.index("popularity")]
    )


def test_removed_account_still_withholds_its_listens(tmp_path):
    directory = household(tmp_path, ("anna", "ben", "carl"))
    give_account(directory, "anna", shares=False)
    give_account(directory, "ben", shares=True)
    library = Library(directory)
    remove_account(library, "anna")
    assert library.reader.sharing().withheld == {"anna"}
    assert "anna" not in set(library.shared_listens()["user_id"])
    assert all("anna" not in pair for pair in library.shared_friends())
    give_account(directory, "anna", shares=True)
    assert library.reader.sharing().withheld == frozenset()


def test_weights_are_learned_again_without_withheld_listens(tmp_path):
    directory = household(tmp_path, ("anna", "ben", "carl"))
    for name in ("anna", "ben"):
        give_account(directory, name, shares=True)
    library = Library(directory)
    before = RecommenderService.open(directory).state().snapshot.engine
    library.accounts.set_flags("ben", shares_taste=False)
    assert RecommenderService.open(directory).state().snapshot.engine != before


def test_mixed_signals_are_silent_until_a_snapshot_follows_the_consent(tmp_path):
    directory = household(tmp_path, ("anna", "ben", "carl"), friends=False)
    for name in ("anna", "ben"):
        give_account(directory, name, shares=True)
    service = RecommenderService.open(directory)
    state = service.state()
    assert state.listener("carl").silent == frozenset()
    Library(directory).accounts.set_flags("ben", shares_taste=False)
    state.profiles.follow()
    assert "popularity" in state.listener("carl").silent
    service.close()
    assert RecommenderService.open(directory).state().listener("carl").silent == frozenset()
