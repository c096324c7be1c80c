"""A person's taste, plays and exports, all drawn from one seed."""

import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from .behavior import EPISODE, Simulator, Stream
from .exports import draw_marks, draw_stars, is_logged, is_scrobbled, write_exports
from .people import Person
from .taste import Taste, draw_taste
from .world import Numbers, World

MET = 5
"""A person has an opinion of a track that they met this often, outside private sessions."""
FAVORITES = 0.1
"""The share of these tracks, highest true affinity first, that are their favorites."""
ONE_STAR = 20


@dataclass(frozen=True)
class Simulated:
    """A person of a world with their true affinities, their plays, and the files to import.

    `marked` has 1 for tracks that they loved and -1 for those that they hated, or the stars that
    they gave, times 20.
    """

    world: World
    person: Person
    taste: Taste
    streams: list[Stream]
    marked: dict[int, int]
    files: list[Path]

    @cached_property
    def exported(self) -> list[Stream]:
        """The plays that the export has: scrobbles and totals lack those that ended early."""
        world = self.world
        if self.person.scrobbles_only:
            return [one for one in self.streams if is_scrobbled(world, one)]
        if self.person.format == "totals":
            return [one for one in self.streams if is_logged(one) or is_scrobbled(world, one)]
        return self.streams

    @cached_property
    def n_met(self) -> Numbers:
        """How often each track was met by choice of the person, ``[n_tracks]``."""
        by_guest = self.guest_genres
        genre = self.world.genre
        tracks = [
            one.track
            for one in self.exported
            if one.track != EPISODE and not one.private and genre[one.track] not in by_guest
        ]
        return np.bincount(tracks, minlength=len(self.world))

    @cached_property
    def heard(self) -> Numbers:
        """Tracks of which the export has a play."""
        return np.unique([one.track for one in self.exported if one.track != EPISODE]).astype(int)

    @cached_property
    def shown_disliked(self) -> Numbers:
        """Artists that the person cannot stand, as far as the export shows it.

        A track that they hated or gave one star shows it, or three plays or more where the export
        has skips.
        """
        world, person = self.world, self.person
        least = ONE_STAR if person.format == "totals" else -1
        hated = world.artist[[track for track, mark in self.marked.items() if mark <= least]]
        met = np.bincount(
            world.artist[[one.track for one in self.exported if one.track != EPISODE]],
            minlength=len(world.artists),
        )
        often = np.array([], int) if person.scrobbles_only else np.flatnonzero(met >= 3)
        return np.intersect1d(self.taste.disliked_artists, np.union1d(hated, often))

    @property
    def guest_genres(self) -> set[int]:
        """Genres that another person chose."""
        names = [name for part in self.person.parts if part.guest for name in part.genres]
        return set(self.world.genre[self.world.of_genre(*names)].tolist()) if names else set()

    @property
    def judged(self) -> Numbers:
        """Tracks that the person knows well enough to say how much they like them."""
        return np.flatnonzero(self.n_met >= MET)

    @property
    def favorites(self) -> Numbers:
        """The favorites among the judged tracks."""
        judged = self.judged
        n = max(int(len(judged) * FAVORITES), 1)
        return judged[np.argsort(-self.taste.affinity[judged], kind="stable")[:n]]


def simulate(world: World, person: Person, seed: int, directory: Path) -> Simulated:
    """Draw a person and write their exports into a directory."""
    rng = np.random.default_rng([seed, zlib.crc32(person.name.encode())])
    taste = draw_taste(world, person, rng)
    streams = Simulator(world, person, taste, rng).run() if person.n_days else []
    marked = draw_marks(taste, streams, rng) if person.says else {}
    if person.format == "totals":
        marked = draw_stars(taste, streams, rng)
    files = write_exports(world, person, streams, marked, directory)
    return Simulated(world, person, taste, streams, marked, files)
