"""Parse genres: one spelling for each, several in one cell.

Conventions
-----------
- A genre is lower-case text. A genre of the table below gets the spelling of the table; any other
  keeps its words, in lower case, with hyphens as spaces.
- ``|`` and ``;`` always separate. ``,`` and ``/`` separate only if *every* part is in the table:
  ``Rock, Pop`` is two genres, ``Rhythm, Blues`` is one, ``Rap/Hip Hop`` is one that is named twice.
- The ten words of GTZAN are one class each (``hiphop`` is spelled ``hip-hop``).
"""

import re
import unicodedata
from functools import lru_cache

from segue.text import known_text

# One genre a line: the spelling of segue, then others. Case, accents, hyphens, spaces and the ways
# to write "and" (& + n) make no difference, so only other *words* are listed.
GENRE_TABLE = """
a cappella: acapella
acid jazz
acoustic
afrobeat: afrobeats
alternative: alt, alternative music
alternative country: alt country, americana country
alternative metal: alt metal
alternative rock: alt rock, alternrock, alternative & indie rock
ambient: ambient music
americana
art rock
avant-garde: avantgarde
baroque: baroque music
bebop: be bop
big band: bigband
black metal
bluegrass: blue grass
blues: blues music
blues rock
bossa nova
breakbeat: breaks
britpop: brit pop
celtic: celtic music
chamber music: chamber
chanson
chillout: chill out
choral: choir, choral music
christian: christian music
classical: classical music, classic music, klassik, clasica, classique
classic rock
country: country music, country & western
dance: dance music
dance-pop
dancehall: dance hall
dark ambient
death metal
deep house
disco: disco music
doom metal
downtempo: down tempo
dream pop
drum and bass: dnb, d&b, d n b, drum bass, drum'n'bass, drumnbass
dub
dubstep: dub step
early music
easy listening
ebm
electro
electronic: electronica, electronic music, elektronisch
electropop: electro pop
emo
experimental: experimental music
fado
film score: movie score
flamenco
folk: folk music
folk rock
funk
game: game music, video game, video game music, videogame music, videogame, vgm
game soundtrack: video game soundtrack, game ost
garage
garage rock
glam rock
glitch
gospel
gothic: goth
grime
grindcore: grind core
grunge
hard rock
hardcore: hard core
hardcore punk
heavy metal
hip-hop: hiphop, rap, hip hop music, rap & hip hop, hip hop & rap, rap music
holiday: christmas, xmas, christmas music
house: house music
idm: intelligent dance music
indie: indie music
indie pop
indie rock
industrial
industrial metal
instrumental
j-pop: jpop, japanese pop
j-rock: jrock, japanese rock
jazz: jazz music
jazz fusion: fusion
k-pop: kpop, korean pop
klezmer
latin: latin music, latino
lo-fi: lofi
lounge
mariachi
medieval
melodic death metal: melodeath
metal: metal music
metalcore: metal core
minimal
minimalism
mpb: musica popular brasileira
musical: musicals, musical theatre, musical theater
neo-soul
new age
new wave
noise
nu metal: numetal
opera
orchestral
polka
pop: pop music
pop punk
pop rock
post-hardcore
post-punk
post-rock
power metal
power pop
progressive metal: prog metal
progressive rock: prog rock, prog
psychedelic: psychedelia
psychedelic rock
psytrance: psy trance, psychedelic trance
punk: punk music
punk rock
ragtime
r&b: rnb, rhythm & blues, r and b, rhythm n blues
reggae: reggae music
reggaeton
renaissance
rock: rock music
rock and roll: rock & roll, rock n roll
rockabilly
romantic: romantic era
salsa
samba
screamo
shoegaze: shoegazing
singer-songwriter: singer songwriters
ska
soft rock
soul: soul music
sound effects: sound fx, sfx
soundtrack: soundtracks, ost, original soundtrack
southern rock
spoken word: speech, spoken
surf rock: surf
swing
symphonic metal
synthpop: synth pop
synthwave
tango
tech house
techno: techno music
thrash metal: thrash, trash metal
trance: trance music
trap
trip-hop: triphop
turntablism
vocal
world: world music, worldmusic
"""

_UNSPECIFIC = frozenset({"other", "others", "misc", "miscellaneous", "unclassifiable", "various"})
_TOKENS = re.compile(r"[^\W_]+|[&+]")
_DIACRITICS = re.compile("[\u0300-\u036f]")


def _key(genre: str) -> str:
    """Return a genre without case, accents and hyphens, and with one spelling of "and"."""
    plain = _DIACRITICS.sub("", unicodedata.normalize("NFKD", genre.casefold()))
    return "".join("and" if token in {"&", "+", "n"} else token for token in _TOKENS.findall(plain))


def _read_table(table: str) -> dict[str, str]:
    spellings: dict[str, str] = {}
    for line in table.strip().splitlines():
        genre, _, others = line.partition(":")
        for spelling in (genre, *filter(None, map(str.strip, others.split(",")))):
            spellings[_key(spelling)] = genre
    return spellings


_SPELLINGS = _read_table(GENRE_TABLE)


def known_genre(text: str) -> str | None:
    """Return the spelling of a genre in the table; None if it is not in the table.

    Examples
    --------
    >>> [known_genre(text) for text in ("Hip Hop", "HipHop", "drum'n'bass", "Wizard Rock")]
    ['hip-hop', 'hip-hop', 'drum and bass', None]
    """
    return _SPELLINGS.get(_key(text))


@lru_cache(maxsize=65_536)
def read_genres(cell: str) -> tuple[str, ...]:
    """Return the genres of one cell in their order, each once. Idempotent when joined by ``|``.

    Examples
    --------
    >>> read_genres("Rap/Hip Hop; R&B | Trash Metal")
    ('hip-hop', 'r&b', 'thrash metal')
    >>> read_genres("Rhythm, Blues"), read_genres("(None)")
    (('rhythm, blues',), ())
    """
    return tuple(dict.fromkeys(genre for part in re.split(r"[|;]", cell) for genre in _one(part)))


def _one(part: str) -> list[str]:
    text = known_text(part)
    if text is None or text.strip("()[]<> ").casefold() in _UNSPECIFIC:
        return []
    whole = known_genre(text)
    if whole is not None:
        return [whole]
    pieces = [known_genre(piece) for piece in re.split(r"[,/]", text)]
    genres = [genre for genre in pieces if genre is not None]
    if len(genres) == len(pieces):
        return genres
    spelled = known_text(unicodedata.normalize("NFC", text.casefold()).replace("-", " "))
    return [spelled] if spelled is not None else []
