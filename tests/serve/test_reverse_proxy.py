"""Test the server behind nginx and Caddy, with the configurations of docs/reverse-proxy.md."""

import json
import ssl
import threading

import httpx
import pytest
from tests.factories import copy_of_library
from tests.serve.conftest import PASSWORD, Client, is_problem
from tests.serve.proxied import PASSWORD as PROXY_PASSWORD
from tests.serve.proxied import Caddy, Nginx
from tests.serve.served import Server

from segue.errors import SegueError
from segue.library import Library
from segue.pipeline.accounts import login
from segue.serve.app import make_app
from segue.serve.security.proxies import check_networks, check_root_path
from segue.serve.settings import Settings

KINDS = {"nginx": Nginx, "caddy": Caddy}


def library_with_account(original, place):
    directory = copy_of_library(original, place / "my.segue")
    library = Library(directory)
    login.add_account(library, "anna", PASSWORD, admin=True)
    library.close()
    return directory


@pytest.fixture(scope="module", params=[(kind, root) for kind in KINDS for root in ("", "/segue")])
def proxied(request, original, tmp_path_factory):
    """A browser of an account behind a proxy; its address is 127.0.0.2."""
    (kind, root), place = request.param, tmp_path_factory.mktemp("proxied")
    directory = library_with_account(original, place)
    options = ("--https", "--name", "127.0.0.1", *(["--root-path", root] if root else []))
    server = Server(directory, *options).start()
    proxy = KINDS[kind](place / kind, server, root)
    trusted = ssl.create_default_context(cafile=proxy.certificate)
    source = httpx.HTTPTransport(verify=trusted, local_address="127.0.0.2")
    with httpx.Client(base_url=proxy.url, transport=source, timeout=60) as browser:
        browser.headers["Origin"] = proxy.url.removesuffix(f"{root}/")
        body = {"listener": "anna", "password": PASSWORD}
        answer = browser.post("api/v1/session", json=body, headers={"X-Forwarded-For": "10.9.8.7"})
        assert answer.status_code == 200, answer.text
        browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
        browser.root, browser.directory, browser.logged_in = root, directory, answer
        yield browser
    proxy.stop()
    assert "Traceback" not in server.stop()


def test_proxy_page_and_apis_answer_below_path(proxied):
    page = proxied.get("")
    assert page.status_code == 200
    assert "script-src 'self'" in page.headers["content-security-policy"]
    for address in ("sw.js", "manifest.webmanifest", "api/v1/tracks", "rest/ping?f=json&v=1.16.1"):
        assert proxied.get(address).status_code == 200, address
    assert proxied.get("1/validate-token").status_code == 400
    cookie = proxied.logged_in.headers["set-cookie"]
    assert "Secure" in cookie
    assert f"Path={proxied.root or '/'};" in cookie
    address = proxied.get("api/v1/openapi.json").json().get("servers", [{"url": ""}])[0]["url"]
    assert address == proxied.root


def test_proxy_addresses_in_answers_are_reachable(proxied):
    missing = proxied.get("api/v1/tracks/none").json()
    assert missing["instance"] == f"{proxied.root}/api/v1/tracks/none"
    origin = proxied.headers["Origin"]
    assert proxied.get(f"{origin}{missing['type']}").status_code == 200
    made = proxied.post("api/v1/playlists", json={"name": "one", "tracks": ["t01"]})
    assert proxied.get(f"{origin}{made.headers['location']}").json()["name"] == "one"


def test_proxy_client_address_cannot_be_forged(proxied):
    library = Library(proxied.directory)
    noted = {entry.what: entry.address for entry in library.audit.entries()}
    library.close()
    assert noted["log-in"] == "127.0.0.2"


def test_proxy_events_arrive_at_once(proxied):
    def like():
        event = {"key": "1", "track_id": "t05", "kind": "like"}
        proxied.post("api/v1/feedback", json={"events": [event]})

    liking = threading.Thread(target=like)
    with proxied.stream("GET", "api/v1/events") as events:
        liking.start()
        assert any(line == "event: list" for line in events.iter_lines())
        liking.join()


def test_proxy_passes_ranges_of_audio(proxied):
    whole = proxied.get("api/v1/tracks/t01/audio")
    part = proxied.get("api/v1/tracks/t01/audio", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert part.content == whole.content[100:200]


@pytest.mark.parametrize("kind", KINDS)
def test_proxy_names_the_account_in_a_header(original, tmp_path, kind):
    directory = library_with_account(original, tmp_path)
    server = Server(directory, "--https", "--name", "127.0.0.1", "--user-header", "Remote-User")
    proxy = KINDS[kind](tmp_path / kind, server.start(), login=True)
    trusted = ssl.create_default_context(cafile=proxy.certificate)
    with httpx.Client(base_url=proxy.url, verify=trusted, timeout=60) as browser:
        forged = {"Remote-User": "anna"}
        assert browser.get("api/v1/session", headers=forged).status_code == 401
        browser.auth = ("anna", PROXY_PASSWORD)
        answer = browser.get("api/v1/session", headers={"Remote-User": "ben"})
        assert answer.json()["listener"] == "anna"
        assert browser.get("api/v1/tracks").status_code == 200
    proxy.stop()
    server.stop()


def test_proxy_passes_large_uploads(proxied):
    listen = {"ts": "2023-01-01T00:00:00Z", "ms_played": 200_000}
    listen["master_metadata_track_name"], listen["padding"] = "Piece 1", "x" * 4_000_000
    listen["master_metadata_album_artist_name"] = "Band 1"
    history = json.dumps([listen]).encode()
    answer = proxied.post(
        "api/v1/me/imports",
        params={"name": "Streaming_History_Audio_2023.json"},
        content=history,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 200, answer.text


# without a proxy ----------------------------------------------------------------------------------


def test_root_path_without_slash_redirects(directory):
    with Client(make_app(directory, Settings(root_path="/segue"))) as client:
        answer = client.get("/segue?a=1", follow_redirects=False)
        assert answer.status_code == 308
        assert answer.headers["location"] == "/segue/?a=1"


def test_root_path_removed_by_proxy_answers(directory):
    with Client(make_app(directory, Settings(root_path="/segue"))) as client:
        assert client.get("/api/v1/session").json() == client.get("/segue/api/v1/session").json()
        assert client.get("/seguex/api/v1/session").status_code == 404


def test_root_path_keeps_encoded_ids(directory):
    with Client(make_app(directory, Settings(root_path="/segue"))) as client:
        client.log_in("anna")
        track = "a%2Fb%20%252F%3F%23%C3%BC"
        assert client.get(f"/segue/api/v1/tracks/{track}").json()["title"] == "Piece 11"


@pytest.mark.parametrize("text", ["segue", "/a b", "/api", "/rest/x", "/../x", "//x", "/a?b"])
def test_root_path_that_cannot_work_is_refused(text):
    with pytest.raises(SegueError, match="--root-path"):
        check_root_path(text)


@pytest.mark.parametrize("address", ["proxy", "*", "0.0.0.0/0", "::/0", "1.2.3.4/40"])
def test_trusted_proxy_that_trusts_all_is_refused(address):
    with pytest.raises(SegueError, match="--trusted-proxy"):
        check_networks((address,), "--trusted-proxy")


@pytest.mark.parametrize(("peer", "address"), [("172.18.0.9", "203.0.113.7"), ("10.1.1.1", "")])
def test_trusted_proxy_alone_names_the_client(guarded, directory, peer, address):
    settings = Settings(
        names=("music.test",), behind_proxy=True, trusted_proxies=("172.18.0.0/16",)
    )
    with Client(make_app(directory, settings)) as client:
        client._transport.client = (peer, 5)
        client.headers.update({"Host": "music.test", "X-Forwarded-For": "203.0.113.7"})
        assert is_problem(
            client.post("/api/v1/session", json={"listener": "ben", "password": "no"}),
            401,
            "wrong-password",
        )
    library = Library(directory)
    assert library.audit.entries()[0].address == (address or peer)
    library.close()
