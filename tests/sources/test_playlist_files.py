"""Playlist files are written as their formats say, and read as people have them."""

import json
import xml.etree.ElementTree as ET
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from segue.errors import DatasetError
from segue.sources.playlist_files import (
    FORMATS,
    MAX_ENTRIES,
    PlaylistEntry,
    PlaylistFile,
    read_playlist_file,
    write_playlist_file,
)
from segue.sources.playlist_files import playlist_file as limits
from segue.sources.playlist_files.locations import from_uri, to_uri
from segue.text import clean_text

MBID = "e8f9b188-f819-4e43-ab0f-4bd26ce9ff56"
GOLD = PlaylistEntry(
    title="Gold",
    artist="Spandau Ballet",
    album="True",
    duration=233.4,
    recording=MBID,
    location="Spandau Ballet/True/01 Gold?.flac",
    track_id="Spandau Ballet/True/01 Gold?.flac",
)
BARE = PlaylistEntry(location="/music/#1 & <só>.mp3")
LIST = PlaylistFile(
    entries=[GOLD, BARE], name='1980s "flash" & back', creator="anna", date="2026-11-27T10:45:49Z"
)


def test_write_m3u8_gives_standard_lines():
    assert write_playlist_file(LIST, "m3u8").decode("utf-8") == (
        "#EXTM3U\n"
        '#PLAYLIST:1980s "flash" & back\n'
        "#EXTINF:233,Spandau Ballet - Gold\n"
        "#EXTALB:True\n"
        "Spandau Ballet/True/01 Gold?.flac\n"
        "/music/#1 & <só>.mp3\n"
    )


def test_write_m3u8_names_cannot_break_lines():
    odd = PlaylistEntry(title="a\nb\r#EXTINF:1,x\u2028y", artist="A - B", location="#1\n.mp3")
    also = PlaylistEntry(location="#2.mp3")
    lines = write_playlist_file(PlaylistFile(entries=[odd, also], name="x\ny")).decode()
    assert lines.splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:x y",
        "#EXTINF:-1,A \u2013 B - a b #EXTINF:1,x y",
        "%231%0A.mp3",
        "./#2.mp3",
    ]
    assert read_playlist_file(lines.encode()).entries[1] == also


def test_write_xspf_follows_the_specification():
    data = write_playlist_file(LIST, "xspf")
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
    root = ET.fromstring(data)  # noqa: S314  # our own
    x = "{http://xspf.org/ns/0/}"
    assert (root.tag, root.attrib) == (f"{x}playlist", {"version": "1"})
    assert [child.tag for child in root] == [
        f"{x}title",
        f"{x}creator",
        f"{x}date",
        f"{x}trackList",
    ]
    assert root[0].text == '1980s "flash" & back'
    gold, bare = root[3]
    assert [(child.tag.removeprefix(x), child.text) for child in gold] == [
        ("location", "Spandau%20Ballet/True/01%20Gold%3F.flac"),
        ("identifier", f"https://musicbrainz.org/recording/{MBID}"),
        ("identifier", "segue:track/Spandau%20Ballet/True/01%20Gold%3F.flac"),
        ("title", "Gold"),
        ("creator", "Spandau Ballet"),
        ("album", "True"),
        ("duration", "233400"),
    ]
    assert [child.text for child in bare] == ["file:///music/%231%20%26%20%3Cs%C3%B3%3E.mp3"]
    empty = ET.fromstring(write_playlist_file(PlaylistFile(), "xspf"))  # noqa: S314
    assert [child.tag for child in empty] == [f"{x}trackList"]


def test_write_jspf_follows_musicbrainz():
    document = json.loads(write_playlist_file(LIST, "jspf"))
    assert document["playlist"] | {"track": None} == {
        "title": '1980s "flash" & back',
        "creator": "anna",
        "date": "2026-11-27T10:45:49Z",
        "extension": {
            "https://musicbrainz.org/doc/jspf#playlist": {
                "creator": "anna",
                "public": False,
                "last_modified_at": "2026-11-27T10:45:49Z",
            }
        },
        "track": None,
    }
    assert document["playlist"]["track"] == [
        {
            "location": ["Spandau%20Ballet/True/01%20Gold%3F.flac"],
            "identifier": [f"https://musicbrainz.org/recording/{MBID}"],
            "title": "Gold",
            "creator": "Spandau Ballet",
            "album": "True",
            "duration": 233_400,
            "extension": {
                "https://musicbrainz.org/doc/jspf#track": {
                    "additional_metadata": {"segue_id": "Spandau Ballet/True/01 Gold?.flac"}
                }
            },
        },
        {"location": ["file:///music/%231%20%26%20%3Cs%C3%B3%3E.mp3"]},
    ]


# the example of the Winamp specification, shortened, and of television lists
WINAMP = (
    "#EXTM3U\n"
    "#EXTINF:233,Everclear - So Much For The Afterglow\n"
    "Alternative\\everclear_SMFTA.mp3\n"
    "#EXTINF:129,Weird Al: Bad Hair Day - Gump\n"
    "http://www.site.com/~user/gump.mp3\n"
    "\n"
    "#EXTINF:-1,My Cool Stream\n"
    "http://www.site.com:8000/listen.pls\n"
    "crap.mp3\n"
)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_read_m3u_accepts_any_lines(end):
    found = read_playlist_file(WINAMP.replace("\n", end).encode())
    assert found.entries == [
        PlaylistEntry(
            artist="Everclear",
            title="So Much For The Afterglow",
            duration=233,
            location="Alternative\\everclear_SMFTA.mp3",
        ),
        PlaylistEntry(
            artist="Weird Al: Bad Hair Day",
            title="Gump",
            duration=129,
            location="http://www.site.com/~user/gump.mp3",
        ),
        PlaylistEntry(title="My Cool Stream", location="http://www.site.com:8000/listen.pls"),
        PlaylistEntry(location="crap.mp3"),
    ]


def test_read_m3u_reads_directives():
    text = (
        "#extm3u\n#PLAYLIST: Mix\n"
        '#EXTINF:61.5 tvg-name="a, b" group-title="x",Band - Song\n#EXTALB:Album\n# a remark\n'
        "file:///music/a%20b.mp3\n#EXTART:Somebody\nC:\\c.mp3\n#EXTINF:x,Odd\n./d.mp3\n#EXTINF:5\n"
    )
    found = read_playlist_file(text.encode())
    assert found.name == "Mix"
    assert found.entries == [
        PlaylistEntry(
            artist="Band", title="Song", album="Album", duration=61.5, location="/music/a b.mp3"
        ),
        PlaylistEntry(artist="Somebody", location="C:\\c.mp3"),
        PlaylistEntry(title="Odd", location="d.mp3"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_read_m3u_accepts_usual_encodings(encoding):
    text = "#EXTM3U\n#EXTINF:3,Sigur Rós - Ágætis byrjun\nSigur Rós/Ágætis.mp3\n"
    (found,) = read_playlist_file(text.encode(encoding)).entries
    assert (found.artist, found.title) == ("Sigur Rós", "Ágætis byrjun")
    assert found.location == "Sigur Rós/Ágætis.mp3"


def test_read_m3u_cut_within_a_character_keeps_the_rest():
    data = "#EXTM3U\nSigur Rós/Ágætis.mp3\nRós".encode()
    assert [one.location for one in read_playlist_file(data[:-2]).entries] == [
        "Sigur Rós/Ágætis.mp3",
        "R",
    ]


def test_read_xspf_of_other_programs():
    text = f"""
    <playlist version="0"><annotation>x</annotation><title>Mix</title>
      <trackList><track><title></title><location>http://example.com/my.mp3</location>
        <location>b.mp3</location>
        <identifier>magnet:?xt=urn:sha1:YNCKHTQCWBTRNJIV4WNAE52SJUQCZO5C</identifier>
        <identifier>http://musicbrainz.org/recording/{MBID.upper()}</identifier>
        <creator>Frank &amp; <![CDATA[<Nancy>]]></creator><title>My Way</title>
        <duration>19200.0</duration><extension application="x"><title>no</title></extension></track>
      <track/><track><location>file:///C:/My%20Music/a.mp3</location><duration>-1</duration></track>
      <track><location>Bj%C3%B6rk/a%20b.mp3</location><duration>soon</duration></track>
    </trackList></playlist>"""
    found = read_playlist_file(text.encode())
    assert (found.name, found.problems) == ("Mix", [])
    assert found.entries == [
        PlaylistEntry(
            title="My Way",
            artist="Frank & <Nancy>",
            duration=19.2,
            recording=MBID,
            location="http://example.com/my.mp3",
        ),
        PlaylistEntry(),
        PlaylistEntry(location="C:/My Music/a.mp3"),
        PlaylistEntry(location="Björk/a b.mp3"),
    ]


def test_read_xspf_with_bare_ampersands():
    text = """<playlist><trackList><track><title>R&B &amp; <![CDATA[Soul & Co]]></title>
      <creator>Simon & Garfunkel&#33;</creator></track></trackList></playlist>"""
    found = read_playlist_file(text.encode())
    assert found.problems == []
    assert found.entries == [PlaylistEntry(title="R&B & Soul & Co", artist="Simon & Garfunkel!")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_read_pls_of_other_programs(encoding):
    text = (
        "[Playlist]\r\nnumberofentries=3\r\nFile2=http://example.com/stream\r\nLength2=-1\r\n"
        "file1=C:\\Music\\Björk\\02.mp3\r\ntitle1=Björk - Jóga\r\nLength1=305\r\n"
        "Title10=No file\r\nFile11=file:///music/a%20b.mp3\r\nVersion=2\r\n"
    )
    found = read_playlist_file(text.encode(encoding))
    assert found.entries == [
        PlaylistEntry(
            title="Jóga", artist="Björk", duration=305.0, location=r"C:\Music\Björk\02.mp3"
        ),
        PlaylistEntry(location="http://example.com/stream"),
        PlaylistEntry(location="/music/a b.mp3"),
    ]
    assert found.problems == ["1 entry without a file"]


def test_read_xspf_in_any_encoding():
    body = "<playlist><trackList><track><title>Jóga</title></track></trackList></playlist>"
    for encoding in ("utf-8", "iso-8859-1", "windows-1252", "utf-16"):
        text = f'<?xml version="1.0" encoding="{encoding}"?>{body}'
        assert read_playlist_file(text.encode(encoding)).entries == [PlaylistEntry(title="Jóga")]
    assert read_playlist_file(f"\ufeff{body}".encode()).entries == [PlaylistEntry(title="Jóga")]


# the example of musicbrainz.org/doc/jspf, shortened
MUSICBRAINZ = {
    "playlist": {
        "extension": {"https://musicbrainz.org/doc/jspf#playlist": {"public": True}},
        "creator": "ListenBrainz Troi",
        "date": "2005-01-08T17:10:47-05:00",
        "title": "1980s flashback jams",
        "track": [
            {
                "title": "Gold",
                "identifier": f"https://musicbrainz.org/recording/{MBID}",
                "creator": "Spandau Ballet",
                "extension": {
                    "https://musicbrainz.org/doc/jspf#track": {
                        "added_by": "zas",
                        "additional_metadata": {"subsonic_id": "x"},
                    }
                },
                "album": "True",
            }
        ],
    }
}


def test_read_jspf_of_other_programs():
    gold = PlaylistEntry(title="Gold", artist="Spandau Ballet", album="True", recording=MBID)
    found = read_playlist_file(json.dumps(MUSICBRAINZ).encode("utf-8-sig"))
    assert found == PlaylistFile(
        entries=[gold],
        name="1980s flashback jams",
        creator="ListenBrainz Troi",
        date="2005-01-08T17:10:47-05:00",
        problems=[],
    )
    odd = {"track": [7, {}, {"title": 3, "duration": 1e999, "location": ["a%20b.mp3", "c"]}]}
    found = read_playlist_file(json.dumps(odd).encode())
    assert found.entries == [PlaylistEntry(), PlaylistEntry(location="a b.mp3")]
    assert found.problems == ["1 track is not an object: left out"]
    listed = {
        "https://musicbrainz.org/doc/jspf#track": [{"additional_metadata": {"segue_id": "i"}}]
    }
    one = {"playlist": {"track": [{"extension": listed, "duration": "5000"}]}}
    assert read_playlist_file(json.dumps(one).encode()).entries == [
        PlaylistEntry(track_id="i", duration=5)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["xspf", "jspf"])
def test_truncated_playlist_keeps_the_tracks_before(form):
    data = write_playlist_file(PlaylistFile(entries=[GOLD] * 20), form)
    found = read_playlist_file(data[: len(data) // 2])
    assert 8 <= len(found.entries) <= 10
    assert set(found.entries) == {GOLD}
    assert "cannot be read" in found.problems[0]
    for length in range(len(data)):
        try:
            assert set(read_playlist_file(data[:length]).entries) <= {GOLD}
        except DatasetError:
            assert length < len(data) / 8


LAUGHS = """<?xml version="1.0"?><!DOCTYPE playlist [<!ENTITY a "ha">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"> <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<playlist><trackList><track><title>&c;</title></track></trackList></playlist>"""
FETCH = """<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<playlist><trackList><track><title>&x;</title></track></trackList></playlist>"""
LATE = "<playlist><trackList><track><title>&x;</title></track></trackList></playlist>"


def test_read_xspf_refuses_hostile_xml():
    for text in (LAUGHS, FETCH, '<!DOCTYPE p SYSTEM "http://localhost:1/x.dtd"><playlist/>'):
        with pytest.raises(DatasetError, match="declares a document type"):
            read_playlist_file(text.encode())
        with pytest.raises(DatasetError, match="declares a document type"):
            read_playlist_file(text.replace('<?xml version="1.0"?>', "").encode("utf-16"))
    assert read_playlist_file(LATE.encode()).problems
    with pytest.raises(DatasetError, match="nested more than"):
        read_playlist_file(b"<playlist>" + b"<a>" * 100_000)
    with pytest.raises(DatasetError, match="another kind of XML"):
        read_playlist_file(b"<!-- x --><html><body>a.mp3</body></html>")
    long = read_playlist_file(LATE.replace("&x;", "x" * 10**6).encode()).entries[0].title
    assert len(long) < 10_000


def test_read_playlist_file_refuses_other_files(monkeypatch):
    refused = {
        b"": "not an M3U8, PLS, XSPF or JSPF file",
        b"just a letter\nto somebody": "not an M3U8, PLS, XSPF or JSPF file",
        b"RIFF\0\0\0\0WAVEfmt a.mp3": "not an M3U8, PLS, XSPF or JSPF file",
        b'{"a": 1}': "JSON without the tracks of a playlist",
        b'{"playlist": {"track": {}}}': "JSON without the tracks of a playlist",
        b'{"playlist": ': "starts like JSON",
        b'{"a":' * 100_000: "starts like JSON",
        b"<": "starts like XML",
    }
    for data, words in refused.items():
        with pytest.raises(DatasetError, match=words):
            read_playlist_file(data)
    monkeypatch.setattr("segue.sources.playlist_files.formats.MAX_BYTES", 10)
    with pytest.raises(DatasetError, match="at most 10"):
        read_playlist_file(b"#EXTM3U\na.mp3")
    with pytest.raises(ValueError, match="no format 'pls'"):
        write_playlist_file(LIST, "pls")


@pytest.mark.parametrize("form", FORMATS)
def test_playlist_with_too_many_tracks_is_read_in_part(form, monkeypatch):
    assert MAX_ENTRIES >= 10_000
    for place in (limits, "segue.sources.playlist_files.xspf", "segue.sources.playlist_files.jspf"):
        target = place if isinstance(place, str) else place.__name__
        monkeypatch.setattr(f"{target}.MAX_ENTRIES", 5)
    data = write_playlist_file(PlaylistFile(entries=[GOLD] * 9), form)
    found = read_playlist_file(data)
    assert len(found.entries) == 5
    assert "left out" in found.problems[0]


texts = st.text(max_size=30).map(clean_text).filter(lambda text: text and "\ufffd" not in text)
# what file systems allow
paths = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30
)
entries = st.builds(
    PlaylistEntry,
    title=st.none() | texts,
    artist=st.none() | texts,
    album=st.none() | texts,
    duration=st.none() | st.integers(1, 10**6).map(lambda ms: ms / 1_000),
    recording=st.none() | st.uuids().map(str),
    location=st.none() | paths.map("/music/".__add__) | paths.map("music/".__add__),
    track_id=st.none() | texts,
)
xml_impossible = set("\ufffe\uffff")


@given(entries=st.lists(entries, max_size=5), name=st.none() | texts)
@example(entries=[PlaylistEntry(location="//two/slashes.mp3")], name="]]>&lt;")
def test_xspf_and_jspf_round_trip(entries, name):
    said = PlaylistFile(entries=entries, name=name, problems=[])
    assert read_playlist_file(write_playlist_file(said, "jspf")) == said
    written = write_playlist_file(said, "xspf")
    if not xml_impossible & set(str(said)):
        assert read_playlist_file(written) == said
    else:
        assert len(read_playlist_file(written).entries) == len(entries)


@given(entries=st.lists(entries, max_size=5))
def test_m3u8_round_trip(entries):
    found = read_playlist_file(write_playlist_file(PlaylistFile(entries=entries), "m3u8"))
    assert len(found.entries) == len(entries)
    for got, said in zip(found.entries, entries, strict=True):
        assert got.duration == (round(said.duration) or None if said.duration else None)
        if said.title and said.artist and " - " not in said.artist + said.title[:3]:
            whole = f"{got.artist} - {got.title}"
            assert whole == f"{said.artist} - {said.title}"


@given(path=paths.map("/m/".__add__) | paths.map("m/".__add__))
def test_uris_of_paths_round_trip(path):
    uri = to_uri(path)
    assert uri.isascii()
    assert from_uri(uri) == path
    assert urlsplit(uri).scheme in {"", "file"}


def test_paths_that_are_not_utf8_are_kept():
    path = "/music/caf\udce9.mp3"
    assert to_uri(path) == "file:///music/caf%E9.mp3"
    for form in FORMATS:
        data = write_playlist_file(PlaylistFile(entries=[PlaylistEntry(location=path)]), form)
        assert read_playlist_file(data).entries[0].location == path


@given(
    data=st.binary() | st.text().map(str.encode) | st.text('{}[]<>/a.mp3\n":,#&;!').map(str.encode)
)
def test_any_bytes_are_a_playlist_or_one_error(data):
    for start in (b"", b"#EXTM3U\n", b"<playlist>", b'{"playlist": {"track": ['):
        try:
            read_playlist_file(start + data)
        except DatasetError as error:
            assert str(error).endswith(".")  # noqa: PT017


def test_read_jspf_refuses_deep_nesting():
    """Else the memory for reading them would be the square of how deep they are."""
    with pytest.raises(DatasetError, match="cannot be read"):
        read_playlist_file(b'{"playlist": {"track": ' + b"[" * 500_000)
    deep = b'{"playlist": {"track": [{"title": "a"}, ' + b"[" * 500_000
    with pytest.raises(DatasetError, match="cannot be read"):
        read_playlist_file(deep)
