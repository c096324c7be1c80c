"""Test that listens are sent to other services once, whatever fails."""

import time

import pytest
from tests.recorded_services import TOKEN, RecordedServices

from segue.errors import AccountError, SegueError
from segue.library import Event, ImportedListen, Library
from segue.library.service_store import CLAIM_SECONDS
from segue.pipeline.history import forwarding
from segue.pipeline.history.forwarding import MAX_WAIT_SECONDS, Forwarder
from segue.pipeline.history.service_connections import (
    connect_service,
    disconnect_service,
    service_document,
)
from segue.pipeline.history.submitted_listens import (
    SubmissionTarget,
    give_opinion,
    read_listens,
    submit,
)
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


def test_listen_that_was_not_processed_is_not_looked_up(library, services):
    connect(library, services)
    play(library, 1)
    services.failures = [429]
    assert Forwarder(library).send_due() == 0
    assert state(library).retry_at > time.time() + 7_000  # as the service asked
    retry_now(library)
    assert Forwarder(library).send_due() == 1
    assert not [path for path in services.paths() if path.endswith("/listens")]


def test_service_that_goes_while_listens_are_sent_singly(library, services):
    connect(library, services)
    services.refused_titles = {"Piece 2"}
    play(library, 1, 2, 3)
    services.failures = [None, None, 503, 503]  # all together, the first, the second
    assert Forwarder(library).send_due() == 1
    assert (state(library).sent, state(library).waiting) == (1, 2)
    assert state(library).failures == 1
    retry_now(library)
    Forwarder(library).send_due()
    assert services.sent() == sent(1, 3)


def test_listen_waits_when_the_service_does_not_say_if_it_arrived(library, services):
    connect(library, services)
    play(library, 1)
    services.failures = ["drop", 404]
    for _ in range(2):
        retry_now(library)
        assert Forwarder(library).send_due() == 0
    assert "unknown which plays arrived" in state(library).error
    retry_now(library)
    assert Forwarder(library).send_due() == 1
    assert services.sent() == sent(1)


def test_time_played_is_sent_in_seconds(library, services):
    connect(library, services)
    play(library, 1, ms_played=61_000)
    Forwarder(library).send_due()
    assert services.listens[0]["more"]["duration_played"] == 61


def test_opinion_that_is_being_sent_stays(library, services):
    connect(library, services, "lastfm")
    opine(library, "like")
    claim, _ = library.services.claim("anna", "lastfm", 10, time.time())
    opine(library, "clear", at=AT + 1)
    assert state(library, "lastfm").waiting == 2
    library.services.release(claim)
    Forwarder(library).send_due()
    assert services.opinions == [("Piece 1", 1), ("Piece 1", 0)]


def test_playing_track_is_not_sent_to_a_service_that_fails(library, services):
    connect(library, services)
    play(library, 1)
    services.failures = [503]
    forwarder = Forwarder(library)
    forwarder.send_due()
    forwarder.announce("anna", TRACKS[1])
    assert forwarder.send_playing() == 0
    library.services.change("anna", "listenbrainz", retry_at=0.0, stopped=True)
    forwarder.announce("anna", TRACKS[1])
    assert forwarder.send_playing() == 0
    assert services.playing == []


def opine(library, kind, number=1, at=AT):
    event = Event(user="anna", track_id=f"t{number}", kind=kind, key=f"{kind}{at}", at=at)
    library.feedback.add([event])


@pytest.mark.parametrize(
    ("service", "opinions"),
    [
        ("listenbrainz", [("m1", 1), ("m1", -1), ("m1", 0)]),
        ("lastfm", [("Piece 1", 1), ("Piece 1", 0), ("Piece 1", 0)]),
    ],
)
def test_opinions_are_sent_in_order(library, services, service, opinions):
    services.recordings = {"Piece 1": "m1"}
    connect(library, services, service)
    for place, kind in enumerate(("like", "dislike", "clear")):
        opine(library, kind, at=AT + place)
        opine(library, kind, at=AT + place)
        assert Forwarder(library).send_due() == 1
    assert services.opinions == opinions
    assert services.listens == []


def test_recording_of_the_library_is_not_looked_up(library, services):
    known = "0d2b5f8e-0b0a-4f7e-9a2c-1c6d3c7e9a11"
    track = Track(
        track_id="m", title="Named", artist="Band", metadata={"musicbrainz_trackid": known}
    )
    import pandas as pd

    from segue.types import LISTEN_COLUMNS

    library.add_dataset("more", tracks=[track], listens=pd.DataFrame(columns=LISTEN_COLUMNS))
    connect(library, services)
    library.feedback.add([Event(user="anna", track_id="m", kind="like", key="l", at=AT)])
    Forwarder(library).send_due()
    assert services.opinions == [(known, 1)]
    assert "/1/metadata/lookup/" not in services.paths()


def test_later_opinion_replaces_the_one_that_waits(library, services):
    connect(library, services, "lastfm")
    for place, kind in enumerate(("like", "clear", "like")):
        opine(library, kind, at=AT + place)
    opine(library, "dislike", number=2)
    opine(library, "like", number=1, at=AT - 1)  # an earlier one that came late
    assert state(library, "lastfm").waiting == 2
    Forwarder(library).send_due()
    assert services.opinions == [("Piece 1", 1), ("Piece 2", 0)]


def test_opinion_outlives_an_outage(library, services):
    connect(library, services, "lastfm")
    opine(library, "like")
    services.failures = ["drop"]
    assert Forwarder(library).send_due() == 0
    retry_now(library, "lastfm")
    assert Forwarder(library).send_due() == 1
    assert services.opinions == [("Piece 1", 1)] * 2  # which changes nothing there
    assert state(library, "lastfm").waiting == 0


def test_outage_after_the_listens_keeps_the_opinions(library, services):
    connect(library, services, "lastfm")
    play(library, 1)
    opine(library, "like", number=2)
    services.failures = [None, 503, 503]
    assert Forwarder(library).send_due() == 1
    assert (state(library, "lastfm").waiting, services.opinions) == (1, [])
    retry_now(library, "lastfm")
    assert Forwarder(library).send_due() == 1
    assert (services.sent(), services.opinions) == (sent(1), [("Piece 2", 1)])


def test_opinion_of_an_unknown_recording_is_refused(library, services):
    connect(library, services)
    opine(library, "like")
    play(library, 1)
    Forwarder(library).send_due()
    now = state(library)
    assert (now.sent, now.waiting, now.refused) == (1, 0, 1)


def test_opinion_is_not_queued_for_maloja(library, services):
    connect(library, services, "maloja")
    opine(library, "like")
    assert state(library, "maloja").waiting == 0


def test_opinion_of_a_track_that_the_library_lacks_is_sent(library, services):
    connect(library, services, "lastfm")
    target = SubmissionTarget(library, library.feedback.add, Matcher([]), {}.get)
    for score in (1, 0):
        give_opinion(target, "anna", TrackReference(artist="Nobody", title="Nothing"), score)
        Forwarder(library).send_due()
    assert services.opinions == [("Nothing", 1), ("Nothing", 0)]


@pytest.mark.parametrize("service", ["listenbrainz", "lastfm"])
def test_playing_track_is_shown_once(library, services, service):
    connect(library, services, service)
    forwarder = Forwarder(library)
    forwarder.announce("ben", TRACKS[2])
    forwarder.announce("anna", TRACKS[0])
    forwarder.announce("anna", TRACKS[1])
    assert forwarder.send_playing() == 1
    assert forwarder.send_playing() == 0
    assert services.playing == ["Piece 1"]
    assert services.listens == []
    assert state(library, service).waiting == 0


def test_playing_track_is_dropped_when_it_is_not_taken(library, services, monkeypatch):
    connect(library, services)
    forwarder = Forwarder(library)
    services.failures = [503]
    forwarder.announce("anna", TRACKS[1])
    assert forwarder.send_playing() == 0
    assert forwarder.send_playing() == 0
    now = state(library)
    assert (now.failures, now.waiting, services.playing) == (0, 0, [])
    monkeypatch.setattr(forwarding, "PLAYING_SECONDS", -1.0)
    forwarder.announce("anna", TRACKS[1])
    assert forwarder.send_playing() == 0
    monkeypatch.undo()
    forwarder.announce("anna", Track(track_id="x", title="No artist"))
    library.services.change("anna", "listenbrainz", forwards=False)
    forwarder.announce("anna", TRACKS[1])
    assert forwarder.send_playing() == 0
    assert services.playing == []


def test_forwarder_sends_what_is_announced_at_once(library, services, monkeypatch):
    monkeypatch.setattr(forwarding, "POLL_SECONDS", 600.0)
    connect(library, services)
    forwarder = Forwarder(library)
    forwarder.start()
    forwarder.announce("anna", TrackReference(artist="Nobody", title="Nothing"))
    until = time.monotonic() + 60
    while not services.playing and time.monotonic() < until:
        time.sleep(0.01)
    forwarder.stop()
    assert services.playing == ["Nothing"]


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


@pytest.mark.sqlite
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
