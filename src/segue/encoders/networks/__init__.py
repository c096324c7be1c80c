"""The networks, one file each, in pure Keras 3: no operation of a backend is named in them.

Every network is a function ``(window, n_outputs, scale, settings, objective) -> keras.Model`` with

- one input, ``[batch, window, n_bands]`` float32, raw values: scaling by band comes first
  (`segue.encoders.networks.front`);
- two outputs, an embedding and what the objective asks for (`segue.encoders.networks.head`).

The modules import Keras; this package does not, until a network is asked for.
"""

from typing import TYPE_CHECKING

from segue.encoders.objectives import Objective
from segue.encoders.recipe import BandScale
from segue.encoders.settings import (
    CnnSettings,
    EncoderSettings,
    RnnSettings,
    TransformerSettings,
)

if TYPE_CHECKING:
    import keras

__all__ = ["build_network"]


def build_network(
    window: int,
    n_outputs: int,
    scale: BandScale,
    settings: EncoderSettings,
    objective: Objective = "classes",
) -> "keras.Model":
    """Build the network that `settings` belongs to, with fresh weights."""
    match settings:
        case CnnSettings():
            from segue.encoders.networks.cnn import build_cnn

            return build_cnn(window, n_outputs, scale, settings, objective)
        case RnnSettings():
            from segue.encoders.networks.rnn import build_rnn

            return build_rnn(window, n_outputs, scale, settings, objective)
        case TransformerSettings():
            from segue.encoders.networks.transformer import build_transformer

            return build_transformer(window, n_outputs, scale, settings, objective)
        case _:
            raise ValueError(
                f"{type(settings).__name__} belongs to no network: use CnnSettings, RnnSettings "
                "or TransformerSettings."
            )
