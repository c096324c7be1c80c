"""Collaborative: popularity-scaled EASE and iALS together.

Each model's scores are brought to mean 0 and standard deviation 1 over the items it speaks for, and
added, `share` of EASE to ``1 - share`` of iALS. Where only one speaks for an item, as iALS does for
those that content alone places, its score stands alone.
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
"""Below this part of all items, those that are spoken for are gathered and looked at alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollaborativeSettings:
    """Of both models, and how they are blended."""

    ease: EaseSettings = field(
        default_factory=lambda: EaseSettings(regularization=40.0, balance=0.25, lift=0.15)
    )
    als: AlsSettings = field(default_factory=AlsSettings)
    share: float = 0.25  # of EASE; the rest is iALS

    def __post_init__(self) -> None:
        """Refuse a share that is none."""
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
        """Return the blend of two models that are fitted on the same matrix."""
        model = cls(CollaborativeSettings(ease=ease.settings, als=als.settings, share=share))
        model.ease, model.als, model.user_items_ = ease, als, als.user_items_
        return model

    def score(self, histories: Matrix) -> Scores:
        """Return ``[n, n_items]`` blended scores; NaN for items that neither speaks for."""
        return self._blended(self.ease.score(histories), self.als.score(histories))

    def item_scores(self, item_ids: Ids) -> Scores:
        """Return ``[n, n_items]``: how much each item goes with those of `item_ids`."""
        return self._blended(self.ease.item_scores(item_ids), self.als.item_scores(item_ids))

    def _blended(self, one: Scores, other: Scores) -> Scores:
        if self.settings.share in (0, 1):
            return one if self.settings.share else other
        return blended(one, other, self.settings.share)

    def _needs_listeners(self) -> bool:
        return self.ease._needs_listeners()

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
    """Return `share` of one and the rest of the other, both standardised by row.

    What only one speaks for has its standardised score alone. `one` and `other` are changed.
    """
    for first, second in zip(one, other, strict=True):
        told = _standardised(first)
        _standardised(second)
        own, others = first[told], second[told]
        both = others * np.float32(1 - share) + np.float32(share) * own
        second[told] = np.where(np.isnan(others), own, both)
    return other


def _standardised(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """Bring a row, in place, to mean 0 and deviation 1 over what is not NaN; return where that is.

    >>> row = np.array([1.0, np.nan, 3.0], np.float32)
    >>> _standardised(row).tolist(), row.tolist()
    ([0, 2], [-1.0, nan, 1.0])
    """
    silent = np.isnan(scores)
    places = np.flatnonzero(~silent)
    few = len(places) * _FEW < len(scores)
    known = scores[places] if few else scores
    unsaid = np.zeros(0, np.int64) if few else np.flatnonzero(silent)
    if len(places):
        known[unsaid] = 0
        mean = float(known.sum()) / len(places)
        known -= np.float32(mean)
        known[unsaid] = 0
        spread = float(np.sqrt(np.dot(known, known) / len(places)))
        # scores that are all the same but for rounding say nothing
        known *= np.float32(1 / (max(spread, 1e-5 * abs(mean)) + 1e-12))
        known[unsaid] = np.nan
        if few:
            scores[places] = known
    return places
