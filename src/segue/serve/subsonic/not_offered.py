"""Methods of the protocol for what segue does not have: podcasts, shares, chat, videos, a jukebox.

Methods that list something return an empty list, so that players which call them at every start
work. Methods that would change something fail with one sentence.
"""

from typing import Any

from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.responses import FORBIDDEN, GENERIC, NOT_FOUND, SubsonicError


def get_podcasts(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """List no podcasts."""
    return {"podcasts": {"channel": []}}


def get_newest_podcasts(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """List no podcast episodes."""
    return {"newestPodcasts": {"episode": []}}


def refresh_podcasts(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Do nothing: there are no podcasts to refresh."""
    return {}


def get_podcast_episode(call: Call) -> dict[str, Any]:
    """Find no podcast episode."""
    call.wanted("id")
    raise SubsonicError(NOT_FOUND, "There are no podcasts.")


def change_podcasts(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Refuse to subscribe to a podcast, or to load one."""
    raise SubsonicError(FORBIDDEN, "The server has no podcasts.")


def get_shares(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """List no shares."""
    return {"shares": {"share": []}}


def change_shares(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Refuse to share something in public."""
    raise SubsonicError(FORBIDDEN, "The server shares nothing in public.")


def get_chat_messages(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """List no chat messages."""
    return {"chatMessages": {"chatMessage": []}}


def add_chat_message(call: Call) -> dict[str, Any]:
    """Refuse a chat message."""
    call.wanted("message")
    raise SubsonicError(FORBIDDEN, "The server has no chat.")


def get_videos(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """List no videos."""
    return {"videos": {"video": []}}


def find_no_video(call: Call) -> dict[str, Any]:
    """Find no video, and no captions of one."""
    call.wanted("id")
    raise SubsonicError(NOT_FOUND, "There are no videos.")


def change_users(call: Call) -> dict[str, Any]:  # noqa: ARG001
    """Refuse to change accounts: a player has no password that allows it."""
    raise SubsonicError(FORBIDDEN, "Players cannot change accounts: use the page of the server.")


def control_jukebox(call: Call) -> dict[str, Any]:
    """Show an empty jukebox, and refuse to control it: the server plays nothing itself."""
    action = call.wanted("action")
    # Subsonic calls it gain, OpenSubsonic volume
    status = {"currentIndex": -1, "playing": False, "gain": 0.0, "volume": 0, "position": 0}
    if action == "get":
        return {"jukeboxPlaylist": {**status, "entry": []}}
    if action in ("status", "stop", "clear"):
        return {"jukeboxStatus": status}
    if action in ("set", "start", "skip", "add", "remove", "shuffle", "setGain"):
        raise SubsonicError(FORBIDDEN, "The server has no jukebox: it plays nothing itself.")
    raise SubsonicError(GENERIC, "There is no such action of a jukebox.")
