"""A local server that answers as ListenBrainz, Last.fm and Maloja do, and records what it gets."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

TOKEN = "secret-token"  # noqa: S105


class RecordedServices:
    """The services. `failures` are actions that come before the next answers, in order.

    A failure is a status, "drop" to take the listens and close the connection without an answer, or
    None for none. `recordings` are those that ListenBrainz knows, by title.
    """

    def __init__(self):
        self.listens = []
        self.playing = []
        self.opinions = []
        self.recordings = {}
        self.requests = []
        self.failures = []
        self.playlists = {}
        self.refused_titles = set()
        services = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self._answer(b"")

            def do_POST(self):
                self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def _answer(self, body):
                parts = urlsplit(self.path)
                services.requests.append((parts.path, body, dict(self.headers)))
                failure = services.failures.pop(0) if services.failures else None
                status, document = failure, {}
                if not isinstance(failure, int):
                    query = {key: one[0] for key, one in parse_qs(parts.query).items()}
                    auth = self.headers.get("Authorization")
                    status, document = services.answer(parts.path, query, body, auth)
                if failure == "drop":
                    self.close_connection = True
                    return
                data = json.dumps(document).encode()
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "7200")
                if 300 <= status < 400:
                    self.send_header("Location", f"{services.url}/elsewhere")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def sent(self):
        """Return artist, title and time of the listens that were taken."""
        return [(one["artist"], one["title"], one["at"]) for one in self.listens]

    def paths(self):
        return [path for path, _, _ in self.requests]

    def answer(self, path, query, body, auth):
        if path.startswith("/1/"):
            return self._listenbrainz(path, query, body, auth)
        if path.startswith("/apis/mlj_1/"):
            return self._maloja(path, query, body)
        if path.startswith("/2.0"):
            return self._lastfm(dict(parse_qsl(body.decode())))
        return 404, {}

    def _listenbrainz(self, path, query, body, auth):
        if path == "/1/validate-token":
            valid = auth == f"Token {TOKEN}"
            return 200, {"code": 200, "valid": valid} | ({"user_name": "anna_lb"} if valid else {})
        if auth != f"Token {TOKEN}":
            return 401, {"code": 401, "error": "Invalid authorization token."}
        if path == "/1/feedback/recording-feedback":
            given = json.loads(body)
            self.opinions.append((given["recording_mbid"], given["score"]))
            return 200, {"status": "ok"}
        if path == "/1/metadata/lookup/":
            found = self.recordings.get(query["recording_name"])
            return 200, {"recording_mbid": found} if found else {}
        if path == "/1/submit-listens":
            payload = json.loads(body)["payload"]
            if json.loads(body)["listen_type"] == "playing_now":
                assert "listened_at" not in payload[0]
                self.playing.append(payload[0]["track_metadata"]["track_name"])
                return 200, {"status": "ok"}
            made = [
                {
                    "artist": one["track_metadata"]["artist_name"],
                    "title": one["track_metadata"]["track_name"],
                    "at": one["listened_at"],
                    "more": one["track_metadata"]["additional_info"],
                }
                for one in payload
            ]
            if any(one["title"] in self.refused_titles for one in made):
                return 400, {"code": 400, "error": "A listen is wrong."}
            self.listens += made
            return 200, {"status": "ok"}
        if path.endswith("/listens"):
            near = range(int(query["min_ts"]) + 1, int(query["max_ts"]))
            found = [{"listened_at": one["at"]} for one in self.listens if one["at"] in near]
            return 200, {"payload": {"count": len(found), "listens": found}}
        if path.endswith("/createdfor"):
            lists = [
                {"playlist": {**one["playlist"], "track": []}} for one in self.playlists.values()
            ]
            return 200, {"playlist_count": len(lists), "playlists": lists}
        number = path.rpartition("/")[2]
        if number in self.playlists:
            return 200, self.playlists[number]
        return 404, {"code": 404, "error": "Cannot find it."}

    def _maloja(self, path, query, body):
        given = json.loads(body) if body else query
        if given.get("key") != TOKEN:
            return 403, {"status": "error", "error": "Wrong API key"}
        if path.endswith("/test"):
            return 200, {"status": "ok"}
        if any(one["at"] == given["time"] for one in self.listens):
            return 409, {"status": "error", "error": {"type": "duplicate_timestamp", "desc": "?"}}
        self.listens.append(
            {"artist": given["artist"], "title": given["title"], "at": given["time"]}
        )
        return 200, {"status": "success"}

    def _lastfm(self, given):
        method = given["method"]
        if method == "auth.getMobileSession":
            if given["password"] != TOKEN:
                return 403, {"error": 4, "message": "Authentication Failed"}
            return 200, {"session": {"name": "anna_fm", "key": "session-key", "subscriber": 0}}
        if given.get("sk") != "session-key" and method.startswith("track."):
            return 403, {"error": 9, "message": "Invalid session key"}
        if method == "track.updateNowPlaying":
            self.playing.append(given["track"])
            return 200, {"nowplaying": {}}
        if method in ("track.love", "track.unlove"):
            self.opinions.append((given["track"], 1 if method == "track.love" else 0))
            return 200, {}
        if method == "user.getRecentTracks":
            near = range(int(given["from"]), int(given["to"]) + 1)
            tracks = [
                {"name": one["title"], "date": {"uts": str(one["at"])}}
                for one in self.listens
                if one["at"] in near
            ]
            return 200, {"recenttracks": {"track": tracks}}
        answers = []
        for place in range(50):
            if f"track[{place}]" not in given:
                break
            title = given[f"track[{place}]"]
            old = title in self.refused_titles
            if not old:
                at = int(given[f"timestamp[{place}]"])
                artist = given[f"artist[{place}]"]
                self.listens.append({"artist": artist, "title": title, "at": at})
            code = "3" if old else "0"
            answers.append({"ignoredMessage": {"code": code, "#text": ""}})
        shown = answers if len(answers) > 1 else answers[0]
        return 200, {"scrobbles": {"scrobble": shown}}
