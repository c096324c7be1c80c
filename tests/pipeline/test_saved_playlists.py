"""Saved playlists: recipes that are run, run again, and refused in a sentence."""

import json

import pytest
from tests.factories import copy_of_library

from segue.errors import (
    PlaylistError,
    UnknownListenerError,
    UnknownPlaylistError,
    UnknownTrackError,
)
from segue.library import Event, Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.playlists.recipes import Recipe
from segue.pipeline.playlists.saved_playlists import (
    delete,
    edit,
    find,
    preview,
    refresh,
    refresh_all,
    save,
)
from segue.pipeline.recommender.service import RecommenderService

RECIPES = {
    "like": {"like": ["t00", "t03"], "dislike": ["t01"], "k": 5, "dials": {"diversity": 0.1}},
    "radio": {"k": 6, "window": 3, "dials": {"randomness": 0.0}},
    "path": {"start": "t00", "end": "t01", "k": 4},
    "blend": {"users": ["anna", "ben"], "k": 4, "exclusions": {"genres": ["noise"]}},
}


@pytest.fixture
def service(trained, tmp_path):
    copy = copy_of_library(trained.directory, tmp_path / "my.segue")
    return RecommenderService.open(Library(copy))


@pytest.fixture
def state(service):
    return service.state()


@pytest.mark.parametrize("kind", RECIPES)
def test_a_recipe_makes_a_list_and_the_same_again(state, kind):
    saved = save(state, "anna", "Evening", kind, recipe=RECIPES[kind])
    shown = [track.track_id for track in preview(state, "anna", kind, RECIPES[kind]).tracks]
    assert list(saved.tracks) == shown
    assert 2 <= len(shown) <= RECIPES[kind]["k"]
    assert find(state.library, "anna", saved.id) == saved
    again = refresh(state, "anna", saved.id)
    assert (again.added, again.removed) == ([], [])
    assert again.saved == saved


def test_a_list_follows_what_its_owner_does_and_tells_what_is_other(service, state):
    saved = save(state, "anna", "For me", "radio", recipe={"k": 5, "dials": {"max_known_share": 0}})
    heard = saved.tracks[0]
    event = Event(user="anna", track_id=heard, kind="dislike", key="1")
    state.library.feedback.add([event])
    found = refresh(service.state(), "anna", saved.id)
    assert heard in found.removed
    assert set(found.saved.tracks) == (set(saved.tracks) | set(found.added)) - set(found.removed)
    assert found.saved.changed > saved.changed
    assert found.saved.recipe == saved.recipe


def test_tracks_are_chosen_and_edited_by_hand(state):
    saved = save(state, "anna", "Mine", tracks=["t05", "t01", "t05"])
    assert (saved.kind, saved.tracks) == ("tracks", ("t05", "t01", "t05"))
    with pytest.raises(PlaylistError, match="chosen by hand"):
        refresh(state, "anna", saved.id)
    edited = edit(state.library, "anna", saved.id, name="Ours", tracks=["t01"])
    assert (edited.name, edited.tracks) == ("Ours", ("t01",))
    made = save(state, "anna", "A way", "path", recipe=RECIPES["path"], tracks=["t07"])
    assert made.tracks == ("t07",)
    edit(state.library, "anna", made.id, tracks=[])
    assert refresh(state, "anna", made.id).saved.tracks[0] == "t00"
    delete(state.library, "anna", made.id)
    for ask in (
        lambda: delete(state.library, "anna", made.id),
        lambda: edit(state.library, "ben", saved.id, name="His"),
        lambda: refresh(state, "ben", saved.id),
        lambda: find(state.library, "ben", saved.id),
        lambda: delete(state.library, "ben", saved.id),
    ):
        with pytest.raises(UnknownPlaylistError, match="no playlist"):
            ask()
    assert find(state.library, "anna", saved.id) == edited


def test_unknown_tracks_and_listeners_are_told(state):
    with pytest.raises(UnknownTrackError, match=r"no tracks 'x', 'y'"):
        save(state, "anna", "A", "like", recipe={"like": ["x", "t00"], "dislike": ["y"]})
    with pytest.raises(UnknownTrackError, match=r"'t99'"):
        save(state, "anna", "A", "path", recipe={"start": "t00", "end": "t99"}, tracks=["t00"])
    with pytest.raises(UnknownTrackError, match=r"'t99'"):
        save(state, "anna", "A", tracks=["t99"])
    with pytest.raises(PlaylistError, match="No listener 'zoe'"):
        save(state, "anna", "A", "blend", recipe={"users": ["anna", "zoe"]})
    with pytest.raises(UnknownListenerError, match="'zoe'"):
        save(state, "zoe", "A", "radio", recipe={})
    assert state.library.playlists.of("anna") == []


def test_nobody_is_blended_with_who_does_not_share_their_taste(state):
    saved = save(state, "anna", "Both", "blend", recipe=RECIPES["blend"])
    add_account(state.library, "anna", "a password")
    add_account(state.library, "ben", "a password")
    with pytest.raises(PlaylistError, match="No listener 'ben' shares"):
        refresh(state, "anna", saved.id)
    state.library.accounts.set_flags("ben", shares_taste=True)
    assert refresh(state, "anna", saved.id).saved == saved


@pytest.mark.parametrize(
    ("kind", "recipe", "why"),
    [
        ("like", {}, "needs 'like'"),
        ("path", {"start": "t00"}, "needs 'end'"),
        ("path", {"start": "t00", "end": "t01", "k": 1}, "at least 2"),
        ("blend", {"users": ["anna", "anna"]}, "two or more"),
        ("like", {"like": ["t00"], "k": 0}, "at least 1"),
        ("like", {"like": ["t00"], "k": 501}, "up to 500"),
        ("like", {"like": ["t00"], "k": True}, "whole number"),
        ("like", {"like": "t00"}, "list of texts"),
        ("like", {"like": ["t00"], "user": "ben"}, "has no field 'user'"),
        ("like", {"like": ["t00"], "history": "no"}, "true or false"),
        ("like", {"like": ["t00"], "dials": []}, "an object"),
        ("like", {"like": ["t00"], "dials": {"x": 1}}, "no 'x' in dials"),
        ("like", {"like": ["t00"], "dials": {"diversity": 3}}, "from 0 to 1"),
        ("like", {"like": ["t00"], "dials": {"diversity": "much"}}, "a number"),
        ("like", {"like": ["t00"], "dials": {"artist_cap": 1.5}}, "whole number"),
        ("like", {"like": ["t00"], "dials": {"weights": {"knn": "x"}}}, "numbers by signal"),
        ("like", {"like": ["t00"], "exclusions": {"genres": "noise"}}, "list of texts"),
        ("like", {"like": ["t00"], "exclusions": {"genres": [" "]}}, "empty name"),
        ("song", {}, "kind|of 'song'"),
        ("tracks", {"k": 1}, "no recipe"),
    ],
)
def test_recipes_that_cannot_be(state, kind, recipe, why):
    with pytest.raises(PlaylistError, match=why):
        save(state, "anna", "A", kind, recipe=recipe)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\nb", "\x00"])
def test_names_that_cannot_be(state, name):
    with pytest.raises(PlaylistError, match="name"):
        save(state, "anna", name, tracks=["t00"])


def test_a_recipe_survives_json():
    for kind, recipe in RECIPES.items():
        assert Recipe.of(kind, json.loads(json.dumps(recipe))) == Recipe.of(kind, recipe)


RADIO = {"k": 5, "dials": {"max_known_share": 0}}


def dislike_first(library, saved):
    """Let the owner dislike the first track, so that a refresh changes the playlist."""
    event = Event(user="anna", track_id=saved.tracks[0], kind="dislike", key=saved.id)
    library.feedback.add([event])


def test_playlist_is_kept_current_only_if_its_owner_wants(state):
    library, is_needed = state.library, JOB_KINDS["mixes"].schedule.is_needed
    kept, left = (save(state, "anna", name, "radio", recipe=RADIO) for name in ("kept", "left"))
    assert not kept.keeps_current
    assert not is_needed(library)
    dislike_first(library, kept)
    assert edit(library, "anna", kept.id, keeps_current=True).keeps_current
    assert is_needed(library)
    assert refresh_all(library) == {"refreshed": 1, "problems": []}
    assert kept.tracks[0] not in find(library, "anna", kept.id).tracks
    assert find(library, "anna", left.id).tracks == left.tracks
    edit(library, "anna", kept.id, keeps_current=False)
    assert refresh_all(library) == {"refreshed": 0, "problems": []}


@pytest.mark.parametrize(
    "change",
    [
        lambda tracks: {"remove": tracks[1:2]},
        lambda tracks: {"add": ["t01"] if "t01" not in tracks else ["t00"]},
        lambda tracks: {"tracks": [*tracks[1:], tracks[0]]},
    ],
    ids=["remove", "add", "reorder"],
)
def test_edited_playlist_stays_until_it_is_refreshed(service, state, change):
    library = state.library
    saved = save(state, "anna", "kept", "radio", recipe=RADIO)
    edit(library, "anna", saved.id, keeps_current=True)
    edited = edit(library, "anna", saved.id, **change(list(saved.tracks)))
    assert edited.edited
    dislike_first(library, saved)
    assert refresh_all(library)["refreshed"] == 0
    assert find(library, "anna", saved.id) == edited
    assert not refresh(service.state(), "anna", saved.id).saved.edited
    assert refresh_all(library)["refreshed"] == 1


def test_new_name_or_recipe_is_no_edit_of_tracks(state):
    library = state.library
    saved = save(state, "anna", "kept", "radio", recipe=RADIO)
    same = {"name": "new", "recipe": {"k": 4}, "tracks": list(saved.tracks)}
    assert not edit(library, "anna", saved.id, **same, keeps_current=True).edited
    assert refresh_all(library)["refreshed"] == 1
    assert len(find(library, "anna", saved.id).tracks) == 4


def test_chosen_tracks_cannot_be_kept_current(state):
    saved = save(state, "anna", "mine", tracks=["t00"])
    with pytest.raises(PlaylistError, match="chosen by hand"):
        edit(state.library, "anna", saved.id, keeps_current=True)


def test_playlist_that_cannot_be_made_hinders_no_other(state):
    library = state.library
    names = {"fails": {"users": ["anna", "gone"]}, "works": {"users": ["anna", "ben"], "k": 4}}
    for name, recipe in names.items():
        saved = library.playlists.add("anna", name, "blend", recipe, [])
        edit(library, "anna", saved.id, keeps_current=True)
    done = refresh_all(library)
    assert done["refreshed"] == 1
    (problem,) = done["problems"]
    assert problem.startswith("fails: ")
