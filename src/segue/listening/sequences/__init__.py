"""Sequence models: predict the next item of a session or history; one file a model.

`fit_sequences` returns the mixture of all of them, `SequenceModel`, for the signal `sequence`.
"""

from segue.listening.sequences.components import SequenceSettings
from segue.listening.sequences.fitting import fit_sequences
from segue.listening.sequences.mixture import SequenceModel
from segue.listening.sequences.model import NextItemModel

__all__ = ["NextItemModel", "SequenceModel", "SequenceSettings", "fit_sequences"]
