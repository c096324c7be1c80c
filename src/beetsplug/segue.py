"""The plugin of beets: ``beet segue`` recommends items, ``beet segue-sync`` stores fields of segue.

Configured in ``config.yaml`` of beets, section ``segue``: `library` (by default ``SEGUE_LIBRARY``,
then ``my.segue``), `user` (by default the only listener of the library), `auto` (analyze what was
imported).

Source: beets.readthedocs.io, "Plugin Development" (2.14).
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from beets.dbcore import types
from beets.plugins import BeetsPlugin
from beets.ui import Subcommand, UserError, print_  # type: ignore[attr-defined]

if TYPE_CHECKING:
    from collections.abc import Sequence
    from optparse import Values

    from beets.library import Item
    from beets.library import Library as BeetsLibrary

    from segue.library import Library
    from segue.pipeline.connections.beets_items import BeetsItem

Command = Callable[["BeetsLibrary", Any, list[str]], None]


class SeguePlugin(BeetsPlugin):
    """Commands and fields of segue."""

    item_types: ClassVar[dict[str, types.Type]] = {
        "segue_id": types.STRING,
        "segue_tempo": types.NULL_FLOAT,
        "segue_key": types.MusicalKey(),
        "segue_loudness": types.NULL_FLOAT,
        "segue_plays": types.INTEGER,
        "segue_last_played": types.DATE,
        "segue_liked": types.BOOLEAN,
        "segue_disliked": types.BOOLEAN,
    }

    def __init__(self) -> None:
        super().__init__()
        self.config.add({"library": None, "user": None, "auto": False})
        if self.config["auto"].get(bool):
            self.register_listener("import", self._imported)

    def commands(self) -> "Sequence[Subcommand]":
        """Return ``beet segue`` and ``beet segue-sync``."""
        recommend = _command(
            "segue", "list items similar to those of a query, or recommended", self._recommend
        )
        recommend.parser.add_option("-k", type="int", default=10, help="number of items")
        recommend.parser.add_option("--playlist", metavar="FILE", help="write an M3U8 playlist")
        recommend.parser.add_path_option()
        recommend.parser.add_format_option()
        sync = _command("segue-sync", "store plays, likes, tempo and key of segue", self._sync)
        for command in (recommend, sync):
            command.parser.add_option("-u", "--user", help="listener of segue")
        return recommend, sync

    def _recommend(self, lib: "BeetsLibrary", options: "Values", query: list[str]) -> None:
        from segue.pipeline.connections.beets_items import match_items, recommend_items

        with _user_errors():
            library = self._library()
            items = {_number(item): item for item in lib.items()}
            rows = match_items(library, _plain_items(items.values()))
            seeds = [_number(item) for item in lib.items(query)] if query else []
            if query and not rows.keys() & set(seeds):
                raise UserError(
                    "No item of the query is in the library of segue: check the query, or run"
                    " segue preprocess."
                )
            user = self._user(library, options.user)
            found = recommend_items(library, rows, options.k, seeds=seeds, user=user)
        listed = [items[number] for number in found]
        if options.playlist:
            _write_playlist(Path(options.playlist), listed)
        for item in listed:
            print_(format(item))

    def _sync(self, lib: "BeetsLibrary", options: "Values", query: list[str]) -> None:
        self._store_fields(lib, query, options.user)

    def _imported(self, lib: "BeetsLibrary", paths: list[bytes]) -> None:  # noqa: ARG002
        """Analyze what is new in the music directory of beets, and store its fields."""
        from segue.pipeline.preprocess import preprocess

        with _user_errors():
            preprocess(self._directory(), os.fsdecode(lib.directory))
        self._store_fields(lib, [], None)

    def _store_fields(self, lib: "BeetsLibrary", query: list[str], user: str | None) -> None:
        from segue.pipeline.connections.beets_items import match_items, track_fields

        with _user_errors():
            library = self._library()
            items = {_number(item): item for item in lib.items(query)}
            rows = match_items(library, _plain_items(items.values()))
            fields = track_fields(library, set(rows.values()), self._user(library, user))
        with lib.transaction():
            changed = [
                _store(item, fields.get(rows[number], {}) if number in rows else {})
                for number, item in items.items()
            ]
        missing = len(items) - len(rows)
        self._log.info("{} of {} items changed", sum(changed), len(items))
        if missing:
            self._log.warning(
                "{} items are not in the library of segue: run segue preprocess", missing
            )

    def _directory(self) -> Path:
        from segue.cli.options import DEFAULT_LIBRARY

        if self.config["library"].get() is None:
            return Path(os.environ.get("SEGUE_LIBRARY") or DEFAULT_LIBRARY)
        return Path(self.config["library"].as_filename())

    def _library(self) -> "Library":
        from segue.library import Library

        return Library(self._directory(), create=False)

    def _user(self, library: "Library", named: str | None) -> str | None:
        """Return the listener that is meant: the one named, configured, or the only one."""
        user = named or self.config["user"].get()
        if user is not None:
            return str(user)
        listeners = library.listeners()
        return listeners[0] if len(listeners) == 1 else None


def _command(name: str, text: str, run: Command) -> Subcommand:
    command = Subcommand(name, help=text)
    command.func = run
    return command


@contextmanager
def _user_errors() -> Iterator[None]:
    """Let beets print errors of segue as its own."""
    from segue.errors import SegueError

    try:
        yield
    except (SegueError, ValueError) as error:
        raise UserError(f"segue: {error}") from error


def _plain_items(items: "Iterable[Item]") -> "Iterator[BeetsItem]":
    from segue.pipeline.connections.beets_items import BeetsItem
    from segue.sources.history_import.beets import ITEM_COLUMNS

    for item in items:
        tags = {name: item[name] for name in ITEM_COLUMNS}
        yield BeetsItem(_number(item), os.fsdecode(item.path), tags)


def _number(item: "Item") -> int:
    return int(item.id or 0)


def _store(item: "Item", fields: dict[str, Any]) -> bool:
    """Store the fields of an item and remove unknown ones; return whether any changed."""
    names = SeguePlugin.item_types
    before = {name: item[name] for name in names if name in item}
    for name in names:
        if name in fields:
            item[name] = fields[name]
        elif name in item:
            del item[name]
    changed = before != {name: item[name] for name in names if name in item}
    if changed:
        item.store()
    return changed


def _write_playlist(path: Path, items: "Sequence[Item]") -> None:
    from segue.pipeline.playlists.playlist_files import save_playlist
    from segue.sources.playlist_files import PlaylistEntry, PlaylistFile, write_playlist_file

    entries = [
        PlaylistEntry(
            title=item.title,
            artist=item.artist,
            album=item.album,
            duration=item.length,
            recording=item.mb_trackid or None,
            location=os.fsdecode(item.path),
        )
        for item in items
    ]
    with _user_errors():
        save_playlist(
            path, write_playlist_file(PlaylistFile(entries=entries, name=path.stem), "m3u8")
        )
