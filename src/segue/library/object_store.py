"""Objects by name below a URL, by fsspec: ``s3://BUCKET/PREFIX``, ``gs://...``, ``file://...``.

fsspec is imported when a library has such files; the extra ``s3`` installs it for S3.
"""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from segue.errors import LibraryBusyError, LibraryError, MissingExtraError, StorageError

_LOG = logging.getLogger("segue.library")
_ERRORS: Final = (  # of the clients that fsspec uses
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("aiohttp", "ClientError"),
)
_S3_OPTIONS: Final = {
    "config_kwargs": {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 2}},
    "use_listings_cache": False,
}
_NO_CREDENTIALS: Final = ("NoCredentialsError", "PartialCredentialsError", "PermissionError")


def is_object_url(text: str) -> bool:
    """Return whether a text is the URL of object storage, and not the path of a directory."""
    return "://" in text


class MissingObjectError(LibraryError):
    """An object that is not in the store; its only argument is the name."""


class ObjectStore:
    """The objects below a URL, which are read and written as a whole.

    Raises
    ------
    MissingExtraError
        If the package for such URLs is not installed.
    LibraryError
        If there is no such kind of URL.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._store()

    def _store(self) -> tuple[Any, str]:
        """Return the file system, which fsspec keeps for each process, and the root in it."""
        try:
            from fsspec.core import url_to_fs

            options = _S3_OPTIONS if self.url.startswith("s3:") else {}
            return url_to_fs(self.url, **options)  # type: ignore[no-any-return]
        except ImportError as error:
            raise MissingExtraError(f"A library with files in {self.url}", "s3") from error
        except ValueError as error:
            raise LibraryError(
                f"{self.url} is no object storage ({error}): use an address like"
                " s3://BUCKET/PREFIX, or a directory."
            ) from error

    def read(self, name: str) -> bytes:
        """Return an object.

        Raises
        ------
        MissingObjectError
            If there is none.
        StorageError
            If the store does not answer, or refuses.
        """
        with self._translated():
            store, root = self._store()
            try:
                return bytes(store.cat_file(f"{root}/{name}"))
            except FileNotFoundError:
                raise MissingObjectError(name) from None

    def write(self, name: str, data: bytes) -> None:
        """Store an object.

        Raises
        ------
        StorageError
            If the store does not answer, or refuses.
        """
        with self._translated():
            store, root = self._store()
            path = f"{root}/{name}"
            if "file" in store.protocol:
                store.makedirs(path.rpartition("/")[0], exist_ok=True)
            store.pipe_file(path, data)

    def delete(self, names: Sequence[str]) -> None:
        """Delete unused objects; one that cannot be deleted stays, and is logged."""
        try:
            with self._translated():
                store, root = self._store()
                for name in names:
                    with suppress(FileNotFoundError):
                        store.rm_file(f"{root}/{name}")
        except StorageError as error:
            _LOG.warning("Unused objects were not deleted: %s", error)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise StorageError(
                f"There is no {self.url} ({error}): make the bucket, or correct the address."
            ) from error
        except _errors() as error:
            text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            if type(error).__name__ in _NO_CREDENTIALS:
                raise StorageError(
                    f"{self.url} refuses access ({text}): set AWS_ACCESS_KEY_ID and"
                    " AWS_SECRET_ACCESS_KEY of a user who may read and write there."
                ) from error
            raise LibraryBusyError(
                f"{self.url} does not answer ({text}): check the network and the store, or try"
                " again later."
            ) from error


def _errors() -> tuple[type[Exception], ...]:
    modules = ((sys.modules.get(module), name) for module, name in _ERRORS)
    found = [getattr(module, name) for module, name in modules if module is not None]
    return (OSError, *found)
