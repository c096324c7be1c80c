"""Exports of every format: known answers, encodings, archives, and what cannot be used."""

import csv
import gzip
import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.errors import DatasetError
from segue.sources.datasets.listens import read_listens
from segue.sources.history_import import (
    ImportIssue,
    ImportRow,
    OccurrenceCounter,
    fingerprint,
    open_export,
    plausible_time,
)
from segue.types import TrackReference

JOGA = TrackReference(artist="Björk", title="Jóga", album="Homogenic")
LISTENBRAINZ: dict[str, Any] = {
    "listened_at": 1_600_000_000,
    "user_name": "rob",
    "track_metadata": {
        "artist_name": "Björk",
        "track_name": "Jóga",
        "release_name": "Homogenic",
        "additional_info": {"recording_mbid": "r1", "isrc": "GBAAA9700001", "duration_ms": 305_000},
        "mbid_mapping": {"recording_mbid": "r2"},
    },
}
LASTFM: dict[str, Any] = {
    "recenttracks": {
        "track": [
            {"artist": {"#text": "X"}, "name": "now", "@attr": {"nowplaying": "true"}},
            {
                "artist": {"mbid": "a1", "#text": "Björk"},
                "album": {"mbid": "", "#text": "Homogenic"},
                "name": "Jóga",
                "mbid": "r1",
                "date": {"uts": "1600000000", "#text": "13 Sep 2020, 12:26"},
            },
        ],
        "@attr": {"user": "anna", "page": "1"},
    }
}
SPOTIFY: dict[str, Any] = {
    "ts": "2020-09-13T12:26:40Z",
    "username": "ann",
    "ms_played": 10_000,
    "master_metadata_track_name": "Jóga",
    "master_metadata_album_artist_name": "Björk",
    "master_metadata_album_album_name": "Homogenic",
    "spotify_track_uri": "spotify:track:abc",
    "reason_start": "trackdone",
    "reason_end": "fwdbtn",
    "skipped": None,
}
PODCAST = {**SPOTIFY, "master_metadata_track_name": None, "episode_name": "Talk"}


def write(directory: Path, content: str | bytes, name: str = "export") -> Path:
    path = directory / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> tuple[str, list[ImportRow], list[ImportIssue]]:
    export = open_export(path)
    found = [one for _, one in export.rows()]
    listens = [one for one in found if isinstance(one, ImportRow)]
    return export.kind, listens, [one for one in found if isinstance(one, ImportIssue)]


def read_text(
    directory: Path, content: str | bytes
) -> tuple[str, list[ImportRow], list[ImportIssue]]:
    return read(write(directory, content))


@pytest.mark.parametrize("lines", [False, True])
def test_listenbrainz_listens_are_read(tmp_path: Path, lines: bool) -> None:
    text = json.dumps(LISTENBRAINZ)
    kind, listens, issues = read_text(tmp_path, f"{text}\n\n{text}\n" if lines else f"[{text}]")
    track = JOGA._replace(recording="r1|r2", isrc="GBAAA9700001")
    assert (kind, issues) == ("listenbrainz", [])
    assert listens == [ImportRow("rob", track, 1_600_000_000.0)] * (2 if lines else 1)


def test_listenbrainz_response_names_the_user(tmp_path: Path) -> None:
    listen = {**LISTENBRAINZ, "user_name": None}
    answer = {"payload": {"count": 1, "listens": [listen], "user_id": "rob"}}
    assert read_text(tmp_path, json.dumps(answer, indent=2))[1][0].user == "rob"


@pytest.mark.parametrize("shape", ["page", "pages", "lines", "indented", "one track", "bare"])
def test_lastfm_pages_are_read(tmp_path: Path, shape: str) -> None:
    page, one = LASTFM, LASTFM["recenttracks"]["track"][1]
    user: str | None = "anna"
    if shape == "one track":
        page = {"recenttracks": {**LASTFM["recenttracks"], "track": one}}
    text = json.dumps(page, indent=1 if shape == "indented" else None)
    if shape in ("lines", "indented"):
        text += "\n" + text
    elif shape == "pages":
        text = f"[{text}, {text}]"
    elif shape == "bare":
        text, user = json.dumps([[one], [one]]), None
    kind, listens, issues = read_text(tmp_path, text)
    assert kind == "lastfm"
    n = 1 if shape in ("page", "one track") else 2
    assert listens == [ImportRow(user, JOGA._replace(recording="r1"), 1_600_000_000.0)] * n
    assert len(issues) == (0 if shape in ("one track", "bare") else n)
    assert all(issue.expected for issue in issues)


@pytest.mark.parametrize(
    "text",
    [
        "Björk,Homogenic,Jóga,13 Sep 2020 12:26\n",
        'X,Y,"no, wait",\nBjörk,Homogenic,Jóga,"13 Sep 2020, 12:26"\n',
        (
            "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
            '"1599999960","13 Sep 2020, 12:26","Björk","","Homogenic","","Jóga",""\n'
        ),
    ],
)
def test_lastfm_tables_are_read(tmp_path: Path, text: str) -> None:
    kind, listens, _ = read_text(tmp_path, text)
    assert (kind, listens) == ("lastfm", [ImportRow(None, JOGA, 1_599_999_960.0)])


def test_spotify_history_is_read(tmp_path: Path) -> None:
    done = {**SPOTIFY, "reason_end": "trackdone"}
    said = {**SPOTIFY, "skipped": False, "reason_end": "endplay"}
    kind, listens, issues = read_text(tmp_path, json.dumps([SPOTIFY, PODCAST, done, said]))
    assert kind == "spotify"
    one = ImportRow(
        "ann", JOGA._replace(track_id="abc"), 1_599_999_990.0, ms_played=1e4, skipped=True
    )
    ended = one._replace(skipped=False, completed=True)
    assert listens == [one, ended, one._replace(skipped=False)]
    assert [issue.expected for issue in issues] == [True]


def test_spotify_short_history_has_equal_fingerprints(tmp_path: Path) -> None:
    short = {"endTime": "2020-09-13 12:26", "artistName": "Björk", "trackName": "Jóga"}
    _, [few], _ = read_text(tmp_path, json.dumps([{**short, "msPlayed": 10_000}]))
    _, [more], _ = read_text(tmp_path, json.dumps([SPOTIFY]))
    assert fingerprint("spotify", "u", few) == fingerprint("spotify", "u", more)


def test_listens_table_is_read(tmp_path: Path) -> None:
    header = "user_id;track_id;timestamp;plays;ms_played;rating;skipped;split"
    text = f"{header}\n7;01;;3;;;;\n7;2;1;;5;;yes;test\n"
    kind, listens, issues = read_text(tmp_path, text)
    assert (kind, issues) == ("listens", [])
    assert listens == [
        ImportRow("7", TrackReference("01"), plays=3.0, total=True),
        ImportRow("7", TrackReference("2"), 1.0, ms_played=5.0, skipped=True, split="test"),
    ]


def test_parquet_listens_are_read_like_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "user_id": [1, 2],
            "track_id": [3.0, 4.0],
            "timestamp": [pd.Timestamp("2009-05-04T23:08:57.5Z"), pd.NaT],
            "plays": pd.array([5, None], dtype="Int64"),
        }
    )
    frame.to_parquet(tmp_path / "export")
    kind, listens, issues = read(tmp_path / "export")
    assert (kind, issues) == ("listens", [])
    assert listens == [
        ImportRow("1", TrackReference("3"), 1_241_478_537.5, plays=5.0),
        ImportRow("2", TrackReference("4")),
    ]


def zipped(files: dict[str, str]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return raw.getvalue()


def test_archive_parts_are_read_with_the_archive_user(tmp_path: Path) -> None:
    listen = json.dumps({**LISTENBRAINZ, "user_name": None})
    files = {
        "user.json": '{"user_id": 1, "username": "rob"}',
        "pinned_recording.jsonl": '{"recording_mbid": "x", "blurb_content": null}',
        "listens/2020/9.jsonl": listen,
        "listens/2020/10.jsonl": f"{listen}\n{listen}",
        "__MACOSX/x": "y",
    }
    kind, listens, issues = read_text(tmp_path, zipped(files))
    assert (kind, len(listens), {one.user for one in listens}) == ("listenbrainz", 3, {"rob"})
    assert [(one.reason, one.left_out) for one in issues] == [
        ("pinned_recording.jsonl: no listens in it", 0)
    ]
    assert len(read_text(tmp_path, gzip.compress(f"[{listen}]".encode()))[1]) == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("content", ["Björk,Homogenic,Jóga,13 Sep 2020 12:26\n", "json"])
def test_export_encodings_are_read_alike(tmp_path: Path, encoding: str, content: str) -> None:
    if content == "json":
        content = json.dumps(LASTFM, ensure_ascii=False)
    _, listens, issues = read_text(tmp_path, content.encode(encoding))
    assert [listen.track._replace(recording=None) for listen in listens] == [JOGA]
    reasons = [issue.reason for issue in issues if not issue.expected]
    assert len(reasons) == (encoding == "cp1252")


@pytest.mark.parametrize("where", ["array", "lines", "gzip", "csv"])
def test_truncated_export_keeps_the_rows_before(tmp_path: Path, where: str) -> None:
    listen = json.dumps(LISTENBRAINZ)
    many = {
        "array": f"[{', '.join([listen] * 500)}]".encode(),
        "lines": "\n".join([listen] * 500).encode(),
        "csv": b"user_id,track_id,plays\n" + b"u,t,1\n" * 500,
    }
    raw = gzip.compress(many["lines"]) if where == "gzip" else many[where]
    _, listens, issues = read_text(tmp_path, raw[:-4])
    # what the packer holds back is lost with the end
    assert len(listens) >= (1 if where == "gzip" else 499)
    assert where == "csv" or len(issues) >= 1
    if where == "array":
        assert "the rows before it are kept" in issues[0].reason
        assert issues[0].left_out == 0


@pytest.mark.parametrize("packed", ["zip", "gzip"])
@pytest.mark.parametrize("filler", [b" ", b"[", b'"a', b"\n"])
def test_archive_that_would_fill_the_memory_is_read_in_part(
    tmp_path: Path, packed: str, filler: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.sources.history_import.archives.MIN_BOMB_BYTES", 1 << 18)
    listens = (json.dumps(LISTENBRAINZ) + "\n").encode()
    path = tmp_path / "export"
    content = listens + filler * ((20 << 20) // len(filler))
    if packed == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("listens.jsonl", content)
    else:
        path.write_bytes(gzip.compress(content))
    tracemalloc.start()
    _, found, issues = read(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found) == 1
    assert any("more than 200 times its size" in issue.reason for issue in issues)
    assert most < 100 << 20


def test_one_huge_json_value_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.sources.history_import.json_values._MAX_VALUE_BYTES", 1 << 18)
    huge = {**LISTENBRAINZ, "more": ["x" * 100] * 10_000}
    path = tmp_path / "export.json"
    path.write_text(json.dumps([LISTENBRAINZ, huge, LISTENBRAINZ]))
    _, found, issues = read(path)
    assert len(found) == 1
    assert "a value is larger than 0 MiB" in issues[-1].reason


def test_open_export_refuses_a_truncated_zip(tmp_path: Path) -> None:
    raw = zipped({"a.json": json.dumps([SPOTIFY])})
    with pytest.raises(DatasetError, match=r"cut short or damaged.*download it again"):
        open_export(write(tmp_path, raw[:-30]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"[]", "has an unknown format"),
        (b"hello\nworld\n", "a ListenBrainz, Last.fm or Spotify export"),
        (b'{"a": 1}', "has an unknown format"),
        (b"\x00\xff\x13" * 99, "has an unknown format"),
        (b"PAR1 and no more", "has an unknown format"),
        (b"track_id,artist,title,genre,date\n1,A,B,pop,1999\n", "has an unknown format"),
        (b"[" * 100_000, "has an unknown format"),
    ],
)
def test_open_export_refuses_unknown_formats(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        open_export(write(tmp_path, content))


def test_open_export_refuses_directories_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is a directory"):
        open_export(tmp_path)
    with pytest.raises(DatasetError, match="check the path"):
        open_export(tmp_path / "none")


def test_unusable_rows_are_issues_and_the_rest_is_read(tmp_path: Path) -> None:
    rows = [
        "u,a,1600000000,1",
        "u,a,,-1",
        f"u,{'x' * 10_000},,1",
        f"{'x' * 10_000},a,,1",
        ",a,,1",
        "u,,,1",
        "../../etc/passwd,a/b.ogg,,1",
        "u,a,,1,2,3",
        "u,a,last summer,1",
    ]
    text = "\n".join(["user_id,track_id,timestamp,plays", *rows])
    _, listens, issues = read_text(tmp_path, text)
    assert [listen.user for listen in listens] == ["u", "../../etc/passwd", "u"]
    assert [(issue.row, issue.reason) for issue in issues] == [
        (3, "plays is not a number, 0 or more"),
        (4, "the track id has more than 256 characters"),
        (5, "the user id has more than 256 characters"),
        (6, "the user id is empty"),
        (7, "the track has neither a title nor an id"),
        (9, "the row has 6 cells and the header 4: put quotes around text that contains ','"),
    ]
    assert plausible_time(listens[2].timestamp, 2e9) is None


def test_unclosed_quote_loses_only_its_line(tmp_path: Path) -> None:
    text = 'artist,title,plays\nA,"x,1\n' + "B,y,1\n" * 50
    _, listens, issues = read_text(tmp_path, text)
    assert len(listens) == 50
    assert [issue.row for issue in issues] == [2]


def test_odd_quotes_before_the_end_are_text(tmp_path: Path) -> None:
    text = 'artist,title,plays\nA,"x\ny",1\n7" band,"x\ny",1\nB,z,1\n'
    _, listens, issues = read_text(tmp_path, text)
    assert [one.track.title for one in listens] == ["x y", "x y", "z"]
    assert issues == []


def test_mixed_records_are_read_by_their_kind(tmp_path: Path) -> None:
    text = json.dumps([LISTENBRAINZ, SPOTIFY, LASTFM, {"a": 1}, 7, None])
    export = open_export(write(tmp_path, text))
    kinds = [kind for kind, one in export.rows() if isinstance(one, ImportRow)]
    assert kinds == ["listenbrainz", "spotify", "lastfm"]


def test_plausible_time_drops_impossible_times() -> None:
    now = 1_700_000_000.0
    times = (None, 0.0, -1.0, 400_000_000.0, 1_600_000_000.0, now + 3_600, now + 200_000, 1e300)
    assert [plausible_time(when, now) is not None for when in times] == [
        *(False, False, False, False),
        *(True, True, False, False),
    ]


names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: bool(text.strip()) and text.isprintable()
)


@given(st.lists(st.tuples(names, names, st.integers(1, 2**31)), min_size=1, max_size=20))
@settings(max_examples=40)
def test_written_tables_and_records_are_read_alike(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int]]
) -> None:
    directory = tmp_path_factory.mktemp("round-trip")
    with (directory / "table").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("artist", "title", "timestamp"), *rows])
    records = [
        {
            "listened_at": when,
            "track_metadata": {"artist_name": artist, "track_name": title},
        }
        for artist, title, when in rows
    ]
    (directory / "records").write_text(json.dumps(records))
    _, table, _ = read(directory / "table")
    _, objects, _ = read(directory / "records")
    assert table == objects
    assert [one.timestamp for one in table] == [float(when) for _, _, when in rows]


WORDS = st.sampled_from(
    ["", " ", "1", "-1", "1e999", "nan", "0x10", "2009-05-04", "true", "train", "\u0661", "é"]
)
NAMES = ["timestamp", "position", "plays", "ms_played", "rating", "skipped", "split"]


@given(st.lists(st.lists(WORDS, min_size=7, max_size=7), max_size=5))
@settings(max_examples=40)
def test_any_cells_are_read_as_in_a_dataset(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    lines = [",".join(["user_id", "track_id", *NAMES])]
    lines += [",".join(["u", f"t{i}", *row]) for i, row in enumerate(rows)]
    path = write(tmp_path_factory.mktemp("cells"), "\n".join(lines) + "\n", "listens.csv")
    frame, _ = read_listens(path)
    _, listens, _ = read(path)
    assert [one.track.track_id for one in listens] == frame["track_id"].to_list()
    for name in ("position", "plays", "ms_played", "rating", "skipped", "split"):
        theirs = [None if pd.isna(value) else value for value in frame[name]]
        assert [getattr(one, name) for one in listens] == theirs


@given(st.binary(max_size=400))
@settings(max_examples=150)
def test_any_bytes_are_rows_or_issues(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    head = b"user_id,track_id,plays\n"
    path = write(tmp_path_factory.mktemp("bytes"), head + content)
    read(path)
    with pytest.raises(DatasetError):
        read(write(path.parent, b"\x00x" + content, "other"))


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=6), max_size=6), st.integers(1, 8))
def test_occurrence_counter_ignores_batch_boundaries(
    batches: list[list[str]], max_merged: int
) -> None:
    numbering, seen = OccurrenceCounter(), dict.fromkeys("abc", 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("segue.sources.history_import.deduplication._MAX_MERGED", max_merged)
        for batch in batches:
            for letter, number in zip(batch, numbering.number(batch), strict=True):
                assert number == seen[letter]
                seen[letter] += 1


def test_fingerprints_differ_for_different_listens() -> None:
    one = ImportRow("u", JOGA, 1_600_000_020.0)
    same = one._replace(timestamp=1_600_000_040.0, track=JOGA._replace(album=None, recording="r"))
    assert fingerprint("lastfm", "u", one) == fingerprint("lastfm", "u", same)
    assert fingerprint("listenbrainz", "u", one) != fingerprint("listenbrainz", "u", same)
    assert fingerprint("lastfm", "u", one) != fingerprint("lastfm", "v", one)
    total = ImportRow("u", JOGA, plays=3.0, total=True)
    assert fingerprint("beets", "u", total) == fingerprint("beets", "u", total._replace(plays=4.0))


@pytest.mark.parametrize("end", ["B,y", 'B,"y', 'B,y,"1600'])
def test_truncated_last_row_is_an_issue(tmp_path: Path, end: str) -> None:
    text = f"artist,title,timestamp\nA,x,1600000000\nB,y,1600000000\n{end}"
    _, listens, issues = read_text(tmp_path, text)
    assert len(listens) == 2
    assert [(one.row, one.reason) for one in issues] == [(4, "the last row was cut short")]


@pytest.mark.parametrize("end", ["B,y,1600000000", "B,y,1600000000,", 'B,"y",', "B,y\n"])
def test_last_row_without_line_end_is_read(tmp_path: Path, end: str) -> None:
    text = f"artist,title,timestamp\nA,x,1600000000\n{end}"
    _, listens, issues = read_text(tmp_path, text)
    assert (len(listens), issues) == (2, [])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_encodings_without_byte_order_mark_are_read(tmp_path: Path, encoding: str) -> None:
    text = "artist,title,timestamp\n宇多田ヒカル,光,1600000000\n"
    _, listens, issues = read_text(tmp_path, text.encode(encoding))
    assert issues == []
    assert [one.track for one in listens] == [TrackReference(artist="宇多田ヒカル", title="光")]
    record = {**SPOTIFY, "master_metadata_track_name": "光"}
    content = json.dumps([record], ensure_ascii=False).encode(encoding)
    assert read_text(tmp_path, content)[1][0].track.title == "光"


@pytest.mark.sqlite
def test_unreadable_archive_parts_are_issues(tmp_path: Path) -> None:
    text = json.dumps([SPOTIFY] * 20)
    raw = bytearray(zipped({"a.json": text, "b.json": text, "library.db": "SQLite format 3\x00"}))
    damaged = raw.find(b"b.json") + 30
    raw[damaged : damaged + 10] = bytes(10)
    _, listens, issues = read_text(tmp_path, bytes(raw))
    assert len(listens) == 20
    first, second = (issue.reason for issue in issues)
    assert first.startswith("b.json cannot be read")
    assert second == "library.db is a database: unpack it, and import it by itself"
    alone = zipped({"library.db": "SQLite format 3\x00"})
    with pytest.raises(DatasetError, match=r"library\.db is a database: unpack it"):
        read_text(tmp_path, alone)


@pytest.mark.parametrize("name", ["../é", 'a"b\\c', "x" * 257, "", 7, None])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_archive_user_is_read_from_user_json(
    tmp_path: Path, name: str | int | None, ascii_only: bool
) -> None:
    listen = json.dumps({**LISTENBRAINZ, "user_name": None})
    user = json.dumps({"user_id": 1, "username": name}, ensure_ascii=ascii_only)
    _, [listen_read], issues = read_text(tmp_path, zipped({"user.json": user, "l.jsonl": listen}))
    assert listen_read.user == (name if name in ("../é", 'a"b\\c') else None)
    assert [one.reason for one in issues] == (
        ["the user name in user.json has more than 256 characters"] if name == "x" * 257 else []
    )


def test_unreadable_archive_user_is_an_issue(tmp_path: Path) -> None:
    listen = json.dumps({**LISTENBRAINZ, "user_name": None})
    raw = bytearray(zipped({"l.jsonl": listen, "user.json": '{"username": "rob"}' * 3}))
    damaged = raw.find(b"user.json") + 11
    raw[damaged : damaged + 6] = bytes(6)
    _, [listen_read], [issue] = read_text(tmp_path, bytes(raw))
    assert listen_read.user is None
    assert issue.reason.startswith("user.json cannot be read")


def test_lastfm_empty_date_is_undated_not_now_playing(tmp_path: Path) -> None:
    record = {"artist": {"#text": "Björk"}, "name": "Jóga", "date": {"uts": {}}}
    _, [listen], issues = read_text(tmp_path, json.dumps([record]))
    assert (issues, plausible_time(listen.timestamp, 2e9)) == ([], None)
