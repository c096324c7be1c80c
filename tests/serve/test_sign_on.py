"""Test log-in by a user header of a proxy, and by OpenID Connect with a provider that runs here."""

import re
import warnings
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from tests.serve.conftest import PASSWORD, Client, is_problem

from segue.errors import SegueError
from segue.library import Library
from segue.pipeline.accounts import login
from segue.serve.app import make_app
from segue.serve.settings import Settings
from segue.serve.single_sign_on import COOKIE, check_settings

# the provider of these tests uses parts of Authlib that will be removed
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")
PROXY = "172.18.0.9"


@pytest.fixture
def library(directory):
    """A library with the account anna."""
    library = Library(directory)
    login.add_account(library, "anna", PASSWORD, admin=True)
    yield library
    library.close()


def client_of(directory, peer=PROXY, **options):
    settings = Settings(
        names=("music.test",), behind_proxy=True, trusted_proxies=("172.18.0.0/16",), **options
    )
    client = Client(make_app(directory, settings))
    client._transport.client = (peer, 5)
    client.headers["Host"] = "music.test"
    return client


# user header -------------------------------------------------------------------------------------


def test_user_header_of_trusted_proxy_logs_in(library, directory):
    with client_of(directory, user_header="Remote-User") as client:
        client.headers["Remote-User"] = "anna"
        answer = client.get("/api/v1/session")
        assert (answer.json()["listener"], answer.json()["admin"]) == ("anna", True)
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        assert client.patch("/api/v1/me/account", json={"shares_taste": True}).status_code == 200
    assert "log-in by proxy" in [entry.what for entry in library.audit.entries()]


@pytest.mark.parametrize(
    ("peer", "options"),
    [("10.1.1.1", {"user_header": "Remote-User"}), (PROXY, {}), (PROXY, {"user_header": "X-User"})],
    ids=["foreign peer", "off", "another header"],
)
def test_user_header_that_is_not_trusted_is_ignored(library, directory, peer, options):
    with client_of(directory, peer, **options) as client:
        client.headers["Remote-User"] = "anna"
        assert client.get("/api/v1/session").json()["listener"] is None
        assert is_problem(client.get("/api/v1/me"), 401, "no-session")


def test_user_header_forwarded_address_is_not_the_peer(library, directory):
    """A client that names a proxy as its address is still not one."""
    with client_of(directory, "10.1.1.1", user_header="Remote-User") as client:
        client.headers.update({"Remote-User": "anna", "X-Forwarded-For": PROXY})
        assert client.get("/api/v1/session").json()["listener"] is None


def test_user_header_twice_logs_nobody_in(library, directory):
    with client_of(directory, user_header="Remote-User") as client:
        headers = [("Remote-User", "anna"), ("Remote-User", "ben")]
        assert client.get("/api/v1/session", headers=headers).json()["listener"] is None


def test_user_header_of_another_user_ends_the_session(library, directory):
    login.add_account(library, "ben", PASSWORD)
    with client_of(directory, user_header="Remote-User") as client:
        client.get("/api/v1/session", headers={"Remote-User": "anna"})
        headers = {"Remote-User": "ben"}
        assert client.get("/api/v1/me/account", headers=headers).status_code == 401
        assert client.get("/api/v1/session", headers=headers).json()["listener"] == "ben"
        assert client.get("/api/v1/me/account", headers=headers).json()["name"] == "ben"


@pytest.mark.parametrize("create", [True, False])
def test_user_header_of_unknown_user_makes_account_if_allowed(library, directory, create):
    with client_of(directory, user_header="Remote-User", create_accounts=create) as client:
        answer = client.get("/api/v1/session", headers={"Remote-User": "zoë".encode()})
        if create:
            assert (answer.json()["listener"], answer.json()["admin"]) == ("zoë", False)
        else:
            assert is_problem(answer, 403, "forbidden")
    assert (library.accounts.find("zoë") is not None) == create


# OpenID Connect ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def provider():
    """An OpenID Connect provider."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mock = pytest.importorskip("oidc_provider_mock")
        users = [mock.User(sub="1", claims={"preferred_username": "anna"})]
        with mock.run_server_in_thread(user_claims=users) as server:
            yield f"http://localhost:{server.server_port}"


def signing_on(directory, provider, **options):
    secret = {"oidc_client_secret": "s"}
    return client_of(directory, oidc_issuer=provider, oidc_client_id="segue", **secret, **options)


def consent(address, sub="1"):
    """Log in at the provider, and return the address that it leads back to."""
    answer = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=60)
    assert answer.status_code in (302, 303), answer.text
    return answer.headers["location"]


def begun(client, root=""):
    assert client.get(f"{root}/api/v1/session").json()["single_sign_on"]
    answer = client.get(f"{root}/oidc/login", follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def callback(client, address, **options):
    parts = urlsplit(address)
    path = f"{parts.path}?{parts.query}"
    return client.get(path, follow_redirects=False, **options)


@pytest.mark.parametrize("root", ["", "/segue"])
def test_oidc_login_opens_session_of_account(library, directory, provider, root):
    with signing_on(directory, provider, root_path=root) as client:
        address = begun(client, root)
        asked = parse_qs(urlsplit(address).query)
        assert asked["redirect_uri"] == [f"http://music.test{root}/oidc/callback"]
        assert asked["code_challenge_method"] == ["S256"]
        answer = callback(client, consent(address))
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == f"{root}/"
        assert "SameSite=strict" in "".join(answer.headers.get_list("set-cookie"))
        found = client.get(f"{root}/api/v1/session").json()
        assert (found["listener"], found["admin"]) == ("anna", True)


def test_oidc_callback_of_another_browser_is_refused(library, directory, provider):
    with signing_on(directory, provider) as client:
        back = consent(begun(client))
        client.cookies.clear()
        assert is_problem(callback(client, back), 403, "forbidden")


def test_oidc_callback_with_wrong_nonce_is_refused(library, directory, provider):
    with signing_on(directory, provider) as client:
        back = consent(begun(client))
        text = client.cookies[COOKIE].strip('"')
        forged = re.sub("nonce=[^&]*", "nonce=other", text)
        client.cookies.clear()
        answer = callback(client, back, headers={"Cookie": f"{COOKIE}={forged}"})
        assert is_problem(answer, 403, "forbidden")
        assert client.get("/api/v1/session").json()["listener"] is None


def test_oidc_code_is_accepted_once(library, directory, provider):
    with signing_on(directory, provider) as client:
        back = consent(begun(client))
        cookie = client.cookies[COOKIE]
        assert callback(client, back).status_code == 303
        client.cookies.clear()
        again = callback(client, back, headers={"Cookie": f"{COOKIE}={cookie}"})
        assert is_problem(again, 403, "forbidden")


def test_oidc_unreachable_provider_is_unavailable(library, directory):
    with signing_on(directory, "http://localhost:9") as client:
        answer = client.get("/oidc/login", follow_redirects=False)
        assert is_problem(answer, 503, "unavailable")


def test_oidc_off_is_not_found(library, directory):
    with client_of(directory) as client:
        assert client.get("/oidc/login", follow_redirects=False).status_code == 404
        assert not client.get("/api/v1/session").json()["single_sign_on"]


@pytest.mark.parametrize(
    "options",
    [
        {"user_header": "Remote-User"},
        {"oidc_issuer": "https://id.example"},
        {"oidc_issuer": "http://id.example", "oidc_client_id": "segue"},
    ],
)
def test_sign_on_settings_that_contradict_are_refused(options):
    with pytest.raises(SegueError, match="--"):
        check_settings(Settings(**options))
