"""What listeners with accounts share with each other: their consent, `shares_taste`.

- Friends influence each other only if both consent.
- Popularity, collaborative and sequence models, and learned signal weights, mix the listens of all
  listeners. In a library of few listeners (`MIN_GROUP`) one could tell from them what another
  played. There the listens of an account that has not consented are left out of them, and these
  signals are off for that account.

Listeners without an account count as consenting: the owner of the library supplied their listens.
If an account that has not consented is removed, its listener does not become one of them.
"""

from dataclasses import dataclass
from typing import Final

MIN_GROUP: Final = 5
"""Number of listeners from which on mixed listens do not show what one of them played."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Listeners who have not consented to share, and the number of listeners.

    Both numbers count up to `MIN_GROUP` only: `n_listeners` those with listens, `n_people` also
    accounts without any.
    """

    refusing: frozenset[str] = frozenset()
    n_listeners: int = 0
    n_people: int = 0

    @property
    def withheld(self) -> frozenset[str]:
        """Listeners whose listens nothing may use that others see."""
        is_small = self.n_people > 1 and self.n_listeners < MIN_GROUP
        return self.refusing if is_small else frozenset()
