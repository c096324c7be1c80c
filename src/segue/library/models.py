"""Trained models by name: a directory of weights with a manifest, replaced as a whole.

A manifest has the kind of the model, its target, settings, seed, the hash of its training data,
metrics, training time, and the versions of the packages that made it.

A model whose files differ from their checksums counts as not trained: it is not used, and the next
training replaces it.
"""

import json
import logging
import platform
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from segue.errors import ModelError, ModelNotTrainedError
from segue.library.files import damaged_files, new_directory, write_json
from segue.library.shared_files import MODELS, LocalFiles
from segue.library.storage import translate_errors

MANIFEST_FORMAT = 1
_MADE_ALONG = ("engine", "hubs", "choice")
"""Models that are not trained by name, but made where they are needed."""
MAP_PREFIX = "map-"
"""Start of the names of maps, which recommendations do not use."""
_LOG = logging.getLogger("segue.library")
_Signature = tuple[tuple[str, int, int], ...]
_VERSIONED = ("segue", "numpy", "scikit-learn", "onnxruntime", "keras", "tensorflow-cpu")


class ModelStore:
    """The models of one library, ``models/<name>/``; `files` may fetch and publish them."""

    def __init__(self, directory: Path, files: LocalFiles | None = None) -> None:
        self.directory = directory
        self._files = files or LocalFiles()
        self._compared: dict[str, tuple[_Signature, bool]] = {}

    def names(self) -> list[str]:
        """Return the names of all models, sorted."""
        return sorted(name for name in self._directories() if name in self)

    def trained(self) -> list[str]:
        """Return the names of the models that training made, sorted: no weights and choices."""
        return [name for name in self.names() if name not in _MADE_ALONG]

    def damaged(self) -> list[str]:
        """Return the names of the models whose files have changed or are missing, sorted."""
        return sorted(name for name in self._directories() if name not in self)

    def state(self) -> dict[str, int] | dict[str, str]:
        """Return the time when each model was written, in nanoseconds, without maps.

        Of models in object storage these are the versions. It changes when a model is replaced.
        Damage does not change it: a snapshot that was built from the model before is still right.
        """
        versions = self._files.model_versions()
        if versions is not None:
            start = f"{MODELS}/{MAP_PREFIX}"
            return {name: one for name, one in versions.items() if not name.startswith(start)}
        found = {}
        for name in self._directories():
            if not name.startswith(MAP_PREFIX):
                with suppress(FileNotFoundError):  # replaced at this moment
                    found[name] = (self.directory / name / "manifest.json").stat().st_mtime_ns
        return found

    def _directories(self) -> list[str]:
        self._files.fetch(MODELS)
        return [path.name for path in self.directory.glob("[!.]*") if path.is_dir()]

    def __contains__(self, name: str) -> bool:
        """Return whether there is a model of that name, with all files as they were written."""
        self._files.fetch(MODELS)
        directory = self.directory / name
        try:
            signature = tuple(
                (str(path), stat.st_size, stat.st_mtime_ns)
                for path in sorted(directory.rglob("*"))
                for stat in (path.stat(),)
            )
        except OSError:  # replaced at this moment
            return (directory / "manifest.json").is_file()
        if not signature:
            return False
        known = self._compared.get(name)
        if known is None or known[0] != signature:
            damaged = damaged_files(directory)
            if damaged:
                _LOG.warning(
                    "The model '%s' is damaged (%s) and not used: run segue library repair",
                    name,
                    ", ".join(damaged),
                )
            known = (signature, not damaged and (directory / "manifest.json").is_file())
            self._compared[name] = known
        return known[1]

    def path(self, name: str) -> Path:
        """Return the directory of the model `name`.

        Raises
        ------
        ModelNotTrainedError
            If there is none.
        ModelError
            If it is damaged.
        """
        if name not in self:
            if name in self._directories():
                raise ModelError(f"The model '{name}' is damaged: {self.way_out(name)}.")
            raise ModelNotTrainedError(
                f"The model '{name}' is not trained yet: run segue train {name}."
            )
        return self.directory / name

    def manifest(self, name: str) -> dict[str, Any]:
        """Return the manifest of the model `name`.

        Raises
        ------
        ModelNotTrainedError
            If there is none.
        ModelError
            If it cannot be read, or was written by a newer segue.
        """
        path = self.path(name) / "manifest.json"
        try:
            document = json.loads(path.read_text("utf-8"))
            if not isinstance(document, dict):
                raise TypeError(f"a manifest is a table, not {type(document).__name__}")  # noqa: TRY301
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"The model '{name}' cannot be read: {self.way_out(name)}.") from error
        if document.get("format", 0) > MANIFEST_FORMAT:
            raise ModelError(
                f"The model '{name}' was written by a newer segue: upgrade segue,"
                f" or {self.way_out(name)}."
            )
        return document

    def manifest_of_damaged(self, name: str) -> dict[str, Any]:
        """Return the manifest of a damaged model; empty if that itself is damaged."""
        path = self.directory / name / "manifest.json"
        if damaged_files(path.parent, (path.name,)):
            return {}
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return document

    def way_out(self, name: str) -> str:
        """Return the instruction to make the model `name` again."""
        if name in _MADE_ALONG:
            return f"remove the directory {self.directory / name}, and it is made again"
        target, on, encoder = name.rpartition("-on-")
        if on:
            return f"run segue train {shlex.quote(unquote(target))} --on {encoder} --force"
        return f"run segue train {name} --force"

    def checkpoint(self, name: str) -> Path:
        """Return the directory of the state of the training of `name` while it runs."""
        return self.directory / f".{name}.checkpoint"

    def drop_checkpoint(self, name: str) -> None:
        """Delete the state of a training that has ended."""
        shutil.rmtree(self.checkpoint(name), ignore_errors=True)

    @contextmanager
    def saving(self, name: str, manifest: Mapping[str, Any]) -> Iterator[Path]:
        """Yield a directory to save the model `name` into; it replaces the old one at the end.

        The block may add to `manifest`.
        """
        place = self.directory / name
        with translate_errors(place), new_directory(place) as temporary:
            yield temporary
            write_json(
                temporary / "manifest.json",
                {
                    "format": MANIFEST_FORMAT,
                    "name": name,
                    **manifest,
                    "versions": installed_versions(),
                },
            )
        self._files.publish(f"{MODELS}/{name}")


def installed_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that training depends on."""
    found = {"python": platform.python_version()}
    for name in _VERSIONED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
