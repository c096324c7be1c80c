"""Lyrics from tags and LRC files."""

from hypothesis import given
from hypothesis import strategies as st

from segue.pipeline.catalogue.lyrics import lyrics_of, parse_lyrics
from segue.types import Track


def shown(lines):
    return [(line.start, line.text) for line in lines]


def test_lrc_lines_are_in_the_order_of_times():
    text = "[ti:Song]\n[00:10.00][00:02.5]again\n[00:05:50]between\n"
    assert shown(parse_lyrics(text)) == [(2.5, "again"), (5.5, "between"), (10.0, "again")]


def test_lrc_offset_moves_all_lines():
    text = "[offset:+500]\n[00:00.20]first\n[00:02.00]second"
    assert shown(parse_lyrics(text)) == [(0.0, "first"), (1.5, "second")]


def test_lrc_times_of_words_are_left_out():
    assert shown(parse_lyrics("[00:01.00]<00:01.00>one <00:01.50>two")) == [(1.0, "one two")]


def test_plain_lyrics_keep_their_verses():
    assert shown(parse_lyrics("[Chorus]\none\n\ntwo")) == [
        (None, "[Chorus]"),
        (None, "one"),
        (None, ""),
        (None, "two"),
    ]


def test_timed_lyrics_come_before_plain_ones(tmp_path):
    audio = tmp_path / "song.flac"
    track = Track(track_id="t", lyrics="plain")
    assert shown(lyrics_of(track, audio)) == [(None, "plain")]
    audio.with_suffix(".lrc").write_bytes("[00:01.00]café noir".encode("cp1252"))
    assert shown(lyrics_of(track, audio)) == [(1.0, "café noir")]
    audio.with_suffix(".lrc").write_text("also plain")
    timed = Track(track_id="t", lyrics="[00:03.00]timed")
    assert shown(lyrics_of(timed, audio)) == [(3.0, "timed")]


def test_lrc_link_to_another_folder_is_not_read(tmp_path):
    (tmp_path / "secret").write_text("secret")
    music = tmp_path / "music"
    music.mkdir()
    (music / "song.lrc").symlink_to(tmp_path / "secret")
    assert lyrics_of(Track(track_id="t"), music / "song.mp3") == []


@given(st.text(alphabet="[]<>:.0123456789ab\n", max_size=60))
def test_parse_lyrics_of_any_text_gives_ordered_times(text):
    lines = parse_lyrics(text)
    starts = [line.start for line in lines if line.start is not None]
    assert starts in ([], sorted(starts))
    assert len(starts) in (0, len(lines))
