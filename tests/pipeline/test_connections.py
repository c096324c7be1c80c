"""Connections to Navidrome, simulated, and to segue's own server: what is read and written."""

import json
import stat
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.factories import copy_of_library, make_library, rows, write_dataset
from tests.servers.navidrome import SimulatedNavidrome, Song

from segue.errors import AddressError, MediaServerError, UnknownConnectionError
from segue.library import Library
from segue.pipeline.connections.connect import connect, connections, disconnect
from segue.pipeline.connections.sync import sync
from segue.pipeline.maintenance.join_users import join_users
from segue.sources.media_servers import SUFFIX, PlayingTrack, open_server

N_TRACKS = 24
USERS = {"anna": "one", "ben": "two", "carl": "three"}
WRONG = "wrong-secret"
START = time.time() // 1 + 60
"""Plays follow the first pass, which tells the quick ones where to begin."""
HOUR = 3_600.0


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A library of tracks that listeners of a dataset like, so that mixes can be made."""
    tracks = [
        (f"t{i:02}", f"Piece {i}", f"Band {i % 6}", f"Album {i % 6}", f"mb-{i}" if i < 4 else "")
        for i in range(N_TRACKS)
    ]
    listens = [
        (f"u{u}", f"t{i:02}", START + 100 * u + i)
        for u in range(8)
        for i in range(N_TRACKS)
        if (u + i) % 3
    ]
    dataset = write_dataset(
        tmp_path_factory.mktemp("dataset"),
        rows("track_id title artist album musicbrainz_recording_id", tracks),
        listens=rows("user_id track_id timestamp", listens),
    )
    library = make_library(tmp_path_factory.mktemp("kept") / "my.segue", dataset)
    library.close()
    return library.directory


@pytest.fixture
def library(original, tmp_path):
    opened = Library(copy_of_library(original, tmp_path / "my.segue"))
    yield opened
    opened.close()


@pytest.fixture
def server():
    songs = [
        Song(f"s{i}", f"Piece {i}", f"Band {i % 6}", f"Album {i % 6}") for i in range(N_TRACKS)
    ]
    songs[0] = Song("s0", "Another name", "Nobody", "Album 0", recording="mb-0")
    songs.append(Song("s99", "Not here", "Nobody", "Album 9"))
    simulated = SimulatedNavidrome(songs, USERS)
    yield simulated
    simulated.close()


@pytest.fixture
def connected(library, server):
    for user, password in USERS.items():
        connect(library, "navidrome", server.url, user=user, password=password, writes=False)
    return library


@pytest.fixture
def writing(connected, server):
    connect(connected, "navidrome", server.url, user="anna", password=USERS["anna"], writes=True)
    return connected


def heard(library, user):
    """Return what is stored of a listener: track, time, plays, rating."""
    found = [
        (one["track_id"] or one["title"], one["timestamp"], one["plays"], one["rating"])
        for one in library.listens_of(user)
    ]
    return sorted(found, key=repr)


def run(library, **options):
    done = sync(library, **options)
    assert done.error is None, done.error
    return done


def test_sync_reads_plays_stars_and_ratings(connected, server):
    server.play("anna", "s1", START, 5)
    server.state("anna", "s2").starred = True
    server.state("anna", "s3").rating = 1
    server.play("ben", "s0", START)
    server.play("ben", "s99", START)
    done = run(connected)
    assert [one.listener for one in done.accounts] == list(USERS)
    assert done.accounts[0].read == N_TRACKS + 1
    assert done.accounts[0].matched == N_TRACKS
    assert heard(connected, "anna") == [
        ("t01", START, 5.0, None),
        ("t02", None, None, 1.0),
        ("t03", None, None, -1.0),
    ]
    # by MusicBrainz id; a track that the library lacks waits for it
    assert heard(connected, "ben") == [("Not here", START, 1.0, None), ("t00", START, 1.0, None)]
    assert heard(connected, "carl") == []


def test_second_sync_imports_nothing(writing, server):
    server.play("anna", "s1", START, 5)
    server.state("anna", "s2").starred = True
    run(writing)
    before, n_writes = heard(writing, "anna"), len(server.writes)
    for full in (False, True):
        done = run(writing, full=full)
        assert [(one.listens, one.changed) for one in done.accounts] == [(0, 0)] * 3
    assert heard(writing, "anna") == before
    assert len(server.writes) == n_writes


@pytest.mark.parametrize("full", [False, True])
def test_new_plays_become_listens_with_times(connected, server, full):
    server.play("anna", "s1", START, 5)
    run(connected)
    server.play("anna", "s1", START + HOUR)
    server.play("anna", "s4", START + 2 * HOUR)
    run(connected, full=full)
    server.play("anna", "s1", START + 3 * HOUR, 3)
    run(connected, full=full)
    run(connected, full=True)
    assert heard(connected, "anna") == sorted(
        [
            ("t01", START + 3 * HOUR, 7.0, None),  # a total, the third play of which was the last
            ("t01", START + 3 * HOUR, None, None),
            ("t01", START + HOUR, None, None),
            ("t04", START + 2 * HOUR, None, None),
        ],
        key=repr,
    )


def test_unstar_takes_the_opinion_back(connected, server):
    server.state("anna", "s2").starred = True
    server.state("anna", "s3").rating = 5
    run(connected)
    server.state("anna", "s2").starred = False
    server.state("anna", "s3").rating = 2
    done = run(connected, full=True)
    assert done.accounts[0].changed == 2
    assert heard(connected, "anna") == [("t02", None, 0.0, None), ("t03", None, None, -0.5)]


@settings(max_examples=6)
@given(
    passes=st.lists(
        st.lists(st.tuples(st.sampled_from(["anna", "ben"]), st.integers(0, 3)), max_size=4),
        min_size=1,
        max_size=5,
    ),
    full=st.lists(st.booleans(), min_size=5, max_size=5),
    outage=st.lists(st.none() | st.integers(0, 12), min_size=5, max_size=5),
)
def test_totals_and_listens_add_up(original, tmp_path_factory, passes, full, outage):
    library = Library(copy_of_library(original, tmp_path_factory.mktemp("l") / "my.segue"))
    songs = [Song(f"s{i}", f"Piece {i}", f"Band {i % 6}", f"Album {i % 6}") for i in range(4)]
    server = SimulatedNavidrome(songs, USERS)
    for user in ("anna", "ben"):
        connect(library, "navidrome", server.url, user=user, password=USERS[user], writes=False)
    at = START
    for played, whole, n_before in zip(passes, full, outage, strict=False):
        for user, song in played:
            at += 400.0
            server.play(user, f"s{song}", at)
        server.n_before_outage = n_before
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("segue.sources.media_servers.server_client.WAITS", ())
            sync(library, full=whole)
    server.n_before_outage = None
    run(library, full=True)
    for user in ("anna", "ben"):
        for song in range(4):
            plays = [
                1.0 if plays is None else plays
                for track, _, plays, _ in heard(library, user)
                if track == f"t{song:02}"
            ]
            assert sum(plays) == server.state(user, f"s{song}").plays
    server.close()
    library.close()


def test_outage_keeps_what_was_read(connected, server, monkeypatch):
    monkeypatch.setattr("segue.sources.media_servers.server_client.WAITS", ())
    monkeypatch.setattr("segue.sources.media_servers.subsonic.PAGE", 4)
    for i in range(1, N_TRACKS):
        server.play("anna", f"s{i}", START + i, 2)
    server.n_before_outage = 3
    done = sync(connected)
    error = done.accounts[0].error
    assert error.startswith(f"The server at {server.url} cannot be reached")
    assert error.count(". ") == 0
    assert 0 < len(heard(connected, "anna")) < N_TRACKS - 1
    assert connections(connected)[0].accounts[0].synced is None
    server.n_before_outage = None
    run(connected)
    assert len(heard(connected, "anna")) == N_TRACKS - 1
    assert connections(connected)[0].accounts[0].error is None


def test_playlists_of_the_server_become_the_listeners(connected, server):
    mine = server.add_playlist("anna", "Evening", ["s3", "s99", "s1", "s3"])
    server.add_playlist("ben", "Morning", ["s2"])
    run(connected)
    (copy,) = connected.playlists.of("anna")
    assert (copy.name, copy.tracks) == ("Evening", ("t03", "t01", "t03"))
    assert [one.name for one in connected.playlists.of("ben")] == ["Morning"]
    assert connected.playlists.of("carl") == []
    server.playlists[mine].songs.append("s5")
    server.playlists[mine].name = "Late"
    run(connected)
    (copy,) = connected.playlists.of("anna")
    assert (copy.name, copy.tracks) == ("Late", ("t03", "t01", "t03", "t05"))
    del server.playlists[mine]
    run(connected)
    assert [one.name for one in connected.playlists.of("anna")] == ["Late"]
    assert not any("Late" in one.name for one in server.playlists.values())


def written(server, user):
    return {one.name: one.songs for one in server.playlists.values() if one.owner == user}


def test_playlists_of_the_listener_are_written(writing, server):
    made = writing.playlists.add("anna", "Mine", "tracks", {}, ["t03", "t00"])
    run(writing)
    assert written(server, "anna") == {f"Mine{SUFFIX}": ["s3", "s0"]}
    assert all(one.comment == "Made by segue" for one in server.playlists.values())
    assert written(server, "ben") == {}
    writing.playlists.replace_tracks("anna", made.id, ["t05"])
    run(writing)
    assert written(server, "anna") == {f"Mine{SUFFIX}": ["s5"]}
    writing.playlists.replace_tracks("anna", made.id, [])
    run(writing)
    assert written(server, "anna") == {f"Mine{SUFFIX}": []}
    writing.playlists.delete("anna", made.id)
    run(writing)
    assert written(server, "anna") == {}


def test_read_only_connection_writes_nothing(library, server):
    connect(library, "navidrome", server.url, user="anna", password=USERS["anna"], writes=False)
    library.playlists.add("anna", "Mine", "tracks", {}, ["t03"])
    run(library)
    assert server.writes == []


def test_list_without_mark_is_left_alone(writing, server):
    made = writing.playlists.add("anna", "Mine", "tracks", {}, ["t03"])
    run(writing)
    (key,) = server.playlists
    server.playlists[key].name, server.playlists[key].comment = "Taken over", ""
    writing.playlists.replace_tracks("anna", made.id, ["t05"])
    done = run(writing)
    assert server.playlists[key].songs == ["s3"]
    assert "lost its mark" in done.accounts[0].notes[0]
    writing.playlists.delete("anna", made.id)
    run(writing)
    assert key in server.playlists


@settings(max_examples=8)
@given(
    theirs=st.lists(
        st.tuples(
            st.sampled_from(sorted(USERS)),
            st.sampled_from(["Mine", f"Mine{SUFFIX}", "Daily mix", "x"]),
            st.sampled_from(["", "notes", "Made by segue"]),
        ),
        max_size=5,
    ),
    steps=st.lists(
        st.tuples(st.sampled_from(["add", "change", "delete"]), st.integers(0, N_TRACKS - 1)),
        max_size=5,
    ),
)
def test_only_marked_playlists_are_written(original, tmp_path_factory, theirs, steps):
    library = Library(copy_of_library(original, tmp_path_factory.mktemp("l") / "my.segue"))
    songs = [Song(f"s{i}", f"Piece {i}", f"Band {i % 6}", f"Album {i % 6}") for i in range(9)]
    server = SimulatedNavidrome(songs, USERS)
    connect(library, "navidrome", server.url, user="anna", password=USERS["anna"])
    for owner, name, comment in theirs:
        server.add_playlist(owner, name, ["s1", "s2"], comment)
    marked = {
        key
        for key, one in server.playlists.items()
        if one.owner == "anna" and (one.name.endswith(SUFFIX) or one.comment == "Made by segue")
    }
    before = {
        key: (one.name, list(one.songs), one.comment)
        for key, one in server.playlists.items()
        if key not in marked
    }
    states = json.dumps(server.states, default=vars)
    mine = []
    for step, track in steps:
        if step == "add":
            new = library.playlists.add("anna", "Mine", "tracks", {}, [f"t{track:02}"])
            mine.append(new.id)
        elif mine and step == "change":
            library.playlists.replace_tracks("anna", mine[-1], [f"t{track:02}"])
        elif mine:
            library.playlists.delete("anna", mine.pop())
        run(library)
    for key, what in before.items():
        one = server.playlists[key]
        assert (one.name, one.songs, one.comment) == what
    assert {method for method, _, _ in server.writes} <= {
        "createPlaylist",
        "updatePlaylist",
        "deletePlaylist",
    }
    assert json.dumps(server.states, default=vars) == states
    server.close()
    library.close()


def test_daily_mix_is_written_once_a_day(writing, server, monkeypatch):
    for i in range(1, 12):
        server.play("anna", f"s{i}", START + i, 3)
    done = run(writing)
    from segue.pipeline.train import train

    train(writing, "collaborative")
    done = run(writing)
    name = f"Daily mix{SUFFIX}"
    assert name in written(server, "anna"), done
    mix = written(server, "anna")[name]
    assert mix
    assert set(mix) <= set(server.songs)
    n_writes = len(server.writes)
    run(writing)
    assert len(server.writes) == n_writes


def test_listens_of_the_database_count_once(connected, server, tmp_path):
    from segue.library import ImportedListen
    from segue.sources.history_import import ImportRow, fingerprint
    from segue.types import TrackReference

    # the database of a newer Navidrome has a time for each of two plays
    track = TrackReference(artist="Band 1", title="Piece 1", album="Album 1")
    for at in (START, START + 600):
        row = ImportRow("anna", track, at)
        mark = fingerprint("navidrome", "anna", row)
        where = connected.reader.track_row("t01")
        listen = ImportedListen("anna", where, track, mark, at)
        connected.add_listens("import:navidrome", [listen])
    server.play("anna", "s1", START + 600, 5)
    run(connected)
    plays = [one[2] or 1.0 for one in heard(connected, "anna") if one[0] == "t01"]
    assert sorted(plays) == [1.0, 1.0, 3.0]


def test_sync_follows_a_joined_listener(connected, server):
    server.play("anna", "s1", START, 5)
    run(connected)
    join_users(connected, "anna", "me", by=None)
    assert run(connected, full=True).accounts[0].listener == "me"
    assert heard(connected, "me") == [("t01", START, 5.0, None)]
    assert "anna" not in connected.listeners()


def test_wrong_password_connects_nothing(library, server):
    with pytest.raises(MediaServerError, match="refuses the account") as failed:
        connect(library, "navidrome", server.url, user="anna", password=WRONG)
    assert WRONG not in str(failed.value)
    assert connections(library) == []


def test_changed_password_is_one_sentence(connected, server):
    server.users["anna"] = "new"
    server.play("ben", "s1", START)
    done = sync(connected)
    assert "refuses the account" in done.accounts[0].error
    assert done.accounts[1].error is None
    assert len(heard(connected, "ben")) == 1


@pytest.mark.parametrize("url", ["music.home", "ftp://x", "http://u:p@x", "http://", "http://x?a"])
def test_bad_address_is_refused(library, url):
    with pytest.raises(AddressError) as failed:
        connect(library, "navidrome", url, user="anna", password=USERS["anna"])
    assert ":p@" not in str(failed.value)


@pytest.mark.sqlite
def test_credentials_are_private_and_not_shown(connected):
    (one,) = connections(connected)
    shown = repr(one) + json.dumps(one.to_dict())
    stored = (connected.directory / "library.db").read_bytes()
    for secret in USERS.values():
        assert f'"{secret}"' not in shown
    for account in one.accounts:
        assert account.credentials["t"] not in shown
        # the password itself is not stored
        assert f'"{USERS[account.user]}"'.encode() not in stored
    mode = (connected.directory / "library.db").stat().st_mode
    assert stat.S_IMODE(mode) & 0o077 == 0


def test_disconnect_keeps_listens(connected, server):
    server.play("anna", "s1", START, 5)
    run(connected)
    disconnect(connected, "navidrome")
    assert heard(connected, "anna") == [("t01", START, 5.0, None)]
    with pytest.raises(UnknownConnectionError):
        sync(connected)


def test_refused_playlists_do_not_stop_plays(writing, server):
    writing.playlists.add("anna", "Mine", "tracks", {}, ["t03"])
    server._create_playlist = lambda *_: server._failed(50, "not allowed")
    server.play("anna", "s1", START)
    assert "not allowed" in sync(writing).accounts[0].error
    server.play("anna", "s1", START + HOUR)
    assert "not allowed" in sync(writing).accounts[0].error
    assert heard(writing, "anna") == sorted(
        [("t01", START, 1.0, None), ("t01", START + HOUR, None, None)], key=repr
    )


def test_two_servers_of_a_kind_have_own_totals(connected, server):
    other = SimulatedNavidrome(list(server.songs.values()), USERS)
    connect(connected, "navidrome", other.url, user="anna", password=USERS["anna"])
    server.play("anna", "s1", START, 5)
    other.play("anna", "s1", START, 2)
    names = [one.connection.name for one in connections(connected)]
    assert len(names) == 2
    for _ in range(2):
        for name in names:
            run(connected, connection=name, full=True)
    assert sorted(one[2] for one in heard(connected, "anna")) == [2.0, 5.0]
    other.close()


def test_subsonic_names_what_the_account_plays(connected, server):
    account = connections(connected)[0].accounts[0]
    server.playing = [
        ("ben", "s1", {}),
        ("anna", "s2", {"minutesAgo": 3, "playerName": "Phone"}),
        ("anna", "s3", {"positionMs": 2_500, "state": "playing", "minutesAgo": 1}),
        ("anna", "s4", {"positionMs": 2_500, "state": "paused"}),
    ]
    reader = open_server("navidrome", server.url, account.credentials)
    assert reader.now_playing() == [
        PlayingTrack("s2", 180.0, "Phone"),
        PlayingTrack("s3", 2.5, ""),
    ]
    server.playing = []
    assert reader.now_playing() == []
    reader.close()
