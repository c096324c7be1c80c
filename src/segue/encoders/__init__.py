"""Encoders: frames in, an embedding and class probabilities out.

`train_encoder` trains one (Keras is imported when it is called), `Encoder` runs one (with ONNX
Runtime alone). Each kind has a settings class, and a body in `segue.encoders.networks`.
"""

from segue.encoders.inference import Encoder
from segue.encoders.objectives import Objective
from segue.encoders.settings import (
    SETTINGS,
    CnnSettings,
    EncoderKind,
    EncoderSettings,
    RnnSettings,
    TransformerSettings,
)
from segue.encoders.trained import TrainedEncoder, TrainingCurve
from segue.encoders.training import train_encoder

__all__ = [
    "SETTINGS",
    "CnnSettings",
    "Encoder",
    "EncoderKind",
    "EncoderSettings",
    "Objective",
    "RnnSettings",
    "TrainedEncoder",
    "TrainingCurve",
    "TransformerSettings",
    "train_encoder",
]
