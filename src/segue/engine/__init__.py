"""The engine: blend signals by weights, re-rank, explain (pure: arrays in, arrays out)."""

from segue.engine.blend import (
    Engine,
    Ranked,
    Scored,
    best_positions,
    keep_one_of_each,
    rank,
    score_order,
)
from segue.engine.calibration import divergence
from segue.engine.catalogue_arrays import CatalogueArrays
from segue.engine.dials import Dials, drawn_seed
from segue.engine.examples import Example, examples_from
from segue.engine.exclusions import Exclusions
from segue.engine.explanations import ExplainedHistory, Explainer, Faithfulness, faithfulness
from segue.engine.group_recommendation import GroupList, blend_listeners
from segue.engine.item_attribution import Explaining, HistoryVectors
from segue.engine.learning_rules import (
    DailyInterval,
    LearningRules,
    ListeningSession,
    time_zone,
)
from segue.engine.paths import Path, path
from segue.engine.playlist import ListedTrack, Playlist, Served, Step
from segue.engine.profile_accumulator import Listens, ProfileAccumulator
from segue.engine.profiles import profile_from_seeds, profiles_of, with_seeds
from segue.engine.radio import FEEDBACK, Feedback, RadioStation
from segue.engine.recommendations import (
    Contribution,
    Recommendation,
    Recommendations,
    SharedTraits,
    explain,
)
from segue.engine.rerank import POOL, RerankResult, rerank, rerank_list
from segue.engine.standardization import SeededScores, SignalScores, is_flat, standardise
from segue.engine.sweep import sweep
from segue.engine.track_words import TrackWords, WordMatrix
from segue.engine.weights import MIN_SPREAD, WeightPosterior, Weights, learn, shares, updated

__all__ = [
    "FEEDBACK",
    "MIN_SPREAD",
    "POOL",
    "CatalogueArrays",
    "Contribution",
    "DailyInterval",
    "Dials",
    "Engine",
    "Example",
    "Exclusions",
    "ExplainedHistory",
    "Explainer",
    "Explaining",
    "Faithfulness",
    "Feedback",
    "GroupList",
    "HistoryVectors",
    "LearningRules",
    "ListedTrack",
    "ListeningSession",
    "Listens",
    "Path",
    "Playlist",
    "ProfileAccumulator",
    "RadioStation",
    "Ranked",
    "Recommendation",
    "Recommendations",
    "RerankResult",
    "Scored",
    "SeededScores",
    "Served",
    "SharedTraits",
    "SignalScores",
    "Step",
    "TrackWords",
    "WeightPosterior",
    "Weights",
    "WordMatrix",
    "best_positions",
    "blend_listeners",
    "divergence",
    "drawn_seed",
    "examples_from",
    "explain",
    "faithfulness",
    "is_flat",
    "keep_one_of_each",
    "learn",
    "path",
    "profile_from_seeds",
    "profiles_of",
    "rank",
    "rerank",
    "rerank_list",
    "score_order",
    "shares",
    "standardise",
    "sweep",
    "time_zone",
    "updated",
    "with_seeds",
]
