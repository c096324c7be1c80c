"""Save and load signal weights: global weights and the posterior of each listener."""

from collections.abc import Mapping, Sequence
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from segue.engine import MIN_SPREAD, WeightPosterior, Weights, shares
from segue.errors import ModelError
from segue.library import Library

ENGINE = "engine"
WEIGHTS_FORMAT = 4

_UNKNOWN = 0.0


def load_weights(library: Library, fingerprint: str, names: Sequence[str]) -> Weights | None:
    """Return the saved weights; None if they belong to other signals."""
    manifest = _manifest(library)
    if not manifest:
        return None
    path = library.models.path(ENGINE) / "arrays.npz"
    if manifest.get("fingerprint") != fingerprint or not path.is_file():
        return None
    if manifest.get("signals") != list(names):
        return None
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
            return weights_from(kept)
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        return None  # damaged: they are learned again


def weight_arrays(weights: Weights) -> dict[str, NDArray[Any]]:
    """Return weights as named arrays."""
    users, n = list(weights.listeners), len(weights.everyone)
    beliefs = [weights.listeners[user] for user in users]
    return {
        "everyone": weights.everyone,
        "spread": weights.spread,
        "users": np.array(users, np.str_) if users else np.zeros(0, "U1"),
        "means": np.array([posterior.mean for posterior in beliefs]).reshape(len(users), n),
        "precisions": np.array([posterior.precision for posterior in beliefs]).reshape(
            len(users), n, n
        ),
    }


def weights_from(arrays: Mapping[str, NDArray[Any]]) -> Weights:
    """Return the weights that `weight_arrays` gave."""
    means, precisions = arrays["means"], arrays["precisions"]
    beliefs = {
        str(user): WeightPosterior(means[place], precisions[place])
        for place, user in enumerate(arrays["users"])
    }
    return Weights(arrays["everyone"], arrays["spread"], beliefs)


def everyones_weights(library: Library) -> dict[str, float]:
    """Return the global weights by signal; empty if never learned."""
    known = _manifest(library).get("weights") or {}
    found = shares(np.array(list(known.values()), np.float64))
    return dict(zip(known, found.tolist(), strict=True))


def _manifest(library: Library) -> dict[str, Any]:
    """Return the manifest of the saved weights; empty if they must be learned."""
    if ENGINE not in library.models:
        return {}
    try:
        return library.models.manifest(ENGINE)
    except ModelError:  # damaged or of another version: learn them again
        return {}


def save_weights(
    library: Library, weights: Weights, names: Sequence[str], fingerprint: str
) -> None:
    """Save weights with the names of their signals."""
    manifest = {
        "fingerprint": fingerprint,
        "signals": list(names),
        "weights": dict(zip(names, weights.everyone.tolist(), strict=True)),
        "spread": dict(zip(names, weights.spread.tolist(), strict=True)),
        "listeners": len(weights.listeners),
    }
    with library.models.saving(ENGINE, manifest) as directory:
        np.savez(directory / "arrays.npz", allow_pickle=False, **weight_arrays(weights))


def in_order(weights: Weights, learned: Sequence[str], names: Sequence[str]) -> Weights:
    """Return the weights in the order of `names`; a signal without a weight gets 0."""
    if list(learned) == list(names):
        return weights
    places = [learned.index(name) if name in learned else -1 for name in names]
    known = np.array([place >= 0 for place in places])
    at = np.array(places)

    def spread(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(known, vector[at], _UNKNOWN)

    beliefs = {}
    for user, posterior in weights.listeners.items():
        precision = np.where(known[:, None] & known, posterior.precision[np.ix_(at, at)], 0.0)
        unknown = np.flatnonzero(~known)
        precision[unknown, unknown] = 1 / MIN_SPREAD**2
        beliefs[user] = WeightPosterior(spread(posterior.mean), precision)
    return Weights(spread(weights.everyone), spread(weights.spread), beliefs)
