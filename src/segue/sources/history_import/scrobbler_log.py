"""Read the log of Rockbox and other portable players (``.scrobbler.log``).

Conventions
-----------
- The first lines start with ``#``; all others have their cells between tabs: artist, album, title,
  number on the album, length in seconds, "L" if at least half was heard or "S" if it was skipped,
  start in seconds since 1970, MusicBrainz recording.
- ``#TZ/UTC``: the start is UTC. ``#TZ/UNKNOWN``: the player does not know its zone, so its clock is
  taken for one in the zone of this computer.
- Players without a clock write 0: the listen has no time.

Source: web.archive.org/web/20170107015006/http://www.audioscrobbler.net/wiki/Portable_Player_Logging
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from segue.sources.history_import.import_row import (
    NO_TIME,
    ImportIssue,
    ImportRow,
    UnusableRow,
    read_id,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.tables.decoding import Stream
from segue.types import TrackReference

START = b"#AUDIOSCROBBLER/"
_MAX_LINE_BYTES = 1 << 16
_MIN_CELLS = 7


def read_scrobbler_log(stream: Stream) -> Iterator[ImportRow | ImportIssue]:
    """Yield the listens of a log."""
    is_utc = False
    number = 0
    while line := stream.readline(_MAX_LINE_BYTES):
        number += 1
        text = line.decode(errors="replace").rstrip("\r\n")
        if text.startswith("#"):
            is_utc = is_utc or text.strip().upper() == "#TZ/UTC"
        elif text.strip():
            try:
                yield _listen(text.split("\t"), is_utc=is_utc)
            except UnusableRow as why:
                yield ImportIssue(why.reason, number, expected=why.expected)


def local_time(seconds: float) -> float:
    """Return the time at which a clock in the zone of this computer shows the same as UTC did.

    Times that no clock can show are returned as they are.
    """
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).timestamp()
    except (ValueError, OverflowError, OSError):
        return seconds


def _listen(cells: list[str], *, is_utc: bool) -> ImportRow:
    if len(cells) < _MIN_CELLS:
        raise UnusableRow(f"the line has fewer than {_MIN_CELLS} cells: it may have been cut short")
    artist, album, title, _, _, rating, started, *recording = cells
    if rating.strip() not in ("L", "S", ""):
        raise UnusableRow("the rating is neither L (listened) nor S (skipped)")
    track = TrackReference(
        recording=read_id(recording[0], "recording id") if recording else None,
        artist=read_name(artist),
        title=read_name(title),
        album=read_name(album),
    )
    timestamp = read_timestamp(started)
    if timestamp and not is_utc:
        timestamp = local_time(timestamp)
    if timestamp == NO_TIME and started.strip() in ("0", ""):
        timestamp = None
    return ImportRow(None, require_track(track), timestamp, skipped=rating.strip() == "S")
