"""Read the exports of the self-hosted scrobble servers Maloja and Koito, in JSON.

- Maloja: `scrobbles` is a list; `time` is the start of the listen in seconds, `duration` the
  seconds that were heard, if known. A track has `artists` and `length`.
- Koito: `listens` is a list; `listened_at` is the start of the listen as an ISO date. Tracks,
  albums and artists have `aliases`, one of which is primary; the user is named once, at the start.

Sources: github.com/krateng/maloja, maloja/proccontrol/tasks/export.py and import_scrobbles.py;
github.com/gabehf/Koito, internal/export/export.go.
"""

from typing import Any

from segue.sources.history_import.import_row import (
    ImportRow,
    read_id,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.history_import.json_fields import (
    Record,
    joined_names,
    part,
    parts,
    read_count,
)
from segue.types import TrackReference


def read_maloja(record: Record, user: str | None) -> ImportRow:
    """Return a scrobble of Maloja.

    Raises
    ------
    UnusableRow
        It names no track, or its duration is no number.
    """
    track = part(record, "track")
    album = part(track, "album")
    heard = read_count(record.get("duration"), "duration")
    return ImportRow(
        read_id(user, "user name"),
        require_track(
            TrackReference(
                artist=read_name(joined_names(parts(track, "artists"))),
                title=read_name(track.get("title")),
                album=read_name(album.get("albumtitle") or album.get("name")),
            )
        ),
        read_timestamp(record.get("time")),
        ms_played=heard * 1e3 if heard else None,
    )


def read_koito(record: Record, user: str | None) -> ImportRow:
    """Return a listen of Koito.

    Raises
    ------
    UnusableRow
        It names no track.
    """
    track, album = part(record, "track"), part(record, "album")
    artists = [one for one in parts(record, "artists") if isinstance(one, dict)]
    ordered = sorted(artists, key=lambda one: one.get("is_primary") is False)
    return ImportRow(
        read_id(user, "user name"),
        require_track(
            TrackReference(
                recording=read_id(track.get("mbid"), "recording id"),
                artist=read_name(joined_names([_primary_alias(one) for one in ordered])),
                title=read_name(_primary_alias(track)),
                album=read_name(_primary_alias(album)),
            )
        ),
        read_timestamp(record.get("listened_at")),
    )


def _primary_alias(record: Record) -> Any:
    aliases = [one for one in parts(record, "aliases") if isinstance(one, dict)]
    primary = [one for one in aliases if one.get("is_primary") is True]
    return next((one.get("alias") for one in primary or aliases), None)
