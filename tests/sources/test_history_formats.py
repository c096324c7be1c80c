"""Histories of services and players in JSON, XML and text: known answers, and what is left out."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sources.test_history_import import read, read_text, write, zipped

from segue.errors import DatasetError
from segue.sources.history_import import (
    FORMAT_NAMES,
    ImportRow,
    fingerprint,
    identity_text,
    open_export,
)
from segue.sources.history_import.scrobbler_log import local_time
from segue.sources.history_import.track_paths import track_of_path
from segue.sources.history_import.youtube import sentence_around
from segue.types import TrackReference

NOON = 1_709_287_200.0  # 2024-03-01T10:00:00Z
NAMES = TrackReference(artist="Björk", title="Jóga")
JOGA = NAMES._replace(album="Homogenic")


def watched(title: str, artist: str | None = "Björk - Topic", **more: Any) -> dict[str, Any]:
    """Return a record of watch-history.json."""
    subtitles = {} if artist is None else {"subtitles": [{"name": artist, "url": "x"}]}
    return {
        "header": "YouTube Music",
        "title": title,
        "titleUrl": "https://music.youtube.com/watch?v=x",
        "time": "2024-03-01T10:00:00.000Z",
        "products": ["YouTube"],
        **subtitles,
        **more,
    }


MALOJA = {
    "maloja": {"export_time": 1_700_000_000},
    "scrobbles": [
        {
            "time": 1_600_000_000,
            "track": {
                "artists": ["Björk", "Tricky"],
                "title": "Jóga",
                "album": {"albumtitle": "Homogenic", "artists": ["Björk"]},
                "length": 305,
            },
            "duration": 200,
            "origin": "client:x",
        }
    ],
}
KOITO = {
    "version": "1",
    "exported_at": "2025-01-01T00:00:00Z",
    "user": "ann",
    "listens": [
        {
            "listened_at": "2020-09-13T12:26:40Z",
            "client": "x",
            "track": {
                "mbid": "r1",
                "duration": 305,
                "aliases": [{"alias": "Joga"}, {"alias": "Jóga", "is_primary": True}],
            },
            "album": {"mbid": None, "aliases": [{"alias": "Homogenic", "is_primary": True}]},
            "artists": [
                {"is_primary": False, "aliases": [{"alias": "Tricky", "is_primary": True}]},
                {"is_primary": True, "aliases": [{"alias": "Björk", "is_primary": True}]},
            ],
        }
    ],
}
LIBRARY = {
    "tracks": [
        {"artist": "Björk", "album": "Homogenic", "track": "Jóga", "uri": "spotify:track:a"}
    ],
    "albums": [],
    "bannedTracks": [{"artist": "X", "album": "Y", "track": "Z", "uri": "spotify:track:z"}],
}
ITUNES = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN"
 "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>Major Version</key><integer>1</integer><key>Tracks</key><dict>
{tracks}</dict><key>Playlists</key><array><dict><key>Name</key><string>P</string></dict></array>
</dict></plist>"""
RHYTHMBOX = """<?xml version="1.0" standalone="yes"?>
<rhythmdb version="2.0"><entry type="song"><title>Jóga</title><artist>Björk</artist>
<album>Homogenic</album><play-count>12</play-count><last-played>1600000000</last-played>
<rating>4</rating></entry><entry type="iradio"><title>FM</title><play-count>3</play-count></entry>
<entry type="song"><title>unplayed</title><artist>B</artist></entry></rhythmdb>"""
FOOBAR = """<?xml version="1.0" encoding="UTF-8"?>
<PlaybackStatistics Version="3.0" Mapping="C653739F-14B3-4EF2-819B-A3E2883230AE">
<Entry ID="1" Count="14" LastPlayed="132444736000000000" RatingFriendly="5">
<Item Path="D:\\Music\\Björk\\Homogenic\\02 - Jóga.flac" Subsong="0"></Item></Entry>
<Entry ID="2" Count="0"><Item Path="x.mp3"/></Entry><Entry ID="3" Count="1"/>
</PlaybackStatistics>"""
LOG = """#AUDIOSCROBBLER/1.1
#TZ/{zone}
#CLIENT/Rockbox ipodvideo $Revision$
Björk\tHomogenic\tJóga\t2\t305\tL\t1600000000\tr1
Björk\t\tUnravel\t\t200\tS\t0\t
Björk\tcut
"""


def itunes(*tracks: str) -> str:
    """Return a Library.xml with the fields of some tracks."""
    entries = (f"<key>{i}</key><dict>{fields}</dict>" for i, fields in enumerate(tracks))
    return ITUNES.replace("{tracks}", "".join(entries))


def field(name: str, value: str | int | bool) -> str:
    """Return a key of a property list with its value."""
    if isinstance(value, bool):
        return f"<key>{name}</key><{str(value).lower()}/>"
    kind = "integer" if isinstance(value, int) else "string"
    return f"<key>{name}</key><{kind}>{value}</{kind}>"


def test_youtube_music_history_is_read(tmp_path: Path) -> None:
    records = [
        watched("Watched Jóga"),
        watched("Watched How to bake", header="YouTube"),
        watched("Watched https://music.youtube.com/watch?v=y", artist=None),
    ]
    kind, listens, issues = read_text(tmp_path, json.dumps(records))
    assert (kind, listens) == ("youtube", [ImportRow(None, NAMES, NOON)])
    assert [issue.expected for issue in issues] == [True, True]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("Has visto ", ""),
        ("", " angesehen"),
        ("„", "“ angesehen"),
        ("", "を視聴しました"),
    ],
)
def test_youtube_titles_are_found_in_any_language(before: str, after: str) -> None:
    titles = ["Jóga", "Bachelorette", "Unravel", "5 Years", "All Neon Like", "Immature"]
    sentence = sentence_around([f"{before}{title}{after}" for title in titles])
    assert [sentence.title_in(f"{before}{title}{after}") for title in titles] == titles


def test_youtube_sentence_is_found_behind_many_videos(tmp_path: Path) -> None:
    names = [
        "Jóga",
        "Unravel",
        "5 Years",
        "Bachelorette",
        "Immature",
        "Pluto",
        "Alarm Call",
        "Hunter",
    ]
    names += [f"Song {n}" for n in range(8)]
    records = [
        *(watched(f"{n} angesehen", header="YouTube") for n in range(600)),
        watched("Ein entferntes Video", artist=None),
        watched("https://y.be/gone", artist=None),
        watched("Ein Video, das es nicht mehr gibt"),
        *(watched(f"{name} angesehen") for name in names),
        watched("Watched Oceania"),
    ]
    _, listens, _ = read_text(tmp_path, json.dumps(records))
    titles = [row.track.title for row in listens]
    assert titles == ["Ein Video, das es nicht mehr gibt", *names, "Oceania"]


def test_youtube_address_in_a_title_shows_the_sentence() -> None:
    sentence = sentence_around(["Je hebt Jóga bekeken", "Je hebt https://y.be/x bekeken"])
    assert sentence.title_in("Je hebt Jóga bekeken") == "Jóga"


@pytest.mark.parametrize("indent", [None, 3])
@pytest.mark.parametrize("kind", ["maloja", "koito"])
def test_scrobble_server_exports_are_read(tmp_path: Path, kind: str, indent: int | None) -> None:
    content = json.dumps(MALOJA if kind == "maloja" else KOITO, indent=indent)
    found, listens, issues = read_text(tmp_path, content)
    assert (found, issues) == (kind, [])
    two = JOGA._replace(artist="Björk & Tricky")
    expected = {
        "maloja": ImportRow(None, two, 1_600_000_000.0, ms_played=200_000.0),
        "koito": ImportRow("ann", two._replace(recording="r1"), 1_600_000_000.0),
    }
    assert listens == [expected[kind]]


@pytest.mark.parametrize("content", [MALOJA, KOITO], ids=["maloja", "koito"])
def test_large_scrobble_exports_are_streamed(
    tmp_path: Path, content: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segue.sources.history_import.json_values._MAX_VALUE_BYTES", 1 << 18)
    name = "scrobbles" if "scrobbles" in content else "listens"
    many = json.dumps({**content, name: content[name] * 3_000})
    _, listens, issues = read_text(tmp_path, many)
    assert (len(listens), issues) == (3_000, [])
    _, listens, issues = read_text(tmp_path, many[:-1_000])
    assert len(listens) > 2_900
    assert "the rows before it are kept" in issues[0].reason


def test_spotify_library_has_likes_and_dislikes(tmp_path: Path) -> None:
    kind, listens, issues = read_text(tmp_path, json.dumps(LIBRARY))
    assert (kind, issues) == ("spotify", [])
    assert [(one.track.title, one.rating, one.total) for one in listens] == [
        ("Jóga", 1.0, True),
        ("Z", -1.0, True),
    ]


def test_spotify_account_data_is_read_without_complaints(tmp_path: Path) -> None:
    history = [{"endTime": "2020-09-13 12:26", "artistName": "B", "trackName": "J", "msPlayed": 9}]
    podcast = [
        {"endTime": "2020-09-13 12:26", "podcastName": "P", "episodeName": "E", "msPlayed": 9}
    ]
    files = {
        "StreamingHistory_music_0.json": json.dumps(history),
        "StreamingHistory_podcast_0.json": json.dumps(podcast),
        "YourLibrary.json": json.dumps(LIBRARY),
        "Read_Me_First.pdf": "%PDF-1.7",
    }
    kind, listens, issues = read_text(tmp_path, zipped(files))
    assert (kind, len(listens)) == ("spotify", 3)
    assert [issue.expected for issue in issues] == [True]


def test_itunes_library_is_read(tmp_path: Path) -> None:
    names = field("Name", "Jóga") + field("Artist", "Björk") + field("Album", "Homogenic")
    text = itunes(
        names
        + field("Play Count", 12)
        + "<key>Play Date UTC</key><date>2020-09-13T12:26:40Z</date>"
        + field("Skip Count", 2)
        + field("Rating", 80),
        field("Name", "a") + field("Rating", 100) + field("Rating Computed", True),
        field("Name", "b") + field("Rating", 20) + field("Loved", True),
        field("Name", "c") + field("Disliked", True),
        field("Name", "d") + field("Podcast", True) + field("Play Count", 3),
        field("Name", "e") + field("Play Count", "many"),
        field("Play Count", 3),
    )
    kind, listens, issues = read_text(tmp_path, text)
    assert kind == "itunes"
    assert listens == [
        ImportRow(None, JOGA, None, plays=12.0, rating=0.5, total=True),
        ImportRow(None, JOGA, plays=2.0, skipped=True, total=True),
        ImportRow(None, TrackReference(title="b"), rating=1.0, total=True),
        ImportRow(None, TrackReference(title="c"), rating=-1.0, total=True),
    ]
    assert [(issue.row, issue.expected) for issue in issues] == [
        (5, True),
        (6, False),
        (7, False),
    ]


def test_rhythmbox_library_is_read(tmp_path: Path) -> None:
    kind, listens, issues = read_text(tmp_path, RHYTHMBOX)
    assert (kind, issues) == ("rhythmbox", [])
    row = ImportRow(None, JOGA, None, plays=12.0, rating=0.5, total=True)
    assert listens == [row]


def test_foobar2000_statistics_are_read(tmp_path: Path) -> None:
    kind, listens, issues = read_text(tmp_path, FOOBAR)
    assert kind == "foobar2000"
    track = JOGA._replace(track_id="D:/Music/Björk/Homogenic/02 - Jóga.flac")
    assert listens == [ImportRow(None, track, None, plays=14.0, rating=1.0, total=True)]
    assert [issue.reason for issue in issues] == ["it names no file"]


@pytest.mark.parametrize("zone", ["UTC", "UNKNOWN"])
def test_scrobbler_log_is_read(tmp_path: Path, zone: str) -> None:
    kind, listens, issues = read_text(tmp_path, LOG.replace("{zone}", zone))
    assert kind == "rockbox"
    started = 1_600_000_000.0 if zone == "UTC" else local_time(1_600_000_000.0)
    assert listens == [
        ImportRow(None, JOGA._replace(recording="r1"), started, skipped=False),
        ImportRow(None, TrackReference(artist="Björk", title="Unravel"), skipped=True),
    ]
    assert [(issue.row, issue.left_out) for issue in issues] == [(6, 1)]


ACTIVITY = (
    "Album Name,Artist Name,Event End Timestamp,Event Start Timestamp,Event Type,"
    "Play Duration Milliseconds,Song Name,End Reason Type\n"
    "Homogenic,Björk,,2024-03-01T10:00:00.000Z,PLAY_END,260000,Jóga,NATURAL_END_OF_TRACK\n"
    "Homogenic,Björk,,2024-03-01T10:10:00.000Z,PLAY_END,9000,Jóga,TRACK_SKIPPED_FORWARDS\n"
    "Homogenic,Björk,2024-03-01T10:20:09.000Z,,PLAY_END,9000,Jóga,PLAYBACK_MANUALLY_PAUSED\n"
    "Homogenic,Björk,,2024-03-01T10:30:00.000Z,PLAY_START,,Jóga,\n"
    ",,,2024-03-01T10:30:00.000Z,PLAY_END,5,,\n"
)
DAILY = (
    "Track Description,Date Played,Hours,Play Count,Skip Count,Ignore For Recommendations\n"
    'Björk - Jóga,20240301,"10, 11",2,1,TRUE\nBjörk - Jóga,soon,,1,0,\n'
)


def test_apple_music_play_activity_is_read(tmp_path: Path) -> None:
    kind, listens, issues = read_text(tmp_path, ACTIVITY)
    assert kind == "apple"
    assert listens == [
        ImportRow(None, JOGA, NOON, ms_played=260_000.0, skipped=False, completed=True),
        ImportRow(None, JOGA, NOON + 600, ms_played=9_000.0, skipped=True),
        ImportRow(None, JOGA, NOON + 1_200, ms_played=9_000.0, skipped=False),
    ]
    assert [issue.expected for issue in issues] == [True, True]


def test_apple_music_daily_tracks_are_read(tmp_path: Path) -> None:
    kind, listens, issues = read_text(tmp_path, DAILY)
    assert (kind, issues) == ("apple", [])
    assert [(one.plays, one.skipped, one.private) for one in listens] == [
        (2.0, None, True),
        (1.0, True, True),
        (1.0, None, None),
    ]
    assert listens[0].timestamp == NOON + 7_200


def test_apple_music_archive_is_not_counted_twice(tmp_path: Path) -> None:
    kind, listens, issues = read_text(tmp_path, zipped({"a.csv": ACTIVITY, "b.csv": DAILY}))
    assert (kind, len(listens)) == ("apple", 3)
    assert all(issue.expected for issue in issues)


@pytest.mark.parametrize("removed", [",Björk,", ",Artist Name,"])
def test_apple_music_activity_without_artists_is_not_read(tmp_path: Path, removed: str) -> None:
    activity = ACTIVITY.replace(removed, ",," if removed == ",Björk," else ",Other,")
    kind, listens, issues = read_text(tmp_path, zipped({"a.csv": activity, "b.csv": DAILY}))
    assert (kind, issues) == ("apple", [])
    assert {one.track for one in listens} == {NAMES}
    _, listens, _ = read_text(tmp_path, activity)
    assert len(listens) == 3


def test_apple_music_day_is_one_total(tmp_path: Path) -> None:
    rows = ["Björk - Jóga,20240301,9,2,0,", "Björk - Jóga,20240301,12,3,1,"]
    _, listens, _ = read_text(tmp_path, "\n".join([DAILY.splitlines()[0], *rows]) + "\n")
    assert [(one.plays, one.skipped, one.total) for one in listens] == [
        (5.0, None, True),
        (1.0, True, True),
    ]
    later = listens[0]._replace(plays=6.0)
    next_day = later._replace(timestamp=NOON + 90_000)
    marks = [fingerprint("apple", "me", row) for row in (listens[0], later, next_day)]
    assert marks[0] == marks[1] != marks[2]


@pytest.mark.parametrize("kind", ["itunes", "plex", "navidrome", "beets"])
def test_totals_of_players_are_identified_by_the_album(kind: str) -> None:
    one, other = (
        ImportRow(None, NAMES._replace(album=album), plays=1.0, total=True) for album in "ab"
    )
    differ = identity_text(kind, "me", one) != identity_text(kind, "me", other)
    assert differ == (kind != "beets")


@pytest.mark.parametrize(
    ("content", "kind", "row"),
    [
        (
            (
                "entry_date,artist_name,track_title,stream_duration_ms,product_type\n"
                "2024-03-01T10:00:00.000Z,Björk,Jóga,260000,TRACK\n"
            ),
            "listens",
            ImportRow(None, NAMES, NOON, ms_played=260_000.0),
        ),
        (
            (
                "timeHuman,timeMs,artist,track,album,albumArtist,durationMs,event\n"
                "2024,1709287200000,Björk,Jóga,Homogenic,,260000,scrobble\n"
            ),
            "listens",
            ImportRow(None, JOGA, NOON),
        ),
        (
            (
                "timeHuman,timeMs,artist,track,album,albumArtist,durationMs,event\n"
                "2024,1709287200000,Björk,Jóga,Homogenic,,260000,love\n"
            ),
            "listens",
            ImportRow(None, JOGA, NOON, rating=1.0, total=True),
        ),
        (
            (
                '"Scrobble time","Track","Artist","Album"\n'
                '"2024-03-01 10:00:00","Jóga","Björk","Homogenic"\n'
            ),
            "lastfm",
            ImportRow(None, JOGA, NOON),
        ),
        ("1709287200\tJóga\tBjörk\tHomogenic\t\t\t\n", "librefm", ImportRow(None, JOGA, NOON)),
        (
            '"1709287200","01 Mar 2024, 10:00","Björk","","Homogenic","","Jóga",""\n',
            "lastfm",
            ImportRow(None, JOGA, NOON),
        ),
        (
            "Artist;Title;Date\nBjörk;Jóga;01.03.2024 10:00\n",
            "listens",
            ImportRow(None, NAMES, NOON),
        ),
    ],
    ids=["tidal", "pano", "pano love", "last.fm gdpr", "libre.fm", "ghan", "dotted dates"],
)
def test_tables_of_services_are_read(
    tmp_path: Path, content: str, kind: str, row: ImportRow
) -> None:
    assert read_text(tmp_path, content) == (kind, [row], [])


def test_refused_table_names_its_columns_and_what_it_lacks(tmp_path: Path) -> None:
    path = write(tmp_path, "artist,title,heard on\nBjörk,Jóga,2024-03-01 10:00\n")
    with pytest.raises(DatasetError, match=r"columns artist, title, heard on.*--column when=NAME"):
        open_export(path)
    export = open_export(path, {"when": "heard on"})
    assert [one for _, one in export.rows()] == [ImportRow(None, NAMES, NOON)]
    write(tmp_path, "artist,piece,time\nBjörk,Jóga,1709287200\n")
    with pytest.raises(DatasetError, match="none of them gives the title"):
        open_export(path)
    with pytest.raises(DatasetError, match="There is no field 'mood'"):
        open_export(path, {"mood": "piece"})


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("Björk/Homogenic/02 - Jóga.flac", ("Björk", "Jóga", "Homogenic")),
        ("Björk/Homogenic/CD 1/1-02 Jóga.flac", ("Björk", "Jóga", "Homogenic")),
        ("file:///m/Bj%C3%B6rk/Homogenic/J%C3%B3ga.mp3", ("Björk", "Jóga", "Homogenic")),
        ("file:///C:\\Bj%C3%B6rk\\Homogenic%5CJ%C3%B3ga.mp3", ("Björk", "Jóga", "Homogenic")),
        ("in/Björk - Jóga.mp3", ("Björk", "Jóga", None)),
        ("7 Years.mp3", (None, "Years", None)),
    ],
)
def test_names_are_taken_from_paths(path: str, names: tuple[str | None, ...]) -> None:
    found = track_of_path(path)
    assert found is not None
    assert found[3:] == names


def test_streams_are_no_paths() -> None:
    assert track_of_path("http://radio.example/stream.mp3") is None
    assert track_of_path("") is None


def test_declared_entities_are_refused(tmp_path: Path) -> None:
    text = RHYTHMBOX.replace("<rhythmdb", '<!DOCTYPE r [<!ENTITY a "aaaa">]><rhythmdb', 1)
    _, listens, issues = read_text(tmp_path, text)
    assert listens == []
    assert "it declares entities" in issues[0].reason


WHOLE = {
    "youtube": json.dumps([watched("Watched Jóga")] * 3, indent=1),
    "maloja": json.dumps(MALOJA, indent=1),
    "koito": json.dumps(KOITO, indent=1),
    "spotify library": json.dumps(LIBRARY, indent=1),
    "itunes": itunes(field("Name", "Jóga") + field("Play Count", 3) + field("Rating", 80)),
    "rhythmbox": RHYTHMBOX,
    "foobar2000": FOOBAR,
    "log": LOG,
    "apple": ACTIVITY,
    "daily": DAILY,
}


@pytest.mark.parametrize("name", WHOLE)
@given(st.data())
@settings(max_examples=30)
def test_any_damage_is_an_issue_or_refused(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    raw = WHOLE[name].encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    path = write(
        tmp_path_factory.mktemp("damage"),
        raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:],
    )
    try:
        _, listens, _ = read(path)
    except DatasetError:
        return
    for one in listens:
        assert fingerprint("koito", "u", one)
        assert one.track.title or one.track.track_id or one.track.recording


VALUES = st.sampled_from([None, 7, -1.5, True, "", "x", [], {}, [{}], "2020", float("inf")])


@pytest.mark.parametrize(
    "record",
    [watched("Watched Jóga"), MALOJA["scrobbles"][0], KOITO["listens"][0], LIBRARY["tracks"][0]],
    ids=["youtube", "maloja", "koito", "spotify"],
)
@given(st.data())
@settings(max_examples=60)
def test_values_of_wrong_types_are_issues(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, Any], data: st.DataObject
) -> None:
    changed = {name: data.draw(st.one_of(st.just(value), VALUES)) for name, value in record.items()}
    whole = {"tracks": [changed], "bannedTracks": []} if "uri" in record else [changed]
    path = write(tmp_path_factory.mktemp("types"), json.dumps(whole))
    try:
        read(path)
    except DatasetError:
        return


def test_every_format_has_a_name() -> None:
    assert len(set(FORMAT_NAMES.values())) == len(FORMAT_NAMES)
