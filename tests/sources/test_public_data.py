"""Public datasets in the layouts in which they are published, as small samples made here."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from segue.errors import DatasetError
from segue.sources import read_dataset
from segue.sources.public_data import yambda

LISTENS = [
    # uid, item_id, timestamp, is_organic, played_ratio_pct, track_length_seconds
    (10, 7, 100, 1, 100, 200),
    (10, 8, 105, 0, 25, 100),
    (20, 7, 110, 1, 130, 200),
]
COLUMNS = ["uid", "item_id", "timestamp", "is_organic", "played_ratio_pct", "track_length_seconds"]


def write_parquet(path, columns, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    lists = [list(one) for one in zip(*rows, strict=True)] or [[] for _ in columns]
    pq.write_table(pa.table(dict(zip(columns, lists, strict=True))), path)


def flat(directory, rows=LISTENS):
    write_parquet(directory / "listens.parquet", COLUMNS, rows)
    return directory


def records(frame):
    """Return the rows of listens with None for unknown."""
    frame = frame.frame()
    plain = frame.astype(object)
    return plain.where(frame.notna(), None).to_dict("records")


def reasons(dataset):
    return [(one.source, one.row, one.reason) for one in dataset.problems]


class TestYambda:
    def test_flat_listens_have_time_and_origin(self, tmp_path):
        found = read_dataset(flat(tmp_path))
        assert found.kind == "yambda"
        assert not found.problems
        assert records(found.listens) == [
            {
                "user_id": "10",
                "track_id": "7",
                "timestamp": 100,
                "ms_played": 200e3,
                "recommended": False,
            },
            {
                "user_id": "10",
                "track_id": "8",
                "timestamp": 105,
                "ms_played": 25e3,
                "recommended": True,
            },
            {
                "user_id": "20",
                "track_id": "7",
                "timestamp": 110,
                "ms_played": 260e3,
                "recommended": False,
            },
        ]
        assert [(one.track_id, one.duration) for one in found.tracks] == [("7", 200), ("8", 100)]

    def test_sequential_equals_flat(self, tmp_path):
        frame = pd.DataFrame(LISTENS, columns=COLUMNS)
        nested = frame.groupby("uid", as_index=False).agg(list)
        (tmp_path / "nested").mkdir()
        nested.to_parquet(tmp_path / "nested" / "listens.parquet")
        one, other = (read_dataset(path) for path in (flat(tmp_path / "a"), tmp_path / "nested"))
        pd.testing.assert_frame_equal(one.listens.frame(), other.listens.frame())
        assert one.tracks == other.tracks

    def test_opinions_are_ratings_and_no_plays(self, tmp_path):
        flat(tmp_path)
        for stem, item in (("likes", 7), ("dislikes", 8), ("unlikes", 7), ("undislikes", 8)):
            write_parquet(tmp_path / f"{stem}.parquet", COLUMNS[:4], [(10, item, 200, 1)])
        opinions = records(read_dataset(tmp_path).listens)[3:]
        assert [(one["track_id"], one["rating"], one["plays"]) for one in opinions] == [
            ("7", 1, None),
            ("8", -1, None),
            ("7", None, 0),
            ("8", None, 0),
        ]
        assert {one["ms_played"] for one in opinions} == {None}

    def test_multi_event_equals_single_files(self, tmp_path):
        write_parquet(
            tmp_path / "multi_event.parquet",
            [*COLUMNS, "event_type"],
            [(*LISTENS[0], "listen"), (10, 8, 300, 1, None, None, "like")],
        )
        found = read_dataset(tmp_path)
        assert [(one["ms_played"], one["rating"]) for one in records(found.listens)] == [
            (200e3, None),
            (None, 1),
        ]

    def test_bad_rows_are_problems(self, tmp_path):
        rows = [
            *LISTENS,
            (None, 7, 1, 1, 50, 100),
            (10, None, 1, 1, 50, 100),
            (10, 7, 1, 1, -50, 100),
            (10, 7, -5, 1, 50, 100),
            (10, 7, 1, 3, 50, 100),
        ]
        found = read_dataset(flat(tmp_path, rows))
        assert reasons(found) == [
            ("listens.parquet", 5, "uid is empty: the row is left out"),
            ("listens.parquet", 6, "item_id is empty: the row is left out"),
            (
                "listens.parquet",
                7,
                "played_ratio_pct or track_length_seconds is negative: the row is left out",
            ),
            ("listens.parquet", 8, "timestamp is negative: it counts as unknown"),
            ("listens.parquet", 9, "is_organic is not 0 or 1: it counts as unknown"),
        ]
        kept = records(found.listens)[3:]
        assert [(one["timestamp"], one["recommended"]) for one in kept] == [
            (None, False),
            (1, None),
        ]

    def test_unknown_event_type_is_left_out(self, tmp_path):
        rows = [(*LISTENS[0], "listen"), (*LISTENS[1], "shuffle"), (*LISTENS[2], None)]
        write_parquet(tmp_path / "multi_event.parquet", [*COLUMNS, "event_type"], rows)
        found = read_dataset(tmp_path)
        assert len(found.listens) == 1
        assert [row for _, row, _ in reasons(found)] == [3, 4]

    def test_mappings_give_first_artist_and_album(self, tmp_path):
        flat(tmp_path / "flat" / "50m")
        write_parquet(
            tmp_path / "artist_item_mapping.parquet",
            ["artist_id", "item_id"],
            [(1, 7), (2, 7), (3, 99)],
        )
        write_parquet(tmp_path / "album_item_mapping.parquet", ["album_id", "item_id"], [(5, 8)])
        tracks = read_dataset(tmp_path / "flat" / "50m").tracks
        assert [one.metadata for one in tracks] == [{"artist_id": "1"}, {"album_id": "5"}]

    def test_batches_do_not_change_the_result(self, tmp_path, monkeypatch):
        whole = read_dataset(flat(tmp_path))
        monkeypatch.setattr(yambda, "_FLAT_ROWS", 1)
        parts = read_dataset(tmp_path)
        pd.testing.assert_frame_equal(whole.listens.frame(), parts.listens.frame())
        assert whole.tracks == parts.tracks

    def test_damaged_file_is_one_sentence(self, tmp_path):
        flat(tmp_path)
        (tmp_path / "likes.parquet").write_bytes(b"PAR1 no")
        with pytest.raises(DatasetError, match=r"likes\.parquet cannot be read"):
            read_dataset(tmp_path)


def entry(number, **changes):
    return {
        "pos": number,
        "track_uri": f"spotify:track:{number}",
        "track_name": f"Song {number}",
        "artist_name": "Band",
        "artist_uri": "spotify:artist:1",
        "album_name": "Album",
        "album_uri": "spotify:album:1",
        "duration_ms": 180500,
    } | changes


def write_slice(directory, first, playlists):
    directory.mkdir(parents=True, exist_ok=True)
    content = {"info": {"version": "v1"}, "playlists": playlists}
    (directory / f"mpd.slice.{first}-{first + 999}.json").write_text(json.dumps(content))


class TestPlaylistSlices:
    def test_playlist_is_a_listener_with_positions(self, tmp_path):
        write_slice(tmp_path / "data", 1000, [{"pid": 1000, "name": "x", "tracks": [entry(2)]}])
        write_slice(tmp_path / "data", 0, [{"pid": 0, "name": "y", "tracks": [entry(0), entry(1)]}])
        found = read_dataset(tmp_path)
        assert found.kind == "million-playlists"
        assert records(found.listens) == [
            {"user_id": "playlist 0", "track_id": "spotify:track:0", "position": 0},
            {"user_id": "playlist 0", "track_id": "spotify:track:1", "position": 1},
            {"user_id": "playlist 1000", "track_id": "spotify:track:2", "position": 2},
        ]
        first = found.tracks[0]
        assert (first.title, first.artist, first.album, first.duration) == (
            "Song 0",
            "Band",
            "Album",
            180.5,
        )
        assert first.metadata["artist_uri"] == "spotify:artist:1"

    def test_bad_entries_are_problems(self, tmp_path):
        good = {"pid": 1, "tracks": [entry(0, pos=None), entry(1, track_uri=None), "x"]}
        write_slice(tmp_path, 0, [{"tracks": []}, good, {**good}, {"pid": 2}, 5])
        found = read_dataset(tmp_path)
        assert len(found.listens) == 1
        source = "mpd.slice.0-999.json"
        assert reasons(found) == [
            (source, 1, "the playlist has no pid: it is left out"),
            (source, 5, "the playlist has no pid: it is left out"),
            (source, 2, "pos is not a number from 0: it counts as unknown"),
            (source, 2, "an entry has no track_uri: it is left out"),
            (source, 2, "an entry has no track_uri: it is left out"),
            (source, 3, "playlist 1 was read before: the first is used"),
            (source, 4, "the playlist has no tracks: it is left out"),
        ]

    def test_cut_slice_keeps_its_first_playlists(self, tmp_path):
        write_slice(tmp_path, 0, [{"pid": n, "tracks": [entry(n)]} for n in range(3)])
        path = tmp_path / "mpd.slice.0-999.json"
        path.write_text(path.read_text()[:-60])
        found = read_dataset(tmp_path)
        assert found.listens.user_ids == ["playlist 0", "playlist 1"]
        assert "cut short or damaged" in found.problems[0].reason

    def test_nothing_usable_is_one_sentence(self, tmp_path):
        write_slice(tmp_path, 0, [{"pid": 1}])
        with pytest.raises(DatasetError, match="no usable track"):
            read_dataset(tmp_path)


FMA_HEADER = (
    ",album,album,artist,artist,set,set,track,track,track,track,track\n"
    ",id,title,id,name,split,subset,duration,genre_top,genres,license,title\n"
    "track_id,,,,,,,,,,,\n"
)


def write_fma(directory, rows):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "tracks.csv").write_text(FMA_HEADER + "".join(f"{row}\n" for row in rows))
    genres = "genre_id,#tracks,parent,title,top_level\n21,9,0,Hip-Hop,21\n4,9,0,Jazz,4\n"
    (directory / "genres.csv").write_text(genres)


class TestFma:
    def test_tracks_have_genre_split_and_file(self, tmp_path):
        row = '2,1,"AWOL, A Way",7,AWOL,training,small,168,Hip-Hop,[21],by-nc,Food'
        write_fma(tmp_path / "fma_metadata", [row, '3,,,,,test,large,10,,"[4, 99]",,'])
        audio = tmp_path / "fma_small" / "000" / "000002.mp3"
        audio.parent.mkdir(parents=True)
        audio.write_bytes(b"")
        found = read_dataset(tmp_path)
        one, two = found.tracks
        assert found.kind == "fma"
        assert not found.problems
        assert len(found.listens) == 0
        assert (one.track_id, one.title, one.artist, one.album) == (
            "2",
            "Food",
            "AWOL",
            "AWOL, A Way",
        )
        assert (one.genres, one.split, one.duration) == (("hip-hop",), "train", 168)
        assert one.path == audio
        assert one.metadata["set_subset"] == "small"
        assert (two.genres, two.split, two.path) == (("jazz",), "test", None)

    def test_bad_rows_are_problems(self, tmp_path):
        good = "2,1,Album,7,Band,training,small,168,Jazz,[4],by,Song"
        write_fma(tmp_path, [good, good, "x,1" + "," * 10, "5,1,cut", good + ",more"])
        found = read_dataset(tmp_path)
        assert [one.track_id for one in found.tracks] == ["2"]
        assert sorted(row for _, row, _ in reasons(found)) == [5, 6, 7, 8]
