"""The networks, in pure Keras 3: no operation of a backend is named in them.

All begin alike (`segue.encoders.networks.front`: frames to a sequence of steps) and end alike
(`segue.encoders.networks.head`); they differ in how they read the steps, which is a file each. A
network has

- one input, ``[batch, window, n_bands]`` float32, raw values: scaling by band comes first;
- two outputs, an embedding and what the objective asks for.

The modules import Keras; this package does not, until a network is asked for.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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
    *,
    spectra: bool = True,
) -> "keras.Model":
    """Build the network that `settings` belongs to, with fresh weights.

    Parameters
    ----------
    window : int
        Frames of a crop.
    n_outputs : int
        Classes or tags; 0 for ``contrast``.
    scale : BandScale
        What the bands are scaled by.
    spectra : bool
        Whether frames are spectra, whose bands have an order, or other descriptors.
    """
    import keras

    from segue.encoders.networks.front import steps_of
    from segue.encoders.networks.head import outputs_of

    frames = keras.Input((window, len(scale.mean)), name="frames")
    steps = steps_of(frames, scale, settings, spectra=spectra)
    read = _reader(settings)(steps, settings)
    return keras.Model(frames, outputs_of(read, n_outputs, objective, settings))


def _reader(settings: EncoderSettings) -> Callable[[Any, Any], Any]:
    match settings:
        case CnnSettings():
            from segue.encoders.networks.cnn import read_with_cnn

            return read_with_cnn
        case RnnSettings():
            from segue.encoders.networks.rnn import read_with_rnn

            return read_with_rnn
        case TransformerSettings():
            from segue.encoders.networks.transformer import read_with_transformer

            return read_with_transformer
        case _:
            raise ValueError(
                f"{type(settings).__name__} belongs to no network: use CnnSettings, RnnSettings "
                "or TransformerSettings."
            )
