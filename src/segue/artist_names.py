"""Artists: who made it, who is a guest, and when two spellings are the same artist.

Conventions
-----------
- Only "feat.", "ft." and "featuring" open the guests. ``&``, ``and`` and ``,`` separate guests
  from each other, never the main artist: *Simon & Garfunkel* is one artist.
- A group named after somebody ("& The News", "and his Orchestra") is one guest.
- `comparison_key` is for comparing only; what is shown keeps its spelling.
"""

import re
import unicodedata
from dataclasses import dataclass

from segue.text import clean_text, known_text

_WORD = r"(?:featuring|feat|ft)"
# An opening bracket or white space, the word, then somebody. "Little Feat feat. X" has the word
# twice in a row: the first is then part of the name.
_GUESTS = re.compile(
    rf"(?P<open>\s*[(\[]\s*|\s+)(?P<word>{_WORD})\b\.?+\s*+(?!{_WORD}\b)(?P<rest>\S.*)$",
    re.IGNORECASE,
)
_NEXT_GUESTS = re.compile(rf"[\s(\[]+{_WORD}\b\.?+\s*(?=\S)", re.IGNORECASE)
_GROUP = r"(?!(?:the|his|her|their)\s)"
_BETWEEN_GUESTS = re.compile(
    rf"\s*,\s*(?:and\s|&)?\s*|\s*&\s*+{_GROUP}|\s+and\s++{_GROUP}", re.IGNORECASE
)
# "Six Ft. Hick" and "6 ft deep" measure a length.
_LENGTH = re.compile(r"[0-9]+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty", re.I)
# Anthologies name nobody: their tracks have no known artist.
_NOBODY = frozenset({"various artists", "various", "v.a.", "v/a"})
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "\u0131": "i", "þ": "th"}
)
_DIACRITICS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class Credit:
    """The main artist of a track and the guests on it."""

    artist: str
    featured: tuple[str, ...] = ()


def read_credit(text: str) -> Credit | None:
    """Read an artist cell; None where it names nobody.

    Examples
    --------
    >>> read_credit("Timbaland ft.Nelly Furtado and Soshy")
    Credit(artist='Timbaland', featured=('Nelly Furtado', 'Soshy'))
    >>> read_credit("Earth, Wind & Fire").artist, read_credit("Little Feat").artist
    ('Earth, Wind & Fire', 'Little Feat')
    """
    name = known_text(text)
    if name is None or name.casefold() in _NOBODY:
        return None
    match = _GUESTS.search(name)
    if match is None:
        return Credit(name)
    main, guests = name[: match.start()], match["rest"]
    if match["word"].casefold() == "ft" and _LENGTH.fullmatch(main.split(" ")[-1]):
        return Credit(name)
    if match["open"].strip():
        guests, after = _inside_bracket(guests, match["open"].strip())
        main = clean_text(f"{main} {after}")
    names = tuple(
        dict.fromkeys(
            guest
            for part in _NEXT_GUESTS.split(guests)
            for guest in map(str.strip, _BETWEEN_GUESTS.split(part))
            if guest
        )
    )
    return Credit(main, names) if main and names else Credit(name)


def _inside_bracket(text: str, opening: str) -> tuple[str, str]:
    """Split at the bracket that closes `opening`; without one, all of it is inside."""
    closing = {"(": ")", "[": "]"}[opening]
    depth = 1
    for position, character in enumerate(text):
        depth += (character == opening) - (character == closing)
        if depth == 0:
            return text[:position], text[position + 1 :]
    return text, ""


def comparison_key(artist: str) -> str:
    """Give what stays of a name without case, accents, punctuation, spaces and leading "The".

    ``&`` and a ``+`` between words count as "and". A name of signs only (*!!!*) is its own key.
    Idempotent; never empty unless the name is blank.

    Examples
    --------
    >>> comparison_key("The Beatles") == comparison_key("BEATLES, the")
    True
    >>> comparison_key("Earth, Wind & Fire") == comparison_key("Earth Wind and Fire")
    True
    >>> comparison_key("Björk"), comparison_key("!!!")
    ('bjork', '!!!')
    """
    folded = _fold(clean_text(artist))
    words = re.sub(r"&|(?<= )\+(?= )", " and ", folded)
    words = re.sub(r",\s*the$", "", words)
    # Marks of scripts that need them (Thai, Devanagari) are kept with the letters.
    kept = "".join(
        character if character.isalnum() or unicodedata.category(character)[0] == "M" else " "
        for character in words.replace("'", "").replace("\u2019", "")
    ).split()
    while len(kept) > 1 and kept[0] == "the":
        kept = kept[1:]
    return "".join(kept) or "".join(folded.split())


def _fold(text: str) -> str:
    """Take case and accents away, as often as it needs for the result to stay as it is."""
    while True:
        folded = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
        folded = unicodedata.normalize(
            "NFC", _DIACRITICS.sub("", unicodedata.normalize("NFKD", folded))
        )
        if folded == text:
            return folded
        text = folded
