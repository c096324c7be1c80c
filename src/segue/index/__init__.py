"""Nearest neighbours: exact. And which tracks are one recording."""

from segue.index.exact import best, nearest, normalise
from segue.index.recordings import N_DIMENSIONS, alike_pairs, grouped, shiftless

__all__ = [
    "N_DIMENSIONS",
    "alike_pairs",
    "best",
    "grouped",
    "nearest",
    "normalise",
    "shiftless",
]
