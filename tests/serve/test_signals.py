"""Test `/signals`."""

from tests.serve.conftest import Client

from segue.signals import SIGNALS


def test_signals_have_title_description_colors(client):
    found = client.get("/api/v1/signals").json()
    assert [one["name"] for one in found["items"]] == list(SIGNALS)
    (knn,) = [one for one in found["items"] if one["name"] == "knn"]
    assert knn["title"] == "Overall similarity"
    assert knn["description"] == "Similar in sound, genres, tags and metadata"
    assert knn["color"] == {"light": "#646ff7", "dark": "#95bdfd"}


def test_signals_unchanged_return_304(client):
    tag = client.get("/api/v1/signals").headers["ETag"]
    assert client.get("/api/v1/signals", headers={"If-None-Match": tag}).status_code == 304


def test_signals_need_no_session(guarded):
    with Client(guarded) as guest:
        assert guest.get("/api/v1/me").status_code == 401
        assert guest.get("/api/v1/signals").status_code == 200
