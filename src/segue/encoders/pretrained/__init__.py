"""Pretrained ears: networks that learned from a million tracks, used as they are.

`convert` makes them from a wheel, once, with Keras; `open_ear` uses them, with ONNX Runtime alone.
Nothing heavy is imported until one of them is called.
"""

from segue.encoders.pretrained.conversion import (
    LICENCE_FILE,
    build,
    convert,
    licence_of,
    need_converter,
)
from segue.encoders.pretrained.ears import EARS, LICENCE, PACKAGE, VERSION, Ear
from segue.encoders.pretrained.place import check_ear, installed_ears, open_ear, package_directory
from segue.encoders.pretrained.wheel import download_wheel, open_wheel

__all__ = [
    "EARS",
    "LICENCE",
    "LICENCE_FILE",
    "PACKAGE",
    "VERSION",
    "Ear",
    "build",
    "check_ear",
    "convert",
    "download_wheel",
    "installed_ears",
    "licence_of",
    "need_converter",
    "open_ear",
    "open_wheel",
    "package_directory",
]
