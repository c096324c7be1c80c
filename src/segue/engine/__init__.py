"""The engine: blends signals with weights, global ones and each listener's own, and explains."""

from segue.engine.blend import Engine, Ranked, keep_one_of_each, rank, standardise
from segue.engine.calibration import divergence
from segue.engine.dials import Dials
from segue.engine.exclusions import Exclusions
from segue.engine.explanations import Explainer, Explaining, Faithfulness, faithfulness
from segue.engine.facts import TrackFacts
from segue.engine.profiles import profile_from_seeds, profiles_of, with_seeds
from segue.engine.recommendations import Pick, Pull, Recommendations, Shared, explain
from segue.engine.rerank import POOL, Listed, listed, rerank
from segue.engine.sweep import sweep
from segue.engine.weights import areas, everyone, weights_from

__all__ = [
    "POOL",
    "Dials",
    "Engine",
    "Exclusions",
    "Explainer",
    "Explaining",
    "Faithfulness",
    "Listed",
    "Pick",
    "Pull",
    "Ranked",
    "Recommendations",
    "Shared",
    "TrackFacts",
    "areas",
    "divergence",
    "everyone",
    "explain",
    "faithfulness",
    "keep_one_of_each",
    "listed",
    "profile_from_seeds",
    "profiles_of",
    "rank",
    "rerank",
    "standardise",
    "sweep",
    "weights_from",
    "with_seeds",
]
