"""Set which folders of music an account may see; everything else does not exist for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from segue.errors import AccountError
from segue.library import FolderAccess, Library
from segue.pipeline.accounts.login import find_account
from segue.text import plural

MAX_FOLDERS: Final = 100
MAX_LENGTH: Final = 4_096


def set_folders(
    library: Library,
    name: str,
    *,
    only: Sequence[str] = (),
    hidden: Sequence[str] = (),
    by: str | None = None,
) -> FolderAccess:
    """Let an account see `only` some folders, or all if there are none, without the `hidden` ones.

    A folder is a path, or the name of folders anywhere; case does not matter.

    Raises
    ------
    UnknownAccountError
        If there is no such account.
    AccountError
        If there are too many folders, or one cannot be a folder.
    """
    find_account(library, name)
    access = FolderAccess(tuple(map(_checked, only)), tuple(map(_checked, hidden)))
    if len(access.only) + len(access.hidden) > MAX_FOLDERS:
        raise AccountError(f"An account can have up to {MAX_FOLDERS} folders: name folders above.")
    library.folder_access.set(name, access)
    shown = plural(len(access.only), "folder") if access.only else "all folders"
    detail = f"{name}: {shown} shown, {len(access.hidden)} hidden"
    library.audit.note("folders set", by, detail=detail)
    return access


def _checked(folder: str) -> str:
    """Return a folder without a separator at its end."""
    text = folder.strip()
    if not text or len(text) > MAX_LENGTH or not text.isprintable() or not Path(text).name:
        raise AccountError(
            f"{folder[:100]!r} is no folder of music: give a path or a name of a folder."
        )
    if ".." in Path(text).parts:
        raise AccountError(f"The folder {folder[:100]!r} contains '..': give its whole path.")
    return str(Path(text))
