"""Artist names: main artists and guests of a track, and keys that compare spellings.

Conventions
-----------
- Several values of a tag come joined by ``|``. ``|``, ``;`` and a null character separate main
  artists; ``&``, ``and`` and ``,`` do not: *Simon & Garfunkel* is one artist.
- Only "feat.", "ft." and "featuring" open the guests. ``&``, ``and`` and ``,`` separate guests
  from each other.
- A group named after a person ("& The News", "and his Orchestra") is one guest.
- `comparison_key` is for comparing only; names that are shown keep their spelling.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from segue.text import clean_text, known_text
from segue.types import ArtistCredit

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
_BETWEEN_ARTISTS = re.compile(r"\s*[|\x00]\s*|(?<!&amp)\s*;\s*")
_BETWEEN_VALUES = re.compile(r"\s*[|;\x00]\s*")
# Outside brackets only with a dot or in full: "No Mean Feat" has no guests.
_GUESTS_OF_TITLE = re.compile(
    rf"[(\[]\s*{_WORD}\b\.?\s*(?P<inside>[^()\[\]]+)[)\]]"
    r"|\s(?:feat\.|(?<![0-9]\s)ft\.|featuring\s)\s*(?P<open>\S.*?)(?=\s[-\u2013]\s|\s*[(\[]|$)",
    re.IGNORECASE,
)
# "Various Artists" in the languages of CD rippers and shops
_VARIOUS_NAMES = """
various artists, various, v.a., v/a, va, v. a., various artist, various performers, various
interprets, various composers, multiple artists, verschiedene, verschiedene interpreten,
verschiedene künstler, diverse interpreten, diverse künstler, div. interpreten, versch.
interpreten, artistes divers, artistes variés, interprètes divers, multi-interprètes, artistes
multiples, varios, varios artistas, varios intérpretes, artistas varios, artistas vários,
vários, vários artistas, vários intérpretes, artisti vari, vari artisti, interpreti vari,
aa.vv., aavv, aa. vv., diverse artiesten, verschillende artiesten, diverse artister, div.
artister, diverse kunstnere, blandade artister, eri esittäjiä, eri artisteja, różni wykonawcy,
różni artyści, různí interpreti, různí umělci, rôzni interpreti, különböző előadók, válogatás,
çeşitli sanatç\u0131lar, διάφοροι, διάφοροι καλλιτέχνες, разные исполнители, различные исполнители,
разные артисты, сборник, різні виконавці, разни изпълнители, ヴァリアス・アーティスト,
ヴァリアス, ヴァリアスアーティスト,
オムニバス, 群星, 华语群星, 華語群星, 合辑, 合輯, 多位艺人, 多位藝人, 여러 아티스트, 여러 가수,
אמנים שונים, فنانون متعددون
"""
_VARIOUS = frozenset(re.split(r",\s+", _VARIOUS_NAMES.strip()))
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
    if name is None or is_various(name):
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
    names = _guests(guests)
    return Credit(main, names) if main and names else Credit(name)


def read_credits(
    artist: str, title: str = "", *, names: str = "", ids: str = ""
) -> tuple[str | None, tuple[ArtistCredit, ...]]:
    """Read the artist to show and all artists of a track, main ones first.

    Parameters
    ----------
    artist
        The artist as stated; several values are joined by ``|``.
    title
        Its title, which may name guests.
    names
        All artists, joined by ``|`` or ``;`` (the tag ``ARTISTS``), where they are stated apart.
    ids
        Their MusicBrainz ids, joined likewise; ignored where their number differs.

    Examples
    --------
    >>> shown, artists = read_credits("Anna; Bob feat. Cy", "Song (with Dee) [ft. Eve]")
    >>> shown, [(one.name, one.role) for one in artists]
    ('Anna', [('Anna', 'main'), ('Bob', 'main'), ('Cy', 'guest'), ('Eve', 'guest')])
    """
    parts = map(read_credit, _BETWEEN_ARTISTS.split(artist))
    found = [part for part in parts if part is not None]
    guests = [name for one in found for name in one.featured]
    stated = [name for part in _BETWEEN_VALUES.split(names) if (name := known_text(part))]
    if names.lstrip().startswith("["):  # a list of a programming language, not of names
        stated = []
    if stated:
        keys = set(map(comparison_key, guests))
        listed = [name for name in stated if not is_various(name)]
        main = [name for name in listed if comparison_key(name) not in keys]
        guests = [name for name in listed if comparison_key(name) in keys]
        shown = found[0].artist if len(found) == 1 else next(iter(main), None)
    else:
        main = [one.artist for one in found]
        listed = [*main, *guests]
        shown = next(iter(main), None)
    wanted = [one for part in _BETWEEN_VALUES.split(ids) if (one := part.strip())]
    id_of = dict(zip(listed, wanted, strict=True)) if len(wanted) == len(listed) else {}
    guests += guests_of_title(title)
    n_main = len(_once(main))
    return shown, tuple(
        ArtistCredit(name, "main" if place < n_main else "guest", id_of.get(name))
        for place, name in enumerate(_once([*main, *guests]))
    )


def credits_of(artist: str | None, artists: Sequence[ArtistCredit] = ()) -> Sequence[ArtistCredit]:
    """Return all artists of a track, main ones first; one without a list has its only artist.

    >>> credits_of("Anna")
    (ArtistCredit(name='Anna', role='main', musicbrainz_id=None),)
    """
    return artists or ((ArtistCredit(artist),) if artist else ())


def display_artist(artist: str | None, artists: Sequence[ArtistCredit] = ()) -> str | None:
    """Return one text that names all artists of a track; None where none is known.

    >>> display_artist("Anna", [ArtistCredit("Anna"), ArtistCredit("Bob", "guest")])
    'Anna feat. Bob'
    >>> display_artist("Anna & Bob", [ArtistCredit("Anna"), ArtistCredit("Bob")])
    'Anna & Bob'
    """
    main = [credit.name for credit in artists if credit.role == "main"]
    guests = ", ".join(credit.name for credit in artists if credit.role == "guest")
    shown = ", ".join(main) if main and artist == main[0] else artist
    return f"{shown} feat. {guests}" if shown and guests else shown


def guests_of_title(title: str) -> tuple[str, ...]:
    """Return the guests that a title names.

    >>> guests_of_title("Noon (feat. Bo Lark & Cy Finn) [Live]"), guests_of_title("No Mean Feat")
    (('Bo Lark', 'Cy Finn'), ())
    """
    found = _GUESTS_OF_TITLE.finditer(clean_text(title))
    parts = (match["inside"] or match["open"] for match in found)
    return tuple(dict.fromkeys(guest for part in parts for guest in _guests(part)))


def is_various(name: str) -> bool:
    """Say whether an artist stands for several: "Various Artists" in the common languages.

    >>> is_various("Verschiedene Interpreten"), is_various("[V.A.]"), is_various("Variety Lab")
    (True, True, False)
    """
    return clean_text(name).strip("<>()[] ").casefold() in _VARIOUS


def _guests(text: str) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            guest
            for part in _NEXT_GUESTS.split(text)
            for guest in map(str.strip, _BETWEEN_GUESTS.split(part))
            if guest
        )
    )


def _once(names: Iterable[str]) -> Sequence[str]:
    """Return names in their order, each artist in the first spelling."""
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(comparison_key(name), name)
    return list(first.values())


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
