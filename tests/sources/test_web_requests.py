"""Requests to other servers: failures, limits and addresses."""

import io
import time

import pytest
from tests.servers.http_server import SimulatedServer

from segue.errors import AddressError
from segue.sources import web_requests
from segue.sources.web_requests import NoAnswerError, WebClient, checked_url


class EchoServer(SimulatedServer):
    """Answers with what `reply` is set to."""

    def __init__(self):
        super().__init__()
        self.reply = {"status": "ok"}

    def answer(self, request):
        if request.path == "/slow":
            time.sleep(2)
        return self.reply


@pytest.fixture
def server():
    simulated = EchoServer()
    yield simulated
    simulated.close()


@pytest.fixture
def client():
    with WebClient(timeout_seconds=5) as opened:
        yield opened


def test_answers_of_every_status_are_returned(server, client):
    for status, transient in ((200, False), (404, False), (429, True), (503, True)):
        server.reply = status, b'{"a": 1}'
        answer = client.request("GET", server.url)
        assert (answer.status, answer.is_transient) == (status, transient)
        assert answer.document() == {"a": 1}


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff", b"[" * 100_000])
def test_document_that_is_no_json_is_a_value_error(server, client, content):
    server.reply = 200, content
    with pytest.raises(ValueError):  # noqa: PT011  # of whichever subclass
        client.request("GET", server.url).document()


def test_long_answer_is_cut(server):
    server.reply = 200, b"x" * 5_000
    with WebClient(timeout_seconds=5, max_bytes=1_000) as client:
        assert client.request("GET", server.url).content == b"x" * 1_000


def test_request_is_unprocessed_if_no_server_is_there(client):
    gone = EchoServer()
    gone.close()
    with pytest.raises(NoAnswerError) as failed:
        client.request("GET", gone.url)
    assert failed.value.unprocessed


def test_request_may_be_processed_if_the_answer_is_missing(server, client):
    server.n_before_outage = 0
    with pytest.raises(NoAnswerError) as failed:
        client.request("POST", server.url, content=b"{}")
    assert not failed.value.unprocessed


def test_late_answer_is_no_answer(server):
    with WebClient(timeout_seconds=0.2) as client, pytest.raises(NoAnswerError, match="in time"):
        client.request("GET", f"{server.url}/slow")


def test_download_writes_files_not_documents(server, client):
    for reply, status, content in (
        ((200, b"audio"), 200, b"audio"),
        ({"error": 1}, 204, b""),
        ((404, b"gone"), 404, b""),
    ):
        server.reply, target = reply, io.BytesIO()
        assert client.download(server.url, target) == status
        assert target.getvalue() == content


def test_user_agent_names_the_program(server, client):
    client.request("GET", server.url, headers={"X-More": "1"})
    headers = server.requests[0].headers
    assert headers["user-agent"].startswith("segue/")
    assert headers["x-more"] == "1"


@pytest.mark.parametrize("url", ["http://a.home:1/x/", " https://a.home ", "http://[::1]:80"])
def test_address_of_a_server_is_taken(url):
    assert checked_url(url) == url.strip().rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.home",
        "ftp://a.home",
        "http://",
        "http://a.home:0",
        "http://a.home:99999",
        "http://a b.home",
        "http://a.home/\n",
        "http://a.home?x=secret",
        "http://a.home#x",
        "http://[::1",
        "http://me:secret@a.home",
        "http://me@a.home",
        "ftp://me:secret@a.home",
    ],
)
def test_address_that_is_none_is_refused(url):
    with pytest.raises(AddressError) as failed:
        checked_url(f"{url}\x00" if url.endswith("\n") else url)
    assert "secret" not in str(failed.value)


def test_certificates_are_read_once():
    assert web_requests._certificates() is web_requests._certificates()
