"""Test that all routes are built before the first request."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import fastapi.routing
import pytest
from tests.serve.conftest import Client

from segue.serve.app import make_app

ENDLESS = {"/api/v1/events"}


def requests_of(app):
    """Return method and address of every route, ids filled in."""
    return [
        (method.upper(), address.replace("{", "").replace("}", ""))
        for address, methods in sorted(app.openapi()["paths"].items())
        for method in methods
        if address not in ENDLESS
    ]


def send(client, requests, start):
    start.wait(60)
    return [(method, path, client.request(method, path).status_code) for method, path in requests]


def test_first_requests_in_parallel_never_fail(directory):
    wanted = requests_of(make_app(directory))
    assert len(wanted) > 40
    with Client(make_app(directory)) as one, Client(make_app(directory)) as other:
        start = Barrier(8)
        with ThreadPoolExecutor(8) as pool:
            parts = [
                pool.submit(send, client, wanted[part::4], start)
                for client in (one, other)
                for part in range(4)
            ]
        answers = [answer for part in parts for answer in part.result()]
    assert [answer for answer in answers if answer[2] >= 500] == []


@pytest.mark.parametrize("path", ["/api/v1/session", "/rest/ping", "/1/validate-token"])
def test_first_request_builds_no_route(app, monkeypatch, path):
    def build(**_):
        raise AssertionError("a route is built by a request")

    monkeypatch.setattr(fastapi.routing, "get_dependant", build)
    with Client(app) as client:
        assert client.get(path).status_code < 500
