"""What listeners with accounts share with each other: their consent, `shares_taste`.

- Friends influence each other only if both consent.
- Popularity, collaborative and sequence models, and learned signal weights, mix the listens of all
  listeners. In a library of few listeners (`MIN_GROUP`) one could tell from them what another
  played. There the listens of an account that has not consented are left out of them, and these
  signals are off for that account.

Listeners without an account count as consenting: the owner of the library supplied their listens.
"""

from dataclasses import dataclass
from typing import Final

MIN_GROUP: Final = 5
"""Number of listeners from which on mixed listens do not show what one of them played."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Listeners whose account has not consented to share, and the number of listeners.

    `n_listeners` counts up to `MIN_GROUP` only.
    """

    refusing: frozenset[str] = frozenset()
    n_listeners: int = 0

    @property
    def withheld(self) -> frozenset[str]:
        """Listeners whose listens nothing may use that others see."""
        return self.refusing if 1 < self.n_listeners < MIN_GROUP else frozenset()
