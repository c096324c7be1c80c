"""Error answers as problem details (RFC 9457): a kind, a status, and one sentence.

The `type` is a relative URL at which the API explains the kind. An answer never contains tracebacks
or paths of the host; those are in the server's log. Below ListenBrainz's addresses, errors have the
form that ListenBrainz uses.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from segue import errors
from segue.pipeline.hidden_paths import public_text

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "/api/v1/problem-types/"
LISTENBRAINZ: Final = "/1"
"""Prefix of the addresses of ListenBrainz's API."""

KINDS: Final[Mapping[str, tuple[int, str]]] = {
    "bad-request": (400, "The request is malformed."),
    "no-session": (401, "Not signed in: choose a listener, log in, or send an API key."),
    "wrong-password": (401, "Wrong user name or password."),
    "forbidden": (403, "You do not have permission to do this."),
    "csrf": (
        403,
        "The header X-CSRF-Token does not match the session: read it from /session again.",
    ),
    "foreign-origin": (403, "The request comes from a page of another site."),
    "not-found": (404, "This address does not exist."),
    "unknown-track": (404, "The library has no such track."),
    "unknown-artist": (404, "The library has no such artist."),
    "unknown-album": (404, "The library has no such album."),
    "unknown-genre": (404, "No track of the library has this genre."),
    "unknown-listener": (404, "The library has no such listener."),
    "unknown-interest": (404, "The listener has no such interest."),
    "unknown-playlist": (404, "The listener has no such playlist."),
    "unknown-rule": (404, "The listener has no such rule."),
    "unknown-folder": (404, "There is no such folder, or it may not be shown."),
    "unknown-job": (404, "There is no such job."),
    "unknown-schedule": (404, "There is no such schedule."),
    "unknown-connection": (404, "The library has no such connection."),
    "not-playable": (404, "The track has no playable audio."),
    "method-not-allowed": (405, "This address does not support this method."),
    "too-slow": (408, "The body of the request did not arrive in time."),
    "conflict": (409, "The state of the library does not allow this."),
    "empty-library": (409, "The library has no tracks yet."),
    "not-trained": (409, "This needs a model that has not been trained yet."),
    "in-progress": (409, "A job is computing this: try again when it is done."),
    "too-large": (413, "The body of the request is too large."),
    "unsupported-type": (415, "The content type of the request is not supported."),
    "range-not-satisfiable": (416, "The audio has no such byte range."),
    "foreign-host": (421, "The server does not accept this host name."),
    "invalid": (422, "A value in the request is invalid."),
    "too-many": (429, "Too many attempts: try again later."),
    "internal": (500, "The server failed: see its log for the reason."),
    "unavailable": (503, "The server cannot do this now: try again later."),
    "busy": (503, "Another program is writing to the library."),
    "storage-full": (507, "The disk of the server is full."),
}
"""Status and title of every problem type."""

_BY_STATUS: Final = {
    400: "bad-request",
    401: "no-session",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    409: "conflict",
    413: "too-large",
    415: "unsupported-type",
    416: "range-not-satisfiable",
    422: "invalid",
    429: "too-many",
    503: "unavailable",
    507: "storage-full",
}

_OF_ERRORS: Final[Sequence[tuple[type[errors.SegueError], str]]] = (
    (errors.UnknownTrackError, "unknown-track"),
    (errors.UnknownListenerError, "unknown-listener"),
    (errors.UnknownInterestError, "unknown-interest"),
    (errors.UnknownPlaylistError, "unknown-playlist"),
    (errors.UnknownJobError, "unknown-job"),
    (errors.UnknownFolderError, "unknown-folder"),
    (errors.PlaylistError, "invalid"),
    (errors.UnknownRuleError, "unknown-rule"),
    (errors.RuleError, "invalid"),
    (errors.JobError, "invalid"),
    (errors.UnknownScheduleError, "unknown-schedule"),
    (errors.ScheduleError, "invalid"),
    (errors.UnknownConnectionError, "unknown-connection"),
    (errors.MediaServerError, "invalid"),
    (errors.UnknownAccountError, "unknown-listener"),
    (errors.WrongPasswordError, "wrong-password"),
    (errors.TooManyTriesError, "too-many"),
    (errors.AccountError, "invalid"),
    (errors.AddressError, "invalid"),
    (errors.EmptyLibraryError, "empty-library"),
    (errors.LibraryBusyError, "busy"),
    (errors.StorageFullError, "storage-full"),
    (errors.StorageError, "unavailable"),
    (errors.LibraryVersionError, "unavailable"),
    (errors.ModelNotTrainedError, "not-trained"),
    (errors.NoWeightError, "invalid"),
    (errors.AudioError, "not-playable"),
    (errors.MissingExtraError, "conflict"),
    (errors.SegueError, "conflict"),
)


@dataclass
class ProblemError(Exception):
    """A problem that ends a request.

    `more` are additional members of the document, `headers` additional headers of the response.
    """

    kind: str
    detail: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """HTTP status of the response."""
        return KINDS[self.kind][0]

    def document(self, instance: str, root_path: str = "") -> dict[str, Any]:
        """Return the problem details for a request to the path `instance` below `root_path`."""
        status, title = KINDS[self.kind]
        return {
            "type": f"{root_path}{TYPES}{self.kind}",
            "title": title,
            "status": status,
            "detail": self.detail or title,
            "instance": f"{root_path}{instance}",
            **self.more,
        }

    def written(self, path: str, root_path: str = "") -> tuple[bytes, str]:
        """Return body and media type of the response to a request for a path."""
        document, media_type = self.document(path, root_path), MEDIA_TYPE
        if path.startswith(f"{LISTENBRAINZ}/"):
            document = {"code": self.status, "error": document["detail"]}
            media_type = "application/json"
        return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"), media_type


def of_error(error: errors.SegueError, *places: Path) -> ProblemError:
    """Return the problem for an error of segue, without paths of the server."""
    kind = next(kind for each, kind in _OF_ERRORS if isinstance(error, each))
    headers = {}
    if isinstance(error, errors.TooManyTriesError):
        headers["Retry-After"] = str(max(1, round(error.seconds)))
    if isinstance(error, errors.StorageError):
        headers["Retry-After"] = str(error.retry_seconds)
    return ProblemError(kind, public_text(error, *places), headers=headers)


def of_status(status: int, headers: Mapping[str, str] | None = None) -> ProblemError:
    """Return the problem for an HTTP status."""
    kind = _BY_STATUS.get(status, "internal" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "")
    return ProblemError(kind or "bad-request", headers=headers or {})
