"""Installed pretrained encoders: in the data directory of the user, for all libraries.

``encoders/<package>/<name>/`` holds ``model.onnx`` and ``encoder.json``, next to the license of the
package. On Linux the directory is ``~/.local/share/segue``, or ``$XDG_DATA_HOME/segue``.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segue.encoders.inference import DESCRIPTION, GRAPH, Encoder, check_saved
from segue.encoders.pretrained.registry import OUTPUTS, PACKAGE, PRETRAINED_ENCODERS
from segue.errors import ModelError


def package_directory() -> Path:
    """Return the directory of the encoders of the package, whether it exists or not."""
    from platformdirs import user_data_path

    return user_data_path("segue", appauthor=False) / "encoders" / PACKAGE


def installed_encoders() -> dict[str, Path]:
    """Return the directory of each installed encoder, by name."""
    package = package_directory()
    return {
        name: package / name
        for name in PRETRAINED_ENCODERS
        if (package / name / DESCRIPTION).is_file()
    }


def has_all_outputs(directory: Path) -> bool:
    """Return whether an installed encoder has the outputs `OUTPUTS`; earlier ones have two."""
    try:
        description = json.loads((directory / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(description, dict) and description.get("outputs") == list(OUTPUTS)


def open_pretrained(directory: Path) -> Encoder:
    """Open one installed encoder; an encoding uses one thread.

    Raises
    ------
    ModelError
        When one of its files is missing or damaged.
    """
    with _damage_reported(directory):
        return Encoder.load(directory, threads=1)


def check_pretrained(directory: Path) -> None:
    """Check that an installed encoder is complete, without opening it; see `open_pretrained`."""
    with _damage_reported(directory):
        check_saved(directory)


@contextmanager
def _damage_reported(directory: Path) -> Iterator[None]:
    try:
        yield
    except ModelError as error:
        raise ModelError(
            f"The pretrained encoder '{directory.name}' is damaged ({directory / GRAPH} or the file"
            f" next to it has changed): run segue encoders add {PACKAGE} --force."
        ) from error
