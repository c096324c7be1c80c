"""Parse tags: free words with their counts or weights.

Conventions
-----------
- ``|`` separates tags; in a cell without one ``;`` does, in a cell without either ``,`` does.
- ``rock:12`` is the tag `rock` with count 12; a tag without a number counts 1; a tag with a count
  of 0 is left out.
- Tags are lower case; tags of the genre table get its spelling, and the counts of tags that become
  one are added.
"""

import math
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from segue.sources.cleaning.genres import known_genre
from segue.text import known_text

_COUNTED = re.compile(r"(?P<tag>.*\S)\s*:\s*(?P<count>[0-9]{1,15}(?:\.[0-9]{1,15})?)", re.DOTALL)


def read_tags(cell: str) -> dict[str, float]:
    """Return the tags of one cell in their order, with their counts (> 0).

    Examples
    --------
    >>> read_tags("rock:12|Hip Hop:2|hip-hop:1|seen live")
    {'rock': 12.0, 'hip-hop': 3.0, 'seen live': 1.0}
    """
    if not cell:
        return {}
    separator = next((sign for sign in "|;" if sign in cell), ",")
    return weigh_tags(_one(part) for part in cell.split(separator) if part)


def weigh_tags(counted: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Clean tags with weights, and add the weights of tags that become one."""
    tags: dict[str, float] = {}
    for text, weight in counted:
        tag = _spelling(text)
        if tag is not None and weight > 0 and math.isfinite(weight):
            tags[tag] = tags.get(tag, 0.0) + weight
    return tags


def _one(part: str) -> tuple[str, float]:
    match = _COUNTED.fullmatch(part.strip())
    return (part, 1.0) if match is None else (match["tag"], float(match["count"]))


@lru_cache(maxsize=65_536)
def _spelling(text: str) -> str | None:
    tag = known_text(text)
    if tag is None:
        return None
    return known_genre(tag) or known_text(unicodedata.normalize("NFC", tag.casefold()))
