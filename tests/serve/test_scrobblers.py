"""Test scrobbling by Audioscrobbler 1.2 and Last.fm 2.0."""

import hashlib
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET

import pytest
from tests.factories import copy_of_library
from tests.recorded_services import TOKEN, RecordedServices
from tests.serve.conftest import PASSWORD, Client

from segue.library import Library
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.player_passwords import new_player_password
from segue.pipeline.accounts.sessions import create_key
from segue.serve.app import make_app

AT = 1_700_000_000


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture(scope="module")
def shared(original, tmp_path_factory):
    """A library without accounts, for all tests."""
    directory = copy_of_library(original, tmp_path_factory.mktemp("scrobbled") / "my.segue")
    opened = Library(directory)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared_client(shared):
    """A client of that library; nothing runs in the background."""
    return Client(make_app(shared.directory))


@pytest.fixture
def library(shared):
    """The library, in which the listener "new" has done nothing yet."""
    shared.delete_listener("new")
    return shared


@pytest.fixture
def client(shared_client, library):
    return shared_client


@pytest.fixture(scope="module")
def guarded_library(original, tmp_path_factory):
    """A library with an account."""
    directory = copy_of_library(original, tmp_path_factory.mktemp("guarded") / "my.segue")
    opened = Library(directory)
    add_account(opened, "ben", PASSWORD)
    yield opened
    opened.close()


@pytest.fixture
def player(guarded_library):
    """A client of a library with accounts, and the player password of ben."""
    password = new_player_password(guarded_library, "ben")
    return Client(make_app(guarded_library.directory)), password


def plays(library, user="new"):
    found = library.plays.page(user)
    return [(one.track_id or one.reference.title, int(one.at)) for one in found]


# Audioscrobbler 1.2 ------------------------------------------------------------------------------


def shake_hands(client, user="new", password="x", **changed):  # noqa: S107
    at = str(int(time.time()))
    given = {"hs": "true", "p": "1.2.1", "c": "mdc", "v": "0.24", "u": user, "t": at}
    given |= {"a": md5(md5(password) + at), **changed}
    return client.get("/audioscrobbler/", params=given).text.splitlines()


def submission(*listens):
    form = {}
    for place, (artist, title, at, *rating) in enumerate(listens):
        values = {"a": artist, "t": title, "i": at, "o": "P", "l": 200, "b": "", "n": "", "m": ""}
        values["r"] = rating[0] if rating else ""
        form |= {f"{name}[{place}]": str(value) for name, value in values.items()}
    return form


def test_audioscrobbler_listens_are_stored(client, library):
    said, session, now_url, url = shake_hands(client)
    assert said == "OK"
    now = {"s": session, "a": "Band 1", "t": "Piece 1", "b": "", "l": "200", "n": "", "m": ""}
    assert client.post(now_url, data=now).text == "OK\n"
    assert library.playback.of("new")[0][1].track_id == "t01"
    form = {"s": session, **submission(("Band 0", "Piece 0", AT), ("Nobody", "Nothing", AT + 9))}
    for _ in range(2):
        assert client.post(url, data=form).text == "OK\n"
    assert plays(library) == [("Nothing", AT + 9), ("t00", AT)]


def test_audioscrobbler_ratings_are_opinions(client, library):
    _, session, _, url = shake_hands(client)
    listens = [("Band 0", "Piece 0", AT, "L"), ("Band 1", "Piece 1", AT + 1, "B")]
    listens += [("Band 2", "Piece 2", AT + 2, "S")]
    assert client.post(url, data={"s": session, **submission(*listens)}).text == "OK\n"
    opinions = {one.track_id: one.kind for one in library.histories.all_opinions("new")}
    assert opinions == {"t00": "like", "t01": "dislike"}
    assert plays(library) == [("t00", AT)]


def test_bad_audioscrobbler_listen_is_left_out(client, library):
    _, session, _, url = shake_hands(client)
    listens = [("", "Piece 1", AT), ("Band 0", "Piece 0", AT), ("Band 1", "Piece 1", 5)]
    assert client.post(url, data={"s": session, **submission(*listens)}).text == "OK\n"
    assert plays(library) == [("t00", AT)]
    answer = client.post(url, data={"s": session, **submission(("", "x", AT))})
    assert answer.text.startswith("FAILED ")
    assert client.post(url, data={"s": session}).text.startswith("FAILED ")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"u": ""}, "BADAUTH"),
        ({"t": "1000"}, "BADTIME"),
        ({"t": "soon"}, "BADTIME"),
        ({"p": "1.1"}, "FAILED "),
        ({"hs": "false"}, "FAILED "),
    ],
)
def test_wrong_handshake_is_refused(client, changed, said):
    assert shake_hands(client, **changed)[0].startswith(said)


def test_audioscrobbler_takes_the_player_password(player, guarded_library):
    client, password = player
    assert shake_hands(client, "ben", "wrong") == ["BADAUTH"]
    assert shake_hands(client, "nobody", password) == ["BADAUTH"]
    said, session, _, url = shake_hands(client, "ben", password)
    assert said == "OK"
    form = submission(("Band 0", "Piece 0", AT))
    for wrong in ("", session[:-1] + "x", session.replace("Y", "Z"), "é"):
        assert client.post(url, data={"s": wrong, **form}).text == "BADSESSION\n"
    assert client.post(url, data={"s": session, **form}).text == "OK\n"
    assert ("t00", AT) in plays(guarded_library, "ben")
    new_player_password(guarded_library, "ben")
    assert client.post(url, data={"s": session, **form}).text == "BADSESSION\n"


def test_session_of_a_scrobbler_opens_nothing_else(player):
    client, password = player
    _, session, _, _ = shake_hands(client, "ben", password)
    client.cookies.set("segue_session", session)
    assert client.get("/api/v1/me").status_code == 401
    client.cookies.clear()
    headers = {"Authorization": f"Bearer {session}"}
    assert client.get("/api/v1/me", headers=headers).status_code == 401


@pytest.mark.nightly
def test_mpdscribble_scrobbles_to_segue(serve, directory, tmp_path):
    program = shutil.which("mpdscribble")
    if program is None:
        pytest.skip("mpdscribble is not installed")
    server = serve()
    library = Library(directory)
    journal = tmp_path / "journal"
    journal.write_text(f"a = Band 0\nt = Piece 0\nb = \nl = 200\ni = {AT}\no = P\n\n", "utf-8")
    config = tmp_path / "mpdscribble.conf"
    config.write_text(
        f"log = -\nhost = 127.0.0.1\nport = 1\n[segue]\nurl = {server.url}audioscrobbler/\n"
        f"username = new\npassword = x\njournal = {journal}\n",
        "utf-8",
    )
    command = [program, "--no-daemon", "--conf", str(config), "--verbose", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while not plays(library) and time.monotonic() < until:
            time.sleep(0.2)
        process.terminate()
        said = process.stderr.read().decode()
    assert plays(library) == [("t00", AT)], said
    library.close()


# Last.fm 2.0 -------------------------------------------------------------------------------------


def call(client, method, *, key="k", secret="s", **given):  # noqa: S107
    sent = {"method": method, "api_key": key, **{name: str(one) for name, one in given.items()}}
    signed = "".join(f"{name}{sent[name]}" for name in sorted(sent))
    form = {**sent, "api_sig": md5(signed + secret), "format": "json"}
    return client.post("/2.0/", data=form)


def log_in(client, user="new", password="x"):  # noqa: S107
    answer = call(client, "auth.getMobileSession", username=user, password=password)
    assert answer.status_code == 200, answer.text
    return answer.json()["session"]["key"]


def test_lastfm_listens_are_stored(client, library):
    sk = log_in(client)
    call(client, "track.updateNowPlaying", sk=sk, artist="Band 1", track="Piece 1")
    assert library.playback.of("new")[0][1].track_id == "t01"
    answer = call(client, "track.scrobble", sk=sk, artist="Band 0", track="Piece 0", timestamp=AT)
    assert answer.json()["scrobbles"]["@attr"] == {"accepted": 1, "ignored": 0}
    batch = {}
    for place, title in enumerate(["Piece 1", "", "Nothing", "Piece 2"]):
        batch |= {f"artist[{place}]": f"Band {place}", f"track[{place}]": title}
        batch[f"timestamp[{place}]"] = AT + place + 1 if title != "Piece 2" else 5
    answer = call(client, "track.scrobble", sk=sk, **batch)
    document = answer.json()["scrobbles"]
    assert document["@attr"] == {"accepted": 2, "ignored": 2}
    codes = [one["ignoredMessage"]["code"] for one in document["scrobble"]]
    assert codes == ["0", "2", "0", "3"]
    recent = call(client, "user.getRecentTracks", sk=sk, limit=2).json()["recenttracks"]
    assert recent["@attr"]["total"] == "3"
    assert [int(one["date"]["uts"]) for one in recent["track"]] == [AT + 3, AT + 1]


def test_lastfm_love_is_an_opinion(client, library):
    sk = log_in(client)
    for method, kind in (("track.love", "like"), ("track.unlove", None)):
        answer = call(client, method, sk=sk, artist="Band 0", track="Piece 0")
        assert answer.json() == {}
        known = library.histories.opinions("new", ["t00"]).get("t00")
        assert (known.kind if known else None) == kind


def test_lastfm_answers_xml_by_default(client):
    sk = log_in(client)
    form = {"method": "track.scrobble", "sk": sk, "artist": "Band <&>", "track": "x\x01"}
    answer = client.post("/2.0", data={**form, "timestamp": str(AT)})
    root = ET.fromstring(answer.content)  # noqa: S314
    assert root.get("status") == "ok"
    assert root.find("scrobbles").get("accepted") == "1"
    assert root.find("scrobbles/scrobble/artist").text == "Band <&>"
    assert root.find("scrobbles/scrobble/ignoredMessage").get("code") == "0"
    root = ET.fromstring(client.post("/2.0/", data={"method": "x"}).content)  # noqa: S314
    assert (root.get("status"), root.find("error").get("code")) == ("failed", "3")


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"method": "track.scrobble"}, 9),
        ({"method": "track.scrobble", "sk": "bmV3.0000"}, 9),
        ({"method": "auth.getMobileSession"}, 6),
        ({"method": "auth.getMobileSession", "username": ""}, 6),
        ({"method": "auth.getSession"}, 6),
        ({"method": ""}, 3),
        ({}, 3),
    ],
)
def test_wrong_lastfm_call_is_an_error(client, given, number):
    answer = client.post("/2.0/", data={**given, "format": "json"})
    assert answer.status_code in (400, 403)
    assert answer.json()["error"] == number


def test_lastfm_takes_the_player_password(player, guarded_library):
    client, password = player
    wrong = call(client, "auth.getMobileSession", username="ben", password="wrong")  # noqa: S106
    assert (wrong.status_code, wrong.json()["error"]) == (403, 4)
    token = md5("ben" + md5(password))
    by_token = call(client, "auth.getMobileSession", username="ben", authToken=token).json()
    sk = log_in(client, "ben", password)
    assert by_token["session"]["key"] == sk
    given = {"sk": sk, "artist": "Band 0", "track": "Piece 0", "timestamp": AT}
    own = {"key": "ben", "secret": password}
    assert call(client, "track.scrobble", **own, **given).status_code == 200
    forged = call(client, "track.scrobble", key="ben", secret="other", **given)  # noqa: S106
    assert forged.json()["error"] == 13
    api_key = create_key(guarded_library, "ben", "phone")
    assert call(client, "auth.getSession", token=api_key).json()["session"]["name"] == "ben"
    assert call(client, "auth.getSession", token="wrong").json()["error"] == 4  # noqa: S106
    assert ("t00", AT) in plays(guarded_library, "ben")


def test_listen_of_several_protocols_counts_once(client, library):
    sk = log_in(client)
    call(client, "track.scrobble", sk=sk, artist="Band 0", track="Piece 0", timestamp=AT)
    _, session, _, url = shake_hands(client)
    client.post(url, data={"s": session, **submission(("Band 0", "Piece 0", AT))})
    metadata = {"artist_name": "Band 0", "track_name": "Piece 0"}
    listen = {"listened_at": AT, "track_metadata": metadata}
    document = {"listen_type": "single", "payload": [listen]}
    client.post("/1/submit-listens", json=document, headers={"Authorization": "Token new"})
    assert plays(library) == [("t00", AT)]


def test_playing_track_is_shown_by_connected_services(client, library):
    services = RecordedServices()
    library.services.put(
        "new",
        "listenbrainz",
        url=services.url,
        account="new",
        secret={"token": TOKEN},
        forwards=True,
        fetches=False,
    )
    forwarder = client.app.state.app_state.forwarder
    sk = log_in(client)
    for title in ("Piece 1", "Piece 1", "Nothing"):
        call(client, "track.updateNowPlaying", sk=sk, artist="Band 1", track=title)
        forwarder.send_playing()
    assert services.playing == ["Piece 1", "Nothing"]
    player = {"u": "new", "p": "x", "v": "1.16.1", "c": "player", "f": "json"}
    client.get("/rest/scrobble", params={**player, "id": "t02", "submission": "false"})
    forwarder.send_playing()
    report = {"mediaId": "t03", "mediaType": "song", "positionMs": 0, "state": "starting"}
    client.get("/rest/reportPlayback", params={**player, **report})
    client.get("/rest/reportPlayback", params={**player, **report, "state": "playing"})
    forwarder.send_playing()
    hidden = {**report, "mediaId": "t04", "ignoreScrobble": "true"}
    client.get("/rest/reportPlayback", params={**player, **hidden})
    forwarder.send_playing()
    services.close()
    assert services.playing == ["Piece 1", "Nothing", "Piece 2", "Piece 3"]
