"""Read the watch history of YouTube Music from Google Takeout (``watch-history.json``).

Conventions
-----------
- Records have a `header`: "YouTube Music" in every language; all others are videos or searches and
  are left out.
- `title` is the title of the track in a sentence of the account's language ("Watched Jóga", "Jóga
  angesehen"): `sentence_around` finds what all titles of a file share. A title that is a URL
  belongs to a video that is gone.
- The artist is the first of `subtitles`; channels of artists end in " - Topic".
- `time` is the start of the listen; how long it was is not known.

Sources: takeout.google.com, "YouTube and YouTube Music", history as JSON;
support.google.com/accounts/answer/3024190.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from segue.sources.history_import.import_row import (
    ImportRow,
    UnusableRow,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.history_import.json_fields import NOTHING, Record, first, parts
from segue.types import TrackReference

SERVICE = "YouTube Music"
_ENGLISH = "Watched "
_MIN_TITLES = 5
"""Different titles from which on what they share is the sentence around them."""
_ODD_SHARE = 8
_QUOTES = frozenset(
    "\"'\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u300c\u300d\u300e\u300f\u2018\u2019"
)
_URL = "https://"


class TitleSentence(NamedTuple):
    """The words before and after the title of each record of a file."""

    before: str = ""
    after: str = ""

    def title_in(self, text: str) -> str:
        """Return the title inside a sentence.

        >>> TitleSentence("Has visto ").title_in("Has visto Jóga")
        'Jóga'
        """
        before, after = self
        inside = text.startswith(before) and text.endswith(after)
        if (before or after) and inside and len(text) >= len(before) + len(after):
            return text[len(before) : len(text) - len(after)]
        return text.removeprefix(_ENGLISH)  # the language of the account was changed


def sentence_around(titles: Iterable[str]) -> TitleSentence:
    """Return what all titles of a file have in common at their start and end.

    >>> sentence_around(["„Jóga“ angesehen", "„Bachelorette“ angesehen", "„5 Years“ angesehen",
    ...     "„All Is Full of Love“ angesehen", "„Unravel“ angesehen"])
    TitleSentence(before='„', after='“ angesehen')
    """
    found = sorted(set(titles))
    named = [title for title in found if _URL not in title]
    if found and all(title.startswith(_ENGLISH) for title in found):
        return TitleSentence(_ENGLISH)
    for title in found:
        before, url, rest = title.partition(_URL)
        if url:  # a video that is gone: everything but its address is the sentence
            after = rest[len(rest.split()[0]) :] if rest.split() else ""
            fits = all(one.startswith(before) and one.endswith(after) for one in named)
            if fits and (before or after):
                return TitleSentence(before, after)
    if len(named) < _MIN_TITLES:
        return TitleSentence()
    before = _common_start(named)
    after = _common_start([title.removeprefix(before)[::-1] for title in named])[::-1]
    return TitleSentence(_up_to_boundary(before), _up_to_boundary(after[::-1])[::-1])


def sentence_of(record: Record) -> str | None:
    """Return the title of a record if it shows the sentence, None for a video or a removed one."""
    title = record.get("title")
    if record.get("header") != SERVICE or not isinstance(title, str):
        return None
    return title if parts(record, "subtitles") or _URL in title else None


def read_watch(record: Record, sentence: TitleSentence) -> ImportRow:
    """Return a record of the history.

    Raises
    ------
    UnusableRow
        It is not of YouTube Music, or its video is gone.
    """
    if record.get("header") != SERVICE:
        raise UnusableRow("it is a video or a search, and not of YouTube Music", expected=True)
    channel = first(parts(record, "subtitles") or [NOTHING])
    artist = read_name(channel.get("name")) if isinstance(channel, dict) else None
    title = record.get("title")
    if artist is None or not isinstance(title, str):
        raise UnusableRow("the video is gone from YouTube, and its names with it", expected=True)
    track = TrackReference(
        artist=artist.removesuffix(" - Topic"), title=read_name(sentence.title_in(title))
    )
    return ImportRow(None, require_track(track), read_timestamp(record.get("time")))


def _common_start(texts: list[str]) -> str:
    """Return how all texts start, but for one in `_ODD_SHARE`: some videos have other sentences."""
    needed = len(texts) - len(texts) // _ODD_SHARE
    start = ""
    while True:
        n = len(start)
        letters = Counter(one[n] for one in texts if len(one) > n and one.startswith(start))
        letter, count = max(letters.items(), key=lambda item: item[1], default=("", 0))
        if not letter or count < needed:
            return start
        start += letter


def _up_to_boundary(text: str) -> str:
    """Return a text up to its last space or quotation mark: titles may start with equal letters.

    Languages without spaces have no such boundary; there all of it is the sentence.
    """
    places = [place for place, letter in enumerate(text) if letter.isspace() or letter in _QUOTES]
    if places:
        return text[: places[-1] + 1]
    return "" if text.isascii() else text
