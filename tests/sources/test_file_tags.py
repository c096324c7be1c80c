"""Tags of audio files: every container, several values, placeholders, bytes, names of files."""

import io
import struct
from pathlib import Path

import mutagen
import mutagen.id3 as id3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC
from mutagen.ogg import OggPage
from tests.audio_files import audio_file

from segue.artist_names import is_various
from segue.errors import DatasetError
from segue.sources import read_dataset
from segue.sources.datasets.folder import read_audio_file
from segue.sources.file_tags.encodings import (
    ByteText,
    checked_encoding,
    decode,
    detect_encoding,
)
from segue.sources.file_tags.fields import read_tags_of_file
from segue.sources.file_tags.path_names import names_from_path
from segue.text import is_numbered_title, known_text
from segue.types import Track


def only_track(path: Path) -> Track:
    track, reasons = read_audio_file(path.parent, path)
    assert reasons == []
    return track


def write_id3(path: Path, *frames: id3.Frame, version: int = 4) -> Path:
    tags = id3.ID3()
    for frame in frames:
        tags.add(frame)
    tags.save(path, v2_version=version)
    return path


def latin_1(kind: type[id3.TextFrame], text: str, encoding: str) -> id3.Frame:
    """Return a frame that says latin-1 and holds bytes of another encoding."""
    return kind(encoding=0, text=[text.encode(encoding).decode("latin-1")])


# several values -----------------------------------------------------------------------------------


def write_artists(path: Path, kind: str, names: list[str], **more: str) -> None:
    """Write artists, title and more tags by their names in Vorbis comments."""
    keys = {"flac": "artist", "ogg": "artist", "opus": "artist", "wv": "Artist", "ape": "Artist"}
    keys |= {"m4a": "\xa9ART", "wma": "Author"}
    if kind in {"mp3", "wav", "aiff", "tta"}:
        file = mutagen.File(path)
        if file.tags is None:
            file.add_tags()
        file.tags.add(id3.TPE1(encoding=3, text=names))
        for name, text in more.items():
            file.tags.add(id3.TXXX(encoding=3, desc=name, text=[text]))
        file.save()
        return
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    file[keys[kind]] = names
    for name, text in more.items():
        freeform = {"m4a": f"----:com.apple.iTunes:{name.upper()}", "wma": f"WM/{name.upper()}"}
        file[freeform.get(kind, name)] = [text.encode()] if kind == "m4a" else text
    file.save()


@pytest.mark.parametrize(
    "kind", ["flac", "ogg", "opus", "mp3", "m4a", "wma", "wav", "aiff", "wv", "ape", "tta"]
)
def test_container_gives_all_artists(tmp_path: Path, kind: str) -> None:
    path = audio_file(tmp_path / f"x.{kind}")
    write_artists(path, kind, ["Anna Alpha", "Bob Beta"], isrc="USX1", composer="Cy")
    track = only_track(path)
    assert track.artist == "Anna Alpha"
    assert [(one.name, one.role) for one in track.artists] == [
        ("Anna Alpha", "main"),
        ("Bob Beta", "main"),
    ]
    assert (track.metadata["isrc"], track.metadata["composer"]) == ("USX1", "Cy")


@pytest.mark.parametrize("kind", ["flac", "mp3", "m4a", "wma", "wv"])
def test_container_gives_artists_of_their_own_tag(tmp_path: Path, kind: str) -> None:
    path = audio_file(tmp_path / f"x.{kind}")
    write_artists(path, kind, ["Anna & Bob"], artists="Anna; Bob")
    track = only_track(path)
    assert track.artist == "Anna & Bob"
    assert [one.name for one in track.artists] == ["Anna", "Bob"]


def test_matroska_tags_are_read(tmp_path: Path) -> None:
    import av

    source = audio_file(tmp_path / "a.flac")
    with av.open(str(source)) as given, av.open(str(tmp_path / "x.mka"), "w") as made:
        made.metadata.update({"title": "Noon", "artist": "Anna", "date": "1999"})
        stream = made.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(given.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    raw = read_tags_of_file(tmp_path / "x.mka")
    assert (raw["title"], raw["artist"], raw["year"]) == ("Noon", "Anna", "1999")


def test_ampersand_comma_and_slash_part_no_artists(tmp_path: Path) -> None:
    for name in ("Simon & Garfunkel", "Earth, Wind & Fire", "AC/DC"):
        file = FLAC(audio_file(tmp_path / "x.flac"))
        file["artist"] = name
        file.save()
        track = only_track(tmp_path / "x.flac")
        assert (track.artist, track.artists) == (name, ())


def test_album_artists_are_all_kept(tmp_path: Path) -> None:
    file = FLAC(audio_file(tmp_path / "x.flac"))
    file["albumartist"] = ["Anna", "Bob"]
    file.save()
    track = only_track(tmp_path / "x.flac")
    assert track.metadata["albumartist"] == "Anna|Bob"
    assert [one.name for one in track.artists] == ["Anna", "Bob"]


# containers inside containers ---------------------------------------------------------------------


def test_apev2_fills_what_id3_lacks(tmp_path: Path) -> None:
    path = write_id3(audio_file(tmp_path / "x.mp3"), id3.TIT2(encoding=3, text=["Of ID3"]))
    tags = APEv2()
    tags.update({"Title": "Of APE", "Artist": "Anna", "Year": "1999", "Genre": "Jazz"})
    tags.save(path)
    track = only_track(path)
    assert (track.title, track.artist, track.year, track.genres) == (
        "Of ID3",
        "Anna",
        1999,
        ("jazz",),
    )


@pytest.mark.parametrize("kind", ["flac", "ogg", "opus", "mp3", "m4a", "wma", "wav", "aiff", "wv"])
@pytest.mark.parametrize("suffix", ["mp3", "flac", "m4a"])
def test_file_with_wrong_suffix_gives_its_tags(tmp_path: Path, kind: str, suffix: str) -> None:
    path = audio_file(tmp_path / f"right.{kind}")
    write_artists(path, kind, ["Anna"])
    assert only_track(path.rename(tmp_path / f"wrong.{suffix}")).artist == "Anna"


def test_id3_before_flac_is_read(tmp_path: Path) -> None:
    path = audio_file(tmp_path / "x.flac")
    write_id3(path, id3.TPE1(encoding=3, text=["Anna"]))
    assert only_track(path).artist == "Anna"
    assert only_track(path.rename(tmp_path / "x.mp3")).artist == "Anna"


@pytest.mark.parametrize("kind", ["aac", "mp2", "ac3", "ogg"])
def test_id3_and_apev2_of_raw_streams_are_read(tmp_path: Path, kind: str) -> None:
    path = audio_file(tmp_path / f"x.{kind}")
    if kind != "ogg":
        tags = APEv2()
        tags["Artist"], tags["Title"] = "Bob", "Of APE"
        tags.save(path)
        assert only_track(path).artist == "Bob"
    write_id3(path, id3.TPE1(encoding=3, text=["Anna"]))
    track = only_track(path)
    assert track.artist == "Anna"
    assert track.title == ("x" if kind == "ogg" else "Of APE")


def riff_info(path: Path, encoding: str, **texts: str) -> Path:
    """Append an INFO list to a WAV file."""
    content = b""
    for name, text in texts.items():
        data = text.encode(encoding) + b"\0"
        content += struct.pack("<4sI", name.encode(), len(data)) + data + b"\0" * (len(data) % 2)
    data = path.read_bytes() + struct.pack("<4sI4s", b"LIST", len(content) + 4, b"INFO") + content
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    return path


@pytest.mark.parametrize(
    ("encoding", "artist", "title"),
    [
        ("utf-8", "Anna", "Mañana"),
        ("cp1252", "Sœur Žižkov", "Don\u2019t Stop"),
        ("cp1251", "Алиса", "Синий Кит"),
        ("shift-jis", "椎名林檎", "丸の内サディスティック"),
    ],
)
def test_riff_info_is_decoded(tmp_path: Path, encoding: str, artist: str, title: str) -> None:
    path = riff_info(audio_file(tmp_path / "x.wav"), encoding, INAM=title, IART=artist, ICRD="1999")
    track = only_track(path)
    assert (track.title, track.artist, track.year) == (title, artist, 1999)


@given(st.binary(max_size=300))
@settings(max_examples=30)
def test_damaged_chunks_are_no_crash(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.wav"
        path.write_bytes(b"RIFF" + data[:4].ljust(4, b"\0") + b"WAVE" + data)
        track, _ = read_audio_file(Path(folder), path)
        assert track.track_id == "x.wav"


# fields -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "artist"),
    [
        ({"artist": "Various Artists", "albumartist": "Anna"}, "Anna"),
        ({"artist": "Verschiedene Interpreten", "albumartist": "Anna"}, "Anna"),
        ({"artist": "<Unknown>", "album artist": "Anna"}, "Anna"),
        ({"artist": "Artiste inconnu", "album_artist": "Anna"}, "Anna"),
        ({"albumartist": "VA", "performer": ["Anna (violin)", "Bob (piano)"]}, "Anna"),
        (
            {"artist": "Unknown Artist", "artistsort": "Bach, Johann Sebastian"},
            "Johann Sebastian Bach",
        ),
        ({"artistsort": "Beatles, The"}, "The Beatles"),
        ({"artist": "V.A.", "artists": ["Anna", "Bob"]}, "Anna"),
        ({"artist": "群星"}, None),
    ],
)
def test_placeholder_artist_never_ends_the_search(tmp_path: Path, tags, artist) -> None:
    file = FLAC(audio_file(tmp_path / "x.flac"))
    file.update(tags)
    file.save()
    assert only_track(tmp_path / "x.flac").artist == artist


@pytest.mark.parametrize(
    ("tags", "year"),
    [
        ({"date": "2011", "originaldate": "1969-09-26"}, 1969),
        ({"date": "2011", "originalyear": "1969"}, 1969),
        ({"date": "1969", "originaldate": "0000"}, 1969),
        ({"date": "0", "originaldate": "1969"}, 1969),
        ({"date": "1969", "originaldate": "2011"}, 1969),
        ({"date": "0", "year": "1969"}, 1969),
        ({"date": "1723"}, 1723),
        ({"releasedate": "2003"}, 2003),
    ],
)
def test_original_year_comes_first(tmp_path: Path, tags: dict[str, str], year: int) -> None:
    file = FLAC(audio_file(tmp_path / "x.flac"))
    file.update(tags)
    file.save()
    assert only_track(tmp_path / "x.flac").year == year


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize(
    ("frames", "year"),
    [
        ({"TDRC": "2011", "TDOR": "1969"}, 1969),
        ({"TDRL": "2003"}, 2003),
        ({"TDRC": "0000", "TDOR": "1969"}, 1969),
    ],
)
def test_id3_original_year_comes_first(tmp_path: Path, version: int, frames, year: int) -> None:
    path = audio_file(tmp_path / "x.mp3")
    write_id3(path, *(id3.Frames[name](encoding=3, text=[text]) for name, text in frames.items()))
    if version == 3:
        tags = id3.ID3(path)
        tags.update_to_v23()
        tags.save(path, v2_version=3)
        if "TDRL" in frames:
            pytest.skip("ID3v2.3 has no release date")
    assert only_track(path).year == year


def test_id3_user_texts_and_lyrics_are_read(tmp_path: Path) -> None:
    path = write_id3(
        audio_file(tmp_path / "x.mp3"),
        id3.TXXX(encoding=3, desc="BPM", text=["93"]),
        id3.TXXX(encoding=3, desc="UNSYNCEDLYRICS", text=["one\ntwo"]),
        id3.TXXX(encoding=3, desc="ALBUM ARTIST", text=["Anna"]),
        id3.RVA2(desc="track", channel=1, gain=-6.5, peak=0.5),
        id3.TSST(encoding=3, text=["Live"]),
        id3.TCMP(encoding=3, text=["1"]),
    )
    track = only_track(path)
    assert (track.tempo, track.lyrics, track.artist) == (93.0, "one\ntwo", "Anna")
    assert dict(track.metadata) == {
        "albumartist": "Anna",
        "replaygain_track_gain": "-6.50 dB",
        "discsubtitle": "Live",
        "compilation": "1",
    }


def test_vorbis_fields_are_kept_as_metadata(tmp_path: Path) -> None:
    file = FLAC(audio_file(tmp_path / "x.flac"))
    kept = {
        "composer": "Cy",
        "musicbrainz_album_id": "1-1",
        "musicbrainz_artist_id": "2-2",
        "replaygain_track_gain": "-6.5 dB",
        "discsubtitle": "Live",
    }
    for name, text in kept.items():
        file[name.replace("_id", "id")] = text
    file.save()
    assert dict(only_track(tmp_path / "x.flac").metadata) == kept


def test_genre_numbers_are_read_in_every_container(tmp_path: Path) -> None:
    for kind, name in {"flac": "genre", "wv": "Genre", "m4a": "\xa9gen", "wma": "WM/Genre"}.items():
        for text in ("17", "(17)", "(17)Rock", "17; 17"):
            file = mutagen.File(audio_file(tmp_path / f"x.{kind}"))
            if file.tags is None:
                file.add_tags()
            file[name] = text
            file.save()
            assert only_track(tmp_path / f"x.{kind}").genres == ("rock",)


@pytest.mark.parametrize(
    "text", ["Track 01", "Piste 3", "Titel 12", "AudioTrack 07", "04 - Track 04", "トラック 1"]
)
def test_numbered_title_gives_way_to_the_file_name(tmp_path: Path, text: str) -> None:
    file = FLAC(audio_file(tmp_path / "07 - Noon.flac"))
    file["title"] = text
    file.save()
    assert only_track(tmp_path / "07 - Noon.flac").title == "Noon"
    (tmp_path / "07 - Noon.flac").rename(tmp_path / "noon_2.flac")
    assert only_track(tmp_path / "noon_2.flac").title == "noon_2"
    (tmp_path / "noon_2.flac").rename(tmp_path / "track-07.flac")
    assert only_track(tmp_path / "track-07.flac").title == text
    assert is_numbered_title(text)


@pytest.mark.parametrize("text", ["Track Star", "Titel", "1999", "Number 9 Dream"])
def test_title_with_words_is_no_number(text: str) -> None:
    assert not is_numbered_title(text)


def test_words_for_unknown_are_known_in_many_languages() -> None:
    for text in (
        "Unbekannter Künstler",
        "Неизвестный исполнитель",
        "不明なアーティスト",
        "未知艺术家",
    ):
        assert known_text(text) is None
    for text in ("Varios Artistas", "Artistes divers", "Разные исполнители", "[Various Artists]"):
        assert is_various(text)
    for name in ("Various Cruelties", "Unknown Mortal Orchestra", "Anna Unbekannt"):
        assert known_text(name) == name
        assert not is_various(name)
    assert known_text("Unknown Album (5/7/2005 3:12:08 PM)") is None


# encodings ----------------------------------------------------------------------------------------

NAMES = {
    "cp1252": [
        "Beyoncé",
        "Motörhead",
        "Sigur Rós",
        "Mötley Crüe",
        "Don\u2019t Stop \u2013 Live",
        "Sœur Žižkov",
        "Déjà Vu",
        "Naïve",
        "Niño",
        "Café Tacvba",
    ],
    "cp1251": ["Алиса", "Синий Кит", "Кино", "Группа крови", "Земфира", "Мумий Тролль"],
    "cp932": [
        "東京",
        "中島",
        "椎名林檎",
        "浜崎あゆみ",
        "スピッツ",
        "宇多田ヒカル",
        "スレイビー\nベトナム ドン\nニュージーランド",
    ],
    "gbk": ["王菲", "周杰伦", "邓丽君", "月亮代表我的心", "崔健"],
    "big5": ["周杰倫", "鄧麗君", "七里香", "陳奕迅", "吐瓦魯", "葉門里亞爾"],
    "euc-kr": ["소녀시대", "아이유", "방탄소년단", "초연"],
    "cp1253": ["Μαρία Φαραντούρη", "Μίκης Θεοδωράκης"],
    "cp1255": ["עפרה חזה", "שלמה ארצי", "\u05d2\u05f3\u05d9\u05e8\u05e4\u05d5\u05ea"],
    "utf-8": ["Beyoncé", "Алиса", "東京", "소녀시대"],
}


@pytest.mark.parametrize(
    ("encoding", "name"), [(encoding, name) for encoding, names in NAMES.items() for name in names]
)
def test_short_name_of_bytes_is_decoded(encoding: str, name: str) -> None:
    text = ByteText(name.encode(encoding).decode("latin-1"))
    assert decode(text, detect_encoding([text])) == name


LATIN_WORDS = (
    *("Ode à la joie", "La vita è bella", "Amor é tudo", "Kom å se", "Hus vid å", "Þú og eg"),
    *("Chicken à la King", "Cosa c'è", "Tu ó yo", "Ein ä", "Bara þú", "Nº 5 ½"),
    *("Árbol", "Óleo", "Íleo", "Ágot", "Øvre", "Ýmir", "ývna", "Ñire", "Ätna", "Áurea"),
    *("Æði", "Águia", "Åsa", "Ähm", "Às", "Él y ella", "Één", "Öl", "Émût", "Súß"),
    *("süß", "Löß", "Ruán", "Taño", "Orín", "Ítem", "Fíat"),
    *("REPOSIÇÕES", "POLUIÇÃO", "BARKALJÓÐ", "SKÓBÚÐIR", "VÓÓR", "LINGÜÍSTICA", "TÉLÉPHONÉE"),
    *("ÁVÍS", "HOLMGÖNGUR", "SÁÐ", "FÆRDIGGØRELSE", "JÉRÉMIE", "VÉÉL", "MAÇÁ", "ÅÄÖ är bra"),
    *("Óleo ééé", "Ágot ååå"),
)
"""Words whose bytes are valid Cyrillic, Greek, Hebrew, Chinese or Korean."""


@pytest.mark.parametrize("name", LATIN_WORDS)
def test_accented_latin_word_stays_latin(name: str) -> None:
    text = ByteText(name.encode("cp1252").decode("latin-1"))
    assert decode(text, detect_encoding([text])) == name


@given(st.lists(st.sampled_from(LATIN_WORDS), min_size=2, max_size=4, unique=True))
@settings(max_examples=60)
def test_accented_latin_words_together_stay_latin(names: list[str]) -> None:
    texts = [ByteText(name.encode("cp1252").decode("latin-1")) for name in names]
    known = detect_encoding(texts)
    assert [decode(text, known) for text in texts] == names


@given(
    st.lists(st.from_regex("[A-Z]?[a-z]{1,8}", fullmatch=True), min_size=1, max_size=4),
    st.lists(st.characters(min_codepoint=0xC0, max_codepoint=0xFF), min_size=1, max_size=2),
    st.integers(0, 3),
)
def test_lone_accented_letters_stay_latin(words: list[str], letters: list[str], at: int) -> None:
    name = " ".join([*words[:at], *letters, *words[at:]])
    text = ByteText(name)
    assert decode(text, detect_encoding([text])) == name


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        *(("cp1251", name) for name in ("Ты и я (Remix)", "DJ Грув", "Я и ты")),
        *(("cp1255", name) for name in ("שלום (Live)", "שלום לך")),
        *(("gbk", name) for name in ("S.H.E 不想长大", "卡拉OK", "Twins 精选")),
        *(("big5", name) for name in ("卡拉OK", "MTV主題曲", "F4流星雨", "阿妹")),
        *(("euc-kr", name) for name in ("소녀시대 (Live)", "2NE1 사랑")),
    ],
)
def test_name_beside_latin_words_is_decoded(encoding: str, name: str) -> None:
    text = ByteText(name.encode(encoding).decode("latin-1"))
    assert decode(text, detect_encoding([text])) == name


@given(st.data())
@settings(max_examples=60)
def test_texts_of_a_file_are_decoded_together(data) -> None:
    encoding = data.draw(st.sampled_from(sorted(NAMES)))
    names = data.draw(
        st.lists(st.sampled_from(NAMES[encoding]), min_size=2, max_size=4, unique=True)
    )
    texts = [ByteText(name.encode(encoding).decode("latin-1")) for name in names]
    known = detect_encoding([*texts, ByteText("plain")])
    assert [decode(text, known) for text in texts] == names


@given(st.binary(min_size=1, max_size=12))
def test_bytes_of_any_kind_are_never_deleted(data: bytes) -> None:
    text = ByteText(data.decode("latin-1"))
    found = decode(text, detect_encoding([text]))
    assert len(found) >= len(data) // 4
    if data.isascii():
        assert found == data.decode("ascii")


@given(st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"])))
def test_text_of_stated_encoding_stays_as_it_is(text: str) -> None:
    assert decode(text, "cp1251") == text


def test_id3_frames_of_bytes_are_decoded(tmp_path: Path) -> None:
    path = write_id3(
        audio_file(tmp_path / "x.mp3"),
        latin_1(id3.TPE1, "Алиса", "cp1251"),
        latin_1(id3.TIT2, "Синий Кит", "cp1251"),
        id3.TALB(encoding=1, text=["Mañana"]),
    )
    track = only_track(path)
    assert (track.artist, track.title, track.album) == ("Алиса", "Синий Кит", "Mañana")


@pytest.mark.parametrize(
    ("encoding", "artist", "title"),
    [
        ("cp1251", "Алиса", "Я"),
        ("gbk", "周杰伦", "晴天"),
        ("euc-kr", "소녀시대", "초연"),
        ("cp932", "椎名林檎", "愛"),
        ("utf-8", "Beyoncé", "Mañana"),
        ("cp1252", "Sœur", "Beyoncé"),
    ],
)
def test_bytes_that_became_unicode_are_decoded(tmp_path, encoding, artist, title) -> None:
    texts = [text.encode(encoding).decode("latin-1") for text in (artist, title)]
    file = FLAC(audio_file(tmp_path / "x.flac"))
    file["artist"], file["title"] = texts
    file.save()
    track = only_track(tmp_path / "x.flac")
    assert (track.artist, track.title) == (artist, title)


@pytest.mark.parametrize(
    "name",
    [
        *NAMES["cp1252"],
        *("Édith Piaf", "ÉTÉ", "Ägäis", "Þórðr", "Öxnadalsheiði", "Ça ira", "Ólafur", "Æ", "Ñoño"),
        *("\xa1\xbfQu\xe9?", "20 \xb0C", "½ & ¼", "Mëtàl Ümläüt", "Ÿ", "αβγδ", "Кино é"),
    ],
)
def test_names_with_accents_stay_as_they_are(tmp_path: Path, name: str) -> None:
    file = FLAC(audio_file(tmp_path / "x.flac"))
    file["artist"] = name
    file.save()
    assert only_track(tmp_path / "x.flac").artist == name


@pytest.mark.parametrize("kind", ["flac", "ogg", "opus"])
def test_vorbis_comments_that_are_not_utf_8_are_decoded(tmp_path: Path, kind: str) -> None:
    path = audio_file(tmp_path / f"x.{kind}")
    file = mutagen.File(path)
    file["artist"], file["title"] = "ABCDE FGHI", "JKLMN OPQ"
    file.save()
    data = path.read_bytes()
    for old, new in (("ABCDE FGHI", "Мумий Крот"), ("JKLMN OPQ", "Синий Кит")):
        assert data.count(old.encode()) == 1
        data = data.replace(old.encode(), new.encode("cp1251"))
    path.write_bytes(with_right_checksums(data) if kind != "flac" else data)
    track = only_track(path)
    assert (track.artist, track.title) == ("Мумий Крот", "Синий Кит")


def with_right_checksums(data: bytes) -> bytes:
    """Return an Ogg file with the checksums of its pages computed again."""
    file, made = io.BytesIO(data), io.BytesIO()
    while file.tell() < len(data):
        made.write(OggPage(file).write())
    return made.getvalue()


def test_id3v1_is_decoded(tmp_path: Path) -> None:
    path = audio_file(tmp_path / "x.mp3")
    fields = [
        text.encode("cp1251").ljust(30, b"\0") for text in ("Синий Кит", "Алиса", "Чёрная метка")
    ]
    path.write_bytes(path.read_bytes() + b"TAG" + b"".join(fields) + b"1994" + b"\0" * 30 + b"\x11")
    track = only_track(path)
    assert (track.title, track.artist, track.album) == ("Синий Кит", "Алиса", "Чёрная метка")
    assert (track.year, track.genres) == (1994, ("rock",))


def test_chosen_encoding_is_used(tmp_path: Path) -> None:
    path = write_id3(audio_file(tmp_path / "x.mp3"), latin_1(id3.TPE1, "Dvořák", "cp1250"))
    track, _ = read_audio_file(tmp_path, path, checked_encoding("windows-1250"))
    assert track.artist == "Dvořák"
    with pytest.raises(DatasetError, match="no text encoding"):
        checked_encoding("klingon")


# names of files and folders -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("01 - Anna - Noon.mp3", {"title": "Noon", "artist": "Anna", "tracknumber": "1"}),
        ("Anna - Noon.mp3", {"title": "Noon", "artist": "Anna"}),
        ("01_-_Anna_-_High_Noon.mp3", {"title": "High Noon", "artist": "Anna", "tracknumber": "1"}),
        (
            "Anna/Hits/03 Noon.mp3",
            {"title": "Noon", "artist": "Anna", "album": "Hits", "tracknumber": "3"},
        ),
        (
            "Rock/Anna/1999 - Hits (Disc 2)/03. Noon.mp3",
            {
                "title": "Noon",
                "artist": "Anna",
                "album": "Hits",
                "year": "1999",
                "tracknumber": "3",
                "discnumber": "2",
            },
        ),
        (
            "Anna/Hits [1999]/CD 2/1-03 Noon.mp3",
            {
                "title": "Noon",
                "artist": "Anna",
                "album": "Hits",
                "year": "1999",
                "tracknumber": "3",
                "discnumber": "1",
            },
        ),
        (
            "Anna - Hits/03 Noon.mp3",
            {"title": "Noon", "artist": "Anna", "album": "Hits", "tracknumber": "3"},
        ),
        (
            "Anna - Hits - 03 - Noon.mp3",
            {"title": "Noon", "artist": "Anna", "album": "Hits", "tracknumber": "3"},
        ),
        (
            "Bach/Cello Suites/01 Suite 1 - Prelude.mp3",
            {
                "title": "Suite 1 - Prelude",
                "artist": "Bach",
                "album": "Cello Suites",
                "tracknumber": "1",
            },
        ),
        (
            "Various Artists/Summer/04 - Bob - Go.mp3",
            {"title": "Go", "artist": "Bob", "tracknumber": "4"},
        ),
        ("Music/Downloads/01 Noon.mp3", {"title": "Noon", "tracknumber": "1"}),
        ("mp3/Stuff/Noon.mp3", {}),
        ("Rock/80s/02 Noon.mp3", {"title": "Noon", "tracknumber": "2"}),
        ("Anna/Hits/Noon.mp3", {}),
        ("game--music__default__01_-_Anna_-_Noon.ogg", {}),
        ("99 Luftballons.mp3", {}),
        ("7 Rings.mp3", {}),
        ("Noon - Live.mp3", {}),
        ("Noon - 2011 Remaster.mp3", {}),
        ("Unknown Artist/Unknown Album/01 Track 1.mp3", {"tracknumber": "1"}),
    ],
)
def test_path_names_are_read(path: str, found: dict[str, str]) -> None:
    assert names_from_path(path, {}) == found


@pytest.mark.parametrize(
    ("path", "artist", "title"),
    [
        ("Beethoven/Symphonies/01 - Symphony No. 5 - I. Allegro.mp3", "Beethoven", ...),
        ("Vivaldi/Four Seasons/01 - Spring - Allegro.mp3", "Vivaldi", ...),
        ("Vivaldi/Four Seasons/01 - Four Seasons - Spring.mp3", "Vivaldi", ...),
        ("Classical/Mozart/Requiem/01 - Introitus - Requiem aeternam.mp3", "Mozart", ...),
        ("Anna/Hits/01 - Noon - Dusk.mp3", "Anna", ...),
        ("Anna - Hits/01 - Noon - Dusk.mp3", "Anna", ...),
        ("Anna/Hits/CD 1/01 - Noon - Dusk.mp3", "Anna", ...),
        ("Anna/Hits/01 - Anna - Noon.mp3", "Anna", "Noon"),
        ("Anna/Hits/01 - ANNA - Noon - Live.mp3", "ANNA", "Noon - Live"),
        ("Various/Hits/01 - Bob - Noon.mp3", "Bob", "Noon"),
        ("Soundtracks/Hits/01 - Bob - Noon.mp3", "Bob", "Noon"),
        ("Rock/Hits/01 - Bob - Noon.mp3", "Bob", "Noon"),
        ("Best of 2019/Summer/01 - Bob - Noon.mp3", "Bob", "Noon"),
        ("01 - Symphony No. 5 - Allegro.mp3", "", ...),
    ],
)
def test_first_part_of_a_numbered_file_is_read(path: str, artist: str, title) -> None:
    found = names_from_path(path, {})
    whole = path.rpartition("/")[2].removeprefix("01 - ").removesuffix(".mp3")
    assert found.get("artist", "") == artist
    assert found["title"] == (whole if title is ... else title)


PARTS = (
    *("Disc One", "Disc 1", "disc_1", "CD1", "CD 2", "Disk II", "LP 1", "Vinyl 2", "Cassette 1"),
    *("Side A", "Side 1", "Face B", "Bonus", "Bonus Disc", "Bonus CD", "Bonus Tracks", "Extras"),
    *("Act 1", "Act III", "Chapter 1", "Chapter Two", "Live", "Bonus CD 2", "CD1 - The Beginning"),
)


@pytest.mark.parametrize("part", PARTS)
def test_part_of_an_album_lies_in_its_folder(part: str) -> None:
    found = names_from_path(f"Rock/Pink Floyd/1979 - The Wall/{part}/01 Noon.mp3", {})
    assert (found["artist"], found["album"], found["year"]) == ("Pink Floyd", "The Wall", "1979")
    alone = names_from_path(f"The Wall/{part}/01 Noon.mp3", {})
    assert part == "Live" or not {"artist", "album"} & alone.keys()


GROUPS = (
    *("Discography", "Pink Floyd - Discography", "Pink Floyd Discography (1967-2014)", "Albums"),
    *("Studio Albums", "The Studio Albums 1967-1994", "Pink Floyd - Studio Albums", "Singles"),
    *("Remasters 2009", "2009 Remasters", "Live Albums", "EPs", "LPs", "Complete Albums"),
    *(
        "Box Set",
        "The Vinyl Collection",
        "Best of Pink Floyd",
        "Reissues",
        "Pink Floyd (Discography)",
    ),
)


@pytest.mark.parametrize("group", GROUPS)
def test_group_of_albums_is_no_artist(group: str) -> None:
    found = names_from_path(f"Pink Floyd/{group}/1979 - The Wall/01 Noon.mp3", {})
    assert (found["artist"], found["album"], found["year"]) == ("Pink Floyd", "The Wall", "1979")
    alone = names_from_path(f"{group}/The Wall/01 Noon.mp3", {})
    assert alone.get("artist") == ("Pink Floyd" if group.startswith("Pink") else None)


@pytest.mark.parametrize(
    "folder",
    [
        *("Best of 2019", "My Music Collection", "Kids Songs", "My Playlists", "Summer Hits"),
        *("Top 40", "Hits of the 80s", "Party Songs", "My Favourites", "Jazz Collection"),
    ],
)
def test_mixed_folder_is_no_artist(folder: str) -> None:
    assert "artist" not in names_from_path(f"{folder}/Summer/01 Noon.mp3", {})


@pytest.mark.parametrize(
    "artist",
    [
        *(
            "Roxy Music",
            "Little Mix",
            "My Chemical Romance",
            "Live Aid Band",
            "Disclosure",
            "Actress",
        ),
        *(
            "Best Coast",
            "Sideways",
            "Chapterhouse",
            "Bonus Points",
            "Single Gun Theory",
            "Facelift",
        ),
        *("Studio Killers", "The Album Leaf", "EPMD", "LPX", "Disco Inferno", "The Works Band"),
    ],
)
@pytest.mark.parametrize(
    "album",
    [
        "Hits",
        "Face Value",
        "Best of Live",
        "The Platinum Collection",
        "Album",
        "EP",
        "Live at Home",
        "Side Effects",
    ],
)
def test_artist_with_a_common_word_is_one(artist: str, album: str) -> None:
    found = names_from_path(f"{artist}/{album}/01 Noon.mp3", {})
    assert (found["artist"], found["album"]) == (artist, album)


@pytest.mark.parametrize(
    ("folder", "album", "year"),
    [
        ("1999 - Hits", "Hits", "1999"),
        ("1999. Hits", "Hits", "1999"),
        ("1999_Hits", "Hits", "1999"),
        ("[1999] Hits", "Hits", "1999"),
        ("(1999) - Hits", "Hits", "1999"),
        ("1999-05-31 - Hits", "Hits", "1999"),
        ("1999 Hits", "Hits", "1999"),
        ("1685 - Hits", "Hits", "1685"),
        ("1989 (Taylor's Version)", "1989 (Taylor's Version)", ""),
        ("1989 (Deluxe)", "1989 (Deluxe)", ""),
        ("1989 [Deluxe Edition]", "1989 [Deluxe Edition]", ""),
        ("1989 - Deluxe Edition", "1989 - Deluxe Edition", ""),
        ("1989 Deluxe", "1989 Deluxe", ""),
        ("2014 - 1989 (Deluxe)", "1989 (Deluxe)", "2014"),
        ("1989 (Deluxe) (2014)", "1989 (Deluxe)", "2014"),
        ("1000 Forms of Fear", "1000 Forms of Fear", ""),
        ("2099 Miles", "2099 Miles", ""),
        ("2099 - Miles", "2099 - Miles", ""),
        ("(What's Noon) Dusk", "(What's Noon) Dusk", ""),
        ("Hits (1999)", "Hits", "1999"),
        ("Hits (Disc Two)", "Hits", ""),
    ],
)
def test_year_of_an_album_is_read(folder: str, album: str, year: str) -> None:
    found = names_from_path(f"Anna/{folder}/01 Noon.mp3", {})
    assert (found["artist"], found["album"], found.get("year", "")) == ("Anna", album, year)


def test_path_gives_only_what_agrees_with_tags() -> None:
    path = "Anna/Hits/03 Noon.mp3"
    assert names_from_path(path, {"artist": "ANNA", "title": "Noon"})["album"] == "Hits"
    assert "album" not in names_from_path(path, {"artist": "Bob", "title": "Noon"})
    assert names_from_path("Anna - Noon.mp3", {"artist": "A", "title": "T"}) == {}


@given(st.text("AB -_/.0123()[]", min_size=1, max_size=30).map(lambda name: f"x{name}.mp3"))
def test_any_path_gives_known_fields(path: str) -> None:
    for name, text in names_from_path(path, {}).items():
        assert text == text.strip() != ""
        assert name in {"title", "artist", "album", "year", "tracknumber", "discnumber"}


def test_fields_from_paths_are_marked(tmp_path: Path) -> None:
    audio_file(tmp_path / "Anna" / "1999 - Hits" / "01 Noon.wav")
    (track,) = read_dataset(tmp_path).tracks
    assert (track.artist, track.album, track.year, track.title) == ("Anna", "Hits", 1999, "Noon")
    assert dict(track.metadata) == {"tracknumber": "1", "from_path": "artist|album|year"}


def test_numbers_of_a_folder_are_track_numbers(tmp_path: Path) -> None:
    for name in ("10 Dawn", "11 Noon", "12 Dusk"):
        audio_file(tmp_path / f"{name}.wav", seconds=0.1)
    found = read_dataset(tmp_path).tracks
    assert [track.title for track in found] == ["Dawn", "Noon", "Dusk"]
    assert [track.metadata["tracknumber"] for track in found] == ["10", "11", "12"]
