"""Lists that were made, kept for as long as nothing is another that they follow from.

A page that is opened again, a second device and a widget ask for the list that is there already. A
list follows from what is known of the listener, down to the last number, from the weights, and from
what was asked; tracks and models are those of the snapshot that these lists belong to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from segue.engine import Dials, Exclusions, Recommendations
from segue.pipeline.live.ahead import Ahead
from segue.pipeline.live.bounded import Bounded
from segue.pipeline.live.engine import follows_from
from segue.pipeline.live.weights import Beliefs, Offer
from segue.pipeline.opening.opened import Opened
from segue.pipeline.recommend import recommend

MOST_BYTES: Final = 16_000_000
_BYTES_OF_PICK: Final = 2_500  # with its reasons, as objects


@dataclass(frozen=True)
class Lists:
    """The lists of one opened library.

    `beliefs` are told what is on offer to whom, `ahead` who asks.
    """

    opened: Opened
    beliefs: Beliefs | None = None
    ahead: Ahead | None = None
    _kept: Bounded[bytes, tuple[Recommendations, Offer | None]] = field(
        default_factory=lambda: Bounded(MOST_BYTES)
    )

    def recommend(
        self,
        user: str | None,
        k: int,
        *,
        like: Sequence[str] = (),
        dislike: Sequence[str] = (),
        dials: Dials,
        exclusions: Exclusions | None = None,
    ) -> Recommendations:
        """Return what `segue.pipeline.recommend.recommend` does, from the last time if it can."""
        profile = self.opened.listener(user, like, dislike)
        if self.ahead is not None and user is not None and not like and not dislike:
            self.ahead.asked(user)
        asked = repr((user, k, tuple(like), tuple(dislike), dials, exclusions)).encode()
        key = blake2b(follows_from(self.opened.engine, profile) + asked, digest_size=16).digest()
        kept = self._kept.get(key)
        if kept is None:
            found = recommend(
                self.opened,
                user,
                k,
                like=like,
                dislike=dislike,
                dials=dials,
                exclusions=exclusions,
            )
            kept = found, self._on_offer(user)
            self._kept.put(key, kept, _BYTES_OF_PICK * (len(found.tracks) + 1))
        elif self.beliefs is not None and user is not None and kept[1] is not None:
            self.beliefs.offer_again(user, kept[1])  # this list is the latest now
        return kept[0]

    def _on_offer(self, user: str | None) -> Offer | None:
        return None if self.beliefs is None or user is None else self.beliefs.offered(user)
