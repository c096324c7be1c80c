"""Server status, extensions, and users."""

from typing import Any, Final

from segue.errors import UnknownAccountError
from segue.library import Library
from segue.pipeline.accounts.login import find_account
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.responses import FORBIDDEN, NOT_FOUND, SubsonicError

EXTENSIONS: Final = {
    "apiKeyAuthentication": [1],
    "formPost": [1],
    "playbackReport": [1],
    "sonicSimilarity": [1],
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
    scanning = any(job.verb == "preprocess" for job in library.jobs.under_way())
    return {"scanStatus": {"scanning": scanning, "count": len(call.app_state.catalogue())}}


def get_user(call: Call) -> dict[str, Any]:
    """Return the roles of the current user, or for admins of any user."""
    name = call.text("username") or call.me
    admin = call.principal.admin
    if name != call.me:
        if not call.principal.admin:
            raise SubsonicError(FORBIDDEN, "Only admins may see other users.")
        admin = _admin(call.app_state.library, name)
    roles = {
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
    }
    return {
        "user": {"username": name, "scrobblingEnabled": True, **roles, "folder": [FOLDER]},
    }


def _admin(library: Library, name: str) -> bool:
    if not library.accounts.any():
        if name in library.listeners():
            return True
        raise SubsonicError(NOT_FOUND, "There is no such user.")
    try:
        return find_account(library, name).admin
    except UnknownAccountError:
        raise SubsonicError(NOT_FOUND, "There is no such user.") from None
