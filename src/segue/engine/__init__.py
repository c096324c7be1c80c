"""The engine: blends signals with weights, global ones and each listener's own, and explains."""

from segue.engine.blend import Engine, Ranked, keep_one_of_each, rank, standardise
from segue.engine.calibration import divergence
from segue.engine.dials import Dials
from segue.engine.exclusions import Exclusions
from segue.engine.explanations import Explainer, Explaining, Faithfulness, faithfulness
from segue.engine.facts import TrackFacts
from segue.engine.groups import GroupList, blend_listeners
from segue.engine.paths import Path, path
from segue.engine.playlist import Playlist, Served, Step
from segue.engine.profiles import profile_from_seeds, profiles_of, with_seeds
from segue.engine.radio import FEEDBACK, WINDOW, Feedback, Radio
from segue.engine.recommendations import Pick, Pull, Recommendations, Shared, explain
from segue.engine.rerank import POOL, Listed, listed, rerank
from segue.engine.sweep import sweep
from segue.engine.weights import areas, everyone, weights_from

__all__ = [
    "FEEDBACK",
    "POOL",
    "WINDOW",
    "Dials",
    "Engine",
    "Exclusions",
    "Explainer",
    "Explaining",
    "Faithfulness",
    "Feedback",
    "GroupList",
    "Listed",
    "Path",
    "Pick",
    "Playlist",
    "Pull",
    "Radio",
    "Ranked",
    "Recommendations",
    "Served",
    "Shared",
    "Step",
    "TrackFacts",
    "areas",
    "blend_listeners",
    "divergence",
    "everyone",
    "explain",
    "faithfulness",
    "keep_one_of_each",
    "listed",
    "path",
    "profile_from_seeds",
    "profiles_of",
    "rank",
    "rerank",
    "standardise",
    "sweep",
    "weights_from",
    "with_seeds",
]
