"""Play queues and bookmarks: where a listener continues, on whatever player."""

from typing import Any, Final

from segue.library import PlayQueue
from segue.serve.subsonic.calls import Call, missing, whole_number
from segue.serve.subsonic.catalogue_view import catalogue_view
from segue.serve.subsonic.responses import GENERIC, NOT_FOUND, SubsonicError, moment
from segue.serve.subsonic.serializers import Serializer

MAX_QUEUE: Final = 20_000
"""Largest number of songs of a play queue."""
_MAX_POSITION: Final = 7 * 86_400_000


def save_play_queue(call: Call) -> dict[str, Any]:
    """Save the play queue with the id of the current song; one without songs is cleared."""
    track_ids, current = _queued(call), call.text("current")
    place = None
    if track_ids:
        place = (
            0
            if current is None
            else next((place for place, one in enumerate(track_ids) if one == current), None)
        )
        if place is None:
            raise SubsonicError(GENERIC, "current must be one of the songs of the queue.")
    return _save(call, track_ids, place)


def save_play_queue_by_index(call: Call) -> dict[str, Any]:
    """Save the play queue with the index of the current song, since a song may come twice."""
    track_ids, text = _queued(call), call.text("currentIndex")
    place = None
    if track_ids:
        if text is None:
            raise missing("currentIndex")
        place = whole_number("currentIndex", text)
        if not 0 <= place < len(track_ids):
            raise SubsonicError(GENERIC, "currentIndex is not a position in the queue.")
    return _save(call, track_ids, place)


def get_play_queue(call: Call) -> dict[str, Any]:
    """Show the saved play queue with the id of the current song."""
    queue = call.app_state.library.players.queue(call.me)
    about = _about(call, queue)
    place = _shown_place(about, queue)
    if place is not None:
        about["current"] = about["entry"][place]["id"]
    return {"playQueue": about}


def get_play_queue_by_index(call: Call) -> dict[str, Any]:
    """Show the saved play queue with the index of the current song."""
    queue = call.app_state.library.players.queue(call.me)
    about = _about(call, queue)
    place = _shown_place(about, queue)
    if place is not None:
        about["currentIndex"] = place
    return {"playQueueByIndex": about}


def _shown_place(about: dict[str, Any], queue: PlayQueue | None) -> int | None:
    """Return the place of the current song among those that are shown; None if it is not."""
    if queue is None or queue.place is None:
        return None
    shown = {song["id"] for song in about["entry"]}
    if queue.track_ids[queue.place] not in shown:
        return None
    return sum(one in shown for one in queue.track_ids[: queue.place])


def _queued(call: Call) -> list[str]:
    """Return the songs of a queue; those that the library does not hold are left out later."""
    track_ids = call.texts("id")
    if len(track_ids) > MAX_QUEUE:
        raise SubsonicError(GENERIC, f"A play queue can have at most {MAX_QUEUE:,} songs.")
    return track_ids


def _save(call: Call, track_ids: list[str], place: int | None) -> dict[str, Any]:
    position = call.number("position", 0, most=_MAX_POSITION)
    library = call.app_state.library
    library.players.save_queue(call.me, track_ids, place, position, call.client)
    return {}


def _about(call: Call, queue: PlayQueue | None) -> dict[str, Any]:
    about: dict[str, Any] = {
        "username": call.me,
        "changed": moment(queue.changed if queue else 0.0),
        "changedBy": queue.changed_by if queue else "",
    }
    if queue is not None:
        about["position"] = queue.position_ms
        about["entry"] = Serializer(call).known(queue.track_ids)
    return about


# bookmarks ---------------------------------------------------------------------------------------


def get_bookmarks(call: Call) -> dict[str, Any]:
    """List the bookmarks of the listener, the latest change first."""
    found = {one.track_id: one for one in call.app_state.library.players.bookmarks(call.me)}
    songs = Serializer(call).known(found)
    return {
        "bookmarks": {
            "bookmark": [
                {
                    "position": found[song["id"]].position_ms,
                    "username": call.me,
                    "comment": found[song["id"]].comment,
                    "created": moment(found[song["id"]].created),
                    "changed": moment(found[song["id"]].changed),
                    "entry": song,
                }
                for song in songs
            ]
        }
    }


def create_bookmark(call: Call) -> dict[str, Any]:
    """Mark a position in a song; the earlier bookmark of the song is replaced."""
    track_id = call.wanted("id")
    position = whole_number("position", call.wanted("position"))
    if not 0 <= position <= _MAX_POSITION:
        raise SubsonicError(GENERIC, "position must be in milliseconds from the start of the song.")
    catalogue_view(call.app_state).position(track_id)
    library = call.app_state.library
    library.players.put_bookmark(call.me, track_id, position, call.text("comment"))
    return {}


def delete_bookmark(call: Call) -> dict[str, Any]:
    """Delete the bookmark of a song."""
    if not call.app_state.library.players.delete_bookmark(call.me, call.wanted("id")):
        raise SubsonicError(NOT_FOUND, "There is no bookmark of this song.")
    return {}
