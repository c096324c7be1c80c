"""Sequences: what comes next in a session or history. One contract, one file a model.

`fit_sequences` returns the mixture of all of them, `SequenceModel`, which is what the signal uses.
"""

from segue.listening.sequences.components import SequenceSettings
from segue.listening.sequences.fitting import fit_sequences
from segue.listening.sequences.mixture import SequenceModel
from segue.listening.sequences.model import NextItemModel

__all__ = ["NextItemModel", "SequenceModel", "SequenceSettings", "fit_sequences"]
