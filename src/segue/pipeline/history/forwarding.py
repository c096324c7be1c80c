"""Send listens and opinions of listeners to the services that they connected, each once.

`Forwarder.send_due` sends what is queued, for each connection up to a batch at a time. A service
that does not answer is tried again after `MIN_WAIT_SECONDS`, then after twice the time, up to
`MAX_WAIT_SECONDS`; what it may have got is asked for before it is sent again. A service that
refuses the credentials is not tried again before it is connected again. A listen that a service
refuses for its content is kept as refused, with the reason, and does not hold up the others.
Opinions are queued like listens. What is playing now is sent once, or never: it is not queued.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from segue.library import Library
from segue.library.service_store import QueuedListen, ServiceConnection
from segue.pipeline.history.service_connections import service_client
from segue.pipeline.repeated_task import RepeatedTask
from segue.sources.history_import.matching import recordings_in
from segue.sources.scrobble_services import (
    CredentialsError,
    ForwardedListen,
    OpinionService,
    ScrobbleService,
    UnavailableError,
)
from segue.sources.scrobble_services.forwarded_listen import RefusedRequestError
from segue.types import Track, TrackReference

MIN_WAIT_SECONDS: Final = 30.0
MAX_WAIT_SECONDS: Final = 3_600.0
POLL_SECONDS: Final = 5.0
"""Time between two checks for listens to send."""
PLAYING_SECONDS: Final = 60.0
"""Time after which it is too late to say what is playing now."""

_LOG = logging.getLogger("segue.forwarding")


class Forwarder:
    """Sends queued listens of one library. Several processes may do so at the same time."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._task = RepeatedTask("forwarding", self._send_all, POLL_SECONDS)
        self._playing: dict[str, tuple[float, ForwardedListen]] = {}

    def start(self) -> None:
        """Send listens in a thread until `stop` is called."""
        self._task.start()

    def stop(self) -> None:
        """Stop sending; a request that waits for its answer is not waited for longer."""
        self._task.stop()

    def send_due(self) -> int:
        """Send the listens that are due; return the number of those that were taken.

        Raises
        ------
        LibraryError
            If the library cannot be read or written.
        """
        n_taken = 0
        for connection in self._library.services.due(time.time()):
            while not self._task.is_stopping:
                n_sent, n_batch = self._send_batch(connection)
                n_taken += n_batch
                if not n_sent:
                    break
        return n_taken

    def announce(self, owner: str, track: Track | TrackReference) -> None:
        """Let the thread send what a listener is playing now; a later track replaces it.

        A track without artist or title is not sent.
        """
        if track.artist and track.title:
            self._playing[owner] = time.time(), _playing(track)
            self._task.wake()

    def send_playing(self) -> int:
        """Send what is playing now; return the number of services that took it.

        What a service does not take is dropped.
        """
        n_taken = 0
        while self._playing:
            owner, (since, listen) = self._playing.popitem()
            now = time.time()
            if now - since > PLAYING_SECONDS:
                continue
            for connection in self._library.services.of(owner):
                if not connection.forwards or connection.stopped or connection.retry_at > now:
                    continue
                client = service_client(self._library, connection)
                if not isinstance(client, OpinionService):
                    continue
                try:
                    client.show_playing(listen)
                    n_taken += 1
                except (UnavailableError, CredentialsError, RefusedRequestError) as error:
                    _LOG.debug("what is playing was not sent to %s: %s", connection.service, error)
        return n_taken

    def _send_all(self) -> None:
        self.send_playing()
        self.send_due()

    def _send_batch(self, connection: ServiceConnection) -> tuple[int, int]:
        """Send one batch; return the numbers of listens with a result, and of those taken.

        The first is 0 where nothing is left, or the service must be tried again later.
        """
        store, owner, service = self._library.services, connection.owner, connection.service
        client = service_client(self._library, connection)
        claim, queued = store.claim(owner, service, client.max_batch, time.time())
        if not queued:
            return 0, 0
        try:
            taken, refused = _sent(client, queued)
        except UnavailableError as error:
            if error.unprocessed:
                store.release(claim)
            else:
                store.release(claim, state="unsure")
            self._note_failure(connection, error)
            return 0, 0
        except CredentialsError as error:
            store.release(claim)
            store.change(owner, service, error=str(error), stopped=True)
            _LOG.warning("forwarding of %s to %s has stopped: %s", owner, service, error)
            return 0, 0
        store.finish(owner, service, claim, taken=taken, refused=refused)
        store.release(claim, state="unsure")  # what had no result before the service was gone
        return len(taken) + len(refused), len(taken)

    def _note_failure(self, connection: ServiceConnection, error: UnavailableError) -> None:
        store, owner, service = self._library.services, connection.owner, connection.service
        now = store.get(owner, service)
        failures = (now.failures if now else 0) + 1
        wait = min(MIN_WAIT_SECONDS * 2 ** min(failures - 1, 20), MAX_WAIT_SECONDS)
        if error.retry_seconds is not None:
            wait = max(wait, error.retry_seconds)
        values = {"failures": failures, "retry_at": time.time() + wait, "error": str(error)}
        store.change(owner, service, **values)


def _sent(
    client: ScrobbleService, queued: Sequence[QueuedListen]
) -> tuple[list[int], dict[int, str]]:
    """Send what is queued; return the numbers of what the service has now, and the others."""
    opinions = [one for one in queued if "opinion" in one.listen]
    listens = [one for one in queued if "opinion" not in one.listen]
    taken, refused = _sent_listens(client, listens) if listens else ([], {})
    for one in opinions:
        if not isinstance(client, OpinionService):
            refused[one.number] = "The service has no opinions."
            continue
        try:
            client.give_opinion(forwarded_listen(one.listen), int(one.listen["opinion"]))
            taken.append(one.number)
        except RefusedRequestError as error:
            refused[one.number] = str(error)
        except (UnavailableError, CredentialsError):
            if not taken and not refused:
                raise
            break  # the others are sent later
    return taken, refused


def _sent_listens(
    client: ScrobbleService, queued: Sequence[QueuedListen]
) -> tuple[list[int], dict[int, str]]:
    """Send listens; return the numbers of those that the service has now, and the others."""
    taken: list[int] = []
    unsure = [(one.number, forwarded_listen(one.listen)) for one in queued if one.unsure]
    if unsure:
        known = _known(client, [listen for _, listen in unsure])
        taken += [number for (number, _), there in zip(unsure, known, strict=True) if there]
    missing = [one for one in queued if one.number not in taken]
    refused: dict[int, str] = {}
    if not missing:
        return taken, refused
    listens = [forwarded_listen(one.listen) for one in missing]
    try:
        reasons = client.submit(listens)
    except RefusedRequestError as error:
        if len(missing) == 1:
            return taken, {missing[0].number: str(error)}
        reasons = _one_by_one(client, listens)
    for one, reason in zip(missing, reasons, strict=False):
        if reason is None:
            taken.append(one.number)
        else:
            refused[one.number] = reason
    return taken, refused


def _known(client: ScrobbleService, listens: Sequence[ForwardedListen]) -> list[bool]:
    """Return which listens the service has; they wait where it refuses to say."""
    try:
        return client.known(listens)
    except RefusedRequestError as error:
        raise UnavailableError(f"It is unknown which plays arrived: {error}") from None


def _one_by_one(client: ScrobbleService, listens: Sequence[ForwardedListen]) -> list[str | None]:
    """Send listens that are refused together, each by itself; fewer where the service is gone."""
    reasons: list[str | None] = []
    for listen in listens:
        try:
            reasons += client.submit([listen])
        except RefusedRequestError as error:
            reasons.append(str(error))
        except UnavailableError:
            if not reasons:
                raise
            break
    return reasons


def _playing(track: Track | TrackReference) -> ForwardedListen:
    """Return a track as clients of services send it."""
    if isinstance(track, Track):
        recordings, duration = recordings_in(track.metadata), track.duration
    else:
        recordings, duration = (track.recording or "").split("|"), None
    return ForwardedListen(
        at=int(time.time()),
        artist=track.artist or "",
        title=track.title or "",
        album=track.album,
        duration=duration,
        recording=next(filter(None, recordings), None),
    )


def forwarded_listen(listen: Mapping[str, Any]) -> ForwardedListen:
    """Return a queued listen as clients of services send it."""
    duration, ms_played = listen.get("duration"), listen.get("ms_played")
    metadata = listen.get("metadata") or {}
    return ForwardedListen(
        at=int(listen["at"]),
        artist=listen["artist"],
        title=listen["title"],
        album=listen.get("album"),
        duration=duration or None,
        seconds_played=None if ms_played is None else ms_played / 1e3,
        recording=listen.get("recording") or next(iter(recordings_in(metadata)), None),
    )
