"""Histories: a small self-attentive network that predicts the next play from earlier plays.

`train_history_network` trains one (Keras) and returns plain arrays; `segue.listening.sequences`
evaluates them without Keras.
"""

from segue.encoders.histories.settings import HistorySettings
from segue.encoders.histories.training import TrainedHistories, train_history_network

__all__ = ["HistorySettings", "TrainedHistories", "train_history_network"]
