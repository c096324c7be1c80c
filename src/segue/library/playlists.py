"""Saved playlists: ordered tracks, and the recipe that made them.

Every query names the owner, so that no user can get a playlist of another by its id. A playlist
and its tracks are written, and read, together.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from sqlalchemy import Connection, case, delete, func, insert, select, update

from segue.errors import PlaylistError, UnknownTrackError
from segue.library.database import Database
from segue.library.lookup import rows_where
from segue.library.read_connection import ReadConnection
from segue.library.schema import tracks
from segue.library.serving_schema import playlist_tracks, playlists

PlaylistKind = Literal["tracks", "like", "path", "blend", "radio", "mix", "rules"]
PLAYLIST_KINDS: tuple[PlaylistKind, ...] = get_args(PlaylistKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlaylist:
    """A playlist that a listener keeps.

    `kind` says how its `recipe` is read; one of ``tracks`` has none. `tracks` are ids, in order,
    and may come twice. `changed` differs after every change. `number` is greater the later the
    list was made. One that `keeps_current` is made again by its recipe from time to time, unless
    its tracks were `edited` since they were made.
    """

    id: str
    owner: str
    name: str
    kind: PlaylistKind
    recipe: Mapping[str, Any] = field(default_factory=dict)
    tracks: Sequence[str] = ()
    created: float
    changed: float
    number: int = 0
    keeps_current: bool = False
    edited: bool = False


class PlaylistStore:
    """The saved playlists of one library."""

    def __init__(self, database: Database, reader: ReadConnection) -> None:
        self._database = database
        self._reader = reader

    def add(
        self,
        owner: str,
        name: str,
        kind: PlaylistKind,
        recipe: Mapping[str, Any],
        track_ids: Sequence[str],
        *,
        playlist: str | None = None,
    ) -> SavedPlaylist:
        """Save a new playlist, under the id `playlist` or a new one.

        Raises
        ------
        PlaylistError
            If a playlist of any listener has the id.
        UnknownTrackError
            If the library does not hold one of the tracks.
        """
        track_ids = self._ids_of(track_ids)
        now = time.time()
        made = SavedPlaylist(
            id=secrets.token_urlsafe(12) if playlist is None else playlist,
            owner=owner,
            name=name,
            kind=kind,
            recipe=dict(recipe),
            tracks=tuple(track_ids),
            created=now,
            changed=now,
        )
        values = {
            "id": made.id,
            "owner": owner,
            "name": name,
            "kind": kind,
            "recipe": json.dumps(made.recipe, ensure_ascii=False),
            "created": now,
            "changed": now,
        }
        with self._database.begin() as connection:
            taken = select(playlists.c.row).where(playlists.c.id == made.id)
            if connection.execute(taken).first() is not None:
                raise PlaylistError(f"There is a playlist {made.id!r} already: leave out its id.")
            added = connection.execute(insert(playlists).values(values)).inserted_primary_key
            row = added[0] if added else 0
            _put_tracks(connection, row, track_ids)
        return replace(made, number=row)

    def get(self, owner: str, playlist: str) -> SavedPlaylist | None:
        """Return a playlist of the owner by its id, if there is one."""
        found = self._read(playlists.c.owner == owner, playlists.c.id == playlist)
        return found[0] if found else None

    def of(
        self, owner: str, *, before: int | None = None, most: int | None = None
    ) -> list[SavedPlaylist]:
        """Return the owner's playlists, or those `before` a number, the latest first."""
        rows = select(playlists.c.row).where(playlists.c.owner == owner)
        if before is not None:
            rows = rows.where(playlists.c.row < before)
        if most is not None:
            rows = rows.order_by(playlists.c.row.desc()).limit(most)
        return self._read(playlists.c.row.in_(rows))

    def count(self, owner: str) -> int:
        """Return the number of the owner's playlists."""
        query = select(func.count()).select_from(playlists).where(playlists.c.owner == owner)
        with self._database.connect() as connection:
            return connection.scalar(query) or 0

    def rename(self, owner: str, playlist: str, name: str) -> bool:
        """Rename a playlist; return whether it was there."""
        return self._change(owner, playlist, name=name) is not None

    def set_keeps_current(self, owner: str, playlist: str, keeps_current: bool) -> bool:
        """Set whether a playlist is made again by itself; return whether it was there."""
        return self._change(owner, playlist, keeps_current=keeps_current) is not None

    def to_keep_current(self) -> list[SavedPlaylist]:
        """Return the playlists of all owners that are to be made again: nobody edited them."""
        untouched = playlists.c.edited.is_not(True)
        return self._read(
            playlists.c.keeps_current.is_(True), untouched, playlists.c.kind != "tracks"
        )

    def replace_recipe(self, owner: str, playlist: str, recipe: Mapping[str, Any]) -> bool:
        """Replace the recipe of a playlist, not its tracks; return whether it was there."""
        text = json.dumps(recipe, ensure_ascii=False)
        return self._change(owner, playlist, recipe=text) is not None

    def replace_tracks(
        self,
        owner: str,
        playlist: str,
        track_ids: Sequence[str],
        *,
        recipe: Mapping[str, Any] | None = None,
    ) -> bool:
        """Replace the tracks of a playlist, and its recipe if given; return whether it was there.

        The tracks then count as made, not as edited.

        Raises
        ------
        UnknownTrackError
            If the library does not hold one of the tracks; the list is then as it was.
        """
        track_ids = self._ids_of(track_ids)
        values: dict[str, Any] = (
            {} if recipe is None else {"recipe": json.dumps(recipe, ensure_ascii=False)}
        )
        return self._change(owner, playlist, track_ids, edited=False, **values) is not None

    def edit_tracks(
        self, owner: str, playlist: str, edit: Callable[[list[str]], Sequence[str]]
    ) -> bool:
        """Replace the tracks of a playlist by what `edit` returns; return whether it was there.

        The playlist then counts as edited, if its tracks have changed.

        If another process changes the playlist in between, `edit` is called again with its tracks.

        Raises
        ------
        UnknownTrackError
            If the library does not hold one of the tracks; the list is then as it was.
        """
        while True:
            before = self.get(owner, playlist)
            if before is None:
                return False
            # other names than ids take long: no transaction waits for them
            edited = self._ids_of(edit(list(before.tracks)))
            values = {} if edited == list(before.tracks) else {"edited": True}
            if self._change(owner, playlist, edited, before.changed, **values) is not None:
                return True

    def delete(self, owner: str, playlist: str) -> bool:
        """Delete a playlist; return whether it was there."""
        own = (playlists.c.owner == owner) & (playlists.c.id == playlist)
        with self._database.begin() as connection:
            return bool(connection.execute(delete(playlists).where(own)).rowcount)

    # ---------------------------------------------------------------------------------------------

    def _ids_of(self, names: Sequence[str]) -> list[str]:
        """Return the ids of tracks that are given by ids or other names.

        Raises
        ------
        UnknownTrackError
            If the library does not hold one of them.
        """
        ids = self._reader.track_ids(dict.fromkeys(names))
        unknown = [name for name in dict.fromkeys(names) if ids[name] is None]
        if unknown:
            raise unknown_tracks(unknown)
        return [ids[name] or "" for name in names]

    def _change(
        self,
        owner: str,
        playlist: str,
        track_ids: Sequence[str] | None = None,
        since: float | None = None,
        **values: Any,
    ) -> int | None:
        """Change a playlist and return its row; None where it is not there, or changed `since`."""
        own = (playlists.c.owner == owner) & (playlists.c.id == playlist)
        # clocks stand still and are set back; what is changed must show it
        now, next_time = time.time(), playlists.c.changed + 1e-3
        later = case((next_time > now, next_time), else_=now)
        with self._database.begin() as connection:
            same = own if since is None else own & (playlists.c.changed == since)
            changed = update(playlists).where(same).values({**values, "changed": later})
            if not connection.execute(changed).rowcount:
                return None
            row = connection.scalar(select(playlists.c.row).where(own))
            if row is not None and track_ids is not None:
                connection.execute(delete(playlist_tracks).where(playlist_tracks.c.playlist == row))
                _put_tracks(connection, row, track_ids)
            return row

    def _read(self, *which: Any) -> list[SavedPlaylist]:
        query = (
            select(playlists, tracks.c.track_id)
            .join_from(playlists, playlist_tracks, isouter=True)
            .join(tracks, playlist_tracks.c.track == tracks.c.row, isouter=True)
            .where(*which)
            .order_by(playlists.c.row.desc(), playlist_tracks.c.place)
        )
        found: dict[int, tuple[dict[str, Any], list[str]]] = {}
        with self._database.connect() as connection:
            for record in connection.execute(query).mappings():
                row = {name: record[name] for name in record if name != "track_id"}
                _, ids = found.setdefault(row["row"], (row, []))
                if record["track_id"] is not None:
                    ids.append(record["track_id"])
        return [_saved(row, ids) for row, ids in found.values()]


def _saved(row: dict[str, Any], ids: list[str]) -> SavedPlaylist:
    number = row.pop("row")
    recipe = json.loads(row.pop("recipe"))
    row |= {name: bool(row[name]) for name in ("keeps_current", "edited")}
    return SavedPlaylist(**row, number=number, recipe=recipe, tracks=tuple(ids))


def _put_tracks(connection: Connection, row: int, track_ids: Sequence[str]) -> None:
    wanted = sorted(set(track_ids))
    query = select(tracks.c.track_id, tracks.c.row)
    known = dict(rows_where(connection, query, tracks.c.track_id, wanted))
    placed = [
        {"playlist": row, "place": place, "track": known[track_id]}
        for place, track_id in enumerate(track_ids)
    ]
    if placed:
        connection.execute(insert(playlist_tracks), placed)


def unknown_tracks(track_ids: Sequence[str]) -> UnknownTrackError:
    """Return the error that says which tracks the library does not hold.

    >>> print(unknown_tracks(["a", "b", "c", "d"]))
    The library holds no tracks 'a', 'b', 'c' and 1 more: search for their ids.
    """
    named = ", ".join(map(repr, track_ids[:3]))
    if len(track_ids) == 1:
        return UnknownTrackError(f"The library holds no track {named}: search for its id.")
    more = f" and {len(track_ids) - 3} more" if len(track_ids) > 3 else ""
    return UnknownTrackError(f"The library holds no tracks {named}{more}: search for their ids.")
