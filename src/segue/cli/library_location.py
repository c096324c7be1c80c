"""Where the library of a command is: a directory, or a database with a directory of files."""

import inspect
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

import typer

DATABASE_SCHEMES: Final = ("postgresql://", "postgres://")
_ADDRESS: Final = Path("postgresql:")
"""Given to commands in the place of an address, until the directory of files is known."""

FilesOption = Annotated[
    Path | None,
    typer.Option(
        "--files",
        envvar="SEGUE_FILES",
        file_okay=False,
        help="Directory for features and models, where --library is the address of a database.",
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
    """Add the option ``--files`` to a command with a library, and give it the directory."""
    signature = inspect.signature(command)
    if "library" not in signature.parameters:
        return command

    @wraps(command)
    def run(*arguments: Any, library_files: Path | None = None, **options: Any) -> None:
        if options.get("library") == _ADDRESS:
            options["library"] = _directory_of_address(library_files)
        command(*arguments, **options)

    files = inspect.Parameter(
        "library_files", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=FilesOption
    )
    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), files]
    )
    run.__annotations__ = {**command.__annotations__, "library_files": FilesOption}
    return run


def _directory_of_address(files: Path | None) -> Path:
    from segue.errors import ContradictionError
    from segue.library.database_address import database_address, stored_address
    from segue.library.location import DATABASE_VARIABLE

    if files is None:
        raise ContradictionError(
            "The library has the address of a database: add --files DIR, where segue stores"
            " features and models."
        )
    directory = files.expanduser().absolute()
    given, stored = (
        database_address(os.environ[DATABASE_VARIABLE], directory),
        stored_address(directory),
    )
    if stored not in (None, given) or (directory / "library.db").exists():
        raise ContradictionError(
            f"{files} holds the files of another library: choose another directory with --files."
        )
    return directory
