"""The plugin of Navidrome, built with Go and run in Extism, against a running server.

Navidrome itself is not here: the host function is what its documentation says.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from segue.library import Library
from segue.pipeline.accounts.sessions import create_key

extism = pytest.importorskip("extism", reason="install the extra nightly: extism")

pytestmark = pytest.mark.nightly  # the first build compiles Go's library

EXPORTS = (
    *("nd_get_similar_songs_by_track", "nd_get_similar_songs_by_album"),
    *("nd_get_similar_songs_by_artist", "nd_get_artist_top_songs", "nd_get_similar_artists"),
    *("nd_scrobbler_is_authorized", "nd_scrobbler_now_playing", "nd_scrobbler_scrobble"),
)
AT = 1_700_000_000
TRACK = {
    "id": "5YbPGL0lbFnQ0Q2Uk9V7oB",
    "title": "One",
    "artist": "The Alphas",
    "albumArtist": "The Alphas",
    "album": "First",
    "artists": [{"name": "The Alphas"}],
    "albumArtists": [],
    "duration": 4.0,
    "trackNumber": 2,
    "discNumber": 1,
}


def _go():
    """Return the Go compiler of 1.24 or newer; the test is skipped without one."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    found = shutil.which("go", path=path)
    version = found and subprocess.run(
        [found, "env", "GOVERSION"], capture_output=True, text=True, check=True
    )
    if not version or tuple(map(int, re.findall(r"\d+", version.stdout)[:2])) < (1, 24):
        pytest.skip("Go 1.24 or newer is not installed: install the extra nightly")
    return found


@pytest.fixture(scope="session")
def package(repository, tmp_path_factory):
    """The package as Navidrome loads it, built in a copy of its folder."""
    go = _go()
    folder = tmp_path_factory.mktemp("plugin") / "navidrome"
    ignored = shutil.ignore_patterns("*.wasm", "*.ndp")
    shutil.copytree(repository / "plugins" / "navidrome", folder, ignore=ignored)
    path = os.pathsep.join((str(Path(go).parent), os.environ["PATH"]))
    made = subprocess.run(
        ["make", f"PYTHON={sys.executable}"],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(folder / "segue.ndp") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@extism.host_fn(
    name="http_send",
    namespace="extism:host/user",
    signature=([extism.ValType.I64], [extism.ValType.I64]),
)
def http_send(plugin, inputs, outputs):
    """Send a request as Navidrome does: an answer with any status, or the reason for none."""
    wanted = json.loads(plugin.input_string(inputs[0]))["request"]
    request = urllib.request.Request(  # noqa: S310  # of our own server
        wanted["url"],
        b64decode(wanted.get("body") or "") or None,
        wanted["headers"],
        method=wanted["method"],
    )
    try:
        with urllib.request.urlopen(request, timeout=wanted["timeoutMs"] / 1e3) as answer:  # noqa: S310
            received = {"statusCode": answer.status, "body": b64encode(answer.read()).decode()}
            document = {"result": received}
    except urllib.error.HTTPError as error:
        with error:
            received = {"statusCode": error.code, "body": b64encode(error.read()).decode()}
        document = {"result": received}
    except OSError as error:
        document = {"error": str(error)}
    plugin.return_string(outputs[0], json.dumps(document))


class Navidrome:
    """Calls the plugin as Navidrome does: a new instance for each call."""

    def __init__(self, package, **config):
        schema = json.loads(package["manifest.json"])["config"]["schema"]
        Draft7Validator.check_schema(schema)
        Draft7Validator(schema).validate(config)
        self._manifest = {
            "wasm": [{"data": package["plugin.wasm"]}],
            "config": {
                key: value if isinstance(value, str) else json.dumps(value)
                for key, value in config.items()
            },
        }

    def open(self):
        return extism.Plugin(self._manifest, wasi=True, functions=[http_send])

    def call(self, function, **given):
        with self.open() as plugin:
            return json.loads(bytes(plugin.call(function, json.dumps(given))))

    def titles(self, function, **given):
        return [song["name"] for song in self.call(function, **given)["songs"]]


@pytest.fixture
def key(secrets, directory):
    library = Library(directory)
    made = create_key(library, "anna", "navidrome")
    library.close()
    return made


@pytest.fixture
def server(key, serve):
    return serve()


@pytest.fixture
def navidrome(package, server, key):
    users = [{"username": "Anna", "key": key}, {"username": "ben", "key": "wrong"}]
    return Navidrome(package, url=server.url, key=key, users=users)


def test_package_has_the_exports_of_both_capabilities(package):
    assert set(package) == {"manifest.json", "plugin.wasm"}
    manifest = json.loads(package["manifest.json"])
    assert {"name", "author", "version"} <= set(manifest)
    assert set(manifest["permissions"]) == {"http", "users"}
    with Navidrome(package, url="http://127.0.0.1:1").open() as plugin:
        assert all(plugin.function_exists(name) for name in EXPORTS)


def test_similar_songs_are_those_of_the_server(navidrome, server, key):
    found = navidrome.call(
        "nd_get_similar_songs_by_track", id="x", name="One", artist="The Alphas", count=4
    )["songs"]
    header = {"Authorization": f"Bearer {key}"}
    _, _, body = server.ask("GET", "/api/v1/tracks/one/similar?k=4", headers=header)
    tracks = [one["track"] for one in json.loads(body)["tracks"] if one["track"]["artist"]]
    assert [(one["name"], one["artist"]) for one in found] == [
        (one["title"], one["artist"]) for one in tracks
    ]
    assert len(found) >= 3
    assert all(one["album"] and one["duration"] == pytest.approx(4, abs=0.1) for one in found)
    assert navidrome.titles("nd_get_similar_songs_by_track", id="x", name="Fünf", artist="Ärger")


def test_albums_and_artists_have_similar_and_top_songs(navidrome):
    top = navidrome.titles("nd_get_artist_top_songs", id="x", name="The Alphas", count=2)
    assert top[0] == "Seven"  # two listeners played it
    assert len(top) == 2
    artist = navidrome.titles("nd_get_similar_songs_by_artist", id="x", name="beta & co", count=5)
    album = navidrome.titles(
        "nd_get_similar_songs_by_album", id="x", name="second", artist="Beta & Co", count=5
    )
    for titles in (artist, album):
        assert len(titles) == 5
        assert set(titles) & {"One", "Two", "Fünf", "Six", "Seven"}
    names = navidrome.call("nd_get_similar_artists", id="x", name="Guest", limit=3)["artists"]
    assert 1 <= len(names) <= 3
    assert {"name": "Guest"} not in names


@pytest.mark.parametrize("function", EXPORTS[:4])
def test_unknown_items_have_an_empty_list(navidrome, function):
    given = {"id": "x", "name": "Nothing of the kind", "artist": "Nobody", "count": 5}
    assert navidrome.call(function, **given) == {"songs": []}
    assert navidrome.call("nd_get_similar_artists", **given) == {"artists": []}


def test_plays_of_configured_users_are_stored_once(navidrome, directory):
    assert navidrome.call("nd_scrobbler_is_authorized", username="anna") is True
    assert navidrome.call("nd_scrobbler_is_authorized", username="carl") is False
    playing = {"username": "anna", "track": TRACK}
    navidrome.call("nd_scrobbler_now_playing", **playing, position=0)
    for _ in range(2):
        navidrome.call("nd_scrobbler_scrobble", **playing, timestamp=AT)
    library = Library(directory)
    found = [(one.track_id, one.at) for one in library.plays.page("anna")]
    library.close()
    assert found == [("one", AT)]


def test_what_plays_is_shown(navidrome, server, key):
    navidrome.call("nd_scrobbler_now_playing", username="anna", track=TRACK, position=0)
    _, _, body = server.ask("GET", f"/rest/getNowPlaying?apiKey={key}&v=1.16.1&c=test&f=json")
    (entry,) = json.loads(body)["subsonic-response"]["nowPlaying"]["entry"]
    assert entry["id"] == "one"


@pytest.mark.parametrize(
    ("username", "error"),
    [("ben", "scrobbler(not_authorized)"), ("carl", "scrobbler(not_authorized)")],
)
def test_refused_plays_are_not_authorized(navidrome, username, error):
    with pytest.raises(extism.Error, match=re.escape(error)):
        navidrome.call("nd_scrobbler_scrobble", username=username, track=TRACK, timestamp=AT)


def test_without_the_server_plays_are_sent_later(navidrome, server):
    server.stop()
    with pytest.raises(extism.Error, match=re.escape("scrobbler(retry_later)")):
        navidrome.call("nd_scrobbler_scrobble", username="anna", track=TRACK, timestamp=AT)
    with pytest.raises(extism.Error, match="no answer from"):
        navidrome.call("nd_get_artist_top_songs", id="x", name="Guest", count=2)


def test_wrong_key_is_an_error_not_an_empty_list(package, server):
    navidrome = Navidrome(package, url=server.url, key="wrong")
    with pytest.raises(extism.Error, match="status 401"):
        navidrome.call("nd_get_similar_artists", id="x", name="Guest", limit=3)
    with pytest.raises(extism.Error, match="API key"):
        navidrome.call("nd_get_artist_top_songs", id="x", name="Guest", count=2)


def test_library_without_accounts_needs_no_key(package, directory, serve):
    navidrome = Navidrome(package, url=serve().url, users=[{"username": "anna", "key": "dora"}])
    assert navidrome.titles("nd_get_artist_top_songs", id="x", name="The Alphas", count=2)
    assert navidrome.titles(
        "nd_get_similar_songs_by_track", id="x", name="One", artist="The Alphas", count=2
    )
    navidrome.call("nd_scrobbler_scrobble", username="anna", track=TRACK, timestamp=AT)
    library = Library(directory)
    assert ("one", AT) in [(one.track_id, one.at) for one in library.plays.page("dora")]
    library.close()
