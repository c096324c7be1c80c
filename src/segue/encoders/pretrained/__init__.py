"""Pretrained encoders: networks that were trained on a million tracks, used as they are.

`convert` makes them from a wheel, once; `open_pretrained` runs them with
ONNX Runtime. Heavy libraries are imported when they are first called.
"""

from segue.encoders.pretrained.conversion import (
    LICENCE_FILE,
    build,
    convert,
    licence_of,
)
from segue.encoders.pretrained.installation import (
    check_pretrained,
    has_all_outputs,
    installed_encoders,
    open_pretrained,
    package_directory,
)
from segue.encoders.pretrained.registry import (
    LICENCE,
    OUTPUTS,
    PACKAGE,
    PRETRAINED_ENCODERS,
    VERSION,
    PretrainedEncoder,
)
from segue.encoders.pretrained.wheel import download_wheel, open_wheel

__all__ = [
    "LICENCE",
    "LICENCE_FILE",
    "OUTPUTS",
    "PACKAGE",
    "PRETRAINED_ENCODERS",
    "VERSION",
    "PretrainedEncoder",
    "build",
    "check_pretrained",
    "convert",
    "download_wheel",
    "has_all_outputs",
    "installed_encoders",
    "licence_of",
    "open_pretrained",
    "open_wheel",
    "package_directory",
]
