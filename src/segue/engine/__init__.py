"""The engine: blends signals with weights, global ones and each listener's own, and explains."""

from segue.engine.blend import Engine, Ranked, keep_one_of_each, rank, standardise
from segue.engine.profiles import profile_from_seeds, profiles_of, with_seeds
from segue.engine.recommendations import Pick, Recommendations, explain
from segue.engine.weights import areas, everyone, weights_from

__all__ = [
    "Engine",
    "Pick",
    "Ranked",
    "Recommendations",
    "areas",
    "everyone",
    "explain",
    "keep_one_of_each",
    "profile_from_seeds",
    "profiles_of",
    "rank",
    "standardise",
    "weights_from",
    "with_seeds",
]
