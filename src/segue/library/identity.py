"""Which tracks the stored features belong to: the common identity of database and features.

The rows of feature stores are rows of the database, so features beside another database would give
tracks the sound of other files: a restored older copy, an empty one, that of another library.
Therefore the database names its library and, in ``features token``, the state of its tracks, which
the file ``features/token`` repeats. Where they differ, every row is compared before it is used:
a row stays only if the database has its track, and the sound or the file that was analyzed is that
of the track. The tracks whose rows were removed are analyzed again, and frames of a dataset are
read again, since nothing says which file they came from.
"""

import logging
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import Connection, select

from segue.library import schema
from segue.library.audio_files import AudioFile, audio_files
from segue.library.catalogue import path_from_text
from segue.library.feature_stores import stores_in
from segue.library.features import FeatureStore
from segue.library.files import make_directory, open_private
from segue.library.migrations import LIBRARY_ID
from segue.library.writes import put_meta

FEATURES_TOKEN: Final = "features token"  # noqa: S105
_DIGEST, _FILE = "digest", "file"  # arrays that identify the sound and the file of a track
_LOG = logging.getLogger("segue.library")


def library_id(connection: Connection) -> str:
    """Return the id of a library."""
    return _meta(connection, LIBRARY_ID)


def present_token(connection: Connection) -> str:
    """Return the token of the state of the tracks."""
    return _meta(connection, FEATURES_TOKEN)


def written_token(directory: Path) -> str:
    """Return the token of the state of the tracks that the features in a directory belong to."""
    try:
        return (directory / "token").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def change_token(connection: Connection) -> str:
    """Give the state of the tracks a new token; return it for `write_token`."""
    token = secrets.token_hex(8)
    put_meta(connection, FEATURES_TOKEN, token)
    return token


def write_token(directory: Path, token: str) -> None:
    """Write the token next to the features."""
    make_directory(directory)
    with open_private(directory / "token", "w") as file:
        file.write(token)


def compare(connection: Connection, directory: Path) -> int:
    """Remove the rows of all stores that do not belong to their tracks; return their number."""
    stores = stores_in(directory)
    if not stores:
        return 0
    own = library_id(connection)
    tracks = schema.tracks
    found = connection.execute(select(tracks.c.row, tracks.c.path))
    paths: dict[int, str | None] = {row[0]: row[1] for row in found}
    files = audio_files(connection)
    compared: set[int] = set()
    for store in stores:
        if _DIGEST in store.dtypes and _FILE in store.dtypes:
            rows = [row for row in store.rows().tolist() if row in paths]
            compared |= set(_with_same_sound(store, rows, paths, files))
    n_removed = 0
    for store in stores:
        foreign = store.library_id not in ("", own)
        removed = [row for row in store.rows().tolist() if row not in compared]
        n_removed = max(n_removed, len(removed))
        store.library_id = own
        if removed or foreign:
            with store:
                store.forget(removed)
                store.write_settings()
    if n_removed:
        _LOG.warning(
            "The analysis of %d tracks belonged to another state of the library and was removed:"
            " segue preprocess analyzes them again",
            n_removed,
        )
    return n_removed


def _with_same_sound(
    store: FeatureStore,
    rows: Collection[int],
    paths: dict[int, str | None],
    files: dict[int, AudioFile],
) -> list[int]:
    """Return the rows whose arrays were computed from the files of their tracks."""
    same = []
    digests = store.matrix(_DIGEST, list(rows))
    for row, digest in zip(rows, digests, strict=True):
        known = files.get(row)
        if known is not None and known.digest is not None:
            if (
                not np.isnan(digest).any()
                and digest.astype(np.uint8).tobytes().hex() == known.digest
            ):
                same.append(row)
        elif _is_file(store, row, paths[row]):
            same.append(row)  # a killed run stored it, and could not record it
    return same


def _is_file(store: FeatureStore, row: int, path: str | None) -> bool:
    if path is None:
        return False
    try:
        state = path_from_text(path).stat()
    except OSError:
        return False
    stored: list[int] = store.read(_FILE, row)[0].tolist()
    return stored == [state.st_size, state.st_mtime_ns]


def _meta(connection: Connection, key: str) -> str:
    return connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == key)) or ""
