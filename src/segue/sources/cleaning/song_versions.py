"""Key of the song that a title is a version of: live, remaster, acoustic, demo, remix, radio edit.

Conventions
-----------
- Words count as a version only where titles name one: in brackets, or after a dash at the end. They
  are compared as in `segue.sources.cleaning.recordings`, without case, accents and punctuation.
- A title that does not name a work has no song: "Intro" or "II. Andante" is another piece on each
  album. Movements, parts and numbers belong to the song ("Sonata No. 2: II. Andante").
"""

import re
from functools import lru_cache

from segue.artist_names import comparison_key
from segue.sources.cleaning.recordings import PARTS, title_key, title_words

_BRACKETS = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_VERSION_WORDS = frozenset(
    {
        *("live", "remix", "remixed", "mix", "rmx", "edit", "acoustic", "unplugged", "demo"),
        *("version", "session", "sessions", "instrumental", "karaoke", "acapella", "cappella"),
        *("remaster", "remastered", "rerecorded", "rerecording", "rework", "remake", "bootleg"),
        *("alternate", "outtake", "rehearsal", "orchestral", "extended", "mono", "stereo", "dub"),
        *("sped", "slowed", "nightcore", "stripped", "akustik", "akustisch", "acustico"),
        *("acustica", "acoustique", "unreleased", "rough", "vip", "refix", "flip", "single"),
    }
)
_VOICE_WORDS = frozenset({"instrumental", "karaoke", "acapella", "cappella"})
_VERSION_PHRASES = re.compile(
    r"(?:en vivo|ao vivo|dal vivo|en directo|en concert|in concert|take [0-9]+|a cappella)\b"
)
# "(Live and Let Die)" and "(Live Forever)" are parts of titles, not performances
_LIVE = re.compile(
    r"(?:.*\s)?live(?:\s+(?:at|in|from|on|im|aus|version|session|sessions|acoustic|edit|remix"
    r"|remaster(?:ed)?|bonus|recording|take|demo|mix|[0-9].*|bbc).*)?"
)
_LIVE_ELSEWHERE = re.compile(r"(?:i|we|you|they|to|long|how|and|where|we)\s+live")
# words of forms: only a number says which work is meant
_FORMS = frozenset(
    """
    symphony sinfonia sonata concerto concertino suite quartet quintet trio sextet octet overture
    partita fugue fuga toccata nocturne etude waltz valse mazurka polonaise ballade prelude
    impromptu intermezzo rhapsody fantasia fantasy variations divertimento serenade cantata mass
    requiem bagatelle march minuet menuet menuetto scherzo rondo gigue sarabande gavotte bourree
    allemande courante aria chorale recitative recitativo invention canon
    """.split()  # noqa: SIM905
)
# words of pieces that every album or work may have
_PARTS = frozenset(
    """
    intro outro interlude skit untitled track introduction reprise bonus hidden silence instrumental
    jam improvisation improv finale epilogue prologue credits part pt no nr op opus vol volume
    movement mvt act scene main title titles theme
    allegro andante adagio presto largo lento moderato vivace allegretto andantino larghetto grave
    maestoso vivo moto brio fuoco troppo assai molto poco piu spirito cantabile espressivo grazioso
    sostenuto tempo
    """.split()  # noqa: SIM905
)
_NEUTRAL = frozenset(
    """
    the a an in of and con non ma e et di c d f g h b es as fis cis gis des ges
    major minor dur moll flat sharp piano violin cello flute guitar
    """.split()  # noqa: SIM905
)
_NUMBERS = re.compile(r"(?:[0-9]{1,2}|[ivx]+)")


@lru_cache(maxsize=50_000)
def song_key(title: str) -> str | None:
    """Return the key of the song that a title is a version of; None if it names no work.

    >>> song_key("Heroes - Live at Wembley"), song_key("Heroes (2017 Remaster) [Demo]")
    ('heroes', 'heroes')
    >>> song_key("Sonata No. 2: II. Andante"), song_key("II. Andante"), song_key("Intro")
    ('sonatano2iiandante', None, None)
    >>> song_key("Heroes, Pt. 2") == song_key("Heroes"), song_key("Live Forever (Live)")
    (False, 'liveforever')
    """
    base = _without_versions(title)
    words = title_words(base).split()
    if not words or not _names_work(words):
        return None
    return title_key(base)


def are_versions(one: str, other: str) -> bool:
    """Return whether two titles name different versions of one song; a remaster is the same one.

    >>> are_versions("Heroes", "Heroes (Live)"), are_versions("Heroes", "Heroes - 2017 Remaster")
    (True, False)
    """
    if title_key(one) == title_key(other):
        return False
    return title_key(_without_versions(one)) == title_key(_without_versions(other))


def differ_in_voice(one: str, other: str) -> bool:
    """Return whether only one of two versions of a song is sung, as their titles say.

    >>> differ_in_voice("Sun", "Sun (Instrumental)"), differ_in_voice("Sun", "Sun (Single Version)")
    (True, False)
    """
    words = [_VOICE_WORDS.intersection(title_words(title).split()) for title in (one, other)]
    return words[0] != words[1] and are_versions(one, other)


def _without_versions(title: str) -> str:
    kept = _BRACKETS.sub(lambda found: "" if _is_version(found[1]) else found[0], title).strip()
    parts = PARTS.split(kept or title)
    while len(parts) > 1 and _is_version(parts[-1]):
        parts.pop()
    return " - ".join(parts).strip() or title


def _is_version(text: str) -> bool:
    """Return whether a part of a title names a version.

    >>> [_is_version(text) for text in ("Live at Leeds", "Live and Let Die", "Radio Edit", "Pt. 2")]
    [True, False, True, False]
    """
    words = title_words(text)
    if not words:
        return False
    if _VERSION_PHRASES.match(words) or comparison_key(text).startswith("rerecorded"):
        return True
    named = _VERSION_WORDS.intersection(words.split())
    if named - {"live"}:
        return True
    return bool(named and _LIVE.fullmatch(words) and not _LIVE_ELSEWHERE.match(words))


def _names_work(words: list[str]) -> bool:
    """Return whether a title is more than a form, a part or a number."""
    generic = _FORMS | _PARTS | _NEUTRAL
    if any(word not in generic and not _NUMBERS.fullmatch(word) for word in words):
        return True
    if _FORMS.intersection(words):
        return any(word.isdigit() for word in words)  # "Symphony No. 5", not "Symphony in C"
    return not _PARTS.intersection(words) and not all(map(_NUMBERS.fullmatch, words))
