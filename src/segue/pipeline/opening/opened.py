"""What a list or playlist is made with: catalogue, listeners, engine, and facts of the tracks."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segue.artist_names import comparison_key
from segue.engine import (
    CatalogueArrays,
    Dials,
    Engine,
    Exclusions,
    Explainer,
    profile_from_seeds,
    with_seeds,
)
from segue.errors import ContradictionError, LibraryError, SegueError, UnknownListenerError
from segue.library import Catalogue, Library
from segue.pipeline.opening.columns import TrackColumns
from segue.pipeline.opening.signals import listeners_of, open_engine
from segue.pipeline.opening.words import WordIndex
from segue.pipeline.training.content import vector_signal
from segue.signals import Profile, VectorSignal

SPACES = ("knn", "timbre", "temporal", "tags", "metadata")
"""Signals whose vectors say how alike two tracks of a list are, the first that places most."""

_MOST_PLACED = 0.5


Wish = tuple[str | None, Sequence[str], Sequence[str]]
"""A listener, and ids of tracks that they like and dislike besides."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A library opened to recommend from."""

    library: Library
    catalogue: Catalogue
    profiles: Mapping[str, Profile]
    engine: Engine
    facts: CatalogueArrays
    explainer: Explainer
    columns: TrackColumns | None = None
    """What exclusions ask of all tracks, where that stands in arrays."""
    words: WordIndex | None = None
    """What is searched by, where that stands in arrays."""

    @classmethod
    def of(cls, library: "Library | Opened") -> "Opened":
        """Open a library; one that is open already is returned as it is.

        Raises
        ------
        LibraryError
            If it holds no tracks.
        ModelError
            If nothing is known of them that could be compared.
        """
        if isinstance(library, Opened):
            return library
        catalogue = catalogue_of(library)
        profiles = listeners_of(library, catalogue)
        engine = open_engine(library, catalogue, profiles)
        facts = CatalogueArrays.of(
            catalogue.tracks, catalogue.ids, profiles.values(), comparing_space(engine)
        )
        return cls(
            library, catalogue, profiles, engine, facts, Explainer(engine, catalogue.tracks, facts)
        )

    def listener(
        self, user: str | None, like: Sequence[str] = (), dislike: Sequence[str] = ()
    ) -> Profile:
        """Return a listener's profile with tracks on top that they like and dislike, by id.

        Raises
        ------
        UnknownListenerError, UnknownTrackError
            If the library does not know who or what is named.
        ContradictionError
            If a track is both liked and disliked.
        """
        both = [track_id for track_id in like if track_id in set(dislike)]
        if both:
            raise ContradictionError(
                f"{both[0]!r} is both liked and disliked: name it as one of the two."
            )
        liked = [self.catalogue.position(track_id) for track_id in like]
        disliked = [self.catalogue.position(track_id) for track_id in dislike]
        known = None if user is None else self.profiles.get(user)
        if known is not None:
            return with_seeds(known, liked, disliked)
        if user is not None and not like:
            check_listener(self.library, user)
        return replace(profile_from_seeds(liked, disliked), user=user)

    def expect(self, wishes: Iterable[Wish]) -> None:
        """Be told who will be recommended to next: an engine that remembers scores them together.

        A wish that cannot be fulfilled is passed over: whoever it is of is told when they ask.
        """
        profiles = []
        for user, like, dislike in wishes:
            with suppress(SegueError):
                profiles.append(self.listener(user, like, dislike))
        self.engine.expect(profiles)

    def at_hand(self, wish: Wish) -> bool:
        """Return whether no signal has to be asked for a list, or there will be none."""
        try:
            return self.engine.at_hand(self.listener(*wish))
        except SegueError:
            return True

    def space(self, name: str) -> VectorSignal:
        """Return a signal that compares tracks, blended or not.

        Raises
        ------
        ModelNotTrainedError, ModelError
            If its model is not trained yet, or there is no such signal.
        """
        for signal in self.engine.signals:
            if signal.name == name and isinstance(signal, VectorSignal):
                return signal
        return vector_signal(self.library, self.catalogue, name)

    def excluded(self, exclusions: Exclusions | None) -> NDArray[np.bool_]:
        """Return which tracks may not come, ``[n_tracks]``."""
        rules = exclusions or Exclusions()
        if self.columns is not None:
            return self.columns.mask(rules)
        return rules.mask(self.catalogue.tracks, comparison_key)

    def hints(self, profile: Profile, dials: Dials, exclusions: Exclusions | None) -> list[str]:
        """Return what somebody should know who set these dials and exclusions, as sentences."""
        hints = []
        if exclusions and self.columns is not None:
            hints += self.columns.hints(exclusions)
        elif exclusions:
            hints += exclusions.unmatched(self.catalogue.tracks, comparison_key)
            hints += exclusions.unknown(self.catalogue.tracks)
        if dials.popularity and not self.facts.listeners.any():
            hints.append("the library knows no listens, so the popularity dial has no effect.")
        for kind, cap, ids in (
            ("artist", dials.artist_cap, self.facts.ids.artists),
            ("album", dials.album_cap, self.facts.ids.album),
        ):
            if cap is not None and not (ids >= 0).any():
                hints.append(f"no {kind} of a track is known, so the {kind} cap has no effect.")
        if dials.calibration and not self.facts.taste(profile).any():
            hints.append("no genre or tag of what is liked is known, so nothing is calibrated.")
        return hints


def catalogue_of(library: Library) -> Catalogue:
    """Return the catalogue of a library that has one.

    Raises
    ------
    LibraryError
        If it is empty.
    """
    catalogue = library.catalogue()
    if not len(catalogue):
        raise LibraryError("The library holds no tracks: run segue preprocess DATASET first.")
    return catalogue


def check_listener(library: Library, user: str) -> None:
    """Raise `UnknownListenerError`, with names that come near, if there is no such listener."""
    listeners = library.listeners()
    if user in listeners:
        return
    if not listeners:
        raise UnknownListenerError(
            f"The library knows no listeners, so not {user!r} either:"
            " name tracks with --like, or add a listens.csv to the dataset."
        )
    near = [name for name in listeners if user.casefold() in name.casefold()][:3] or listeners[:3]
    raise UnknownListenerError(
        f"The library knows no listener {user!r}: it knows {len(listeners):,}, for example"
        f" {', '.join(map(repr, near))}."
    )


def comparing_space(engine: Engine) -> VectorSignal | None:
    """Return the signal whose space says how alike tracks of a list are; None where none is one."""
    found = {one.name: one for one in engine.signals if isinstance(one, VectorSignal)}
    named = [found[name] for name in SPACES if name in found]
    most = [signal for signal in named if signal.has_vector.mean() >= _MOST_PLACED]
    return next(iter([*most, *named, *found.values()]), None)
