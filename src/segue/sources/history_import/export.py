"""Read the rows of a listening history in a known format, one after the other."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from segue.sources.history_import.archives import READ_ERRORS, FileParts
from segue.sources.history_import.column_mapping import NO_COLUMNS
from segue.sources.history_import.databases import DATABASES, SERVERS, read_database
from segue.sources.history_import.import_row import ImportIssue, ImportRow, UnusableRow, read_id
from segue.sources.history_import.json_values import truncation_issue
from segue.sources.history_import.opinions import PendingOpinions
from segue.sources.history_import.part_rows import HEAD_BYTES, hints_of, named_user, read_part

FORMAT_NAMES: Mapping[str, str] = {
    "listens": "listens table",
    "listenbrainz": "ListenBrainz",
    "lastfm": "Last.fm",
    "spotify": "Spotify",
    "youtube": "YouTube Music",
    "apple": "Apple Music",
    "librefm": "Libre.fm",
    "maloja": "Maloja",
    "koito": "Koito",
    "rockbox": "scrobbler log",
    "navidrome": "Navidrome",
    "jellyfin": "Jellyfin",
    "plex": "Plex",
    "itunes": "iTunes",
    "rhythmbox": "Rhythmbox",
    "strawberry": "Strawberry",
    "foobar2000": "foobar2000",
    "mpd": "MPD",
    "beets": "beets",
}
"""The kinds of exports, as users know them."""
COUNTER_FORMATS = DATABASES | {"itunes", "rhythmbox", "foobar2000"}
"""Kinds with the numbers of plays and skips of each track."""

_DOCUMENTS = (".pdf", ".html", ".htm", ".txt", ".md", ".png", ".jpg", ".jpeg")
"""Endings of files in archives that explain or show something: no problem where they are unread."""


class Export:
    """A file with a listening history in a known format.

    `kind` is one of `FORMAT_NAMES`; of an archive with several, that of the first part.
    """

    def __init__(
        self,
        path: Path,
        parts: FileParts,
        kinds: Mapping[str, str],
        unread: Mapping[str, str | None],
        columns: Mapping[str, str] = NO_COLUMNS,
    ) -> None:
        self.path = path
        self.kind = next(iter(kinds.values()))
        self._parts = parts
        self._kinds = kinds
        self._unread = unread
        self._columns = columns

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        return self.path.stat().st_size

    @property
    def position(self) -> int:
        """The number of these bytes that were read so far."""
        return self._parts.position()

    def rows(self) -> Iterator[tuple[str, ImportRow | ImportIssue]]:
        """Yield each row with its kind, and an issue for everything that cannot be used."""
        if self.kind in DATABASES:
            yield from ((self.kind, one) for one in read_database(self.path))
            return
        for reason in filter(None, self._unread.values()):
            yield self.kind, ImportIssue(reason, left_out=0)
        known = {*self._kinds, *self._unread, self._user_part()}
        ignored = [
            name
            for name in self._parts.names
            if name not in known and not name.casefold().endswith(_DOCUMENTS)
        ]
        if ignored:
            more = f" and {len(ignored) - 1} more" if ignored[1:] else ""
            yield self.kind, ImportIssue(f"{ignored[0]}{more}: no listens in it", left_out=0)
        user = self._user()
        if isinstance(user, ImportIssue):
            yield self.kind, user
            user = None
        last = self.kind
        opinions = PendingOpinions()
        for name, kind in self._kinds.items():
            last = kind
            try:
                with self._parts.open(name) as raw:
                    hints = hints_of(kind, raw, self._columns)
                with self._parts.open(name) as raw:
                    for last, one in read_part(raw, opinions, hints):
                        yield last, _of_user(user, one)
            except READ_ERRORS as error:
                yield last, truncation_issue(name, error)
        yield from (("listenbrainz", _of_user(user, one)) for one in opinions.resolved())

    def has_several_users(self) -> bool:
        """Return whether this is the database of a media server with several listeners."""
        if self.kind not in SERVERS:
            return False
        found = {one.user for _, one in self.rows() if isinstance(one, ImportRow)}
        return len(found) > 1

    def _user_part(self) -> str | None:
        """Return the name of an archive's user.json."""
        if len(self._parts.names) == 1:
            return None
        return next((name for name in self._parts.names if Path(name).name == "user.json"), None)

    def _user(self) -> str | ImportIssue | None:
        """Return the user that an archive's user.json names, or why the name cannot be used."""
        name = self._user_part()
        if name is None or name in self._unread:
            return None
        with self._parts.open(name) as raw:
            head = raw.read(HEAD_BYTES)
        try:
            return read_id(named_user(head), f"user name in {name}")
        except UnusableRow as why:
            return ImportIssue(why.reason, left_out=0)


def _of_user(user: str | None, one: ImportRow | ImportIssue) -> ImportRow | ImportIssue:
    """Return a row as one of the archive's user, unless it names its own."""
    if user is not None and isinstance(one, ImportRow) and one.user is None:
        return one._replace(user=user)
    return one
