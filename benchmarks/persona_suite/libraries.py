"""Libraries of the personas, made by the public functions: preprocess, import, train.

All personas of a seed share one analyzed library, which is copied for each: a person who lives
alone has a library with one listener. `collaborative` is not trained, because it needs five.
"""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import segue
from segue.errors import ModelError
from segue.pipeline.recommender.service import RecommenderService

from .people import Persona
from .simulate import Simulated, simulate
from .world import World, build_world, write_dataset

DONE = "done"


@dataclass
class PersonaLibrary:
    """An opened library with the people of a persona in it."""

    persona: Persona
    people: Sequence[Simulated]
    directory: Path
    service: RecommenderService

    @property
    def world(self) -> World:
        """The catalogue of the library."""
        return self.people[0].world


def prepare_base(
    seed: int, directory: Path, *, n_tracks: int, n_artists: int, silent: bool = False
) -> World:
    """Make the library of a seed in ``directory/base.segue``, unless it is there already.

    A `silent` one has names only, no sound.
    """
    world = build_world(seed, n_tracks, n_artists)
    if (directory / DONE).exists():
        return world
    shutil.rmtree(directory, ignore_errors=True)
    write_dataset(world, directory / "data", seed, silent=silent)
    library = segue.Library(directory / "base.segue")
    segue.preprocess(library, directory / "data", workers=1)
    if not silent:
        segue.train(library, "knn", seed=seed)
    (directory / DONE).touch()
    return world


def open_persona(
    persona: Persona,
    world: World,
    seed: int,
    base: Path,
    *,
    directory: Path,
    models: Sequence[str] = ("sequence",),
    reuse: bool = False,
) -> PersonaLibrary:
    """Copy the library of a seed, import the history of each person, train, and open it.

    With `reuse` a library that an earlier call made in `directory` is opened instead.
    """
    place, done = directory / "own.segue", directory / DONE
    if not (reuse and done.exists()):
        shutil.rmtree(directory, ignore_errors=True)
    people = [
        simulate(world, person, seed, directory / "exports" / person.name)
        for person in persona.people
    ]
    if done.exists():
        return PersonaLibrary(persona, people, place, RecommenderService.open(place))
    shutil.copytree(base / "base.segue", place)
    library = segue.Library(place)
    for one in people:
        if one.files:
            segue.import_listens(library, one.files, one.person.name)
    if any(one.files for one in people):
        for model in models:
            try:
                segue.train(library, model, seed=seed)
            except ModelError as error:
                print(f"{persona.name}: {error}", file=sys.stderr)
    done.touch()
    return PersonaLibrary(persona, people, place, RecommenderService.open(library))
