"""Parse genres: one spelling for each, several in one cell.

Conventions
-----------
- A genre is lower-case text. A genre of the table below gets the spelling of the table; any other
  keeps its words, in lower case, with hyphens as spaces.
- ``|``, ``;``, backslashes, bullets and null characters always separate. ``,`` and ``/`` separate
  if *any* part is in the table: ``Rock, Bedroom Pop`` is two genres, ``Sea Songs, Shanties`` is
  one, ``Rap/Hip Hop`` is one that is named twice.
- The ten words of GTZAN are one class each (``hiphop`` is spelled ``hip-hop``).
"""

import re
import unicodedata
from functools import lru_cache

from segue.text import known_text

# One genre a line: the spelling of segue, then others, also of other languages. Case, accents,
# hyphens, spaces and the ways to write "and" (& + n) make no difference, so only other *words* are
# listed.
GENRE_TABLE = """
a cappella: acapella
acid jazz
acoustic
afrobeat: afrobeats
alternative: alt, alternative music, alternativ, alternativa, alternatif
alternative country: alt country, americana country
alternative metal: alt metal
alternative rock: rock alternatif, rock alternativo, alt rock, alternrock, alternative & indie rock
ambient: ambient music, ambiance, ambiente
americana
art rock
avant-garde: avantgarde
baroque: baroque music, barock, barockmusik, musique baroque, barroco, música barroca
bebop: be bop
big band: bigband
black metal
bluegrass: blue grass
blues: blues music, bluesmusik
blues rock
bossa nova
breakbeat: breaks
britpop: brit pop
celtic: celtic music, celtique, musique celtique, keltisch, celta, música celta
chamber music: chamber, kammermusik, musique de chambre, música de cámara
chanson: chanson française, chansons, variété française, variété
chillout: chill out
choral: choir, choral music, chor, chormusik, chorale, coral, música coral
children: children's music, kindermusik, kinderlieder, musique pour enfants, música infantil
children: infantil, kids
christian: christian music, christlich, christliche musik, cristiana, música cristiana
classical: classical music, classic music, klassik, klassische musik, clasica, musica clasica
classical: clasico, classique, musique classique, musica classica, classica, klassiek
classic rock
country: country music, country & western, musique country, música country
dance: dance music
dance-pop
dancehall: dance hall
dark ambient
death metal
deep house
disco: disco music, disco musik
doom metal
downtempo: down tempo
dream pop
drum and bass: dnb, d&b, d n b, drum bass, drum'n'bass, drumnbass
dub
dubstep: dub step
early music: alte musik, musique ancienne, música antigua
easy listening: easy listening music
ebm
electro
electronic: electronica, electronic music, elektronisch, elektronische musik, elektronik
electronic: électronique, musique électronique, electro musique, música electrónica, electrónico
electronic: elettronica, musica elettronica, eletrônica
electropop: electro pop
emo
experimental: experimental music, expérimental, musique expérimentale, experimentell
experimental: experimentelle musik, música experimental, sperimentale
fado
film score: movie score, filmmusik, musique de film, música de cine, banda sonora de cine
flamenco
folk: folk music, volksmusik, musique folk, folklore, folclore, música folk
folk rock: rock folk
funk
game: game music, spielemusik, musique de jeu, musique de jeux vidéo, música de videojuegos
game: video game, video game music, videogame music, videogame, vgm
game soundtrack: video game soundtrack, game ost
garage
garage rock
glam rock
glitch
gospel
gothic: goth, gothique, gótico
grime
grindcore: grind core
grunge
hard rock
hardcore: hard core
hardcore punk
heavy metal: métal lourd
hip-hop: hiphop, rap, rap français, rap francais, hip hop français, deutschrap, rap alemán
hip-hop: rap en español, hip hop music, rap & hip hop, hip hop & rap, rap music
holiday: christmas, xmas, christmas music, weihnachten, weihnachtsmusik, weihnachtslieder, noël
holiday: musique de noël, navidad, villancicos
house: house music
idm: intelligent dance music
indie: indie music, indé, independiente
indie pop
indie rock: rock indé, rock independiente
industrial: industriel, musique industrielle, industriell, música industrial
industrial metal
instrumental: instrumentale, instrumentalmusik
j-pop: jpop, japanese pop
j-rock: jrock, japanese rock
jazz: jazz music, jazzmusik, musique jazz, música jazz
jazz fusion: fusion
k-pop: kpop, korean pop
klezmer
latin: latin music, latino, musique latine, lateinamerikanisch, lateinamerikanische musik
latin: música latina, latina
lo-fi: lofi
lounge
mariachi
medieval: médiéval, musique médiévale, mittelalter, mittelalterliche musik, música medieval
melodic death metal: melodeath
metal: metal music, métal
metalcore: metal core
minimal
minimalism
mpb: musica popular brasileira
musical: musicals, comédie musicale, comedia musical, musical theatre, musical theater
neo-soul
new age
new wave
noise: bruitiste
nu metal: numetal
opera: opéra, oper, ópera
orchestral: orchestermusik, orchestrale, orquestal
polka
pop: pop music, popmusik, musique pop, música pop
pop punk
pop rock
post-hardcore
post-punk
post-rock
power metal
power pop
progressive metal: prog metal
progressive rock: prog rock, prog
psychedelic: psychedelia, psychédélique, psychedelisch, psicodélico, psicodelia
psychedelic rock
psytrance: psy trance, psychedelic trance
punk: punk music, punkmusik
punk rock
ragtime
r&b: rhythm blues, rnb, rhythm & blues, r and b, rhythm n blues
reggae: reggae music
reggaeton
renaissance: renaissancemusik, música renacentista, renacimiento
rock: rock music, rockmusik, musique rock, música rock, rock musik
rock and roll: rock & roll, rock n roll
rockabilly
romantic: romantic era, romantik, romantique, romanticismo
salsa
samba
schlager: deutscher schlager
screamo
shoegaze: shoegazing
singer-songwriter: singer songwriters, liedermacher, cantautor, cantautores
singer-songwriter: auteur compositeur interprète
ska
soft rock
soul: soul music, musique soul
sound effects: sound fx, sfx
soundtrack: soundtracks, ost, original soundtrack, bande originale, bande originale de film
soundtrack: bande son, banda sonora, bandas sonoras, colonna sonora, trilha sonora
southern rock
spoken word: speech, spoken, hörspiel, hörbuch, audiobook, audiobooks, livre audio, audiolibro
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
world: world music, worldmusic, weltmusik, musique du monde, musiques du monde, música del mundo
world: músicas del mundo
"""

_UNSPECIFIC = frozenset(
    {"other", "others", "misc", "miscellaneous", "unclassifiable", "various", "music", "musik"}
)
_ALWAYS = re.compile("[|;\x00\\\\\u2022\xb7]")
_BETWEEN = re.compile("[,/]")
_AND = re.compile(r"^\s*&|&\s*$")  # "Folk, World, & Country"
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
    >>> read_genres("Folk, Irish Folk"), read_genres("Sea Songs, Shanties"), read_genres("(None)")
    (('folk', 'irish folk'), ('sea songs, shanties',), ())
    """
    return tuple(dict.fromkeys(genre for part in _ALWAYS.split(cell) for genre in _one(part)))


def _one(part: str) -> list[str]:
    text = known_text(part)
    if text is None or text.strip("()[]<> ").casefold() in _UNSPECIFIC:
        return []
    whole = known_genre(text)
    if whole is not None:
        return [whole]
    pieces = [piece for one in _BETWEEN.split(text) if (piece := _AND.sub("", one).strip())]
    if len(pieces) > 1 and any(known_genre(piece) for piece in pieces):
        return [genre for piece in pieces for genre in _one(piece)]
    spelled = known_text(unicodedata.normalize("NFC", text.casefold()).replace("-", " "))
    return [spelled] if spelled is not None else []
