"""Matching listens to tracks: equal recordings, different ones, and invariants."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.sources.history_import.matching import Matcher
from segue.types import Track, TrackReference

TRACKS = [
    Track(track_id="1", artist="Björk", title="Human Behaviour", album="Debut"),
    Track(track_id="2", artist="Björk", title="Human Behaviour", album="Live Box", missing=True),
    Track(track_id="3", artist="The Smashing Pumpkins", title="Bullet with Butterfly Wings"),
    Track(track_id="4", artist="Queen & David Bowie", title="Under Pressure"),
    Track(track_id="5", artist="Haydn", title="Symphony No. 35 in B flat major: Allegro di molto"),
    Track(track_id="6", title="Boards of Canada - Roygbiv"),
    Track(track_id="7", artist="Nina", title="x", metadata={"musicbrainz_recording_id": "AB-c"}),
    Track(track_id="8", artist="Nina", title="y", metadata={"isrc": "GBAAA9700001"}),
    Track(track_id="9", artist="Nina", title="Wonderful Days"),
    Track(track_id="10", artist="Nina", title="Wonderful Ways"),
    Track(track_id="11", artist="Smashing", title="Human Behaviour"),
    Track(track_id="12", title="no artist"),
]
MATCHER = Matcher(enumerate(TRACKS, start=1))


def found(artist: str | None, title: str | None, **more: str) -> tuple[int, str] | None:
    match = MATCHER.match(TrackReference(artist=artist, title=title, **more))
    return None if match is None else (match.row, match.by)


@pytest.mark.parametrize(
    ("artist", "title", "row"),
    [
        ("BJORK", "human behaviour", 1),
        ("Björk", "Human Behaviour - 2011 - Remaster", 1),
        ("Björk", "Human Behaviour (Remastered 2015) [Bonus Track]", 1),
        ("Björk feat. Nobody", "Human Behaviour (feat. Somebody)", 1),
        ("Björk", "Human Behaviour feat. Some Body - Remastered", 1),
        ("Björk", "Human Behavoiur", 1),
        ("Bjork", "Human  Behavior", 1),
        ("Smashing Pumpkins, The", "Bullet With Butterfly Wings", 3),
        ("Smashing Pumkins", "Bullet With Butterfly Wings", 3),
        ("Smashing Pumkins", "Bullet Wiht Butterfly Wings", 3),
        ("Queen", "Under Pressure", 4),
        ("Human Behaviour", "Björk", 1),
        (None, "Björk - Human Behaviour", 1),
        ("Björk", "Björk - Human Behaviour", 1),
        ("Boards of Canada", "ROYGBIV", 6),
    ],
)
def test_match_finds_the_same_recording(artist: str | None, title: str, row: int) -> None:
    match = found(artist, title)
    assert match is not None
    assert match[0] == row


@pytest.mark.parametrize(
    ("artist", "title"),
    [
        ("Björk", "Human Behaviour (Live)"),
        ("Björk", "Human Behaviour - Live - 2011 Remaster"),
        ("Björk", "Human Behaviour (Underworld Mix)"),
        ("Björk", "Human Behaviour II"),
        ("Björk", "Human Nature"),
        ("Haydn", "Symphony No. 36 in B flat major: Allegro di molto"),
        ("Haydn", "Symphony No. 35 in D flat major: Allegro di molto"),
        ("Haydn", "Symphony No. 35 in B flat minor: Allegro di molto"),
        ("Haydn", "Symphony No. 35 in B flat major: Allegro di molte cose"),
        ("Smashing Pumpkins", "Bullet with Butterfly Rings and Wings"),
        ("Somebody Else", "Human Behaviour"),
        ("Nina", "Wonderful Zays"),  # Days and Ways are about as near
        ("", "no artist"),
        ("Björk", ""),
        ("Björk", None),
        (None, None),
    ],
)
def test_match_rejects_another_recording(artist: str | None, title: str | None) -> None:
    assert found(artist, title) is None


def test_match_prefers_ids_to_names() -> None:
    assert found("Björk", "Human Behaviour", track_id="3") == (3, "id")
    assert found("Björk", "Human Behaviour", recording="zzz|abC") == (7, "recording")
    assert found("Björk", "Human Behaviour", isrc="gb-aaa-97-00001") == (8, "isrc")
    assert found("Björk", "Human Behaviour", track_id="99", recording="zz") == (1, "name")


def test_match_prefers_the_album_then_a_present_file() -> None:
    assert found("Björk", "Human Behaviour", album="LIVE BOX") == (2, "name")
    assert found("Björk", "Human Behaviour", album="Other") == (1, "name")


words = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=24)


@given(st.lists(st.tuples(words, words), min_size=1, max_size=8))
@settings(max_examples=60)
def test_match_any_name_finds_itself_in_any_case(pairs: list[tuple[str, str]]) -> None:
    tracks = [Track(track_id=f"#{i}", artist=a, title=t) for i, (a, t) in enumerate(pairs)]
    matcher = Matcher(enumerate(tracks))
    for artist, title in pairs:
        if not artist.strip() or not title.strip():
            continue
        exact = matcher.match(TrackReference(artist=artist, title=title))
        assert exact is not None
        assert exact.by in ("name", "id")
        assert matcher.match(TrackReference(artist=artist, title=title)) == exact


@given(st.builds(TrackReference, *[st.none() | words] * 6))
@settings(max_examples=60)
def test_match_answers_any_reference(reference: TrackReference) -> None:
    match = MATCHER.match(reference)
    assert match is None or 1 <= match.row <= len(TRACKS)


def test_path_finds_the_file_with_the_longest_common_end():
    paths = ("/m/Björk/Homogenic/02 Jóga.flac", "/m/Björk/Live/02 Jóga.flac", "/m/A/B/01.mp3")
    matcher = Matcher(
        (row, Track(track_id=str(row), path=Path(path))) for row, path in enumerate(paths)
    )

    def found(path):
        match = matcher.match(TrackReference(track_id=path))
        return None if match is None else (match.row, match.by)

    assert found("Björk/Homogenic/02 Jóga.flac") == (0, "path")
    assert found("D:/Music/BJÖRK/Live/02 Jóga.flac") == (1, "path")
    assert found("B/01.mp3") == (2, "path")
    assert found("C/01.mp3") is None
    assert found("01.mp3") is None
    assert found("Homogenic/02 Jóga.mp3") is None


def test_match_prefers_the_very_same_title() -> None:
    titles = ("Weir", "Weir - Remastered 2011")
    tracks = [Track(track_id=one, artist="Oak", title=one) for one in titles]
    matcher = Matcher(list(enumerate(tracks)))
    for row, title in enumerate(titles):
        found = matcher.match(TrackReference(artist="Oak", title=title))
        assert found is not None
        assert found.row == row
