"""`segue user folders`: which folders of music an account may see."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import hint, print_json, say
from segue.cli.user import NameArgument

if TYPE_CHECKING:
    from segue.library import FolderAccess, Library


def folders(
    name: NameArgument,
    only: Annotated[
        list[str] | None, typer.Option(help="Show only this folder. May be repeated.")
    ] = None,
    hide: Annotated[
        list[str] | None, typer.Option(help="Do not show this folder. May be repeated.")
    ] = None,
    all_folders: Annotated[bool, typer.Option("--all", help="Show all folders.")] = False,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Show or set the folders that an account may see: a path, or a folder name.

    Music elsewhere does not exist for the account: in no list, search, player or playlist. Without
    options the folders are listed.
    """
    from segue.library import Library
    from segue.pipeline.accounts.folders import set_folders
    from segue.pipeline.accounts.login import find_account

    if all_folders and (only or hide):
        raise typer.BadParameter("Give either --all, or --only and --hide.")
    opened = Library(library, create=False)
    find_account(opened, name)
    if all_folders or only or hide:
        access = set_folders(
            opened,
            name,
            only=[_whole_path(one) for one in only or ()],
            hidden=[_whole_path(one) for one in hide or ()],
            by="command line",
        )
    else:
        access = opened.folder_access.of(name)
    n_hidden, hints = _effect(opened, access)
    if json:
        folders: dict[str, Any] = {"only": list(access.only), "hidden": list(access.hidden)}
        print_json({"name": name, **folders, "n_hidden": n_hidden, "hints": hints})
        return
    if not access:
        say(f"{name} sees all music.")
        return
    for label, listed in (("sees only", access.only), ("does not see", access.hidden)):
        if listed:
            say(f"{name} {label} {', '.join(listed)}.")
    if n_hidden is not None:
        say(f"{n_hidden:,} of {opened.counts()['tracks']:,} tracks are hidden.")
    for one in hints:
        hint(one)


def _whole_path(folder: str) -> str:
    """Return the whole path of a folder that is there; another text is the name of a folder."""
    path = Path(folder).expanduser()
    return str(path.absolute()) if path.is_dir() else folder


def _effect(library: "Library", access: "FolderAccess") -> tuple[int | None, list[str]]:
    """Return the number of hidden tracks, None before the first training, and hints."""
    from segue.pipeline.filters.hidden_tracks import folder_hints, hidden_tracks
    from segue.pipeline.recommender.snapshot import open_snapshot

    snapshot = open_snapshot(library)
    if snapshot is None:
        return None, []
    index = snapshot.exclusion_index
    return int(hidden_tracks(index, access).sum()), folder_hints(index, access)
