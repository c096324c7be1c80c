"""Models of listening data: matrices of who listened to what go in, scores of items come out."""

from segue.listening.model import ListeningModel

__all__ = ["ListeningModel"]
