"""Collaborative model: a blend of popularity-scaled EASE and iALS.

The scores of each model are standardized over the items it scores (mean 0, standard deviation 1)
and added: EASE has the share ``share * n / (n + 5)`` for a history of `n` likes, and iALS the rest,
since EASE needs more likes than iALS (docs/listening.md has the figures). For items that only one
model scores, such as those that iALS places by content, its score is used alone. With a share of 0
or 1 the other model is used, and saved, only if it adds scores of at least one in fifty items.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segue.listening.als import Als
from segue.listening.als_solver import AlsSettings
from segue.listening.ease import Ease, EaseSettings
from segue.listening.matrices import Ids, Matrix, Scores
from segue.listening.model import ListeningModel

_FEW = 4
"""If fewer than one in this many items are scored, they are gathered first."""

HALF_SHARE_LIKES = 5.0
"""Likes of a history with which EASE has half of its share."""

_MIN_MORE = 0.02
"""Share of items that a model must add to be used with a share of 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollaborativeSettings:
    """Settings of both models and of the blend."""

    ease: EaseSettings = field(
        default_factory=lambda: EaseSettings(
            regularization=40.0, balance=0.25, lift=0.15, strength=1.0, label_weight=1.5
        )
    )
    als: AlsSettings = field(default_factory=lambda: AlsSettings(strength=0.5))
    share: float = 0.8  # of EASE for long histories; the rest is iALS

    def __post_init__(self) -> None:
        """Check ranges."""
        if not 0 <= self.share <= 1:
            raise ValueError(f"share is {self.share}: it must be from 0 to 1.")

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """Return the settings that `dataclasses.asdict` gave."""
        parts = {"ease": EaseSettings(**kept["ease"]), "als": AlsSettings(**kept["als"])}
        return cls(**{**kept, **parts})


class Collaborative(ListeningModel):
    """EASE and iALS, blended."""

    kind = "collaborative"
    settings_class = CollaborativeSettings
    settings: CollaborativeSettings

    def __init__(self, settings: CollaborativeSettings | None = None) -> None:
        super().__init__(settings)
        self.ease = Ease(self.settings.ease)
        self.als = Als(self.settings.als)

    def _fit(
        self, user_items: Matrix, item_features: Matrix | None, item_labels: Matrix | None
    ) -> None:
        self.ease._fit_on(user_items, None, item_labels)
        self.als._fit_on(user_items, item_features, None, self.runner)
        self.used_ = self._used()

    @classmethod
    def of(cls, ease: Ease, als: Als, share: float) -> "Collaborative":
        """Return the blend of two models that were fitted on the same matrix."""
        model = cls(CollaborativeSettings(ease=ease.settings, als=als.settings, share=share))
        model.ease, model.als, model.user_items_ = ease, als, als.user_items_
        model.used_ = model._used()
        return model

    def _used(self) -> tuple[str, ...]:
        """Return the names of the models that scoring needs."""
        if self.settings.share in (0, 1):
            one, other = ("als", "ease")[:: 1 - 2 * int(self.settings.share)]
            scored, more = (getattr(self, name).scored_ for name in (one, other))
            if (more & ~scored).sum() <= _MIN_MORE * scored.sum():
                return (one,)
        return ("ease", "als")

    def _parts(self) -> dict[str, Ease | Als]:
        return {name: getattr(self, name) for name in self.used_}

    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]`` blended scores; NaN for items that neither model scores."""
        scores = [part.score(histories) for part in self._parts().values()]
        return self._blended(scores, history_shares(histories, self.settings.share))

    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: similarity of each item to those of `item_ids`."""
        scores = [part.item_scores(item_ids) for part in self._parts().values()]
        return self._blended(scores, np.full(len(item_ids), self.settings.share))

    def _blended(self, scores: list[Scores], shares: NDArray[np.float64]) -> Scores:
        if len(scores) == 1:
            return scores[0]
        return blended(scores[0], scores[1], shares)

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        parts = {name: part._arrays() for name, part in self._parts().items()}
        return {f"{name}.{key}": a for name, part in parts.items() for key, a in part.items()}

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        own = {
            name: {k.removeprefix(f"{name}."): a for k, a in arrays.items() if k.startswith(name)}
            for name in ("ease", "als")
        }
        self.used_ = tuple(name for name, part in own.items() if part)
        for name, share in (("ease", self.settings.share), ("als", 1 - self.settings.share)):
            if share > 0 and name not in self.used_:
                raise KeyError(name)
        for name, part in self._parts().items():
            part.user_items_ = self.user_items_
            part._restore(own[name])

    @classmethod
    def _settings_from(cls, kept: Mapping[str, Any]) -> CollaborativeSettings:
        return CollaborativeSettings.from_dict(kept)


def history_shares(histories: Matrix, share: float) -> NDArray[np.float64]:
    """Return the share of EASE for each history ``[n]``, by its number of likes.

    >>> from scipy import sparse
    >>> history_shares(sparse.csr_array([[1, 1, 1, 1, 1], [0, 0, 0, 0, -1]]), 0.8).tolist()
    [0.4, 0.0]
    """
    rows = np.repeat(np.arange(histories.shape[0]), np.diff(histories.indptr))
    n_likes = np.bincount(rows, histories.data > 0, histories.shape[0])
    return np.asarray(share * n_likes / (n_likes + HALF_SHARE_LIKES), np.float64)


def blended(one: Scores, other: Scores, shares: NDArray[np.float64]) -> Scores:
    """Return the `shares` of one ``[n]`` plus the rest of the other, both standardized by row.

    Items that only one has scored get that standardized score. `one` and `other` are changed.
    """
    for first, second, share in zip(one, other, shares.tolist(), strict=True):
        few = _standardize(first)
        _standardize(second)
        places = slice(None) if few is None else few
        own, others = first[places], second[places]
        both = others * np.float32(1 - share)
        both += np.float32(share) * own
        alone = np.flatnonzero(np.isnan(both))  # of items that only one has scored
        both[alone] = np.where(np.isnan(others[alone]), own[alone], others[alone])
        second[places] = both
    return other


def _standardize(scores: NDArray[np.float32]) -> NDArray[np.int64] | None:
    """Standardize a row in place over its values that are not NaN.

    Returns the positions of these values if they are few, else None.

    >>> row = np.array([1.0, np.nan, 3.0], np.float32)
    >>> _standardize(row), row.tolist()
    (None, [-1.0, nan, 1.0])
    """
    missing = np.isnan(scores)
    n = len(scores) - int(np.count_nonzero(missing))
    few = np.flatnonzero(~missing) if n * _FEW < len(scores) else None
    known = scores if few is None else scores[few]
    masked = np.flatnonzero(missing) if few is None else np.zeros(0, np.int64)
    if n:
        known[masked] = 0
        mean = float(known.sum()) / n
        known -= np.float32(mean)
        known[masked] = 0
        spread = float(np.sqrt(np.dot(known, known) / n))
        # scores that differ only by rounding become 0
        known *= np.float32(1 / (max(spread, 1e-5 * abs(mean)) + 1e-12))
        known[masked] = np.nan
        if few is not None:
            scores[few] = known
    return few
