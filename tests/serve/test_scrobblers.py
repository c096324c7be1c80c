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
from segue.pipeline.accounts.player_passwords import new_player_password, revoke_player_password
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


@pytest.mark.parametrize("listens", [[("Band 0", "", AT)], [("Band 0", "Piece 0", "soon")]])
def test_audioscrobbler_without_usable_listen_fails(client, library, listens):
    _, session, _, url = shake_hands(client)
    answer = client.post(url, data={"s": session, **submission(*listens)})
    assert answer.text.startswith("FAILED The time or the names of listen 0")
    assert plays(library) == []


def test_audioscrobbler_takes_fifty_listens(client, library):
    _, session, _, url = shake_hands(client)
    listens = [("Band 0", "Piece 0", AT + 300 * n) for n in range(51)]
    assert client.post(url, data={"s": session, **submission(*listens)}).text == "OK\n"
    assert library.n_listens("new") == 50


@pytest.mark.parametrize(
    ("hours", "said"), [(-23, "OK"), (23, "OK"), (-25, "BADTIME"), (25, "BADTIME")]
)
def test_handshake_takes_clocks_that_are_a_day_off(client, hours, said):
    at = str(int(time.time()) + 3_600 * hours)
    assert shake_hands(client, t=at)[0] == said


def test_banned_track_of_audioscrobbler_is_a_skip(client, library):
    _, session, _, url = shake_hands(client)
    form = submission(("Band 1", "Piece 1", AT, "B"), ("Band 2", "Piece 2", AT + 1, "S"))
    client.post(url, data={"s": session, **form})
    skipped = library.listens()
    skipped = skipped[skipped["user_id"] == "new"]
    assert set(skipped["track_id"][skipped["skipped"] == 1]) == {"t01", "t02"}


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


def test_lastfm_takes_fifty_listens_in_order(client, library):
    sk = log_in(client)
    fields = {}
    for place in sorted(range(51), key=lambda n: n % 7):
        fields |= {f"artist[{place}]": "Band 0", f"track[{place}]": "Piece 0"}
        fields[f"timestamp[{place}]"] = AT + 300 * place
    answer = call(client, "track.scrobble", sk=sk, **fields)
    assert (answer.status_code, answer.json()["error"]) == (400, 6)
    assert plays(library) == []
    for name in ("artist", "track", "timestamp"):
        del fields[f"{name}[50]"]
    document = call(client, "track.scrobble", sk=sk, **fields).json()["scrobbles"]
    assert document["@attr"] == {"accepted": 50, "ignored": 0}
    times = [int(one["timestamp"]) for one in document["scrobble"]]
    assert times == sorted(times)


@pytest.mark.parametrize("method", ["track.updateNowPlaying", "track.love", "track.unlove"])
@pytest.mark.parametrize("given", [{"artist": "Band 0"}, {"artist": " ", "track": "Piece 0"}])
def test_lastfm_call_without_names_is_an_error(client, method, given):
    answer = call(client, method, sk=log_in(client), **given)
    assert (answer.status_code, answer.json()["error"]) == (400, 6)


def test_lastfm_scrobble_without_track_is_ignored(client, library):
    given = {"artist": "Band 0", "timestamp": AT}
    document = call(client, "track.scrobble", sk=log_in(client), **given).json()["scrobbles"]
    assert document["@attr"] == {"accepted": 0, "ignored": 1}
    assert document["scrobble"]["ignoredMessage"]["code"] == "2"


def test_signature_of_own_key_is_checked_at_login(player):
    client, password = player
    given = {"username": "ben", "password": password, "key": "ben"}
    forged = call(client, "auth.getMobileSession", secret="other", **given)  # noqa: S106
    assert forged.json()["error"] == 13
    assert call(client, "auth.getMobileSession", secret=password, **given).status_code == 200


def test_signature_may_have_capital_letters(player):
    client, password = player
    sent = {"method": "user.getInfo", "api_key": "ben", "sk": log_in(client, "ben", password)}
    signed = "".join(f"{name}{sent[name]}" for name in sorted(sent)) + password
    answer = client.post("/2.0/", data={**sent, "api_sig": md5(signed).upper(), "format": "json"})
    assert answer.json()["user"]["name"] == "ben"


def test_session_needs_a_player_password(player, guarded_library):
    client, _ = player
    api_key = create_key(guarded_library, "ben", "tablet")
    revoke_player_password(guarded_library, "ben")
    answer = call(client, "auth.getSession", token=api_key).json()
    assert (answer["error"], "no player password" in answer["message"]) == (14, True)


def test_guessing_player_passwords_is_slowed(directory):
    library = Library(directory)
    add_account(library, "eve", PASSWORD)
    password = new_player_password(library, "eve")
    library.close()
    client = Client(make_app(directory))
    given = {"username": "eve", "password": "wrong"}
    answers = [call(client, "auth.getMobileSession", **given) for _ in range(30)]
    errors = [(one.status_code, one.json()["error"]) for one in answers]
    assert (errors[0], errors[-1]) == ((403, 4), (429, 29))
    assert shake_hands(client, "eve", "wrong")[0].startswith("FAILED ")
    assert shake_hands(client, "eve", password)[0] == "OK"
