"""Collaborative model: a blend of popularity-scaled EASE and iALS.

The scores of each model are standardized over the items it scores (mean 0, standard deviation 1)
and added, `share` of EASE and ``1 - share`` of iALS. For items that only one model scores, such as
those that iALS places by content, its score is used alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.listening.als import Als, AlsSettings
from segue.listening.ease import Ease, EaseSettings
from segue.listening.matrices import Ids, Matrix, Scores
from segue.listening.model import ListeningModel

_FEW = 4
"""If fewer than one in this many items are scored, they are gathered first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollaborativeSettings:
    """Settings of both models and of the blend."""

    ease: EaseSettings = field(
        default_factory=lambda: EaseSettings(regularization=40.0, balance=0.25, lift=0.15)
    )
    als: AlsSettings = field(default_factory=AlsSettings)
    share: float = 0.25  # of EASE; the rest is iALS

    def __post_init__(self) -> None:
        """Check ranges."""
        if not 0 <= self.share <= 1:
            raise ValueError(f"share is {self.share}: it must be from 0 to 1.")


class Collaborative(ListeningModel):
    """EASE and iALS, blended."""

    kind = "collaborative"
    settings_class = CollaborativeSettings
    settings: CollaborativeSettings

    def __init__(self, settings: CollaborativeSettings | None = None) -> None:
        super().__init__(settings)
        self.ease = Ease(self.settings.ease)
        self.als = Als(self.settings.als)

    def _fit(self, user_items: Matrix, item_features: Matrix | None) -> None:
        self.ease._fit_on(user_items, None)
        self.als._fit_on(user_items, item_features)

    @classmethod
    def of(cls, ease: Ease, als: Als, share: float) -> "Collaborative":
        """Return the blend of two models that were fitted on the same matrix."""
        model = cls(CollaborativeSettings(ease=ease.settings, als=als.settings, share=share))
        model.ease, model.als, model.user_items_ = ease, als, als.user_items_
        return model

    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]`` blended scores; NaN for items that neither model scores."""
        return self._blended(self.ease.score(histories), self.als.score(histories))

    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: similarity of each item to those of `item_ids`."""
        return self._blended(self.ease.item_scores(item_ids), self.als.item_scores(item_ids))

    def _blended(self, one: Scores, other: Scores) -> Scores:
        if self.settings.share in (0, 1):
            return one if self.settings.share else other
        return blended(one, other, self.settings.share)

    def _needs_user_items(self) -> bool:
        return self.ease._needs_user_items()

    def _arrays(self) -> Mapping[str, NDArray[Any]]:
        parts = {"ease": self.ease._arrays(), "als": self.als._arrays()}
        return {f"{name}.{key}": a for name, part in parts.items() for key, a in part.items()}

    def _restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        for name, model in (("ease", self.ease), ("als", self.als)):
            model.user_items_ = self.user_items_
            own = {key: a for key, a in arrays.items() if key.startswith(f"{name}.")}
            model._restore({key.removeprefix(f"{name}."): a for key, a in own.items()})

    @classmethod
    def _settings_from(cls, kept: Mapping[str, Any]) -> CollaborativeSettings:
        parts = {"ease": EaseSettings(**kept["ease"]), "als": AlsSettings(**kept["als"])}
        return CollaborativeSettings(**{**kept, **parts})


def blended(one: Scores, other: Scores, share: float) -> Scores:
    """Return `share` of one plus the rest of the other, both standardized by row.

    Items that only one has scored get that standardized score. `one` and `other` are changed.
    """
    for first, second in zip(one, other, strict=True):
        scored = _standardize(first)
        _standardize(second)
        own, others = first[scored], second[scored]
        both = others * np.float32(1 - share) + np.float32(share) * own
        second[scored] = np.where(np.isnan(others), own, both)
    return other


def _standardize(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Standardize a row in place over its values that are not NaN; return their positions.

    >>> row = np.array([1.0, np.nan, 3.0], np.float32)
    >>> _standardize(row).tolist(), row.tolist()
    ([0, 2], [-1.0, nan, 1.0])
    """
    missing = np.isnan(scores)
    places = np.flatnonzero(~missing)
    few = len(places) * _FEW < len(scores)
    known = scores[places] if few else scores
    masked = np.zeros(0, np.int64) if few else np.flatnonzero(missing)
    if len(places):
        known[masked] = 0
        mean = float(known.sum()) / len(places)
        known -= np.float32(mean)
        known[masked] = 0
        spread = float(np.sqrt(np.dot(known, known) / len(places)))
        # scores that differ only by rounding become 0
        known *= np.float32(1 / (max(spread, 1e-5 * abs(mean)) + 1e-12))
        known[masked] = np.nan
        if few:
            scores[places] = known
    return places
