"""What is sent to a service, what a service can do, and how it fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from segue.errors import SegueError


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedListen:
    """A listen that began `at` a whole second since 1970.

    `duration` and `seconds_played` are seconds, `recording` is a MusicBrainz id.
    """

    at: int
    artist: str
    title: str
    album: str | None = None
    duration: float | None = None
    seconds_played: float | None = None
    recording: str | None = None


class UnavailableError(SegueError):
    """A service that does not answer now; a later try may succeed.

    The request was not processed if it is `unprocessed`; otherwise it may have been.
    """

    def __init__(
        self, message: str, *, unprocessed: bool = False, retry_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.unprocessed = unprocessed
        self.retry_seconds = retry_seconds


class CredentialsError(SegueError):
    """A service that refuses the token, key or password."""


class RefusedRequestError(SegueError):
    """A request that a service refuses for its content: the same one is refused again."""


class ScrobbleService(Protocol):
    """A service that takes listens."""

    max_batch: int
    """Most listens of one call of `submit`."""

    def submit(self, listens: Sequence[ForwardedListen]) -> list[str | None]:
        """Send listens; return for each why it is refused, None if it was taken.

        Raises
        ------
        UnavailableError, CredentialsError
            None of them is stored for certain.
        RefusedRequestError
            If the service refuses them together; none is stored.
        """

    def known(self, listens: Sequence[ForwardedListen]) -> list[bool]:
        """Return which listens the service has already.

        Raises
        ------
        UnavailableError, CredentialsError, RefusedRequestError
            If it cannot say.
        """


@runtime_checkable
class OpinionService(ScrobbleService, Protocol):
    """A service that also takes opinions, and shows what is playing now."""

    def give_opinion(self, listen: ForwardedListen, score: int) -> None:
        """Send that the user likes (1) or dislikes (-1) a track, or has no opinion (0) of it.

        Raises
        ------
        UnavailableError, CredentialsError, RefusedRequestError
            If the service does not take it. It may be sent again, which changes nothing.
        """

    def show_playing(self, listen: ForwardedListen) -> None:
        """Send that a track is playing now; raises as `give_opinion` does."""
