"""Test that listens are sent to other services once, whatever fails."""

import time

import pytest
from tests.recorded_services import TOKEN, RecordedServices

from segue.errors import AccountError, SegueError
from segue.library import Event, ImportedListen, Library
from segue.library.service_store import CLAIM_SECONDS
from segue.pipeline.history.forwarding import MAX_WAIT_SECONDS, Forwarder
from segue.pipeline.history.service_connections import (
    connect_service,
    disconnect_service,
    service_document,
)
from segue.pipeline.history.submitted_listens import SubmissionTarget, read_listens, submit
from segue.sources.history_import.matching import Matcher
from segue.sources.scrobble_services import CredentialsError, UnavailableError
from segue.types import Track, TrackReference

AT = 1_700_000_000
TRACKS = [Track(track_id=f"t{n}", title=f"Piece {n}", artist=f"Band {n}") for n in range(5)]
CREDENTIALS = {
    "listenbrainz": {"token": TOKEN},
    "maloja": {"token": TOKEN},
    "lastfm": {"api_key": "k", "api_secret": "s", "username": "anna", "password": TOKEN},
}


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "my.segue")
    add_tracks(opened)
    yield opened
    opened.close()


def add_tracks(library):
    import pandas as pd

    from segue.types import LISTEN_COLUMNS

    library.add_dataset("music", tracks=TRACKS, listens=pd.DataFrame(columns=LISTEN_COLUMNS))


@pytest.fixture
def services():
    made = RecordedServices()
    yield made
    made.close()


def connect(library, services, service="listenbrainz", **options):
    url = f"{services.url}/2.0" if service == "lastfm" else services.url
    return connect_service(
        library, "anna", service, CREDENTIALS[service], url=url, admin=True, **options
    )


def play(library, *numbers, user="anna", **more):
    events = [
        Event(user=user, track_id=f"t{n}", kind="play", key=f"{n}", at=AT + n, **more)
        for n in numbers
    ]
    library.feedback.add(events)


def state(library, service="listenbrainz"):
    return library.services.get("anna", service)


def retry_now(library, service="listenbrainz"):
    library.services.change("anna", service, retry_at=0.0)


def sent(*numbers):
    return [(f"Band {n}", f"Piece {n}", AT + n) for n in numbers]


@pytest.mark.parametrize("service", ["listenbrainz", "lastfm", "maloja"])
def test_play_is_sent_once(library, services, service):
    connect(library, services, service)
    play(library, 1, 2)
    play(library, 1, 2)
    assert state(library, service).waiting == 2
    assert Forwarder(library).send_due() == 2
    assert Forwarder(library).send_due() == 0
    play(library, 1)
    Forwarder(library).send_due()
    assert services.sent() == sent(1, 2)
    assert (state(library, service).sent, state(library, service).waiting) == (2, 0)


@pytest.mark.parametrize("service", ["listenbrainz", "lastfm", "maloja"])
def test_answer_that_is_lost_sends_nothing_twice(library, services, service):
    connect(library, services, service)
    play(library, 1)
    services.failures = ["drop"]
    assert Forwarder(library).send_due() == 0
    assert services.sent() == sent(1)
    play(library, 2)
    retry_now(library, service)
    Forwarder(library).send_due()
    assert services.sent() == sent(1, 2)
    assert state(library, service).waiting == 0


def test_outage_and_restart_lose_nothing(library, services):
    connect(library, services)
    play(library, 1)
    services.failures = [503, 503]
    for failures in (1, 2):
        retry_now(library)
        assert Forwarder(library).send_due() == 0
        assert state(library).failures == failures
    assert "503" in state(library).error
    first = state(library).retry_at
    assert first > time.time() + 50
    assert Forwarder(library).send_due() == 0  # it is not time yet
    directory = library.directory
    library.close()
    again = Library(directory)
    play(again, 2)
    retry_now(again)
    assert Forwarder(again).send_due() == 2
    assert services.sent() == sent(1, 2)
    assert (state(again).failures, state(again).error) == (0, None)
    again.close()


def test_service_that_is_gone_is_tried_ever_more_rarely(library, services):
    connect(library, services)
    play(library, 1)
    services.close()
    waits = []
    for _ in range(10):
        retry_now(library)
        Forwarder(library).send_due()
        waits.append(round((state(library).retry_at - time.time()) / 30))
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1, MAX_WAIT_SECONDS / 30)
    assert state(library).waiting == 1


def test_process_that_ends_while_it_sends_is_followed(library, services):
    connect(library, services)
    play(library, 1, 2)
    _, queued = library.services.claim("anna", "listenbrainz", 10, time.time())
    services.listens.append({"artist": "Band 1", "title": "Piece 1", "at": AT + 1})
    assert len(queued) == 2
    assert Forwarder(library).send_due() == 0  # the other process may still send
    later = time.time() - CLAIM_SECONDS - 1
    with library.services._database.begin() as connection:
        from segue.library.serving_schema import forward_queue

        connection.execute(forward_queue.update().values(claimed=later))
    assert Forwarder(library).send_due() == 2
    assert services.sent() == sent(1, 2)


def test_private_plays_and_skips_are_not_sent(library, services):
    connect(library, services)
    play(library, 1, private=True)
    library.feedback.add([Event(user="anna", track_id="t2", kind="skip", key="s", at=AT)])
    library.feedback.add([Event(user="anna", track_id="t2", kind="like", key="l", at=AT)])
    play(library, 3, user="ben")
    assert state(library).waiting == 0


def test_play_that_is_undone_is_not_sent(library, services):
    connect(library, services)
    play(library, 1, 2)
    undo = Event(user="anna", track_id="t1", kind="undo", key="u", undoes="1")
    library.feedback.add([undo])
    Forwarder(library).send_due()
    assert services.sent() == sent(2)


def test_submitted_listens_are_sent_imported_ones_are_not(library, services):
    connect(library, services)
    rows = {one.track_id: row for row, one in library.each_track()}
    target = SubmissionTarget(
        library,
        library.feedback.add,
        Matcher(library.each_track()),
        {row: track_id for track_id, row in rows.items()}.get,
    )
    records = [
        {"listened_at": AT, "track_metadata": {"artist_name": artist, "track_name": title}}
        for artist, title in (("Band 1", "Piece 1"), ("Nobody", "Nothing"))
    ]
    for _ in range(2):
        submit(target, "anna", read_listens(records))
    arrival = ImportedListen("anna", None, TrackReference(artist="A", title="B"), b"1" * 12, AT)
    library.add_listens("import:lastfm", [arrival])
    assert state(library).waiting == 2
    Forwarder(library).send_due()
    assert sorted(services.sent()) == [("Band 1", "Piece 1", AT), ("Nobody", "Nothing", AT)]


@pytest.mark.parametrize("service", ["listenbrainz", "lastfm"])
def test_refused_listen_does_not_hold_up_the_others(library, services, service):
    connect(library, services, service)
    services.refused_titles = {"Piece 2"}
    play(library, 1, 2, 3)
    Forwarder(library).send_due()
    assert services.sent() == sent(1, 3)
    now = state(library, service)
    assert (now.sent, now.waiting, now.refused, now.stopped) == (2, 0, 1, False)
    ((listen, reason),) = library.services.refused("anna", service)
    assert listen["title"] == "Piece 2"
    assert reason


def test_refused_token_stops_until_it_is_connected_again(library, services):
    connect(library, services)
    play(library, 1)
    services.failures = [401]
    Forwarder(library).send_due()
    assert state(library).stopped
    assert Forwarder(library).send_due() == 0
    assert services.sent() == []
    connect(library, services)
    Forwarder(library).send_due()
    assert services.sent() == sent(1)


@pytest.mark.parametrize("service", ["listenbrainz", "lastfm", "maloja"])
def test_wrong_credentials_are_not_stored(library, services, service):
    wrong = dict.fromkeys(CREDENTIALS[service], "wrong")
    url = f"{services.url}/2.0" if service == "lastfm" else services.url
    with pytest.raises(CredentialsError):
        connect_service(library, "anna", service, wrong, url=url, admin=True)
    assert library.services.of("anna") == []


def test_redirect_is_not_followed(library, services):
    services.failures = [302]
    with pytest.raises(UnavailableError):
        connect(library, services)
    assert services.paths() == ["/1/validate-token"]


@pytest.mark.parametrize(
    ("url", "admin"),
    [("http://127.0.0.1:1", False), ("ftp://host", True), ("http://a:b@host", True), ("x", True)],
)
def test_address_is_checked_first(library, url, admin):
    with pytest.raises(SegueError):
        connect_service(library, "anna", "maloja", {"token": TOKEN}, url=url, admin=admin)


def test_credentials_are_not_part_of_a_connection(library, services):
    for service in CREDENTIALS:
        made = connect(library, services, service)
        assert TOKEN not in repr(made) + str(service_document(made))
        assert "session-key" not in repr(made)
    assert TOKEN not in str(library.services.secret("anna", "lastfm"))  # a password is not stored
    assert library.directory.joinpath("library.db").stat().st_mode & 0o077 == 0


def test_disconnected_service_gets_nothing(library, services):
    connect(library, services)
    play(library, 1)
    disconnect_service(library, "anna", "listenbrainz")
    connect(library, services, forwards=False)
    play(library, 2)
    assert Forwarder(library).send_due() == 0
    with pytest.raises(AccountError):
        disconnect_service(library, "anna", "maloja")


def test_deleted_listener_leaves_no_credentials(library, services):
    connect(library, services)
    play(library, 1)
    library.delete_listener("anna")
    assert library.services.of("anna") == []
    assert library.services.secret("anna", "listenbrainz") == {}
