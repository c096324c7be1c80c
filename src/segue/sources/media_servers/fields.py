"""Read fields of documents of media servers: text, numbers, references of tracks."""

import math
from collections.abc import Mapping
from typing import Any

from segue.sources.history_import.import_row import MAX_ID_LENGTH, MAX_NAME_LENGTH
from segue.sources.history_import.track_paths import plain_path
from segue.text import clean_id, clean_text
from segue.types import TrackReference


def text(record: Mapping[str, Any], name: str) -> str:
    """Return a field as text, an empty one where there is none.

    >>> text({"id": 7}, "id"), text({"id": None}, "id")
    ('7', '')
    """
    value = record.get(name)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def number(value: Any) -> float | None:
    """Return a number that is not negative, None where there is none.

    >>> number("3"), number(-1), number("x")
    (3.0, None, None)
    """
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) and found >= 0 else None


def records(found: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects in a list of a document, none where there is no list.

    >>> records({"songs": [{"id": 1}, None]}, "songs"), records(None, "songs")
    ([{'id': 1}], [])
    """
    listed = found.get(name) if isinstance(found, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def reference(
    *,
    path: str = "",
    recording: str = "",
    isrc: str = "",
    artist: str = "",
    title: str = "",
    album: str = "",
) -> TrackReference:
    """Return the reference of a track; names that are too long are cut."""
    return TrackReference(
        track_id=clean_id(plain_path(path).replace("\x00", ""))[-MAX_ID_LENGTH:] or None,
        recording=clean_id(recording.replace("\x00", ""))[:MAX_ID_LENGTH] or None,
        isrc=clean_id(isrc.replace("\x00", ""))[:MAX_ID_LENGTH] or None,
        artist=clean_text(artist)[:MAX_NAME_LENGTH] or None,
        title=clean_text(title)[:MAX_NAME_LENGTH] or None,
        album=clean_text(album)[:MAX_NAME_LENGTH] or None,
    )
