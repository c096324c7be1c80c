"""Likes and dislikes of ListenBrainz and Last.fm: known answers, in archives, and bad input."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from segue.errors import DatasetError
from segue.sources.history_import import (
    ImportIssue,
    ImportRow,
    fingerprint,
    needs_occurrence,
    open_export,
)
from segue.types import TrackReference

JOGA = TrackReference(artist="Björk", title="Jóga")
LIKE = ImportRow(None, JOGA, 1_600_000_000.0, rating=1.0, total=True)
DISLIKE = LIKE._replace(rating=-1.0)
NONE = LIKE._replace(rating=None, plays=0.0)
LOVED: dict[str, Any] = {
    "artist": {"url": "https://www.last.fm/music/Bj%C3%B6rk", "name": "Björk", "mbid": "a1"},
    "date": {"uts": "1600000000", "#text": "13 Sep 2020, 12:26"},
    "mbid": "r1",
    "url": "https://www.last.fm/music/Bj%C3%B6rk/_/J%C3%B3ga",
    "name": "Jóga",
    "image": [{"size": "small", "#text": ""}],
    "streamable": {"fulltrack": "0", "#text": "0"},
}
PAGE = {"lovedtracks": {"track": [LOVED], "@attr": {"user": "anna", "page": "1", "total": "1"}}}


def feedback(score: Any, **more: Any) -> dict[str, Any]:
    """Return a line of feedback.jsonl."""
    ids = {"recording_msid": None, "recording_mbid": None}
    return {**ids, "score": score, "created": 1_600_000_000, **more}


def listen(**more: Any) -> dict[str, Any]:
    """Return a line of listens/2020/9.jsonl."""
    metadata = {
        "artist_name": "Björk",
        "track_name": "Jóga",
        "release_name": "Homogenic",
        "recording_msid": "m1",
        "additional_info": {},
        "mbid_mapping": {"recording_mbid": "r1"},
    }
    return {"listened_at": 1_600_000_000, "track_metadata": {**metadata, **more}}


def read(directory: Path, *records: Any) -> tuple[str, list[ImportRow], list[ImportIssue]]:
    """Read a file with a record a line."""
    path = directory / "export"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in records))
    return read_file(path)


def read_file(path: Path) -> tuple[str, list[ImportRow], list[ImportIssue]]:
    export = open_export(path)
    found = [one for _, one in export.rows()]
    listens = [one for one in found if isinstance(one, ImportRow)]
    return export.kind, listens, [one for one in found if isinstance(one, ImportIssue)]


def test_listenbrainz_feedback_is_read(tmp_path: Path) -> None:
    lines = [feedback(score, recording_mbid=f"r{score}") for score in (1, -1, 0)]
    kind, opinions, issues = read(tmp_path, *lines)
    assert (kind, issues) == ("listenbrainz", [])
    assert opinions == [
        one._replace(track=TrackReference(recording=f"r{score}"))
        for one, score in ((LIKE, 1), (DISLIKE, -1), (NONE, 0))
    ]


def test_feedback_response_names_tracks_and_user(tmp_path: Path) -> None:
    names = {"artist_name": "Björk", "track_name": "Jóga", "release_name": "Homogenic"}
    one = feedback(-1, recording_msid="m1", user_id="rob", track_metadata=names)
    answer = {"count": 1, "feedback": [one], "offset": 0, "total_count": 1}
    _, opinions, _ = read(tmp_path, json.dumps(answer, indent=1))
    assert opinions == [DISLIKE._replace(user="rob", track=JOGA._replace(album="Homogenic"))]


def zipped(directory: Path, files: dict[str, list[dict[str, Any]]]) -> Path:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, records in files.items():
            archive.writestr(name, "\n".join(map(json.dumps, records)))
    path = directory / "export.zip"
    path.write_bytes(raw.getvalue())
    return path


def test_feedback_gets_names_from_listens_of_the_archive(tmp_path: Path) -> None:
    files = {
        "user.json": [{"user_id": 1, "username": "rob"}],
        "listens/2020/9.jsonl": [listen(), listen(track_name="Hunter", recording_msid="m2")],
        "feedback.jsonl": [
            feedback(1, recording_msid="m1"),
            feedback(-1, recording_msid="M2", recording_mbid="r9"),
            feedback(1, recording_mbid="r1"),
            feedback(1, recording_mbid="r8"),
            feedback(1, recording_msid="m7"),
        ],
        "pinned_recording.jsonl": [{"recording_mbid": "r1", "blurb_content": None, "created": 1}],
    }
    kind, found, issues = read_file(zipped(tmp_path, files))
    assert kind == "listenbrainz"
    assert {one.user for one in found} == {"rob"}
    named = JOGA._replace(album="Homogenic")
    assert [(one.track, one.rating) for one in found if one.total] == [
        (named, 1.0),
        (named._replace(title="Hunter", recording="r9"), -1.0),
        (named._replace(recording="r1"), 1.0),
        (TrackReference(recording="r8"), 1.0),
    ]
    assert sum(not one.total for one in found) == 2
    assert [(one.reason[:20], one.row, one.left_out) for one in issues] == [
        ("pinned_recording.jso", None, 0),
        ("the track is unknown", 5, 1),
    ]


def test_feedback_fingerprint_is_of_its_recording(tmp_path: Path) -> None:
    nameless = LIKE._replace(track=TrackReference(recording="r1"))
    named = DISLIKE._replace(track=JOGA._replace(recording="r1"), timestamp=None)
    assert not needs_occurrence("listenbrainz", named)
    assert fingerprint("listenbrainz", "u", named) == fingerprint("listenbrainz", "u", nameless)
    assert fingerprint("listenbrainz", "u", named) != fingerprint("listenbrainz", "u", LIKE)


@pytest.mark.parametrize("score", [None, 2, "up", True, [1], float("nan"), 0.5])
def test_feedback_bad_score_is_an_issue(tmp_path: Path, score: Any) -> None:
    lines = [feedback(score, recording_mbid="r1"), feedback("1", recording_mbid="r2")]
    _, opinions, issues = read(tmp_path, *lines)
    assert [one.track.recording for one in opinions] == ["r2"]
    assert [(one.reason, one.row) for one in issues] == [("the score is not 1, 0 or -1", 1)]


def test_unusable_feedback_is_an_issue_and_the_rest_is_read(tmp_path: Path) -> None:
    good = feedback(1, recording_mbid="r1")
    lines = [
        *(good, {"score": 1}, '{"score": 1, "recor'),
        *(feedback(1), feedback(1, recording_mbid="x" * 300), feedback(1, recording_mbid=7)),
        feedback(1, recording_mbid={}, track_metadata=["a"], created="last summer"),
    ]
    _, opinions, issues = read(tmp_path, *lines)
    assert [one.track.recording for one in opinions] == ["r1", "7"]
    assert sorted((one.row or 0, one.reason) for one in issues) == [
        (2, "the record has an unknown format"),
        (3, "the line is not JSON: it may have been cut short"),
        (4, issues[-1].reason),
        (5, "the recording id has more than 256 characters"),
        (7, issues[-1].reason),
    ]


@pytest.mark.parametrize("shape", ["page", "pages", "one track", "bare", "without a date"])
def test_lastfm_loved_tracks_are_read(tmp_path: Path, shape: str) -> None:
    page: Any = PAGE
    expected = LIKE._replace(user="anna", track=JOGA._replace(recording="r1"))
    n = 1
    if shape == "pages":
        page, n = [PAGE, PAGE], 2
    elif shape == "one track":
        page = {"lovedtracks": {**PAGE["lovedtracks"], "track": LOVED}}
    elif shape == "bare":
        page, expected = [[LOVED]], expected._replace(user=None)
    elif shape == "without a date":
        track = {name: LOVED[name] for name in ("artist", "name", "mbid")}
        page = {"lovedtracks": {**PAGE["lovedtracks"], "track": [track]}}
        expected = expected._replace(timestamp=None)
    assert read(tmp_path, page) == ("lastfm", [expected] * n, [])
    assert not needs_occurrence("lastfm", expected)


def test_unusable_loved_tracks_are_issues(tmp_path: Path) -> None:
    tracks = [{"artist": {"name": "Björk"}}, {"name": None}, 7, {**LOVED, "name": "x" * 1_001}]
    page = {"lovedtracks": {"track": [LOVED, *tracks], "@attr": {"user": "anna"}}}
    _, opinions, issues = read(tmp_path, page)
    assert len(opinions) == 1
    assert [one.reason for one in issues] == [
        *["the track has neither a title nor an id"] * 2,
        "the record has an unknown format",
        "a name has more than 1,000 characters",
    ]


def test_lastfm_loved_tables_are_read(tmp_path: Path) -> None:
    header = "uts,utc_time,artist,artist_mbid,track,track_mbid"
    rows = ['"1600000000","13 Sep 2020, 12:26","Björk","a1","Jóga","r1"', '"","","Björk","","",""']
    kind, opinions, issues = read(tmp_path, header, *rows)
    assert (kind, opinions) == ("lastfm", [LIKE._replace(track=JOGA._replace(recording="r1"))])
    assert [(one.row, one.reason) for one in issues] == [
        (3, "the track has neither a title nor an id")
    ]


def test_loved_column_gives_opinions(tmp_path: Path) -> None:
    rows = ["Björk,Jóga,,yes", "Björk,Jóga,,0", "Björk,Jóga,1600000000,1", "Björk,Jóga,,maybe"]
    _, found, issues = read(tmp_path, "artist,title,timestamp,loved", *rows)
    assert found == [
        LIKE._replace(timestamp=None),
        NONE._replace(timestamp=None),
        ImportRow(None, JOGA, 1_600_000_000.0, plays=1.0, rating=1.0),
    ]
    assert [(one.row, one.reason) for one in issues] == [(5, "loved is not true or false")]
    rated = read(tmp_path, "artist,title,loved,rating", "Björk,Jóga,1,3", "Björk,Jóga,,4")[1]
    assert [one.rating for one in rated] == [0.0, 0.5]


def test_open_export_refuses_a_table_of_tracks_with_loved(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="has an unknown format"):
        read(tmp_path, "track_id,path,loved", "a,a.ogg,1")
