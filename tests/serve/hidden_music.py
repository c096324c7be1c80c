"""A library with a folder that one account must not see, and all requests that could show it.

Every name of a hidden track contains `MARK`. Requests come from the routes and methods of the
application itself, so that new ones are covered; a new parameter needs values here.
"""

import time
from itertools import product

import numpy as np
from fastapi.routing import iter_route_contexts
from tests.factories import RATE, make_library, rows, tune, write_dataset

from segue.library import AnnotationRecord, Event, Playback
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.player_passwords import new_player_password
from segue.pipeline.accounts.scrobbler_sessions import open_scrobbler_session
from segue.pipeline.accounts.sessions import create_key
from segue.pipeline.playlists import saved_playlists
from segue.pipeline.recommender.service import RecommenderService
from segue.serve import audiomuse
from segue.serve.scrobbling import lastfm
from segue.serve.subsonic import routes as subsonic

MARK = "zebra"
PASSWORD = "four words do well"  # noqa: S105
SHOWN, HIDDEN = "t02", f"{MARK}-3"
COLUMNS = "track_id path title artist album genre recording_mbid lyrics"
MBID = "a1b2c3d4-0000-4000-8000-00000000000{}"
ENDLESS = {"/api/v1/events"}
CHANGES = ("create", "delete", "update", "set", "save", "star", "unstar", "scrobble", "report")
CHANGES += ("start", "change", "add", "refresh", "jukebox")


def is_hidden(number):
    return number % 3 == 0


def tracks_and_sounds():
    """Return rows of the table of tracks, and the sound of each file, by its name."""
    rng, times = np.random.default_rng(0), np.arange(2 * RATE) / RATE
    tracks, sounds = [], {}
    for i in range(15):
        pitch = rng.uniform(150, 250) if i % 2 else rng.uniform(2_000, 3_000)
        word, folder = (MARK, "grown") if is_hidden(i) else ("t", "kids")
        name = f"{folder}/{i}.wav"
        sound = 0.2 * np.sin(2 * np.pi * pitch * times) + 0.01 * rng.normal(size=len(times))
        sounds[name] = tune(7) if i in (0, 6, 7) else sound
        artist = "Both Bands" if i in (6, 7) else f"{word} band {i % 4}"
        album = "Both albums" if i in (9, 10) else f"{word} album {i % 4}"
        track_id = f"{MARK}-{i}" if is_hidden(i) else f"t{i:02}"
        genre = f"{word} style" if i % 2 else "folk"
        lyrics = f"{word} line\nanother {word}"
        tracks.append(
            (
                track_id,
                f"audio/{name}",
                f"{word} piece {i}",
                artist,
                album,
                genre,
                MBID.format(i % 10),
                lyrics,
            )
        )
    return tracks, sounds


def make_music(directory):
    """Make the library, with two accounts that did the same; return its directory."""
    tracks, sounds = tracks_and_sounds()
    music = directory / "music"
    for folder in ("kids", "grown"):
        (music / "audio" / folder).mkdir(parents=True)
    listens = [
        (user, track[0], 1_700_000_000 + 100 * n)
        for user in ("anna", "ben", "carl")
        for n, track in enumerate(tracks[: 9 if user == "carl" else 12])
    ]
    dataset = write_dataset(
        music,
        rows(COLUMNS, tracks),
        listens=rows("user_id track_id timestamp", listens),
        sounds=sounds,
    )
    library = make_library(directory / "my.segue", dataset, "knn")
    for name in ("anna", "ben"):
        add_account(library, name, PASSWORD, admin=name == "anna", shares_taste=True)
        new_player_password(library, name)
        _act(library, name, [track[0] for track in tracks])
    library.close()
    return directory / "my.segue"


def _act(library, name, tracks):
    """Let a listener like, save, queue and mark tracks of both folders."""
    kinds = {HIDDEN: "like", SHOWN: "like", f"{MARK}-6": "dislike"}
    events = [
        Event(user=name, track_id=one, kind=kind, key=f"{name} {one}")
        for one, kind in kinds.items()
    ]
    library.feedback.add(events)
    state = RecommenderService.open(library).state()
    saved_playlists.save(state, name, "own", tracks=tracks)
    saved_playlists.save(state, name, "made", "like", recipe={"like": [SHOWN], "k": 12})
    library.players.save_queue(name, [HIDDEN, SHOWN, f"{MARK}-6"], 0, 0, "player")
    for one in (HIDDEN, SHOWN):
        library.players.put_bookmark(name, one, 1_000, None)
        library.rules.add(name, "learn", "track", one)
    playing = Playback(
        session="1",
        version=1,
        track_id=HIDDEN,
        state="playing",
        position=0.0,
        rate=1.0,
        begun=time.time(),
        at=time.time(),
        ignored=True,
    )
    library.playback.put(name, "player", playing, None)
    marks = [
        AnnotationRecord(kind=kind, item=item, starred=1e9)
        for kind, items in ids_of(library).items()
        for item in items
    ]
    library.annotations.put(name, marks)


def ids_of(library):
    """Return ids of albums and artists: a hidden one, one in both folders, a shown one."""
    albums = {one.title: one.album_id for one in library.browse.albums().values()}
    artists = {one.name: one.artist_id for one in library.browse.artists().values()}
    return {
        "album": [albums[one] for one in (f"{MARK} album 0", "Both albums", "t album 2")],
        "artist": [artists[one] for one in (f"{MARK} band 0", "Both Bands", "t band 2")],
    }


class Account:
    """An account that sends all requests which read something, over one client."""

    def __init__(self, app, client, name):
        self._app, self._client, self.name = app, client, name
        self.library = app.state.app_state.library
        self._key = create_key(self.library, name, "test")
        self._scrobbler = open_scrobbler_session(self.library, name)
        self._ids = ids_of(self.library)
        self._lists = [one.id for one in self.library.playlists.of(name)]

    def get(self, path, /, **parameters):
        return self._client.get(
            path, params=parameters, headers={"Authorization": f"Bearer {self._key}"}
        )

    def post(self, path, body):
        return self._client.post(
            f"/api/v1/{path}", json=body, headers={"Authorization": f"Bearer {self._key}"}
        )

    def patch(self, path, body):
        return self._client.patch(
            f"/api/v1/{path}", json=body, headers={"Authorization": f"Bearer {self._key}"}
        )

    def player(self, method, /, **parameters):
        given = {"apiKey": self._key, "v": "1.16.1", "c": "test", "f": "json", **parameters}
        return self._client.get(f"/rest/{method}", params=given)

    # everything that can be read ------------------------------------------------------------------

    def answers(self):
        """Yield name, sent values and answer of each request."""
        for send in (self._api, self._scrobblers, self._plugins, self._players):
            yield from send()

    def _values(self, address, name):
        """Return the values to send for a parameter of a route."""
        tracks, albums, artists = [HIDDEN, SHOWN], self._ids["album"], self._ids["artist"]
        own = {
            ("/api/v1/genres/{name}", "name"): ["folk", f"{MARK} style"],
            ("/api/v1/models/{name}", "name"): ["knn"],
            ("/api/v1/covers/{item_id}", "item_id"): [*tracks, *albums, *artists, *self._lists],
            ("/api/v1/folders", "path"): ["/"],
            ("/1/playlist/{playlist}", "playlist"): self._listenbrainz_lists(),
        }
        if (address, name) in own:
            return own[address, name]
        if address.startswith("/1/") and name == "name":
            return [self.name]
        return {
            "track_id": tracks,
            "album_id": albums,
            "artist_id": artists,
            "playlist": self._lists,
            "row": ["on-repeat", "daypart", "rediscover", "deep-cuts", "new-in-library"],
            "job": ["1"],
            "kind": ["unknown-track"],
            "report_id": ["none"],
            "q": [MARK, "piece", "style", "band", "folk"],
            "at": [",".join(map(str, range(15)))],
            "artist": ["Both Bands", f"{MARK} band 0"],
            "album": ["Both albums", f"{MARK} album 0"],
            "genre": ["folk", f"{MARK} style"],
            "signal": ["timbre"],
            "by": ["timbre"],
            "sort": ["name"],
            "format": ["m3u8", "xspf", "jspf"] if address.endswith("export") else ["original"],
            "liked": ["true"],
            "plays": ["true"],
            "letter": [MARK[0].upper()],
            "from_year": ["0"],
            "to_year": ["9999"],
            "seed": ["1"],
            "k": ["15"],
            "limit": ["100"],
            "size": ["64"],
            "start": ["0"],
            "cursor": [],
        }[name]

    def _listenbrainz_lists(self):
        found = []
        for kind in ("", "/createdfor"):
            document = self._scrobbler_get(f"/1/user/{self.name}/playlists{kind}").json()
            lists = [one["playlist"]["identifier"] for one in document["playlists"]]
            found += [one.rsplit("/", 1)[1] for one in lists]
        return found

    def _scrobbler_get(self, path, /, **parameters):
        return self._client.get(
            path, params=parameters, headers={"Authorization": f"Token {self._key}"}
        )

    def _api(self):
        for address, methods in sorted(self._app.openapi()["paths"].items()):
            if "get" not in methods or address in ENDLESS:
                continue
            listed = methods["get"].get("parameters", [])
            in_path = [one["name"] for one in listed if one["in"] == "path"]
            needed = [one["name"] for one in listed if one["in"] == "query" and one["required"]]
            others = [one["name"] for one in listed if one["in"] == "query"]
            for values in product(*(self._values(address, one) for one in in_path)):
                path = address.format(**dict(zip(in_path, map(_quoted, values), strict=True)))
                variants = [{}] if not needed else []
                variants += [
                    {name: value} for name in others for value in self._values(address, name)
                ]
                for given in variants:
                    sent = {one: self._values(address, one)[0] for one in needed} | given
                    yield address, [*values, *sent.values()], self.get(path, **sent)

    def _scrobblers(self):
        for context in iter_route_contexts(self._app.routes):
            if context.path.startswith("/1/") and "GET" in context.methods:
                names = [part[1:-1] for part in context.path.split("/") if part.startswith("{")]
                for values in product(*(self._values(context.path, one) for one in names)):
                    path = context.path.format(**dict(zip(names, values, strict=True)))
                    more = {"recording_mbids": ",".join(MBID.format(i) for i in range(10))}
                    if "for-recordings" not in path:
                        more = {"metadata": "true", "user_name": self.name, "token": self._key}
                    answer = self._scrobbler_get(path, **more)
                    yield context.path, [*values, *more.values()], answer
        for method in lastfm._METHODS:
            if method.startswith("user."):
                given = {"method": method, "sk": self._scrobbler, "format": "json"}
                yield f"/2.0 {method}", [], self._client.get("/2.0", params=given)

    def _plugins(self):
        for method in audiomuse._METHODS:
            for item in (HIDDEN, SHOWN):
                given = {
                    "item_id": item,
                    "start_song_id": item,
                    "end_song_id": "t14",
                    "search_query": "piece",
                    "artist": f"{MARK} band 0" if item == HIDDEN else "t band 2",
                    "n": "15",
                }
                answer = self.get(f"/api/{method}", **given)
                yield f"/api/{method}", list(given.values()), answer

    def _players(self):
        items = [HIDDEN, SHOWN, *self._ids["album"], *self._ids["artist"], *self._lists]
        kinds = ("random", "newest", "highest", "frequent", "recent", "alphabeticalByName")
        kinds += ("alphabeticalByArtist", "starred", "byYear", "byGenre")
        for method in subsonic.METHODS:
            if method.startswith(CHANGES):
                continue
            lists = method.startswith("getalbumlist")
            virtual = self.player("getPlaylists").json()["subsonic-response"]["playlists"]
            more = [one["id"] for one in virtual["playlist"]] if "playlist" in method else []
            for item in [*items, *more] if not lists else items[:1]:
                for kind in kinds if lists else kinds[:1]:
                    given = {
                        "id": item,
                        "type": kind,
                        "query": "piece",
                        "any": "piece",
                        "genre": f"{MARK} style" if item == HIDDEN else "folk",
                        "artist": f"{MARK} band 3" if item == HIDDEN else "Both Bands",
                        "title": f"{MARK} piece 3" if item == HIDDEN else "t piece 2",
                        "startSongId": SHOWN,
                        "endSongId": item,
                        "size": "100",
                        "count": "100",
                        "songCount": "100",
                        "fromYear": "0",
                        "toYear": "9999",
                        "username": self.name,
                    }
                    if method in ("gettopsongs",) and item == HIDDEN:
                        del given["id"]
                    if method == "getrandomsongs":
                        given = {"size": "100"}
                    yield f"/rest/{method}", list(given.values()), self.player(method, **given)


def _quoted(value):
    return value.replace(" ", "%20")


def marks_in(sent, answer):
    """Return what an answer says of hidden tracks, besides what was sent."""
    kind = answer.headers.get("content-type", "").partition("/")[0]
    if kind in ("audio", "image") or "octet-stream" in answer.headers.get("content-type", ""):
        return ""
    text = answer.text.casefold()
    for value in sorted(sent, key=len, reverse=True):
        text = text.replace(value.casefold(), "")
    found = text.find(MARK)
    return "" if found < 0 else text[max(found - 60, 0) : found + 60]
