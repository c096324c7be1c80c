"""One spelling for text: Unicode, white space, and words that only say "unknown".

Conventions
-----------
- Text becomes Unicode normal form C; each run of white space becomes one space; control
  characters and zero-width marks go. Letters, case and punctuation stay as they were written.
- Mojibake (``BeyoncÃ©``) is left alone: a guess at repair can spoil a name that was right.
- `None` means unknown. Placeholders that taggers write (``<Unknown>``, ``(None)``) are unknown.

Source: Unicode Standard Annex 15.
"""

import re
import unicodedata

# Controls other than white space, soft hyphen, zero-width space, word joiner, byte order mark.
# Zero-width joiners stay: Persian, Indic scripts and emoji need them.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u2060\ufeff]")
# Halves of surrogate pairs come from file names that are not UTF-8; no database can store them.
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BRACKETS = "<>()[]{} "
_QUESTION_MARKS = re.compile(r"\?{2,}")

_PLACEHOLDERS = """
unknown, unknown artist, unknown title, unknown album, unknown track, unknown genre, no
artist, no title, no album, no genre, none, null, nan, n/a, not available, undefined,
unspecified, -, --, _, unknown performer, unknown composer, artist unknown, untitled artist,
unbekannt, unbekannter künstler, unbekannter interpret, unbekannter titel, unbekanntes album,
kein titel, inconnu, artiste inconnu, interprète inconnu, album inconnu, titre inconnu, genre
inconnu, desconocido, artista desconocido, álbum desconocido, título desconocido, intérprete
desconocido, desconhecido, artista desconhecido, álbum desconhecido, sconosciuto, artista
sconosciuto, album sconosciuto, titolo sconosciuto, onbekend, onbekende artiest, onbekend
album, okänd artist, okänt album, ukjent artist, ukjent album, ukendt kunstner, ukendt album,
tuntematon esittäjä, tuntematon artisti, nieznany, nieznany wykonawca, nieznany artysta,
nieznany album, neznámý interpret, neznámý umělec, neznámé album, ismeretlen előadó,
bilinmeyen sanatç\u0131, άγνωστος καλλιτέχνης, неизвестен, неизвестный, неизвестный исполнитель,
неизвестный артист, неизвестный альбом, невідомий виконавець, 不明なアーティスト,
アーティスト情報なし, 不明なアルバム,
未知艺术家, 未知藝術家, 未知艺人, 未知歌手, 未知专辑, 未知專輯, 未知, 알 수 없는 아티스트,
알 수 없는 음악가, 알 수 없는 앨범
"""
PLACEHOLDERS = frozenset(re.split(r",\s+", _PLACEHOLDERS.strip()))
"""Case-folded texts, without their brackets, that say only that nothing is known.

Rippers and players write them in the language of their user.
"""
_NUMBERED_TITLE = re.compile(
    r"(?:[0-9]{1,3}[\s._-]+)?(?:audio[\s_-]*)?(?:track|titel|titre|piste|pista|spur|traccia|faixa|spår|spor|raita|nummer"
    r"|utwór|ścieżka|stopa|skladba|трек|дорожка|доріжка|トラック|曲目?|音轨|音軌|트랙)"
    r"[\s_-]*(?:n[or]?[.\xba\xb0]?\s*)?[0-9]{1,3}",
    re.IGNORECASE,
)
_NAMED_BY_TIME = re.compile(r"(?P<name>.+?)\s*\([0-9][^()]*[0-9/:. ](?:[ap]m)?\)", re.IGNORECASE)


def clean_text(text: str) -> str:
    r"""Give `text` in normal form C, with single spaces and nothing invisible in it.

    Idempotent. Line breaks become spaces; see `clean_lines` to keep them.

    Examples
    --------
    >>> clean_text("  Sigur\u200b  Ro\u0301s\n")
    'Sigur Rós'
    """
    if not text.isascii() or not text.isprintable():
        text = _SURROGATE.sub("\ufffd", _INVISIBLE.sub("", text))
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def terminal_text(text: str) -> str:
    r"""Return `text` as it is safe to print: what would move the cursor or reorder it is escaped.

    Control characters (other than line breaks and tabs), overrides of the writing direction and
    halves of surrogate pairs become their escape sequences.

    Examples
    --------
    >>> terminal_text("a\u202egpj.mp3\x1b[2J"), terminal_text("Sigur Rós, اللغة")
    ('a\\u202egpj.mp3\\x1b[2J', 'Sigur Rós, اللغة')
    """
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def printable_bytes(text: str) -> str:
    r"""Return `text` with bytes that are not UTF-8, and halves of surrogate pairs, as escapes.

    Idempotent. Databases cannot store the others.

    >>> printable_bytes("caf\udce9.flac"), printable_bytes("Zoë")
    ('caf\\xe9.flac', 'Zoë')
    """
    if text.isascii():
        return text
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # halves that stand for no byte
        raw = text.encode("utf-8", "backslashreplace")
    return raw.decode("utf-8", "backslashreplace")


def plural(n: int, one: str, several: str = "") -> str:
    """Return a count with its noun.

    >>> plural(1, "track"), plural(1200, "track"), plural(0, "entry", "entries")
    ('1 track', '1,200 tracks', '0 entries')
    """
    return f"{n:,} {one if n == 1 else several or f'{one}s'}"


def first_line(error: BaseException) -> str:
    r"""Return the first line of an error's text, or its type if it has none.

    >>> first_line(ValueError("no such column.\nHint: look")), first_line(ValueError())
    ('no such column', 'ValueError')
    """
    lines = str(error).strip().splitlines()
    return clean_text(lines[0]).rstrip(".") if lines else type(error).__name__


def clean_lines(text: str) -> str:
    """Clean each line as `clean_text` does and keep the line breaks (lyrics)."""
    lines = (clean_text(line) for line in text.replace("\x00", "").splitlines())
    return "\n".join(lines).strip()


def clean_id(text: str) -> str:
    """Give an identifier without white space around it, in normal form C.

    Nothing else changes, so that ``007`` stays ``007``.

    Examples
    --------
    >>> clean_id(" 007 ")
    '007'
    """
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", _SURROGATE.sub("\ufffd", text)).strip()


def known_text(text: str) -> str | None:
    """Clean `text`; None where it is empty or only a placeholder.

    Two or more question marks with nothing else are a name that was lost on its way; one is
    kept, since albums are called that.

    Examples
    --------
    >>> known_text("<Unknown>"), known_text("???"), known_text("http://zhaymusic.com/")
    (None, None, 'http://zhaymusic.com/')
    """
    cleaned = clean_text(text) if text else ""
    if not cleaned or _QUESTION_MARKS.fullmatch(cleaned):
        return None
    timed = _NAMED_BY_TIME.fullmatch(cleaned)  # "Unknown Album (5/7/2005 3:12:08 PM)"
    for name in (cleaned, timed["name"]) if timed else (cleaned,):
        if name.strip(_BRACKETS).casefold() in PLACEHOLDERS:
            return None
    return cleaned


def is_numbered_title(text: str) -> bool:
    """Say whether a title is only the number of a track, as rippers write it.

    Examples
    --------
    >>> is_numbered_title("Track 01"), is_numbered_title("Piste 3"), is_numbered_title("Track of 9")
    (True, True, False)
    """
    return _NUMBERED_TITLE.fullmatch(clean_text(text)) is not None
