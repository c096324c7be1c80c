"""Folders of music that an account may see, or may not see.

Administrators set them; `segue.pipeline.filters.hidden_tracks` finds the tracks.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select

from segue.library.database import Database
from segue.library.serving_schema import account_folders, accounts

SHOW: Final = "show"
HIDE: Final = "hide"


@dataclass(frozen=True, slots=True)
class FolderAccess:
    """The folders of one account: `only` these are shown, all if it is empty, without `hidden`."""

    only: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.only or self.hidden)


class FolderAccessStore:
    """The folders of the accounts of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, FolderAccess]:
        """Return the folders of each account that may not see everything, by its name."""
        table = account_folders
        query = (
            select(accounts.c.name, table.c.effect, table.c.folder)
            .join_from(table, accounts)
            .order_by(table.c.row)
        )
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: {SHOW: [], HIDE: []})
        with self._database.connect() as connection:
            for name, effect, folder in connection.execute(query):
                found[name][effect].append(folder)
        return {
            name: FolderAccess(tuple(own[SHOW]), tuple(own[HIDE])) for name, own in found.items()
        }

    def of(self, account: str) -> FolderAccess:
        """Return the folders of an account; an empty one if it may see everything."""
        return self.all().get(account, FolderAccess())

    def set(self, account: str, access: FolderAccess) -> bool:
        """Replace the folders of an account; return whether there is such an account."""
        table = account_folders
        with self._database.begin() as connection:
            row = connection.scalar(select(accounts.c.row).where(accounts.c.name == account))
            if row is None:
                return False
            connection.execute(delete(table).where(table.c.account == row))
            values = [
                {"account": row, "effect": effect, "folder": folder}
                for effect, folders in ((SHOW, access.only), (HIDE, access.hidden))
                for folder in _distinct(folders)
            ]
            if values:
                connection.execute(insert(table), values)
            return True


def _distinct(folders: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(folders))
