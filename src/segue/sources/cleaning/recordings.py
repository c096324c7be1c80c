"""Compare titles and artists: keys that are equal for one recording.

Conventions
-----------
- Keys are only compared, like those of `segue.artist_names`: they ignore what does not change the
  recording (case, accents, punctuation, guests, remasters) and keep what makes another (live,
  remix, numbers).
- The words of a title are keys too, one for each word; some of them are decisive.
"""

import re
from functools import lru_cache

from segue.artist_names import comparison_key, read_credit
from segue.text import clean_text

_CACHED = 50_000
_YEAR = r"(?:19|20)[0-9]{2}"
_SAME_RECORDING = re.compile(
    rf"(?:{_YEAR}\s+)?(?:digital(?:ly)?\s+)?re-?master(?:ed)?(?:\s+(?:edition|album))?"
    rf"(?:\s+(?:in\s+)?{_YEAR})?(?:\s+version)?|(?:original\s+)?(?:album|lp)\s+version"
    r"|explicit(?:\s+version)?|bonus\s+track|deluxe(?:\s+(?:edition|version))?"
    r"|(?:official\s+)?(?:music\s+video|lyrics?\s+video|video|audio|visuali[sz]er)|h[dq]",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]")
_GUESTS_IN_BRACKETS = re.compile(r"(?:feat|ft|featuring)\b\.?\s*\S.*", re.IGNORECASE)
_GUESTS = re.compile(
    r"\s(?:feat\b\.?|ft\.|featuring\b)\s*\S.*?(?=\s[-\u2013]\s|\s[(\[]|$)", re.IGNORECASE
)
_SEVERAL = re.compile(r"\s*[;/,]\s+|\s+(?:&|\+|and|x|vs\.?|with)\s+", re.IGNORECASE)
PARTS = re.compile(r"\s+[-\u2013\u2014]\s+")
_WORDS = re.compile(r"[^\W_]+")
# words that make another recording, or another piece
_DECISIVE = frozenset(
    {
        *("live", "remix", "mix", "rmx", "edit", "acoustic", "instrumental", "karaoke", "demo"),
        *("cover", "version", "session", "sessions", "unplugged", "reprise", "orchestral", "take"),
        *("acapella", "cappella", "dub", "extended", "mono", "stereo", "rework", "bootleg"),
        *("medley", "intro", "outro", "interlude", "prelude", "part", "pt", "vol", "volume"),
        *("minor", "major", "flat", "sharp", "alternate", "outtake", "rehearsal", "piano"),
        *("strings", "sped", "slowed", "nightcore", "remake", "cut", "single", "radio", "tribute"),
        *("first", "second", "third", "fourth", "day", "night", "morning", "man", "men", "woman"),
        *("women", "boy", "girl", "north", "south", "east", "west"),
    }
)
_ROMAN = re.compile(r"[ivx]+")


@lru_cache(maxsize=_CACHED)
def artist_keys(artist: str) -> tuple[str, ...]:
    """Return the key of an artist, and those of other names of the same artist.

    >>> artist_keys("Queen & David Bowie"), artist_keys("Bach, Johann Sebastian")
    (('queenanddavidbowie', 'queen'), ('bachjohannsebastian', 'johannsebastianbach', 'bach'))
    """
    credit = read_credit(artist)
    main = artist if credit is None else credit.artist
    names = [main]
    if main.count(",") == 1:
        last, first = main.split(",")
        names.append(f"{first} {last}")
    names.append(_SEVERAL.split(main)[0])
    keys = (comparison_key(name) for name in names if name.strip())
    return tuple(dict.fromkeys(keys)) or (comparison_key(artist),)


@lru_cache(maxsize=_CACHED)
def title_key(title: str) -> str:
    """Return the key of a title without the parts that do not change the recording.

    >>> title_key("Heroes - 2017 Remaster") == title_key("Heroes (feat. Nobody)") == "heroes"
    True
    >>> title_key("Heroes - Live"), title_key("Heroes (Live)")
    ('heroeslive', 'heroeslive')
    """
    return comparison_key(_recording_title(title))


def _recording_title(title: str) -> str:
    text = clean_text(title)
    kept = _GUESTS.sub("", _BRACKETS.sub(_drop_same_recording, text))
    parts = PARTS.split(kept)
    while len(parts) > 1 and _SAME_RECORDING.fullmatch(parts[-1].strip()):
        parts.pop()
        if len(parts) > 1 and re.fullmatch(_YEAR, parts[-1]):  # "2011 - Remaster"
            parts.pop()
    return " - ".join(parts).strip() or text


def _drop_same_recording(bracket: re.Match[str]) -> str:
    inside = bracket[1].strip()
    ignored = _SAME_RECORDING.fullmatch(inside) or _GUESTS_IN_BRACKETS.fullmatch(inside)
    return "" if ignored else bracket[0]


def title_words(title: str) -> str:
    """Return the words of a title, each as its own key."""
    text = _recording_title(title).replace("'", "").replace("\u2019", "")
    return " ".join(_plain_word(word) for word in _WORDS.findall(text))


def is_decisive(word: str) -> bool:
    """Return whether titles that differ in such a word are different: numbers, versions, "a"."""
    return (
        len(word) <= 2
        or word in _DECISIVE
        or _ROMAN.fullmatch(word) is not None
        or any(map(str.isdigit, word))
    )


@lru_cache(maxsize=_CACHED)
def _plain_word(word: str) -> str:
    return comparison_key(word)
