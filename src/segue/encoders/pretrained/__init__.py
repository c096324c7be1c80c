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
from segue.encoders.pretrained.notes import (
    check_note_model,
    extract_note_model,
    installed_note_model,
    note_chroma,
    note_model_directory,
)
from segue.encoders.pretrained.registry import (
    LICENCE,
    MUSICNN_WHEEL,
    NOTES_LICENCE,
    NOTES_WHEEL,
    OUTPUTS,
    PACKAGE,
    PRETRAINED_ENCODERS,
    VERSION,
    PretrainedEncoder,
    WheelSource,
)
from segue.encoders.pretrained.wheel import download_wheel, open_wheel

__all__ = [
    "LICENCE",
    "LICENCE_FILE",
    "MUSICNN_WHEEL",
    "NOTES_LICENCE",
    "NOTES_WHEEL",
    "OUTPUTS",
    "PACKAGE",
    "PRETRAINED_ENCODERS",
    "VERSION",
    "PretrainedEncoder",
    "WheelSource",
    "build",
    "check_note_model",
    "check_pretrained",
    "convert",
    "download_wheel",
    "extract_note_model",
    "has_all_outputs",
    "installed_encoders",
    "installed_note_model",
    "licence_of",
    "note_chroma",
    "note_model_directory",
    "open_pretrained",
    "open_wheel",
    "package_directory",
]
