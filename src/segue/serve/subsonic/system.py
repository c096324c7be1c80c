"""The server, its extensions, and who calls."""

from typing import Any, Final

from segue.errors import UnknownAccountError
from segue.library import Library
from segue.pipeline.accounts import find_account
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.responses import FORBIDDEN, NOT_FOUND, SubsonicError

EXTENSIONS: Final = {
    "apiKeyAuthentication": [1],
    "formPost": [1],
    "playbackReport": [1],
    "sonicSimilarity": [1],
    "transcodeOffset": [1],
}
"""What of OpenSubsonic is spoken here beyond Subsonic, and in which versions."""
FOLDER: Final = 1
"""The number of the one music folder there is: the library."""


def ping(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Say that the server is there."""
    return {}


def get_license(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Say that the server may be used: it is free."""
    return {"license": {"valid": True}}


def get_extensions(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """List the extensions."""
    listed = [{"name": name, "versions": versions} for name, versions in EXTENSIONS.items()]
    return {"openSubsonicExtensions": listed}


def get_music_folders(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """List the one music folder there is."""
    return {"musicFolders": {"musicFolder": [{"id": FOLDER, "name": "Music"}]}}


def get_scan_status(call: Call) -> dict[str, Any]:
    """Say whether music is being read, and how many tracks there are."""
    library = call.holding.library
    scanning = any(job.verb == "preprocess" for job in library.jobs.under_way())
    return {"scanStatus": {"scanning": scanning, "count": len(call.holding.catalogue())}}


def get_user(call: Call) -> dict[str, Any]:
    """Tell what a user may: whoever calls, or, to admins, another."""
    name = call.text("username") or call.me
    admin = call.principal.admin
    if name != call.me:
        if not call.principal.admin:
            raise SubsonicError(FORBIDDEN, "Only admins may ask about others.")
        admin = _admin(call.holding.library, name)
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
