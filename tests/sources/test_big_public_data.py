"""LFM-2b, Music4All and dumps of ListenBrainz, as small samples made here."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sources.test_public_data import reasons, records, write_parquet

from segue.errors import DatasetError
from segue.sources import read_dataset
from segue.sources.history_import import open_export
from segue.sources.history_import.import_row import ImportRow
from segue.sources.tables import batches

AT = 1_359_322_958  # 2013-01-27 21:42:38


def zstandard(content: bytes) -> bytes:
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as file:
        file.write(content)
    return packed.getvalue().to_pybytes()


PACKERS = {
    "": bytes,
    ".bz2": bz2.compress,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard,
}


def write_table(path, *rows):
    """Write a table of tab-separated cells, packed by its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    path.write_bytes(PACKERS.get(path.suffix, bytes)(text.encode()))


EVENTS = (
    ("user_id", "track_id", "album_id", "timestamp"),
    (2, 70, 5, "2013-01-27 21:42:38"),
    (2, 71, 6, "2013-01-27 21:46:00"),
    (31435, 70, 6, "2020-03-19 00:00:01"),
)


@pytest.fixture
def lfm(tmp_path):
    write_table(tmp_path / "listening-events.tsv.bz2", *EVENTS)
    write_table(
        tmp_path / "tracks.tsv.bz2",
        ("track_id", "artist_name", "track_name"),
        (70, "Band", 'Song "live"'),
        (99, "Nobody", "Never played"),
        (71, "Other", "Song 2"),
    )
    return tmp_path


class TestLfm2b:
    def test_events_are_listens_with_times_and_names(self, lfm):
        write_table(
            lfm / "albums.tsv", ("album_id", "album_name", "artist_name"), (5, "LP", "Band")
        )
        found = read_dataset(lfm)
        assert (found.kind, found.problems) == ("lfm-2b", [])
        assert records(found.listens) == [
            {"user_id": "2", "track_id": "70", "timestamp": AT},
            {"user_id": "2", "track_id": "71", "timestamp": AT + 202},
            {"user_id": "31435", "track_id": "70", "timestamp": 1_584_576_001},
        ]
        assert [(one.track_id, one.title, one.artist, one.album) for one in found.tracks] == [
            ("70", 'Song "live"', "Band", "LP"),
            ("71", "Song 2", "Other", None),
        ]
        assert [one.metadata["album_id"] for one in found.tracks] == ["5", "6"]

    @pytest.mark.parametrize("suffix", PACKERS)
    def test_packed_subset_without_header_is_the_same(self, lfm, tmp_path, suffix):
        plain = records(read_dataset(lfm).listens)
        write_table(tmp_path / "other" / f"listening_events.tsv{suffix}", *EVENTS[1:])
        assert records(read_dataset(tmp_path / "other").listens) == plain

    def test_counts_are_plays_where_no_events_are(self, tmp_path):
        rows = (("user_id", "track_id", "count"), (2, 70, 12), (2, 71, "x"), (2, 72, ""))
        write_table(tmp_path / "listening-counts.tsv.bz2", *rows)
        found = read_dataset(tmp_path)
        assert records(found.listens) == [{"user_id": "2", "track_id": "70", "plays": 12}]
        assert [row for _, row, _ in reasons(found)] == [3, 4]

    def test_bad_rows_are_problems(self, tmp_path):
        bad = [
            ("", 70, 5, "2013-01-27 21:42:38"),
            (2, "", 5, "2013-01-27 21:42:38"),
            (2, 70, 5, "yesterday"),
            (2, 70, 5),
            (2, 70, 5, "2013-01-27 21:42:38", "more"),
            ('"2', 70, 5, "2013-01-27 21:42:38"),
        ]
        name = "listening-events.tsv"
        write_table(tmp_path / name, *EVENTS, *bad)
        found = read_dataset(tmp_path)
        assert sorted((row, reason.split(":")[0]) for _, row, reason in reasons(found)) == [
            (5, "user_id is empty"),
            (6, "track_id is empty"),
            (7, "timestamp is not seconds since 1970 or a date"),
            (8, "timestamp is empty"),
            (9, "the row has 5 cells and the header 4"),
            (10, "a quote is opened in this row and never closed"),
        ]
        assert len(found.listens) == 5

    def test_quotes_of_two_rows_do_not_join_them(self, lfm):
        rows = [(number, "Band", '"Song' if number in (70, 90) else "Song") for number in range(99)]
        write_table(lfm / "tracks.tsv.bz2", ("track_id", "artist_name", "track_name"), *rows)
        found = read_dataset(lfm)
        assert [one.title for one in found.tracks] == [None, "Song"]
        assert [row for _, row, _ in reasons(found)] == [72, 92]

    def test_small_blocks_do_not_change_the_result(self, lfm, monkeypatch):
        whole = read_dataset(lfm)
        monkeypatch.setattr(batches, "_PIECE_BYTES", 7)
        monkeypatch.setattr(batches, "_BLOCK_BYTES", 20)
        parts = read_dataset(lfm)
        assert records(parts.listens) == records(whole.listens)
        assert parts.tracks == whole.tracks

    def test_text_that_is_not_utf_8_is_read_with_a_problem(self, lfm):
        text = "track_id\tartist_name\ttrack_name\n70\tBj\xf6rk\tJ\xf3ga\n".encode("latin-1")
        (lfm / "tracks.tsv.bz2").write_bytes(bz2.compress(text))
        found = read_dataset(lfm)
        assert (found.tracks[0].artist, found.tracks[0].title) == ("Bj\xf6rk", "J\xf3ga")
        assert "not UTF-8 (first in line 2)" in found.problems[0].reason

    def test_missing_column_is_one_sentence(self, lfm):
        write_table(lfm / "tracks.tsv.bz2", ("track_id", "name"), (70, "Song"))
        with pytest.raises(DatasetError, match=r"tracks\.tsv\.bz2 has no column track_name"):
            read_dataset(lfm)

    def test_file_that_is_not_packed_data_is_one_sentence(self, lfm):
        (lfm / "tracks.tsv.bz2").write_bytes(b"BZh9 no")
        with pytest.raises(DatasetError, match=r"tracks\.tsv\.bz2 cannot be read .*download it"):
            read_dataset(lfm)


class TestMusic4All:
    def test_tables_are_joined_by_id(self, tmp_path):
        write_table(
            tmp_path / "id_information.csv",
            ("id", "artist", "song", "album_name"),
            ("0009fFIM1eYThaPg", "Band", "Song", "Album"),
            ("000oEEDMh2bpqUVG", "Singer", "Tune", "LP"),
        )
        write_table(tmp_path / "id_genres.csv", ("id", "genres"), ("0009fFIM1eYThaPg", "pop,j-pop"))
        write_table(tmp_path / "id_tags.csv", ("id", "tags"), ("0009fFIM1eYThaPg", "sad,seen live"))
        names = ("id", "spotify_id", "popularity", "release", "tempo", "duration_ms")
        values = ("0009fFIM1eYThaPg", "04N7zj", "54.0", "2012", "93.001", "210240.0")
        write_table(tmp_path / "id_metadata.csv", names, values)
        history = ("user_007", "0009fFIM1eYThaPg", "2019-01-20 14:25")
        write_table(tmp_path / "listening_history.csv", ("user", "song", "timestamp"), history)
        audio = tmp_path / "audios" / "000oEEDMh2bpqUVG.mp3"
        audio.parent.mkdir()
        audio.write_bytes(b"")
        found = read_dataset(tmp_path)
        assert (found.kind, found.problems) == ("music4all", [])
        one, two = found.tracks
        assert (one.title, one.artist, one.album, one.year) == ("Song", "Band", "Album", 2012)
        assert (one.genres, set(one.tags)) == (("pop", "j-pop"), {"sad", "seen live"})
        assert (one.duration, one.tempo) == (pytest.approx(210.24), pytest.approx(93.001))
        assert one.metadata == {"spotify_id": "04N7zj"}
        assert (one.path, two.path) == (None, audio)
        assert records(found.listens) == [
            {"user_id": "user_007", "track_id": "0009fFIM1eYThaPg", "timestamp": 1_547_994_300}
        ]

    def test_onion_alone_gives_listens_and_ids(self, tmp_path):
        listens = ((4, "a1", "2013-01-27 21:42:38"), (4, "b2", "2013-01-27 21:40:00"))
        header = ("user_id", "track_id", "timestamp")
        write_table(tmp_path / "userid_trackid_timestamp.tsv.bz2", header, *listens)
        write_table(tmp_path / "userid_trackid_count.tsv.bz2", (*header[:2], "count"), (4, "c3", 9))
        found = read_dataset(tmp_path)
        assert [one.track_id for one in found.tracks] == ["a1", "b2"]
        assert [one["timestamp"] for one in records(found.listens)] == [AT, AT - 158]

    def test_bad_rows_are_problems(self, tmp_path):
        header = ("id", "artist", "song", "album_name")
        rows = (("x", "A", "B", "C"), ("x", "D", "E", "F"), ("", "A", "B", "C"))
        write_table(tmp_path / "id_information.csv", header, *rows)
        write_table(tmp_path / "id_tags.csv", ("id", "tags"), ("unknown", "pop"))
        metadata = ("id", "release", "duration_ms"), ("x", "206", "long")
        write_table(tmp_path / "id_metadata.csv", *metadata)
        found = read_dataset(tmp_path)
        assert [(one.title, one.year, one.duration) for one in found.tracks] == [("B", None, None)]
        assert [(name, row) for name, row, _ in reasons(found)] == [
            ("id_information.csv", 3),
            ("id_information.csv", 4),
            ("id_tags.csv", 2),
            ("id_metadata.csv", None),
            ("id_metadata.csv", None),
        ]


def listen(number, **changes):
    more = {"recording_msid": f"msid-{number}"}
    return {
        "user_id": 5,
        "user_name": "rob",
        "timestamp": AT + number,
        "track_metadata": {
            "artist_name": "Band",
            "track_name": f"Song {number}",
            "release_name": "Album",
            "additional_info": more,
        },
        "recording_msid": f"msid-{number}",
    } | changes


def lines(*listens):
    return "".join(f"{json.dumps(one)}\n" for one in listens).encode()


def write_dump(path, members):
    """Write an archive of some files, packed by its suffix."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(f"{path.name.split('.')[0]}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    path.write_bytes(PACKERS.get(path.suffix, bytes)(raw.getvalue()))


FULL = "listenbrainz-listens-dump-183-20200727-001004-full.tar"
NEXT = "listenbrainz-listens-dump-1000-20200728-001004-incremental.tar"


class TestListenBrainzDump:
    @pytest.mark.parametrize("suffix", [".xz", ".zst"])
    def test_archives_are_read_in_their_order(self, tmp_path, suffix):
        months = {"listens/2005/12.listens": lines(listen(1)), "COPYING": b"CC0"}
        write_dump(tmp_path / f"{FULL}{suffix}", months)
        write_dump(tmp_path / f"{NEXT}{suffix}", {"listens/2020/7.listens": lines(listen(2))})
        found = read_dataset(tmp_path)
        assert (found.kind, found.problems) == ("listenbrainz-dump", [])
        assert records(found.listens) == [
            {"user_id": "rob", "track_id": "msid-1", "timestamp": AT + 1, "ms_played": None},
            {"user_id": "rob", "track_id": "msid-2", "timestamp": AT + 2, "ms_played": None},
        ]
        first = found.tracks[0]
        assert (first.title, first.artist, first.album) == ("Song 1", "Band", "Album")

    def test_recording_id_counts_before_the_message_id(self, tmp_path):
        mapped = listen(1)
        mapped["track_metadata"]["additional_info"] |= {
            "recording_mbid": "a-b",
            "duration_played": 3,
        }
        nameless = listen(2, recording_msid=None)
        del nameless["track_metadata"]["additional_info"]
        path = tmp_path / "listens" / "2020" / "7.listens"
        path.parent.mkdir(parents=True)
        path.write_bytes(lines(mapped, nameless, nameless))
        found = read_dataset(tmp_path)
        ids = [one["track_id"] for one in records(found.listens)]
        assert ids[0] == "a-b"
        assert ids[1] == ids[2] != "msid-2"
        assert records(found.listens)[0]["ms_played"] == 3000
        assert found.tracks[0].metadata == {"musicbrainz_recording_id": "a-b"}

    def test_bad_lines_are_problems(self, tmp_path):
        unnamed = listen(1, user_name=None, user_id=None)
        untitled = listen(2)
        untitled["track_metadata"] = {"artist_name": "Band"}
        content = lines(listen(0), unnamed, {"a": 1}, untitled, listen(3, timestamp="x"))
        path = tmp_path / "listens" / "2020" / "7.listens"
        path.parent.mkdir(parents=True)
        path.write_bytes(content + b'{"user_id"')
        found = read_dataset(tmp_path)
        assert sorted(row for _, row, _ in reasons(found)) == [2, 3, 4, 5, 6]
        assert [one["timestamp"] for one in records(found.listens)] == [AT, None]

    def test_spark_dump_is_read_alone(self, tmp_path):
        columns = ["listened_at", "user_id", "artist_name", "recording_name", "recording_mbid"]
        write_parquet(
            tmp_path / "0.parquet",
            columns,
            [
                (AT, 5, "Band", "Song", "a-b"),
                (AT + 1, 5, "Band", None, None),
                (AT, None, "A", "B", None),
            ],
        )
        content = (tmp_path / "0.parquet").read_bytes()
        write_dump(
            tmp_path / "listenbrainz-spark-dump-1-20250101-000003-full.tar", {"0.parquet": content}
        )
        found = read_dataset(tmp_path)
        assert [(one["user_id"], one["track_id"]) for one in records(found.listens)] == [
            ("5", "a-b")
        ]
        assert [row for _, row, _ in reasons(found)] == [3, 4]

    def test_damaged_archive_is_one_sentence(self, tmp_path):
        (tmp_path / f"{FULL}.xz").write_bytes(lzma.compress(b"no archive" * 100))
        with pytest.raises(DatasetError, match=r"cannot be read .*download it again"):
            read_dataset(tmp_path)

    def test_import_of_an_archive_names_the_way(self, tmp_path):
        path = tmp_path / f"{FULL}.xz"
        write_dump(path, {"listens/2020/7.listens": lines(listen(1))})
        with pytest.raises(DatasetError, match=r"read the folder .* with segue preprocess"):
            open_export(path)

    def test_file_of_a_dump_can_be_imported(self, tmp_path):
        path = tmp_path / "7.listens"
        path.write_bytes(lines(listen(1)))
        [(kind, row)] = open_export(path).rows()
        assert kind == "listenbrainz"
        assert isinstance(row, ImportRow)
        assert (row.user, row.timestamp, row.track.title) == ("rob", AT + 1, "Song 1")


def written(directory: Path, layout: str, content: bytes) -> None:
    names = {
        "lfm": "listening-events.tsv.bz2",
        "onion": "userid_trackid_timestamp.tsv.bz2",
        "listens": f"{FULL}.xz",
    }
    for path in directory.iterdir():
        path.unlink()
    (directory / names[layout]).write_bytes(content)


@pytest.mark.parametrize("layout", ["lfm", "onion", "listens"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), replacement=st.binary(max_size=4), is_cut=st.booleans())
def test_damage_is_a_problem_or_one_sentence(tmp_path, layout, place, replacement, is_cut):
    if layout == "listens":
        path = tmp_path / f"{FULL}.xz"
        write_dump(path, {"listens/2005/1.listens": lines(*map(listen, range(300)))})
    else:
        path = tmp_path / "t.tsv.bz2"
        header = ("user_id", "track_id", "timestamp")
        if layout == "lfm":
            header = (*header[:2], "album_id", "timestamp")
        rows = [(n, n % 7, *((1,) if layout == "lfm" else ()), AT + n) for n in range(300)]
        write_table(path, header, *rows)
    content = path.read_bytes()
    at = int(place * len(content))
    damaged = content[:at] + replacement + (b"" if is_cut else content[at + len(replacement) :])
    written(tmp_path, layout, damaged)
    try:
        found = read_dataset(tmp_path)
    except DatasetError:
        return
    if len(found.listens) < 300:
        assert found.problems
    assert set(found.listens.track_ids) <= {one.track_id for one in found.tracks}


@given(
    rows=st.lists(st.lists(st.text(max_size=6), max_size=6), min_size=1, max_size=20),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows_are_listens_or_problems(tmp_path, rows):
    text = "user_id\ttrack_id\talbum_id\ttimestamp\n2\t70\t5\t1359322958\n"
    body = "".join("\t".join(row).replace("\n", " ").replace("\r", " ") + "\n" for row in rows)
    path = tmp_path / "listening-events.tsv"
    path.write_bytes((text + body).encode(errors="replace"))
    found = read_dataset(tmp_path)
    lost = {problem.row for problem in found.problems if "unknown" not in problem.reason}
    assert len(found.listens) + len(lost) >= 1 + len(
        [row for row in rows if any(map(str.strip, row))]
    )
