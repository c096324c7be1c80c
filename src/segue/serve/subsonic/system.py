"""Server status, extensions, scans, and users."""

from typing import Any, Final

from fastapi import Response

from segue.errors import JobError, UnknownAccountError
from segue.library import Library
from segue.pipeline.accounts.login import find_account
from segue.pipeline.catalogue.cover_images import draw_tile_picture
from segue.pipeline.jobs.job_datasets import known_datasets
from segue.pipeline.jobs.runner import start_job
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.responses import FORBIDDEN, GENERIC, NOT_FOUND, SubsonicError

EXTENSIONS: Final = {
    "apiKeyAuthentication": [1],
    "formPost": [1],
    "indexBasedQueue": [1],
    "playbackReport": [1],
    "songLyrics": [1],
    "sonicSimilarity": [1],
    "topSongsByArtistId": [1],
    "transcodeOffset": [1],
}
"""Supported OpenSubsonic extensions and their versions."""
FOLDER: Final = 1
"""Id of the only music folder, the library."""


def ping(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Answer that the server is available."""
    return {}


def get_license(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Return a valid license: segue is free."""
    return {"license": {"valid": True}}


def get_extensions(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """List the extensions."""
    listed = [{"name": name, "versions": versions} for name, versions in EXTENSIONS.items()]
    return {"openSubsonicExtensions": listed}


def get_music_folders(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """List the only music folder."""
    return {"musicFolders": {"musicFolder": [{"id": FOLDER, "name": "Music"}]}}


def get_scan_status(call: Call) -> dict[str, Any]:
    """Return whether a scan is running, and the number of tracks."""
    library = call.app_state.library
    scanning = any(job.verb in {"preprocess", "rescan"} for job in library.jobs.under_way())
    return {"scanStatus": {"scanning": scanning, "count": len(call.app_state.catalogue())}}


def start_scan(call: Call) -> dict[str, Any]:
    """Start a job that scans the music folders again, for admins.

    A scan that waits or runs already is not started twice.
    """
    if not call.principal.admin:
        raise SubsonicError(FORBIDDEN, "Only admins may start a scan.")
    library = call.app_state.library
    names = known_datasets(library)
    if not names:
        raise SubsonicError(GENERIC, "There is no music folder to scan: add one on the page.")
    for name in names:
        try:
            start_job(library, "preprocess", {"dataset": name}, by=call.me, once=True)
        except JobError as error:
            raise SubsonicError(GENERIC, str(error)) from None
    return get_scan_status(call)


# users -------------------------------------------------------------------------------------------


def get_user(call: Call) -> dict[str, Any]:
    """Return the roles of the current user, or for admins of any user."""
    name = call.text("username") or call.me
    admin = call.principal.admin
    if name != call.me:
        if not call.principal.admin:
            raise SubsonicError(FORBIDDEN, "Only admins may see other users.")
        admin = _is_admin(call.app_state.library, name)
    return {"user": _user(name, admin=admin)}


def get_users(call: Call) -> dict[str, Any]:
    """List all users for admins, and only themselves for others."""
    library = call.app_state.library
    if not call.principal.admin:
        return {"users": {"user": [_user(call.me, admin=False)]}}
    if library.accounts.any():
        users = [_user(one.name, admin=one.admin) for one in library.accounts.all()]
    else:
        users = [
            _user(name, admin=True) for name in {call.me: None} | dict.fromkeys(library.listeners())
        ]
    return {"users": {"user": users}}


def token_info(call: Call) -> dict[str, Any]:
    """Return the name of the user whose API key the client has sent."""
    return {"tokenInfo": {"username": call.me}}


def get_avatar(call: Call) -> Response:
    """Send a generated picture, which is always the same for the same user."""
    name = call.wanted("username")
    if name != call.me:
        if not call.principal.admin:
            raise SubsonicError(FORBIDDEN, "Only admins may see other users.")
        _is_admin(call.app_state.library, name)
    return Response(draw_tile_picture(f"user {name}", 192), media_type="image/png")


def _user(name: str, *, admin: bool) -> dict[str, Any]:
    return {
        "username": name,
        "scrobblingEnabled": True,
        "adminRole": admin,
        "settingsRole": False,
        "downloadRole": True,
        "uploadRole": False,
        "playlistRole": True,
        "coverArtRole": False,
        "commentRole": False,
        "podcastRole": False,
        "streamRole": True,
        "jukeboxRole": False,
        "shareRole": False,
        "videoConversionRole": False,
        "folder": [FOLDER],
    }


def _is_admin(library: Library, name: str) -> bool:
    if not library.accounts.any():
        if name in library.listeners():
            return True
        raise SubsonicError(NOT_FOUND, "There is no such user.")
    try:
        return find_account(library, name).admin
    except UnknownAccountError:
        raise SubsonicError(NOT_FOUND, "There is no such user.") from None
