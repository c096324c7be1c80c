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
    assert beyond.status_code == 200
    assert beyond.json()["subsonic-response"]["error"]["code"] == 70


@pytest.mark.parametrize("method", ["stream", "download", "getCoverArt"])
@pytest.mark.parametrize("track_id", ["nothing", "../../etc/passwd", "/etc/passwd", "\x00"])
def test_stream_serves_songs_only(anna, method, track_id):
    answer = anna.ask(method, id=track_id)
    assert answer.status_code == 200
    assert answer.json()["subsonic-response"]["error"]["code"] == 70


def test_stream_missing_file_is_error(anna, library):
    path = library.catalogue().tracks[1].path
    hidden = path.with_suffix(".hidden")
    path.rename(hidden)
    try:
        answer = anna.ask("stream", id=TRACKS[1][0], f="xml")
    finally:
        hidden.rename(path)
    assert answer.status_code == 200
    assert 'code="70"' in answer.text
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


def test_item_without_cover_has_a_tile_of_its_own(anna):
    five, four = (anna.ask("getCoverArt", id=item, size=90) for item in ("five", "four"))
    for answer in (five, four):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        assert Image.open(BytesIO(answer.content)).size == (96, 96)
    assert five.content != four.content
    assert anna.ask("getCoverArt", id="five", size=96).content == five.content


def test_cover_of_a_playlist_is_that_of_its_songs(anna):
    made = anna.call("createPlaylist", name="Mine", songId=["five", "one"])["playlist"]
    song = anna.ask("getCoverArt", id="one", size=96)
    for item in (made["coverArt"], made["id"], f"pl-{made['id']}"):
        assert anna.ask("getCoverArt", id=item, size=96).content == song.content
    empty = anna.call("createPlaylist", name="Empty")["playlist"]
    assert anna.ask("getCoverArt", id=empty["id"]).headers["content-type"] == "image/png"


def test_cover_id_may_have_a_prefix(anna):
    album = anna.song("one")["albumId"]
    plain = anna.ask("getCoverArt", id=album).content
    assert anna.ask("getCoverArt", id=f"al-{album}").content == plain
    assert anna.ask("getCoverArt", id="mf-one").content == plain
    assert anna.code("getCoverArt", id="al-nothing") == 70


def test_download_names_its_file(anna):
    assert anna.ask("download", id="one").headers["content-disposition"] == (
        'attachment; filename="02 The Alphas - One.flac";'
        " filename*=UTF-8''02%20The%20Alphas%20-%20One.flac"
    )
    odd = anna.ask("download", id="five").headers["content-disposition"]
    assert odd.startswith('attachment; filename="_rger - F_nf.flac"; ')
    assert odd.endswith("filename*=UTF-8''%C3%84rger%20-%20F%C3%BCnf.flac")


@pytest.mark.parametrize("wanted", [{"format": "mp3"}, {"format": "opus"}, {"maxBitRate": 64}])
def test_estimated_length_is_that_of_the_stream(anna, wanted):
    wanted = {"id": "one", "estimateContentLength": "true", **wanted}
    answer = anna.ask("stream", **wanted)
    assert int(answer.headers["content-length"]) == len(answer.content)
    sure = anna.ask("stream", **{**wanted, "estimateContentLength": "false"})
    assert "content-length" not in sure.headers
    if wanted.get("format") != "opus":  # whose streams have a random number
        assert answer.content.startswith(sure.content)
        assert not answer.content[len(sure.content) :].strip(b"\0")


def test_head_of_stream_announces_the_type(anna):
    wanted = {**anna.identity, "id": "one", "format": "mp3", "estimateContentLength": "true"}
    answer = anna.client.head("/rest/stream", params=wanted)
    assert answer.headers["content-type"] == "audio/mpeg"
    assert int(answer.headers["content-length"]) > 10_000
