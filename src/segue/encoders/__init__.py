"""Encoders: frames in, an embedding and class probabilities out.

`train_encoder` trains one (the only place in segue that imports Keras, and only when called),
`Encoder` uses one (ONNX Runtime alone). Each kind has its settings class and its network in
`segue.encoders.networks`.
"""

from segue.encoders.history import History
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
from segue.encoders.trained import TrainedEncoder
from segue.encoders.training import train_encoder

__all__ = [
    "SETTINGS",
    "CnnSettings",
    "Encoder",
    "EncoderKind",
    "EncoderSettings",
    "History",
    "Objective",
    "RnnSettings",
    "TrainedEncoder",
    "TransformerSettings",
    "train_encoder",
]
