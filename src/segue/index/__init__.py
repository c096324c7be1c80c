"""Nearest neighbours: exact."""

from segue.index.exact import best, nearest, normalise

__all__ = ["best", "nearest", "normalise"]
