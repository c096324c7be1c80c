"""Where the library of a command is: a directory, or a database with files elsewhere."""

import inspect
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from segue.library.database_address import DatabaseAddress

DATABASE_SCHEMES: Final = ("postgresql://", "postgres://")
_ADDRESS: Final = Path("postgresql:")
"""Given to commands in the place of an address, until the directory of files is known."""

FilesOption = Annotated[
    str | None,
    typer.Option(
        "--files",
        envvar="SEGUE_FILES",
        metavar="DIRECTORY",
        help="Directory for features and models, or the address of object storage like"
        " s3://BUCKET/PREFIX, where --library is the address of a database.",
    ),
]
CacheOption = Annotated[
    Path | None,
    typer.Option(
        "--cache",
        envvar="SEGUE_CACHE",
        file_okay=False,
        help="Directory for this machine's copies of files in object storage.",
        show_default="a directory of the user's cache",
    ),
]


def library_path(text: str) -> Path:
    """Return the directory of a library; remember an address for the library that is opened."""
    if str(text).startswith(DATABASE_SCHEMES):
        from segue.library.location import DATABASE_VARIABLE

        os.environ[DATABASE_VARIABLE] = text  # processes of segue that are started have it too
        return _ADDRESS
    return Path(text)


def locate_library(command: Callable[..., None]) -> Callable[..., None]:
    """Add ``--files`` and ``--cache`` to a command with a library, and give it the directory."""
    signature = inspect.signature(command)
    if "library" not in signature.parameters:
        return command

    @wraps(command)
    def run(
        *arguments: Any,
        library_files: str | None = None,
        library_cache: Path | None = None,
        **options: Any,
    ) -> None:
        if options.get("library") == _ADDRESS:
            options["library"] = _directory_of_address(library_files, library_cache)
        command(*arguments, **options)

    added = {"library_files": FilesOption, "library_cache": CacheOption}
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in added.items()
    ]
    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), *parameters]
    )
    run.__annotations__ = {**command.__annotations__, **added}
    return run


def _directory_of_address(files: str | None, cache: Path | None) -> Path:
    """Return the directory of a library in a database; write its `library.toml`."""
    from segue.errors import ContradictionError
    from segue.library.database_address import set_address, stored_address
    from segue.library.location import DATABASE_VARIABLE

    if files is None:
        raise ContradictionError(
            "The library has the address of a database: add --files DIR, where segue stores"
            " features and models."
        )
    directory, given = place_of_files(os.environ[DATABASE_VARIABLE], files, cache)
    stored = stored_address(directory)
    if stored not in (None, given) or (directory / "library.db").exists():
        raise ContradictionError(
            f"{directory} holds the files of another library: choose another directory with"
            f" {'--files' if given.files is None else '--cache'}."
        )
    if stored is None and given.files is not None:
        set_address(directory, given)
    return directory


def place_of_files(
    url: str, files: str, cache: Path | None = None
) -> tuple[Path, "DatabaseAddress"]:
    """Return the directory of a library in a database, and its address.

    The directory is that of the files; where they lie in object storage, it has copies of them.
    """
    import platformdirs

    from segue.library.database_address import cache_name, database_address
    from segue.library.object_store import is_object_url

    if not is_object_url(files):
        directory = Path(files).expanduser().absolute()
        return directory, database_address(url, directory)
    address = database_address(url, Path(), files)
    place = cache or platformdirs.user_cache_path("segue") / cache_name(address)
    return place.expanduser().absolute(), address
