"""Where pretrained ears are kept: in the user's data directory, for all libraries.

``encoders/<package>/<ear>/`` holds ``model.onnx`` and ``encoder.json``; the package's licence lies
beside them. On Linux that is below ``~/.local/share/segue``, or ``$XDG_DATA_HOME/segue``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segue.encoders.inference import DESCRIPTION, GRAPH, Encoder, check_saved
from segue.encoders.pretrained.ears import EARS, PACKAGE
from segue.errors import ModelError


def package_directory() -> Path:
    """Return where the ears of the one package are, or would be."""
    from platformdirs import user_data_path

    return user_data_path("segue", appauthor=False) / "encoders" / PACKAGE


def installed_ears() -> dict[str, Path]:
    """Return the directories of the ears that are installed, by name."""
    package = package_directory()
    return {name: package / name for name in EARS if (package / name / DESCRIPTION).is_file()}


def open_ear(directory: Path) -> Encoder:
    """Open one installed ear; an encoding uses one thread.

    Raises
    ------
    ModelError
        When one of its files is missing or damaged.
    """
    with _told(directory):
        return Encoder.load(directory, threads=1)


def check_ear(directory: Path) -> None:
    """Make sure that an installed ear is whole, without opening it; see `open_ear`."""
    with _told(directory):
        check_saved(directory)


@contextmanager
def _told(directory: Path) -> Iterator[None]:
    try:
        yield
    except ModelError as error:
        raise ModelError(
            f"The pretrained ear '{directory.name}' is damaged ({directory / GRAPH} or the file"
            f" beside it is not what was written): run segue encoders add {PACKAGE} --force."
        ) from error
