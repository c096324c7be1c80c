"""Small synthetic inputs whose parsed form is pinned in tests/sources/golden/."""

import csv
import gzip
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

T0 = 1_600_000_000


def listenbrainz(**more: Any) -> dict[str, Any]:
    return {
        "listened_at": T0,
        "user_name": "rob",
        "track_metadata": {
            "artist_name": "Björk",
            "track_name": "Jóga",
            "release_name": "Homogenic",
            "additional_info": {
                "recording_mbid": "r1",
                "isrc": "GBAAA9700001",
                "duration_played": 12,
                "recording_msid": "m1",
            },
            "mbid_mapping": {"recording_mbid": "r2"},
        },
        **more,
    }


def lastfm(uts: Any = "1600000000", **more: Any) -> dict[str, Any]:
    return {
        "artist": {"mbid": "a1", "#text": "Björk"},
        "album": {"mbid": "", "#text": "Homogenic"},
        "name": "Jóga",
        "mbid": "r1",
        "date": {"uts": uts, "#text": "13 Sep 2020, 12:26"},
        **more,
    }


def spotify(**more: Any) -> dict[str, Any]:
    return {
        "ts": "2020-09-13T12:26:40Z",
        "username": "ann",
        "ms_played": 10_000,
        "master_metadata_track_name": "Jóga",
        "master_metadata_album_artist_name": "Björk",
        "master_metadata_album_album_name": "Homogenic",
        "spotify_track_uri": "spotify:track:abc",
        "reason_end": "fwdbtn",
        "skipped": None,
        **more,
    }


def zipped(files: dict[str, str]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return raw.getvalue()


def table(rows: list[list[str]], separator: str = ",", newline: str = "\n") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, lineterminator=newline).writerows(rows)
    return text.getvalue()


def parquet(**columns: Any) -> bytes:
    raw = io.BytesIO()
    pd.DataFrame(columns).to_parquet(raw)
    return raw.getvalue()


LOVED = {
    "artist": {"name": "Björk", "mbid": "a1"},
    "date": {"uts": "1600000000", "#text": "13 Sep 2020, 12:26"},
    "mbid": "r1",
    "name": "Jóga",
    "streamable": {"fulltrack": "0", "#text": "0"},
}
PAGE = {
    "recenttracks": {
        "track": [lastfm(), {"artist": {"#text": "X"}, "name": "now", "@attr": {}}],
        "@attr": {"user": "anna"},
    }
}
FEEDBACK = {"recording_msid": None, "recording_mbid": None, "created": T0}
EVERY_COLUMN = [
    (
        "user_id,track_id,recording_mbid,isrc,artist,title,album,timestamp,position,plays,"
        "ms_played,rating,skipped,split"
    ),
    "u,t1,r1,i1,A,T,L,1600000000,3,1,2000,4.5,yes,train",
    "u,t1,,,,,,1600000000000,,,,,0,validation",
    "u,t2,,,,,,2020-09-13T12:26:40.25+02:00,,,,,no,",
    "u,t2,,,,,,2020-09-13,-1,,,,maybe,",
    "007,1.0,,,,,,,,3,,,,",
    "007,1.0,,,,,,,,3,,,,",
    ' v ,"t,3",,,,,,,7,,,-1,,',
    "v,t4,,,,,,sometime,,,,,,",
    "v,t4,,,,,,0,,,,,,",
    "v,t5,,,,,,,,-1,,,,",
    "v,t5,,,,,,,,,x,,,",
    "v,t5,,,,,,,,,,good,,",
    "v,t5,,,,,,,,,,,,tset",
    ",t6,,,,,,1,,,,,,",
    "v,,,,,,,1,,,,,,",
    "",
    "v,t7",
    "v,t8,,,,,,1,,,,,,,x",
]
EVERY_LISTEN_COLUMN = [
    "user_id,track_id,timestamp,position,plays,ms_played,rating,skipped,split,mood",
    "u,t1,1600000000,3,1,2000,4.5,yes,train,happy",
    "u,t1,1600000000000,,,,,0,validation,",
    "u,t2,2020-09-13T12:26:40.25+02:00,,,,,no,,",
    "u,t2,2020-09-13,-1,,,,maybe,,",
    "007,1.0,,,3,,,,,",
    "007,1.0,,,3,,,,,",
    ' v ,"t,3",,7,,,-1,,,',
    "v,t4,sometime,,,,,,,",
    "v,t4,0,,,,,,,",
    "v,t5,,,-1,,,,,",
    "v,t5,,,,x,,,,",
    "v,t5,,,,,good,,,",
    "v,t5,,,,,,,tset,",
    ",t6,1,,,,,,,",
    "v,,1,,,,,,,",
    "",
    "v,t7",
    "v,t8,1,,,,,,,,x",
]
LISTENS_OF_LASTFM = (
    "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
    '"1599999960","13 Sep 2020, 12:26","Björk","","Homogenic","","Jóga","r1"\n'
    '"","","Björk","","","","now",""\n'
)
LOVED_OF_LASTFM = (
    "uts,utc_time,artist,artist_mbid,track,track_mbid\n"
    '"1599999960","13 Sep 2020, 12:26","Björk","","Jóga","r1"\n'
)
NAMES = "user,artist,title,album,time\n"


def exports() -> dict[str, bytes]:
    """Return one export of each format and dialect, by name."""
    lb, lf, sp = listenbrainz(), lastfm(), spotify()
    texts = {
        "listenbrainz array": json.dumps([lb, listenbrainz(listened_at=None), {"a": 1}, 7]),
        "listenbrainz lines": f"{json.dumps(lb)}\n\n{json.dumps(lb)}\nnot json\n",
        "listenbrainz answer": json.dumps(
            {"payload": {"listens": [listenbrainz(user_name=None)], "user_id": "rob"}}, indent=2
        ),
        "listenbrainz odd": json.dumps(
            [listenbrainz(listened_at=when) for when in ("2020-09-13", "x", -1, T0 * 1000, 1e300)]
        ),
        "feedback": "\n".join(
            json.dumps({**FEEDBACK, "score": score, "recording_mbid": f"r{score}"})
            for score in (1, -1, 0, 7)
        ),
        "feedback with names": json.dumps(
            {
                "feedback": [
                    {
                        **FEEDBACK,
                        "score": -1,
                        "recording_msid": "m1",
                        "user_id": "rob",
                        "track_metadata": {"artist_name": "Björk", "track_name": "Jóga"},
                    }
                ]
            }
        ),
        "feedback named by listens": "\n".join(
            map(
                json.dumps,
                [
                    {**FEEDBACK, "score": 1, "recording_msid": "m1"},
                    {**FEEDBACK, "score": 1, "recording_msid": "m2"},
                    lb,
                ],
            )
        ),
        "lastfm page": json.dumps(PAGE),
        "lastfm bare": json.dumps([[lf], [lastfm(uts={})]]),
        "lastfm loved": json.dumps({"lovedtracks": {"track": LOVED, "@attr": {"user": "anna"}}}),
        "lastfm loved bare": json.dumps([LOVED]),
        "lastfm table": LISTENS_OF_LASTFM,
        "lastfm loved table": LOVED_OF_LASTFM,
        "lastfm without header": (
            'X,Y,"no, wait",\nBjörk,Homogenic,Jóga,"13 Sep 2020, 12:26"\n'
            "Björk,,Jóga,13 Sep 2020 12:27\n"
        ),
        "spotify extended": json.dumps(
            [
                sp,
                spotify(skipped=False, reason_end="endplay"),
                spotify(reason_end="trackdone"),
                spotify(master_metadata_track_name=None),
                spotify(ms_played=-1),
                spotify(username=None, spotify_track_uri=None, ms_played=10_001),
            ]
        ),
        "spotify short": json.dumps(
            [
                {
                    "endTime": "2020-09-13 12:26",
                    "artistName": "Björk",
                    "trackName": "Jóga",
                    "msPlayed": 10_000,
                }
            ]
        ),
        "mixed": json.dumps([lb, sp, PAGE, {"a": 1}, None]),
        "cut short": json.dumps([lb] * 3)[:-4],
        "table of every column": "\n".join(EVERY_COLUMN) + "\n",
        "table of names": f"{NAMES}u,Björk,Jóga,Homogenic,2020-09-13 12:26\nu,Björk,,,1\n,A,B,,1\n",
        "table that is loved": (
            "user_name,artist,title,timestamp,rating,loved\n"
            "u,A,a,1600000000,,1\nu,A,b,,,yes\nu,A,c,,3,yes\nu,A,d,,,no\nu,A,e,5,,0\nu,A,f,,,?\n"
            "u,A,g,,,\n"
        ),
        "table undated": "artist,title,ms_played\nA,a,1\nA,a,1\nA,b,2\n",
        "table of recordings": "mbid,listened_at,play_count\nr1,1600000000,2\nr2,,5\n",
        "table by position": "userid\ttrackid\tposition\n1\t2\t0\n1\t2\t1\n1\t3\tx\n",
        "table with an open quote": 'artist,title,plays\nA,"x,1\n' + "B,y,1\n" * 30,
        "table of quotes": 'artist,title,plays\nA,"x\ny, ""z""",1\nB,12" mix,2\nC,"c',
        "table cut short": "artist,title,timestamp\nA,x,1600000000\nB,y",
    }
    for name in ("uts", "timestamp", "listened_at", "played_at", "played_time", "time"):
        texts[f"table with {name}"] = f"User ID;Track-ID;{name}\nu;t;1600000000\n"
    for name in ("utc_time", "date"):
        texts[f"table with {name}"] = f'user,track_id,{name}\nu,t,"13 Sep 2020, 12:26"\n'
    files = {name: text.encode() for name, text in texts.items()}
    archive = {
        "user.json": '{"user_id": 1, "username": "rob"}',
        "pinned.jsonl": '{"recording_mbid": "x"}',
        "listens/2020/9.jsonl": json.dumps(listenbrainz(user_name=None)),
        "listens/2020/10.jsonl": json.dumps(lb),
        "__MACOSX/x": "y",
    }
    files["archive"] = zipped(archive)
    files["gzip"] = gzip.compress(json.dumps([lb]).encode(), mtime=0)
    names = f"{NAMES}u,Björk,Jóga,“Homogenic”,1600000000\n"
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be", "cp1252"):
        files[f"table in {encoding}"] = names.encode(encoding)
    files["table with carriage returns"] = names.replace("\n", "\r").encode()
    files["parquet"] = parquet(
        user_id=[1, 2, 3],
        track_id=[3.0, 4.0, 5.0],
        timestamp=[datetime(2009, 5, 4, 23, 8, 57, 500_000, UTC), pd.NaT, pd.NaT],
        plays=pd.array([5, None, -1], dtype="Int64"),
        rating=[4.5, None, 1.0],
        skipped=pd.array([True, None, False], dtype="boolean"),
    )
    return files


def write_beets(path: Path) -> None:
    """Write a library of beets with plays, skips and ratings of several plugins."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TABLE items (id INTEGER PRIMARY KEY, title TEXT, artist TEXT, album TEXT,"
            " mb_trackid TEXT, isrc TEXT)"
        )
        connection.execute("CREATE TABLE item_attributes (entity_id INTEGER, key TEXT, value TEXT)")
        items = [
            ("Jóga", "Björk", "Homogenic", "r1", "i1"),
            ("b", "B", "", "", ""),
            ("", "", "", "", ""),
        ]
        connection.executemany(
            "INSERT INTO items (title, artist, album, mb_trackid, isrc) VALUES (?, ?, ?, ?, ?)",
            [*items, ("d", "D", "", "", ""), ("e", "E", "", "", "")],
        )
        attributes = [
            *((1, "play_count", "3"), (1, "lastfm_play_count", "5"), (1, "skip_count", "2")),
            *((1, "last_played", "1600000000"), (1, "rating", "0.8"), (2, "stars", "4")),
            *((3, "play_count", "1"), (4, "rating", "0.5"), (5, "play_count", "many")),
        ]
        connection.executemany("INSERT INTO item_attributes VALUES (?, ?, ?)", attributes)


METADATA = "track_id,title,artist\n" + "".join(
    f"{name},Title of {name},Artist\n" for name in ("t1", "t2", "1.0", "t4", "t5", "t6", "t7", "t8")
)


def datasets() -> dict[str, dict[str, bytes]]:
    """Return the files of one dataset of each dialect, by name."""
    listens = "\n".join(EVERY_LISTEN_COLUMN) + "\n"
    texts: dict[str, dict[str, str]] = {
        "every column": {"listens.csv": listens},
        "every column, tracks known": {"listens.csv": listens, "metadata.csv": METADATA},
        "semicolons": {
            "listens.csv": (
                "User ID;TrackID;play_count\nu;007;3\nu; Cafe\u0301 ;1,5\n\n;;\nv;8;2\n\n"
            )
        },
        "tabs": {"listens.tsv": "listener\tid\tlistened_at\n1\t2\t1600000000\n1\t3\tx\n"},
        "quotes": {
            "listens.csv": 'user_id,track_id,played_at\n"u, v","a ""b""",2020-09-13 12:26:40 UTC\n'
            'u,"open,1\nu,c,5\n'
        },
        "friends": {
            "listens.csv": "user,track_id,time\nu,t,5\n",
            "friends.csv": "userid,friend\n01,2\n3,\n4,4\n2,01\n",
        },
        "metadata": {
            "metadata.csv": (
                "Track ID;Name;Artist Name;Release Date;Genres;BPM;Length;tags;Mood;Split\n"
                "007;Jóga;Björk feat. X;1997-09-22;pop|trip-hop;120,5;3:45;rock:12|x;sad;val\n"
                "8;;;0;;fast;;;;\n8;twice;;;;;;;;\n;none;;;;;;;;\n9;long;row;;;;;;;;x\n10\n"
            )
        },
        "metadata quoted": {
            "metadata.csv": 'track_id,title,lyrics\n1,a,"la\nla"\n\n2,"b,x\n3,c,d\n4,12" mix,e\n'
        },
    }
    files = {
        name: {one: text.encode() for one, text in parts.items()} for name, parts in texts.items()
    }
    names = "track_id,title\n1,Café\n2,“Hi”\n"
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        files[f"metadata in {encoding}"] = {"metadata.csv": names.encode(encoding)}
    files["metadata with carriage returns"] = {
        "metadata.csv": b"\r\r" + names.replace("\n", "\r").encode()
    }
    files["parquet"] = {
        "metadata.parquet": parquet(
            track_id=[3, 4], Title=["a", None], genre=[["pop", "rock"], None], year=[1999.0, None]
        ),
        "listens.parquet": parquet(
            user_id=[1, 2, 3],
            track_id=[3.0, 4.0, 4.0],
            timestamp=[datetime(2009, 5, 4, 23, 8, 57, 500_000, UTC), pd.NaT, pd.NaT],
            plays=pd.array([5, None, -1], dtype="Int64"),
            rating=[4.5, None, 1.0],
            skipped=pd.array([True, None, False], dtype="boolean"),
        ),
    }
    return files
