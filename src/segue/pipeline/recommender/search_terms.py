"""Split a search query into terms, and match them with tags of pretrained encoders.

Words are compared in lower case, letters and digits only: ``Hip-Hop`` is ``hip hop``.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final

_APART: Final = re.compile(r"[\W_]+")
_MIN_STEM: Final = 4  # letters at the start that two words must share to match

STOP_WORDS: Final = re.compile(
    "an?|and|by|for|from|in|is|like|me|music|of|on|or|pieces?|play|please|some|something|songs?"
    "|sound(s|ing)?|that|the|to|tracks?|tunes?|very|with"
)
"""Words of a query that are ignored."""

SYNONYMS: Final = {
    word: tuple(tags.split(","))
    for words, tags in (
        ("rap,hiphop", "hip-hop"),
        ("r b,r n b,rhythm and blues", "rnb"),
        ("calm,relaxing,relaxed,peaceful,gentle,soothing", "mellow,chillout,soft,quiet"),
        ("melancholy,melancholic,sorrowful,gloomy", "sad"),
        ("cheerful,joyful,joyous,merry", "happy"),
        ("energetic,lively", "fast,loud,party"),
        ("uptempo,up tempo,quick", "fast"),
        ("heavy", "metal,heavy metal,hard rock,loud"),
        ("noisy", "loud"),
        ("orchestra,orchestral,symphonic,symphony", "strings,classical"),
        ("fiddle", "violin"),
        ("keyboard,keyboards,synthesizer,synths", "synth"),
        ("percussion", "drums"),
        ("instrumental", "instrumental,no vocals,no vocal,no voice"),
        ("vocals,vocal,voice,singing,singer,sung", "vocals,vocal,voice,singing"),
        (
            "female,woman,female vocals,female voice,female singer",
            "female vocalists,female vocalist,female,woman,female vocal,female voice",
        ),
        (
            "male,man,male vocals,male voice,male singer",
            "male vocalists,male,man,male vocal,male voice",
        ),
        ("choir,choral,chorus", "choir,choral"),
        ("edm,club", "dance,house,techno,electronic"),
        ("lounge", "easy listening,chillout"),
        ("strange,odd", "weird,experimental"),
        ("sixties,1960s", "60s"),
        ("seventies,1970s", "70s"),
        ("eighties,1980s", "80s"),
        ("nineties,1990s", "90s"),
        ("2000s", "00s"),
    )
    for word in words.split(",")
}
"""Tags that a word matches besides the tag of its own name."""

MAX_SYNONYM_WORDS: Final = max(len(word.split()) for word in SYNONYMS)


@lru_cache(maxsize=65_536)
def normalize_text(text: str) -> str:
    """Return `text` in the form that words are compared in.

    >>> normalize_text("Hip-Hop / Rap"), normalize_text("R&B"), normalize_text("Sigur Rós")
    ('hip hop rap', 'r b', 'sigur rós')
    """
    return _APART.sub(" ", text.casefold()).strip()


def terms_of(query: str, known: Collection[str]) -> list[str]:
    """Split a query into distinct terms, each as long as some known name.

    Parameters
    ----------
    known
        Names of several words that count as one term, as `normalize_text` gives them.

    Examples
    --------
    >>> terms_of("sad piano with Female Vocals", {"easy listening"})
    ['sad', 'piano', 'female vocals']
    """
    words = normalize_text(query).split()
    longest = max([MAX_SYNONYM_WORDS, *(name.count(" ") + 1 for name in known)])
    terms: list[str] = []
    place = 0
    while place < len(words):
        for length in range(min(longest, len(words) - place), 0, -1):
            term = " ".join(words[place : place + length])
            if length == 1 or term in known or term in SYNONYMS:
                break
        place += length
        if term not in terms and not STOP_WORDS.fullmatch(term):
            terms.append(term)
    # only stop words: search for them
    return terms or list(dict.fromkeys(words))


def tags_for(term: str, tags: Iterable[str]) -> list[str]:
    """Return the `tags` that a term matches: by name, as a synonym, else by a part of the name.

    >>> tags_for("heavy", ["metal", "piano"]), tags_for("violins", ["violin"])
    (['metal'], ['violin'])
    >>> tags_for("jazzy", ["jazz", "pop"]), tags_for("listening", ["easy listening", "pop"])
    (['jazz'], ['easy listening'])
    """
    names = {tag: normalize_text(tag) for tag in tags}
    wanted = {term, term.removesuffix("s"), f"{term}s"} | {
        normalize_text(w) for w in SYNONYMS.get(term, ())
    }
    found = [tag for tag, name in names.items() if name in wanted]
    return found or [tag for tag, name in names.items() if is_part(term, name)]


def is_part(term: str, name: str) -> bool:
    """Return whether `name` contains `term`, or a word of it has the same stem.

    >>> is_part("piano", "solo piano"), is_part("funky", "funk"), is_part("art", "artist")
    (True, True, False)
    """
    if f" {term} " in f" {name} ":
        return True
    return any(
        min(len(word), len(term)) >= _MIN_STEM and (word.startswith(term) or term.startswith(word))
        for word in name.split()
    )
