"""Test what players of accounts may see and change: users, scans, radio stations."""

import pytest
from tests.factories import copy_of_library
from tests.serve.conftest import Client
from tests.serve.subsonic.conftest import Player, add_two_accounts

from segue.serve.app import make_app


@pytest.fixture(scope="module")
def directory(shelved, tmp_path_factory):
    """The directory of a library that the tests of this module share."""
    return copy_of_library(shelved, tmp_path_factory.mktemp("shared") / "my.segue")


@pytest.fixture(scope="module")
def client(directory):
    with Client(make_app(directory)) as client:
        yield client


@pytest.fixture(scope="module")
def secrets(directory):
    """The player password and the key of anna, who is admin, and of ben."""
    return add_two_accounts(directory)


def stations(player):
    found = player.call("getInternetRadioStations")["internetRadioStations"]
    return found["internetRadioStation"]


def test_radio_stations_are_changed_by_admins_only(mine, bens):
    url = "https://radio.test/live"
    mine.call("createInternetRadioStation", name="Noise", streamUrl=url, homepageUrl=url)
    (station,) = stations(bens)
    assert (station["name"], station["streamUrl"], station["homePageUrl"]) == ("Noise", url, url)
    changed = {"id": station["id"], "name": "Louder", "streamUrl": url}
    assert bens.code("updateInternetRadioStation", **changed) == 50
    assert bens.code("deleteInternetRadioStation", id=station["id"]) == 50
    mine.call("updateInternetRadioStation", **changed)
    assert [one["name"] for one in stations(bens)] == ["Louder"]
    mine.call("deleteInternetRadioStation", id=station["id"])
    assert stations(bens) == []
    assert mine.code("deleteInternetRadioStation", id=station["id"]) == 70


def test_scan_is_started_by_admins_only(mine, bens, library):
    assert bens.code("startScan") == 50
    assert mine.call("startScan")["scanStatus"]["scanning"] is True
    mine.call("startScan")
    assert [job.verb for job in library.jobs.all()] == ["preprocess"]


def test_token_info_names_the_account_of_a_key(client, secrets):
    player = Player(client, apiKey=secrets["ben"][1])
    assert player.call("tokenInfo")["tokenInfo"] == {"username": "ben"}
    assert Player(client, apiKey="segue-nonsense").code("tokenInfo") == 44


def test_users_are_listed_for_admins(mine, bens):
    found = mine.call("getUsers")["users"]["user"]
    assert {one["username"]: one["adminRole"] for one in found} == {"anna": True, "ben": False}
    assert [one["username"] for one in bens.call("getUsers")["users"]["user"]] == ["ben"]


def test_avatar_is_a_picture_of_its_own(mine, bens):
    answer = mine.ask("getAvatar", username="ben")
    assert answer.content.startswith(b"\x89PNG")
    assert answer.content == bens.ask("getAvatar", username="ben").content
    assert answer.content != mine.ask("getAvatar", username="anna").content
    assert bens.code("getAvatar", username="anna") == 50
