"""Test that programs for Last.fm get a session when a user approves them on the page."""

import ssl
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.serve.conftest import PASSWORD, Client, is_problem
from tests.serve.proxied import make_certificate
from tests.serve.served import LocalServer
from tests.serve.test_scrobblers import AT, call, plays

from segue.library import Library
from segue.library.scrobbler_tokens import MAX_WAITING
from segue.pipeline.accounts import scrobbler_approval
from segue.pipeline.accounts.login import add_account
from segue.pipeline.accounts.player_passwords import player_password, revoke_player_password
from segue.serve.app import make_app
from segue.serve.settings import Settings

APPROVAL = "/api/v1/me/scrobblers"


@pytest.fixture
def library(directory):
    opened = Library(directory)
    add_account(opened, "ben", PASSWORD)
    yield opened
    opened.close()


@pytest.fixture
def program(library):
    """The program: it has no cookie."""
    return Client(make_app(library.directory))


@pytest.fixture
def ben(library):
    """The browser of ben."""
    return Client(make_app(library.directory)).log_in("ben", PASSWORD)


def new_token(program):
    return call(program, "auth.getToken").json()["token"]


def session(program, token, **given):
    return call(program, "auth.getSession", token=token, **given).json()


def test_approved_token_gives_one_session(program, ben, library):
    token = new_token(program)
    assert session(program, token)["error"] == 14
    answer = ben.post(APPROVAL, json={"api_key": "k", "token": token})
    assert answer.json() == {"callback": None}
    found = session(program, token)["session"]
    assert found["name"] == "ben"
    assert session(program, token)["error"] == 4
    given = {"sk": found["key"], "artist": "Band 0", "track": "Piece 0", "timestamp": AT}
    assert call(program, "track.scrobble", **given).status_code == 200
    assert ("t00", AT) in plays(library, "ben")
    revoke_player_password(library, "ben")
    assert call(program, "track.scrobble", **given).json()["error"] == 9


def test_approval_keeps_the_player_password(program, ben, library):
    for _ in range(2):
        ben.post(APPROVAL, json={"api_key": "k", "token": new_token(program)})
    password = player_password(library, "ben")
    assert password
    ben.post(APPROVAL, json={"api_key": "k", "token": new_token(program)})
    assert player_password(library, "ben") == password


def test_approval_without_csrf_token_is_refused(program, ben):
    token = new_token(program)
    del ben.headers["X-CSRF-Token"]
    assert is_problem(ben.post(APPROVAL, json={"api_key": "k", "token": token}), 403, "csrf")
    assert session(program, token)["error"] == 14


def test_approval_without_login_is_refused(program):
    body = {"api_key": "k", "token": new_token(program)}
    assert is_problem(program.post(APPROVAL, json=body), 401, "no-session")


def test_token_of_another_program_is_unknown(program, ben):
    token = new_token(program)
    wrong = ben.post(APPROVAL, json={"api_key": "other", "token": token})
    assert is_problem(wrong, 422, "invalid")
    ben.post(APPROVAL, json={"api_key": "k", "token": token})
    assert session(program, token, key="other")["error"] == 4
    assert session(program, token)["session"]["name"] == "ben"


def test_approved_token_cannot_be_taken_over(program, ben, library):
    add_account(library, "eve", PASSWORD)
    eve = Client(make_app(library.directory)).log_in("eve", PASSWORD)
    token = new_token(program)
    ben.post(APPROVAL, json={"api_key": "k", "token": token})
    again = eve.post(APPROVAL, json={"api_key": "k", "token": token})
    assert is_problem(again, 422, "invalid")
    assert session(program, token)["session"]["name"] == "ben"


def test_expired_token_gives_no_session(program, ben, monkeypatch):
    monkeypatch.setattr(scrobbler_approval, "VALID_SECONDS", -1.0)
    token = new_token(program)
    body = {"api_key": "k", "token": token}
    assert is_problem(ben.post(APPROVAL, json=body), 422, "invalid")
    assert session(program, token)["error"] == 15


def test_tokens_that_nobody_approves_are_limited(library):
    kept = scrobbler_approval.new_token(library, "k")
    scrobbler_approval.approve_program(library, "ben", "k", kept)
    first, *_, last = [scrobbler_approval.new_token(library, "k") for _ in range(MAX_WAITING + 1)]
    states = [scrobbler_approval.redeem_token(library, "k", one) for one in (kept, first, last)]
    assert states == [("ben", "waiting"), (None, "unknown"), (None, "waiting")]


@pytest.mark.parametrize(
    ("callback", "base"),
    [
        ("https://music.example/cb", "https://music.example/cb?"),
        ("http://localhost:9/cb?state=1#top", "http://localhost:9/cb?state=1&"),
        ("scrobbler://auth", "scrobbler://auth?"),
    ],
)
def test_callback_brings_a_token(program, ben, callback, base):
    answer = ben.post(APPROVAL, json={"api_key": "k", "callback": callback}).json()["callback"]
    assert answer.startswith(base)
    (token,) = parse_qs(urlsplit(answer).query)["token"]
    assert session(program, token)["session"]["name"] == "ben"


@pytest.mark.parametrize(
    "callback",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//host",
        "https://",
        "https://a@b/",
        "https://a/\n",
    ],
)
def test_callback_that_is_no_address_is_refused(ben, callback):
    assert is_problem(
        ben.post(APPROVAL, json={"api_key": "k", "callback": callback}), 422, "invalid"
    )


def test_approval_needs_token_or_callback(ben):
    assert is_problem(ben.post(APPROVAL, json={"api_key": "k"}), 422, "invalid")


@pytest.mark.parametrize("path", ["/api/auth", "/api/auth/"])
def test_address_of_a_program_leads_to_the_page(program, path):
    visit = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    visit["Sec-Fetch-Dest"] = "document"
    given = {"api_key": "k&b", "token": "a#b", "other": "x"}
    answer = program.get(path, params=given, headers=visit, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/#/approve?api_key=k%26b&token=a%23b"
    assert is_problem(program.get("/api/v1/session", headers=visit), 403, "foreign-origin")


def test_approval_address_stays_below_the_root_path(directory):
    client = Client(make_app(directory, Settings(root_path="/segue")))
    answer = client.get("/segue/api/auth/?api_key=k&token=t", follow_redirects=False)
    assert answer.headers["location"] == "/segue/#/approve?api_key=k&token=t"


def test_approval_works_without_accounts(directory):
    browser, program = (Client(make_app(directory)) for _ in range(2))
    browser.log_in("anna")
    token = new_token(program)
    assert session(program, token)["error"] == 14
    browser.post(APPROVAL, json={"api_key": "k", "token": token})
    found = session(program, token)["session"]
    assert found["name"] == "anna"
    assert call(program, "user.getInfo", sk=found["key"]).json()["user"]["name"] == "anna"


@pytest.fixture
def secure(library, tmp_path):
    """A server with https, and the certificate that it has signed itself."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "cert.key"
    make_certificate(certificate, key)
    server = LocalServer(library.directory, ssl_certfile=certificate, ssl_keyfile=key).start()
    yield server, certificate
    server.stop()


def test_pylast_scrobbles_after_web_approval(secure, ben, library, monkeypatch):
    pylast = pytest.importorskip("pylast", reason="no pylast: see [dev]")
    server, certificate = secure
    monkeypatch.setattr(pylast, "SSL_CONTEXT", ssl.create_default_context(cafile=certificate))
    host = urlsplit(server.url).netloc
    network = pylast.LastFMNetwork(api_key="k", api_secret="s")  # noqa: S106
    network.ws_server, network.homepage = (host, "/2.0/"), f"https://{host}"
    keys = pylast.SessionKeyGenerator(network)
    url = keys.get_web_auth_url()
    with pytest.raises(pylast.WSError) as refused:
        keys.get_web_auth_session_key(url)
    assert refused.value.status == "14"
    page = ben.get(url.removeprefix(f"https://{host}"), follow_redirects=False)
    query = parse_qs(page.headers["location"].partition("?")[2])
    ben.post(APPROVAL, json={name: query[name][0] for name in ("api_key", "token")})
    network.session_key, network.username = keys.get_web_auth_session_key_username(url)
    assert network.username == "ben"
    network.update_now_playing("Band 1", "Piece 1")
    network.scrobble("Band 0", "Piece 0", AT)
    network.get_track("Band 0", "Piece 0").love()
    (recent,) = network.get_user("ben").get_recent_tracks(limit=1)
    assert (recent.track.artist.name, recent.track.title) == ("Band 0", "Piece 0")
    assert int(recent.timestamp) == AT
    assert ("t00", AT) in plays(library, "ben")
    assert library.playback.of("ben")[0][1].track_id == "t01"
    assert library.histories.opinions("ben", ["t00"])["t00"].kind == "like"
