"""The people of the suite: their tastes, habits and the export of their history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from . import parameters as p

Format = Literal["spotify", "listenbrainz", "lastfm", "table", "totals", "none"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a person's listening: when, and among which genres.

    `days` is a range of days before the end of the history; `season` a range of days before it in
    every year. A `guest` (a child, say) chooses by a taste of their own. `mix` are kinds of
    sessions. In `private` sessions nothing should be learned.
    """

    share: float = 1.0
    genres: tuple[str, ...] = ()
    hours: tuple[int, ...] = ()
    days: tuple[int, int] | None = None
    season: tuple[int, int] | None = None
    background: bool = False
    guest: bool = False
    private: bool = False
    mix: Mapping[str, float] = field(default_factory=lambda: p.MIX)
    collection: int = p.COLLECTION


@dataclass(frozen=True, kw_only=True)
class Person:
    """A simulated listener.

    `likes` and `dislikes` are genres. `per_day` is the mean number of sessions a day, `gap` a range
    of days before the end without any. `says` tells which tracks are loved or hated.
    """

    name: str
    likes: tuple[str, ...]
    dislikes: tuple[str, ...] = ()
    format: Format = "spotify"
    parts: tuple[Part, ...] = (Part(),)
    skip_rate: float = p.SKIP_RATE
    per_day: float = 1.0
    n_days: int = 720
    gap: tuple[int, int] | None = None
    says: bool = False
    never_finishes: bool = False
    podcasts: bool = False

    @property
    def scrobbles_only(self) -> bool:
        """Whether the export has only plays that were long enough, none that were skipped."""
        return self.format in {"lastfm", "listenbrainz"}


@dataclass(frozen=True, kw_only=True)
class Persona:
    """One or more people in one library, and the names of their `extra` checks."""

    name: str
    about: str
    people: tuple[Person, ...]
    extra: tuple[str, ...] = ()


DAY = tuple(range(8, 20))
NIGHT = (22, 23, 0)
CHILDRENS_HOURS = (7, 16, 17, 18)
ALBUMS = {"album": 0.7, "own": 0.2, "explore": 0.1}


def _alone(about: str, person: Person, *extra: str) -> Persona:
    return Persona(name=person.name, about=about, people=(person,), extra=extra)


PERSONAS: tuple[Persona, ...] = (
    _alone(
        "skips most tracks, favorites too",
        Person(
            name="heavy skipper",
            likes=("pop", "r&b", "hip-hop"),
            dislikes=("country", "classical"),
            skip_rate=0.9,
            per_day=1.6,
        ),
    ),
    _alone(
        "plays whole albums, seldom skips",
        Person(
            name="album listener",
            likes=("jazz", "folk", "indie rock"),
            dislikes=("house", "techno"),
            format="listenbrainz",
            parts=(Part(mix=ALBUMS),),
            skip_rate=0.1,
            says=True,
        ),
    ),
    _alone(
        "own music in the evening, children's music before and after school",
        Person(
            name="parent",
            likes=("indie rock", "soul", "electronic"),
            dislikes=("metal",),
            parts=(
                Part(share=0.6, hours=(9, 10, 20, 21, 22)),
                Part(
                    share=0.4,
                    genres=("children's music",),
                    hours=CHILDRENS_HOURS,
                    guest=True,
                    mix={"own": 0.9, "binge": 0.1},
                    collection=40,
                ),
            ),
        ),
        "children",
        "not learned",
    ),
    _alone(
        "rock by day, ambient to fall asleep",
        Person(
            name="night sleeper",
            likes=("rock", "blues", "ambient"),
            dislikes=("children's music", "hip-hop"),
            parts=(
                Part(share=0.55, genres=("rock", "blues"), hours=DAY),
                Part(share=0.45, genres=("ambient",), hours=NIGHT, background=True, collection=50),
            ),
        ),
        "both tastes",
    ),
    Persona(
        name="household",
        about="three people with one library: jazz and folk; rock and blues; hip-hop and pop",
        people=(
            Person(
                name="mum",
                likes=("jazz", "classical", "folk"),
                dislikes=("hip-hop", "metal"),
                format="lastfm",
                says=True,
            ),
            Person(name="dad", likes=("rock", "blues"), dislikes=("techno", "pop")),
            Person(
                name="teen",
                likes=("hip-hop", "pop", "drum and bass"),
                dislikes=("classical", "folk"),
                skip_rate=0.65,
                per_day=2.0,
            ),
        ),
    ),
    _alone(
        "no history, liked one track",
        Person(name="newcomer", likes=("reggae",), format="none", n_days=0),
        "one strength",
    ),
    _alone(
        "metal and classical, nothing between",
        Person(
            name="two genres",
            likes=("metal", "classical"),
            dislikes=("pop", "country"),
            format="listenbrainz",
            parts=(Part(share=0.65, genres=("metal",)), Part(share=0.35, genres=("classical",))),
            says=True,
        ),
        "both tastes",
    ),
    _alone(
        "holiday music for five weeks a year, half a year ago",
        Person(
            name="seasonal",
            likes=("soul", "country", "singer-songwriter", "holiday"),
            dislikes=("techno",),
            format="lastfm",
            parts=(
                Part(share=0.5, genres=("soul", "country", "singer-songwriter")),
                Part(share=0.5, genres=("holiday",), season=(165, 200), collection=60),
            ),
        ),
        "season",
    ),
    _alone(
        "works in several recordings, long movements",
        Person(
            name="classical listener",
            likes=("classical",),
            dislikes=("hip-hop", "punk", "metal"),
            format="listenbrainz",
            parts=(Part(mix={"album": 0.6, "own": 0.3, "explore": 0.1}),),
            skip_rate=0.15,
            says=True,
        ),
    ),
    _alone(
        "mixes the next track in before the end of each",
        Person(
            name="dj",
            likes=("house", "techno", "drum and bass"),
            dislikes=("country", "chanson"),
            format="table",
            never_finishes=True,
            per_day=1.4,
        ),
    ),
    _alone(
        "podcasts half of the time; planned a surprise party in private sessions",
        Person(
            name="podcast mixer",
            likes=("chanson", "folk", "soundtrack"),
            dislikes=("metal",),
            parts=(
                Part(share=0.9, genres=("chanson", "folk", "soundtrack")),
                Part(
                    share=0.1,
                    genres=("latin",),
                    days=(20, 120),
                    private=True,
                    guest=True,
                    mix={"own": 1.0},
                    collection=40,
                ),
            ),
            podcasts=True,
            per_day=2.0,
        ),
        "private",
        "podcasts",
    ),
    _alone(
        "back for two weeks after a year's pause, with a new genre",
        Person(
            name="returning",
            likes=("punk", "indie rock", "techno"),
            dislikes=("country",),
            parts=(
                Part(share=0.6, genres=("punk", "indie rock")),
                Part(share=0.4, genres=("techno",), days=(0, 15), collection=60),
            ),
            n_days=900,
            per_day=1.6,
            gap=(15, 380),
        ),
        "new taste",
        "both tastes",
    ),
    _alone(
        "a player's totals without dates, stars times 20, and a dated log",
        Person(
            name="rater",
            likes=("latin", "jazz", "reggae"),
            dislikes=("punk",),
            format="totals",
        ),
        "never played",
        "dated history",
    ),
)
