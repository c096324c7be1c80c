"""Users of the ListenBrainz API: the token is an API key, without accounts the listener's name.

ListenBrainz shows listens to everyone. In a library with accounts, segue shows them to their
listener only.
"""

from fastapi import Request

from segue.errors import AccountError
from segue.pipeline.accounts.login import check_name
from segue.serve.app_state import AppState
from segue.serve.scrobbling.listenbrainz_errors import ListenBrainzError
from segue.serve.scrobbling.scrobble_times import read_whole
from segue.serve.security import sessions


def request_token(request: Request) -> str:
    """Return the token of a request.

    Raises
    ------
    ListenBrainzError
        If there is none, or the header is malformed.
    """
    header = request.headers.get("authorization", "")
    if not header:
        raise ListenBrainzError(401, "You need to provide an Authorization header.")
    token = token_of_header(header)
    if not token:
        raise ListenBrainzError(401, "Provided Authorization header is invalid.")
    return token


def token_of_header(header: str) -> str:
    """Return the token in an Authorization header, empty if there is none.

    >>> token_of_header("Token abc "), token_of_header("Basic abc"), token_of_header("")
    ('abc', '', '')
    """
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.casefold() in ("token", "bearer") else ""


def token_owner(app_state: AppState, token: str) -> str:
    """Return the listener of a token.

    Raises
    ------
    ListenBrainzError
        If the token is not valid.
    """
    if sessions.mode_of(app_state) == "open":
        try:
            return check_name(token)
        except AccountError:
            raise ListenBrainzError(401, "Invalid authorization token.") from None
    found = sessions.listener_of_key(app_state, token)
    if found is None:
        raise ListenBrainzError(401, "Invalid authorization token.")
    return found


def current_user(request: Request, app_state: AppState) -> str:
    """Return the listener who sends a request.

    Raises
    ------
    ListenBrainzError
        If the token is missing or not valid.
    """
    return token_owner(app_state, request_token(request))


def readable_user(request: Request, app_state: AppState, name: str) -> str:
    """Return the listener of a name, whose data the sender of a request may read.

    Raises
    ------
    ListenBrainzError
        If there is no such listener, or the token is missing or that of another.
    """
    is_open = sessions.mode_of(app_state) == "open"
    if not is_open and current_user(request, app_state) != name:
        raise ListenBrainzError(403, "You may read your own listens only: use your own name.")
    if is_open and app_state.library.reader.listener_row(name) is None:
        sent = request.headers.get("authorization", "")
        if token_of_header(sent) != name:  # a listener who has no listens yet
            raise ListenBrainzError(404, f"Cannot find user: {name}.")
    return name


def whole_parameter(request: Request, name: str, default: int | None = None) -> int | None:
    """Return a parameter of the query that is a whole number, 0 or more.

    Raises
    ------
    ListenBrainzError
        If it is another value.
    """
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    number = read_whole(text)
    if number is None:
        raise ListenBrainzError(400, f"Invalid {name} argument: {text[:40]}.")
    return number


def page_parameters(request: Request, count: int, most: int) -> tuple[int, int]:
    """Return the count, limited, and the offset of a page.

    Raises
    ------
    ListenBrainzError
        If one of them is no whole number.
    """
    wanted = whole_parameter(request, "count", count)
    offset = whole_parameter(request, "offset", 0)
    return min(count if wanted is None else wanted, most), offset or 0
