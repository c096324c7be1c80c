"""Listens that several services recorded: they count once, whatever comes first."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.library import Library
from segue.library.doubled_listens import ServiceListens, doubled_listens
from segue.pipeline.history.import_listens import import_listens
from segue.pipeline.maintenance.join_users import join_users
from segue.pipeline.preprocess import preprocess

START = 1_600_000_000


@pytest.fixture
def directory(tmp_path):
    """A library with two songs of 200 seconds, and one of unknown duration."""
    data = tmp_path / "data"
    data.mkdir()
    rows = ["a,Band,Song A,200", "b,Band,Song B,200", "c,Band,Song C,"]
    (data / "metadata.csv").write_text("\n".join(["track_id,artist,title,duration", *rows]))
    preprocess(tmp_path / "my.segue", data)
    return tmp_path / "my.segue"


def lastfm(path, listens):
    rows = [f'"{START + at}","x","Band","","","","{song}",""' for song, at in listens]
    header = "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def listenbrainz(path, listens):
    records = [
        {
            "listened_at": START + at,
            "track_metadata": {"artist_name": "Band", "track_name": song},
        }
        for song, at in listens
    ]
    path.write_text("\n".join(map(json.dumps, records)))
    return path


def spotify(path, listens):
    records = [
        {
            "ts": np.datetime_as_string(np.datetime64(START + at + 150, "s")) + "Z",
            "ms_played": 150_000,
            "master_metadata_track_name": song,
            "master_metadata_album_artist_name": "Band",
            "reason_end": "trackdone",
        }
        for song, at in listens
    ]
    path.write_text(json.dumps(records))
    return path


@pytest.fixture
def files(tmp_path):
    """Three services that recorded mostly the same."""
    both = [("Song A", 0), ("Song A", 1_000), ("Song C", 2_000)]
    return [
        lastfm(tmp_path / "lastfm", [*both, ("Song B", 5_000)]),
        listenbrainz(tmp_path / "lb", [(song, at + 10) for song, at in both]),
        spotify(tmp_path / "spotify", [(song, at - 15) for song, at in both]),
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_doubled_listens_count_once_in_any_order(directory, files, order):
    done = import_listens(directory, [files[place] for place in order], "ann")
    listens = Library(directory).listens().sort_values("timestamp")
    assert listens["track_id"].to_list() == ["a", "a", "c", "b"]
    assert listens["ms_played"].notna().to_list() == [True, True, True, False]
    assert sum(file.doubled + file.replaced for file in done.files) == 6
    again = import_listens(directory, [files[place] for place in order], "ann")
    assert (again.new, len(Library(directory).listens())) == (0, 4)


def test_doubled_listens_must_be_near(directory, tmp_path):
    first = lastfm(tmp_path / "lastfm", [("Song A", 0), ("Song C", 0)])
    far = listenbrainz(tmp_path / "lb", [("Song A", 199), ("Song A", 401), ("Song C", 31)])
    done = import_listens(directory, [first, far], "ann")
    assert [file.doubled for file in done.files] == [0, 0]
    assert done.files[1].replaced == 1
    assert len(Library(directory).listens()) == 4


def test_doubled_listens_of_others_and_opinions_stay(directory, tmp_path):
    listen = [("Song A", 0)]
    import_listens(directory, [lastfm(tmp_path / "lastfm", listen)], "ann")
    import_listens(directory, [listenbrainz(tmp_path / "lb", listen)], "ben")
    (tmp_path / "rated").write_text(
        f"user_id,artist,title,timestamp,rating\nann,Band,Song A,{START},5\n"
    )
    done = import_listens(directory, [tmp_path / "rated"])
    assert (done.files[0].doubled, done.files[0].replaced) == (0, 0)
    assert len(Library(directory).listens()) == 3


def test_doubled_listens_are_found_when_tracks_arrive(directory, tmp_path):
    listen = [("Song D", 0)]
    files = [lastfm(tmp_path / "lastfm", listen), listenbrainz(tmp_path / "lb", listen)]
    assert import_listens(directory, files, "ann").unmatched == 2
    (tmp_path / "data" / "metadata.csv").write_text("track_id,artist,title\nd,Band,Song D\n")
    preprocess(directory, tmp_path / "data")
    assert Library(directory).listens()["track_id"].to_list() == ["d"]


def test_doubled_listens_are_matched_one_to_one(directory, tmp_path):
    first = lastfm(tmp_path / "lastfm", [("Song A", 100)])
    more = listenbrainz(tmp_path / "lb", [("Song A", 90), ("Song A", 280)])
    for _ in range(2):
        for file in (first, more):
            import_listens(directory, file, "ann")
    assert len(Library(directory).listens()) == 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_doubled_listens_keep_the_completed_one(directory, tmp_path, order):
    skip = {
        "ts": np.datetime_as_string(np.datetime64(START + 60, "s")) + "Z",
        "ms_played": 10_000,
        "master_metadata_track_name": "Song A",
        "master_metadata_album_artist_name": "Band",
        "reason_end": "fwdbtn",
        "skipped": True,
    }
    (tmp_path / "spotify").write_text(json.dumps([skip]))
    files = [tmp_path / "spotify", lastfm(tmp_path / "lastfm", [("Song A", 55)])]
    import_listens(directory, [files[place] for place in order], "ann")
    assert Library(directory).listens()["skipped"].isna().to_list() == [True]


def test_doubled_listens_of_counts_stay(directory, tmp_path):
    (tmp_path / "counts").write_text(f"artist,title,timestamp,plays\nBand,Song A,{START},1\n")
    files = [tmp_path / "counts", lastfm(tmp_path / "lastfm", [("Song A", 5)])]
    import_listens(directory, files, "ann")
    assert len(Library(directory).listens()) == 2


def test_doubled_listens_of_joined_names_count_once(directory, tmp_path):
    import_listens(directory, lastfm(tmp_path / "lastfm", [("Song A", 0)]), "ann")
    import_listens(directory, listenbrainz(tmp_path / "lb", [("Song A", 9)]), "ben")
    join_users(Library(directory), "ben", "ann")
    import_listens(directory, lastfm(tmp_path / "more", [("Song B", 9_000)]), "ann")
    assert sorted(Library(directory).listens()["track_id"]) == ["a", "b"]


def service_listens(rows):
    """Return rows of track, time, rank, completeness and whether it is new, 60 seconds long."""
    tracks, times, ranks, completeness, new = np.array(rows, np.int64).reshape(-1, 5).T
    near = np.full(len(tracks), 60.0)
    return ServiceListens(tracks, times.astype(float), near, ranks, completeness, new > 0)


LISTENS = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 1_000), st.integers(0, 2), st.integers(0, 2), st.just(1)
    ),
    max_size=30,
)


@given(LISTENS)
def test_doubled_listens_keep_as_many_as_each_service(rows):
    listens = service_listens(rows)
    doubled = doubled_listens(listens)
    for track in range(3):
        of_track = listens.tracks == track
        kept = np.count_nonzero(of_track & ~doubled)
        assert all(kept >= np.sum(of_track & (listens.ranks == rank)) for rank in range(3))
    best = listens.completeness == 2
    for track in range(3):  # a completed listen is removed by a completed one only
        of_track = best & (listens.tracks == track)
        kept = np.count_nonzero(of_track & ~doubled)
        assert kept >= 1 or not of_track.any()


PLAYS = st.lists(st.tuples(st.integers(0, 2), *[st.none() | st.integers(-14, 14)] * 3), max_size=12)


@given(PLAYS, st.permutations(range(3)))
def test_doubled_listens_do_not_depend_on_the_order(plays, order):
    def row(place, rank, new):
        return (plays[place][0], place * 90 + plays[place][rank + 1], rank, 2, new)

    there: list[tuple[int, int]] = []
    for rank in order:
        arrived = [(place, rank) for place, one in enumerate(plays) if one[rank + 1] is not None]
        both = [*there, *arrived]
        rows = [row(*one, one[1] == rank) for one in both]
        doubled = doubled_listens(service_listens(rows))
        there = [one for one, gone in zip(both, doubled, strict=True) if not gone]
    firsts = {
        (place, min(rank for rank in range(3) if one[rank + 1] is not None))
        for place, one in enumerate(plays)
        if any(at is not None for at in one[1:])
    }
    assert set(there) == firsts
