"""Families of genres: broad words for the thousands of genres that files name.

>>> genre_family("melodic death metal"), genre_family("indie rock"), genre_family("krautrock")
('metal', 'rock', 'rock')
>>> genre_family("Deutschrap"), genre_family("seen live")
('hip-hop', None)
"""

from functools import lru_cache
from typing import Final

from segue.sources.cleaning.genres import known_genre

# family: genres and single words of genres that belong to it
_TABLE: Final = """
rock: grunge, shoegaze, alternative, indie, new wave, post punk, psychedelic, garage, britpop, goth
rock: gothic, rockabilly, surf, rock and roll, aor, prog, britrock, madchester
metal: djent, grindcore, thrash, doom, sludge, nwobhm
punk: hardcore, emo, screamo, oi, riot grrrl
pop: schlager, chanson, dance pop, boy band
pop: girl group, ballad, ballads, variete, adult contemporary
electronic: electro, techno, house, trance, idm, edm, drum and bass, dnb, jungle, dubstep, breakbeat
electronic: breaks, downtempo, trip hop, synthwave, synthpop, electropop, glitch, ebm, dance, club
electronic: psytrance, chiptune, 8bit, 8 bit, industrial
electronic: minimal, lo fi, lofi, chillout, chill, eurodance
electronic: hardstyle, electronica, rave, vaporwave, big beat, bass, gabber, goa, tracker
ambient: new age, drone, meditation, relaxation, noise, field recordings, lounge, easy listening
hip-hop: rap, hiphop, hip hop, trap, grime, drill, turntablism, boom bap, g funk, crunk
r&b and soul: r&b, rnb, soul, funk, motown, neo soul, disco, gospel, quiet storm, doo wop, boogie
jazz: bebop, bop, swing, big band, ragtime, jazz fusion, dixieland, acid jazz, crooner
blues: boogie woogie
classical: baroque, opera, orchestral, chamber music
classical: chamber, choral, romantic, renaissance, medieval
classical: early music, symphony, symphonic, concerto, sonata, minimalism, piano, strings, quartet
classical: contemporary classical, modern classical, lied, oratorio, requiem, impressionist, violin
classical: avant garde, a cappella, choir, organ
country: bluegrass, americana, honky tonk, western, nashville, outlaw
folk: singer songwriter, celtic, acoustic, klezmer, polka, traditional, trad, irish, scottish, reel
folk: jig, hornpipe, strathspey, waltz, march
folk: ballade, shanty, shanties, fiddle, folktronica, old time
latin: salsa, samba, bossa nova, reggaeton, tango
latin: mariachi, mpb, flamenco, cumbia, bachata, merengue
latin: bolero, ranchera, mambo, rumba, forro, tejano, latino, latina, banda, vallenato, norteno
reggae: dub, dancehall, ska, rocksteady, ragga
world: afrobeat, afrobeats, fado, african, arabic
world: indian, bollywood, turkish, balkan, asian, brazilian
world: hawaiian, oriental, rai, highlife, qawwali, ethnic, gypsy, middle eastern, desi, carnatic
soundtrack: film score, score, game, musical, anime, ost, television, theme, themes, broadway
spoken word: comedy, audiobook, podcast, speech, sound effects, poetry, radio drama, interview
children: nursery, lullaby, kids
holiday: christmas, xmas
religious: christian, worship, hymn, hymns, gregorian, devotional, ccm, spiritual
"""
_ENDINGS: Final = (
    ("metal", "metal"),
    ("metalcore", "metal"),
    ("deathcore", "metal"),
    ("rock", "rock"),
    ("pop", "pop"),
    ("punk", "punk"),
    ("rap", "hip-hop"),
    ("jazz", "jazz"),
    ("core", "punk"),
    ("wave", "electronic"),
    ("step", "electronic"),
    ("folk", "folk"),
)
"""Ends of words that name a family, where the word is not in the table."""


def _members() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in filter(None, _TABLE.splitlines()):
        family, _, members = line.partition(":")
        found[_plain(family)] = family
        found |= {_plain(member): family for member in members.split(",")}
    return found


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").split())


_MEMBERS: Final = _members()


@lru_cache(maxsize=2**14)
def genre_family(name: str) -> str | None:
    """Return the family of a genre or tag; None if it is in none.

    A name of several words belongs to the family of the last part of it that is known.
    """
    words = _plain(known_genre(name) or name).split()
    for end in range(len(words), 0, -1):
        for start in range(max(0, end - 3), end):
            found = _MEMBERS.get(" ".join(words[start:end]))
            if found is not None:
                return found
        found = next((family for ending, family in _ENDINGS if words[end - 1].endswith(ending)), "")
        if found:
            return found
    return None
