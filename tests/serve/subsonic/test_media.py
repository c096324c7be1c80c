"""Test audio and covers for players: original, ranges, transcoded."""

from io import BytesIO

import pytest
from PIL import Image
from tests.serve.subsonic.conftest import SQUARE, TRACKS


def test_stream_sends_original_file(anna, shelved):
    answer = anna.ask("stream", id="one")
    assert answer.headers["content-type"] == "audio/flac"
    assert answer.content.startswith(b"fLaC")
    assert anna.ask("download", id="one").content == answer.content
    assert anna.ask("stream.view", id="one", format="raw", maxBitRate=32).content == answer.content


def test_stream_sends_byte_ranges(anna):
    whole = anna.ask("stream", id="one").content
    wanted = {**anna.identity, "id": "one"}
    part = anna.client.get("/rest/stream", params=wanted, headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    beyond = anna.client.get(
        "/rest/stream", params=wanted, headers={"Range": f"bytes={len(whole)}-"}
    )
    assert beyond.status_code == 416


@pytest.mark.parametrize(
    ("wanted", "media_type", "beginning"),
    [
        ({"format": "mp3"}, "audio/mpeg", b"\xff"),
        ({"format": "opus"}, "audio/ogg; codecs=opus", b"OggS"),
        ({"maxBitRate": 64}, "audio/mpeg", b"\xff"),
        ({"maxBitRate": 96, "format": "opus"}, "audio/ogg; codecs=opus", b"OggS"),
        ({"timeOffset": 2}, "audio/mpeg", b"\xff"),
        ({"format": "flac"}, "audio/flac", b"fLaC"),
        ({"maxBitRate": 0, "format": "nonsense"}, "audio/flac", b"fLaC"),
        ({"maxBitRate": 100_000}, "audio/flac", b"fLaC"),
    ],
)
def test_stream_transcodes_on_request(anna, wanted, media_type, beginning):
    answer = anna.ask("stream", id="one", **wanted)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == media_type
    assert answer.content.startswith(beginning)


def test_stream_lower_bit_rate_is_smaller(anna):
    small, large = (
        len(anna.ask("stream", id="one", format="mp3", maxBitRate=rate).content)
        for rate in (32, 128)
    )
    assert small < large / 2


def test_stream_time_offset_is_shorter(anna):
    late = anna.ask("stream", id="one", format="mp3", timeOffset=3).content
    assert len(late) < len(anna.ask("stream", id="one", format="mp3").content) / 2
    beyond = anna.ask("stream", id="one", format="mp3", timeOffset=100)
    assert beyond.status_code == 404
    assert beyond.json()["subsonic-response"]["error"]["code"] == 70


@pytest.mark.parametrize("method", ["stream", "download", "getCoverArt"])
@pytest.mark.parametrize("track_id", ["nothing", "../../etc/passwd", "/etc/passwd", "\x00"])
def test_stream_serves_songs_only(anna, method, track_id):
    answer = anna.ask(method, id=track_id)
    assert answer.status_code == 404
    assert answer.json()["subsonic-response"]["error"]["code"] == 70


def test_stream_missing_file_is_error(anna, library):
    path = library.catalogue().tracks[1].path
    hidden = path.with_suffix(".hidden")
    path.rename(hidden)
    try:
        answer = anna.ask("stream", id=TRACKS[1][0], f="xml")
    finally:
        hidden.rename(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/xml")
    assert str(path.parent) not in answer.text


def test_stream_requires_login(client, secrets):
    answer = client.get("/rest/stream", params={"id": "one", "u": "anna", "v": "1.16.1", "c": "x"})
    assert 'code="10"' in answer.text


def test_cover_of_an_album_has_one_id(anna):
    one, two = anna.song("one"), anna.song("two")
    assert one["coverArt"] == two["coverArt"] == one["albumId"]
    answers = [
        anna.ask("getCoverArt", id=item, size=100)
        for item in ("one", "two", one["albumId"], one["artistId"])
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["content-type"] == "image/jpeg"
    assert answers[0].headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("wanted", "shown"), [({}, SQUARE), ({"size": 0}, SQUARE), ({"size": 50}, 96)]
)
def test_cover_size_is_rounded_up(anna, wanted, shown):
    answer = anna.ask("getCoverArt", id="one", **wanted)
    assert Image.open(BytesIO(answer.content)).size == (shown, shown)


def test_cover_is_sent_once(anna):
    wanted = {**anna.identity, "id": "one"}
    tag = {"If-None-Match": anna.ask("getCoverArt", id="one").headers["etag"]}
    assert anna.client.get("/rest/getCoverArt", params=wanted, headers=tag).status_code == 304


def test_missing_cover_is_error(anna):
    assert anna.ask("getCoverArt", id="five").status_code == 404
