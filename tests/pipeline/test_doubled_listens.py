"""Listens that several services recorded: they count once, whatever comes first."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.library import Library
from segue.library.import_store import doubled_listens
from segue.pipeline.history.import_listens import import_listens
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
    assert import_listens(directory, files, "ann").waiting == 2
    (tmp_path / "data" / "metadata.csv").write_text("track_id,artist,title\nd,Band,Song D\n")
    preprocess(directory, tmp_path / "data")
    assert Library(directory).listens()["track_id"].to_list() == ["d"]


LISTENS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 1_000), st.integers(0, 2)), max_size=30
)


@given(LISTENS, st.randoms())
def test_doubled_listens_agree_with_comparing_all_pairs(listens, random):
    random.shuffle(listens)
    tracks, times, ranks = (np.array(column) for column in zip(*[*listens, (9, 0, 9)], strict=True))
    near = np.full(len(times), 60.0)
    found = doubled_listens(tracks, times.astype(float), near, ranks)
    kept: list[int] = []
    for place in np.argsort(ranks, kind="stable"):
        others = [
            other
            for other in kept
            if tracks[other] == tracks[place]
            and abs(times[other] - times[place]) < 60
            and ranks[other] < ranks[place]
        ]
        assert found[place] == bool(others)
        if not others:
            kept.append(place)
