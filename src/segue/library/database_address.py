"""The address of a library's database on a PostgreSQL server, and `library.toml`, which has it.

The file lies in the directory of the library::

    database = "postgresql://segue@db.home/segue"   # without a password: see ~/.pgpass
    schema = "household_1"                          # one for each library
    files = "s3://bucket/prefix"                    # only where the directory is a copy of them
"""

import json
import os
import re
import tomllib
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from segue.errors import LibraryError
from segue.library.files import make_directory, open_private
from segue.library.storage import translate_errors

CONFIGURATION: Final = "library.toml"
_SCHEMES: Final = ("postgresql", "postgres")
_SCHEMA: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """A PostgreSQL database, the schema in it that holds a library, and the library's files.

    `files` is the URL of object storage; None where the directory of the library has them.
    """

    url: str
    schema: str
    files: str | None = None


def database_address(url: str, directory: Path, files: str | None = None) -> DatabaseAddress:
    """Return the database that a URL names; its query may name a ``schema``.

    Without one, the name of the schema is that of the directory, or of the URL of the `files`, so
    that libraries with different files are different.

    >>> database_address("postgresql://db/segue?schema=family", Path("x"))
    DatabaseAddress(url='postgresql://db/segue', schema='family', files=None)

    Raises
    ------
    LibraryError
        If it is not the address of a PostgreSQL database.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise LibraryError(
            f"{parts.scheme or url}: only PostgreSQL can hold a library besides a directory; give"
            " an address like postgresql://USER@HOST/DATABASE."
        )
    query = parse_qsl(parts.query, keep_blank_values=True)
    named = [value for key, value in query if key == "schema"]
    rest = urlencode([pair for pair in query if pair[0] != "schema"])
    digest = blake2b(os.fsencode(files or directory), digest_size=8).hexdigest()
    place = urlunsplit(("postgresql", parts.netloc, parts.path, rest, parts.fragment))
    return DatabaseAddress(place, _checked(named[-1] if named else f"segue_{digest}"), files)


def cache_name(address: DatabaseAddress) -> str:
    """Return the name of a directory with copies of a library's files, different for each one."""
    parts = "\n".join((address.url, address.schema, address.files or ""))
    return f"{address.schema}-{blake2b(parts.encode(), digest_size=6).hexdigest()}"


def set_address(directory: Path, address: DatabaseAddress) -> None:
    """Write `library.toml`, which only its owner can read, since addresses may have passwords."""
    make_directory(directory)
    with open_private(directory / CONFIGURATION, "w") as file:
        settings = {"database": address.url, "schema": address.schema, "files": address.files}
        for key, value in settings.items():
            if value is not None:  # a text of JSON is one of TOML, too
                file.write(f"{key} = {json.dumps(value, ensure_ascii=False)}\n")


def stored_address(directory: Path) -> DatabaseAddress | None:
    """Return the address in `library.toml`; None where there is no such file.

    Raises
    ------
    LibraryError
        If the file cannot be used.
    """
    place = directory / CONFIGURATION
    with translate_errors(directory):
        if not place.is_file():
            return None
        try:
            settings = tomllib.loads(place.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise LibraryError(f"{place} is not a TOML file ({error}): correct it.") from None
    url, name, files = (settings.get(key) for key in ("database", "schema", "files"))
    if not isinstance(url, str) or not all(isinstance(one, str | None) for one in (name, files)):
        raise LibraryError(
            f'{place} names no database: it needs a line database = "postgresql://...".'
        )
    found = database_address(url, directory, files)
    return found if name is None else DatabaseAddress(found.url, _checked(name), files)


def _checked(name: str) -> str:
    if not _SCHEMA.fullmatch(name):
        raise LibraryError(
            f"{name!r} cannot be the schema of a library: use letters, digits and _, at most 63."
        )
    return name
