"""Two names of one person are joined: nothing is lost, nothing counts twice."""

import json

import pytest

from segue.errors import LibraryError, UnknownListenerError
from segue.library import Event, Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.history.import_listens import import_listens
from segue.pipeline.maintenance.join_users import join_users
from segue.pipeline.maintenance.user_data import delete_user
from segue.pipeline.preprocess import preprocess


@pytest.fixture
def library(tmp_path):
    """A library that knows songs 0 to 4 of a band."""
    data = tmp_path / "data"
    data.mkdir()
    rows = [f"t{song},Band,Song {song}" for song in range(5)]
    (data / "metadata.csv").write_text("\n".join(["track_id,artist,title", *rows]))
    (data / "friends.csv").write_text("user_id,friend_id\nme,ann\nme,ben\nben,me\n")
    library = Library(tmp_path / "my.segue")
    preprocess(library, data)
    return library


def streams(path, songs, name=None):
    """Write a history of Spotify with one stream a day of each song."""
    records = [
        {
            "ts": f"2024-01-{song + 1:02}T12:00:31Z",
            "ms_played": 100_000,
            "master_metadata_track_name": f"Song {song}",
            "master_metadata_album_artist_name": "Band",
            "reason_end": "trackdone",
            **({"username": name} if name else {}),
        }
        for song in songs
    ]
    path.write_text(json.dumps(records))
    return path


def test_import_asks_whether_two_names_are_one_person(library, tmp_path):
    old = streams(tmp_path / "old", range(3), "ann")
    new = streams(tmp_path / "new", range(3))
    assert import_listens(library, [old]).same_person == []
    assert import_listens(library, [new]).same_person == ["ann", "me"]
    assert import_listens(library, [new], "me").same_person == []
    (tmp_path / "table").write_text("user_id,track_id,timestamp\nx,t1,1600000000\n")
    assert import_listens(library, [tmp_path / "table"]).same_person == []


def test_joined_listens_count_once_now_and_later(library, tmp_path):
    old = streams(tmp_path / "old", range(7), "me")
    new = streams(tmp_path / "new", range(2, 7), "ann")
    (tmp_path / "totals").write_text("artist,title,plays\nBand,Song 1,7\nBand,Song 9,2\n")
    import_listens(library, [old, new, tmp_path / "totals"])
    done = join_users(library, "me", "ann")
    assert done["duplicates"] == 5
    assert "me" not in library.listeners()
    assert library.counts()["listens"] == 6
    assert library.counts()["unmatched"] == 3
    for user in (None, "ann", "me"):
        again = import_listens(library, [old, new, tmp_path / "totals"], user)
        assert (again.new, [file.users for file in again.files]) == (0, [["ann"]] * 3)
    (tmp_path / "totals").write_text("artist,title,plays\nBand,Song 1,8\nBand,Song 9,2\n")
    changed = import_listens(library, [tmp_path / "totals"], "ann").files[0]
    assert (changed.new, changed.changed) == (0, 1)


def test_join_moves_everything_of_a_listener(library, tmp_path):
    import_listens(library, [streams(tmp_path / "one", [0], "me")])
    import_listens(library, [streams(tmp_path / "two", [1], "ann")])
    library.feedback.add([Event(user="me", track_id="t1", kind="like", key="1")])
    done = join_users(library, "me", "ann")
    assert done == {"listens": 2, "feedback": 1, "friends": 2}  # feedback is a listen, too
    assert {record["track_id"] for record in library.listens_of("ann")} == {"t0", "t1"}
    assert sorted(library.listeners()) == ["ann", "ben"]


def test_join_into_a_new_name_renames_a_listener(library, tmp_path):
    import_listens(library, [streams(tmp_path / "one", range(3))])
    join_users(library, "me", "zoe")
    assert "zoe" in library.listeners()
    join_users(library, "zoe", "eve")
    again = import_listens(library, [tmp_path / "one"])
    assert (again.new, again.files[0].users) == (0, ["eve"])


def test_deleting_a_listener_forgets_joined_names(library, tmp_path):
    import_listens(library, [streams(tmp_path / "one", range(3))])
    join_users(library, "me", "zoe")
    delete_user(library, "zoe")
    assert library.imports.joined_names() == {}
    assert import_listens(library, [tmp_path / "one"]).files[0].users == ["me"]


def test_joined_name_of_a_new_account_is_forgotten(library, tmp_path):
    import_listens(library, [streams(tmp_path / "one", range(3))])
    join_users(library, "me", "zoe")
    assert import_listens(library, [tmp_path / "one"]).files[0].joined == {"me": "zoe"}
    add_account(library, "zoe", "eight or more", by="test")
    assert library.imports.joined_names() == {"me": "zoe"}
    add_account(library, "me", "eight or more", by="test")
    assert library.imports.joined_names() == {}
    assert library.accounts.remove("me")
    found = import_listens(library, [tmp_path / "one"]).files[0]
    assert (found.users, found.joined) == (["me"], {})


def test_join_refuses_accounts_and_unknown_names(library):
    with pytest.raises(UnknownListenerError, match="no listener 'nobody'"):
        join_users(library, "nobody", "ann")
    with pytest.raises(LibraryError, match="the same name"):
        join_users(library, "ann", "ann")
    with pytest.raises(LibraryError, match="new name is empty"):
        join_users(library, "ann", " ")
    add_account(library, "me", "eight or more", by="test")
    with pytest.raises(LibraryError, match="me has an account: remove it with segue user remove"):
        join_users(library, "me", "ann")
