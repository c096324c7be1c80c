"""Unmatched listens with their reasons, missing artists, and similar artists of a service."""

import json
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from segue.errors import AddressError, DatasetError, UnknownListenerError
from segue.library import Library
from segue.pipeline.filters.rule_values import add_rule
from segue.pipeline.history.import_listens import import_listens
from segue.pipeline.history.missing_music import missing_music
from segue.pipeline.history.unmatched import unmatched_listens
from segue.pipeline.preprocess import preprocess
from segue.sources.similar_artists import ALGORITHM, similar_artists

ROWS = [
    "Band,A Song of Songs,1600000000,",
    *(f"Band,Another Thing,{1_600_000_000 + 100 * n}," for n in range(3)),
    *(f"Elsewhere,Far Away,{1_600_000_000 + 100 * n}," for n in range(5)),
    "elsewhere,Far Away (Remastered),1700000000,",
    "Elsewhere,Nearer,1600000000,",
    "Elsewhere,Skipped,1600000000,yes",
    ",Nameless,1600000000,",
    "Fit,Some Long Titles,1600000000,",
]


@pytest.fixture
def library(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "metadata.csv").write_text(
        "track_id,artist,title,musicbrainz_artistid\n1,Band,A Song of Songs,m1\n2,Other,Thing,\n"
        "3,Fit,Some Long Title,\n4,Fit,Some Long Titlez,\n"
    )
    library = Library(tmp_path / "my.segue")
    preprocess(library, data)
    table = tmp_path / "listens.csv"
    table.write_text("\n".join(["artist,title,timestamp,skipped", *ROWS]) + "\n")
    import_listens(library, [table], "ann")
    return library


@contextmanager
def service(answer, status=200):
    """Serve one answer on this machine; yield its address and the queries that came."""
    queries = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            queries.append(parse_qs(urlsplit(self.path).query))
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/similar-artists/json", queries
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


SIMILAR = [
    {"artist_mbid": "s1", "name": "Close One", "score": 200, "reference_mbid": "m1", "type": None},
    {"artist_mbid": "s2", "name": "Other", "score": 150, "reference_mbid": "m1"},
    {"artist_mbid": "s3", "name": "Distant", "score": 50, "reference_mbid": "m1"},
    {"artist_mbid": "m1", "name": "Band", "score": 900},
    {"artist_mbid": "s4", "name": None, "score": 9},
    {"artist_mbid": "s5", "name": "Odd", "score": "many"},
]


def test_unmatched_tracks_have_counts_and_reasons(library):
    found = unmatched_listens(library, "ann")
    assert [(one.artist, one.title, one.listens, one.reason) for one in found] == [
        ("Elsewhere", "Far Away", 6, "no such artist"),
        ("Band", "Another Thing", 3, "no such title"),
        (None, "Nameless", 1, "no names"),
        ("Elsewhere", "Nearer", 1, "no such artist"),
        ("Fit", "Some Long Titles", 1, "several fit"),
    ]
    assert found[0].last == 1_700_000_000
    assert found[0].users == ("ann",)
    assert unmatched_listens(library) == found


def test_unmatched_tracks_of_unknown_listeners_are_refused(library):
    with pytest.raises(UnknownListenerError, match="no listener 'zoe'"):
        unmatched_listens(library, "zoe")


def test_missing_artists_are_ranked_by_listens(library):
    found = missing_music(library, "ann")
    assert [(one.artist, one.listens, one.in_library) for one in found.artists] == [
        ("Elsewhere", 7, False),
        ("Band", 3, True),
        ("Fit", 1, True),
    ]
    assert found.artists[0].tracks == ("Far Away", "Nearer")
    assert [one.title for one in missing_music(library, "ann", 1).tracks] == ["Far Away"]
    assert found.suggested is None


@pytest.mark.parametrize("wrapped", [False, True])
def test_similar_artists_are_those_the_library_lacks(library, wrapped):
    answer = [{"type": "markup"}, {"data": SIMILAR}] if wrapped else SIMILAR
    with service(answer) as (url, queries):
        found = missing_music(library, "ann", ask_similar=partial(similar_artists, url=url))
    assert queries == [{"artist_mbids": ["m1"], "algorithm": [ALGORITHM]}]
    assert found.suggested is not None
    assert [(one.artist, one.mbid, one.score) for one in found.suggested] == [
        ("Close One", "s1", 1.0),
        ("Distant", "s3", 0.25),
    ]
    assert found.suggested[0].similar_to == ("Band",)


def test_missing_music_leaves_private_and_ignored_listens_out(library, tmp_path):
    table = tmp_path / "more.csv"
    rows = ["Secret,Song,1600000000,true", "Band,A Song of Songs,1600009000,true"]
    table.write_text("\n".join(["artist,title,timestamp,private", *rows]) + "\n")
    import_listens(library, [table], "ann")
    assert "Secret" not in [one.artist for one in unmatched_listens(library, "ann")]
    asked = []
    missing_music(library, "ann", ask_similar=lambda mbid: asked.append(mbid) or [])
    assert asked == ["m1"]
    add_rule(library, "ann", "learn", "source", "listens")
    missing_music(library, "ann", ask_similar=lambda mbid: asked.append(mbid) or [])
    import_listens(library, [table], "bob")
    missing_music(library, "bob", ask_similar=lambda mbid: asked.append(mbid) or [])
    assert asked == ["m1"]


@pytest.mark.parametrize("content", [b"<html>", b"\xff", b"[" * 100_000])
def test_similar_artists_refuse_answers_they_do_not_understand(content):
    with service(content) as (url, _), pytest.raises(DatasetError, match="is not understood"):
        similar_artists("m1", url=url)


@pytest.mark.parametrize("content", [{}, [], [7, None, {"data": 3}], "text"])
def test_similar_artists_are_none_in_other_answers(content):
    with service(content) as (url, _):
        assert similar_artists("m1", url=url) == []


def test_similar_artists_say_when_the_service_is_gone():
    with service(SIMILAR) as (url, _):
        pass
    with pytest.raises(DatasetError, match="gave no answer"):
        similar_artists("m1", url=url, timeout=2)
    with (
        service(SIMILAR, status=503) as (url, _),
        pytest.raises(DatasetError, match="status 503"),
    ):
        similar_artists("m1", url=url)
    with pytest.raises(AddressError, match="is not the address"):
        similar_artists("m1", url="file:///etc/passwd")
