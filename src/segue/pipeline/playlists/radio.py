"""A radio: an endless playlist for a listener.

`segue.engine.radio` has the rules; other kinds of lists are in `segue.pipeline.playlists.generate`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from segue.engine import (
    Dials,
    Exclusions,
    ExplainedHistory,
    Feedback,
    Playlist,
    RadioStation,
    Recommendation,
    drawn_seed,
)
from segue.errors import LibraryError
from segue.pipeline.playlists.generate import NO_INTERESTS, check_count
from segue.pipeline.recommender.serving_state import ServingState

if TYPE_CHECKING:
    from segue.signals import UserProfile

RADIO_DIALS = Dials(max_known_share=0.5, randomness=0.2)
"""By default half of the tracks may be known, and every radio has a new random seed."""


class RadioSession:
    """An endless playlist that adapts to feedback; `said` has messages for the listener.

    >>> radio = Radio(state, "alice")                            # doctest: +SKIP
    >>> track = radio.next()                                     # doctest: +SKIP
    >>> radio.feedback(track.track_id, "skip")                   # doctest: +SKIP
    """

    def __init__(
        self,
        state: ServingState,
        user: str | None = None,
        *,
        like: Sequence[str] = (),
        dislike: Sequence[str] = (),
        dials: Dials | None = None,
        exclusions: Exclusions | None = None,
        window: int | None = None,
        rules_of: str | None = None,
    ) -> None:
        """Open a radio for a listener, or from liked tracks.

        The default dials are `RADIO_DIALS` with a new random seed, which `take` returns. The same
        dials play the same tracks again. With ``dials.max_known_share`` at 0 only tracks that the
        listener does not know are played. What is never played for the listener `rules_of`, by
        default `user`, is left out.

        A radio from liked tracks begins with the first of them, unless `played` says what came
        before, or only new tracks are wanted. `window` is the number of other tracks before one may
        repeat: by default all.

        Raises
        ------
        ValueError
            If neither a listener nor a liked track is given.
        UnknownListenerError, UnknownTrackError
            If the library does not know the listener or a track.
        ContradictionError
            If a track is both liked and disliked.
        """
        if user is None and not like:
            raise ValueError("A radio needs a listener or a liked track: name one.")
        self.user = user
        dials = dials or replace(RADIO_DIALS, seed=drawn_seed())
        self._state = state
        query = state.query(user, like=like, dislike=dislike, dials=dials)
        profile = query.profile
        state.check_matched(query)
        excluded = state.excluded(exclusions, rules_of or user)
        excluded[[state.catalogue.position(track_id) for track_id in dislike]] = True
        if dials.max_known_share == 0:
            known = np.zeros(len(excluded), bool)
            known[profile.known] = True
            # a hard rule: the radio never relaxes it
            excluded |= known if dials.versions else state.facts.with_versions(known)
        self._dials = dials
        self._radio = RadioStation(
            state.engine,
            profile,
            state.facts,
            dials,
            excluded,
            window,
            has_history=query.has_history,
        )
        missing = set(np.asarray(state.engine.missing, np.int64).tolist())
        seeds = [one for one in map(state.catalogue.position, like) if one not in missing]
        self._first = seeds[0] if seeds and dials.max_known_share else None
        self._rank = 0
        self._history: tuple[UserProfile, ExplainedHistory] | None = None
        self._hints = state.hints(profile, dials, exclusions)
        if dials.interests:
            self._hints.append(NO_INTERESTS)

    @property
    def window(self) -> int | None:
        """Number of tracks before one may be repeated, None for all others."""
        return self._radio.window

    @property
    def said(self) -> list[str]:
        """Messages for the listener, as sentences."""
        return [*self._hints, *self._radio.said]

    def next(self) -> Recommendation:
        """Return the next track.

        Raises
        ------
        LibraryError
            If no track may be played.
        """
        if self._first is not None:
            return self._seed()
        found = self._radio.next()
        if found is None:
            raise LibraryError(
                "There are no tracks left to play: exclude less, or like tracks that have been"
                " analyzed."
                if self._dials.max_known_share
                else "There are no new tracks left to play: exclude less, or allow tracks that"
                " are known already."
            )
        profile, history = self._radio.profile, self._explained()
        explainer = self._state.explainer
        (pick,) = explainer.picks(found, profile, self._radio.turned, history)[1]
        self._rank += 1
        return replace(pick, rank=self._rank)

    def _seed(self) -> Recommendation:
        """Return the first seed, which the radio begins with."""
        position, self._first = self._first or 0, None
        self._radio.play(position)
        self._rank += 1
        track = self._state.catalogue.tracks[position]
        return Recommendation(self._rank, track.track_id, track.title, track.artist, 0.0, {})

    def _explained(self) -> ExplainedHistory:
        """Return the history that tracks are explained by, computed again after feedback."""
        profile = self._radio.profile
        if self._history is None or self._history[0] is not profile:
            self._history = profile, self._state.explainer.history(profile)
        return self._history[1]

    def feedback(self, track: str, what: Feedback) -> None:
        """Adapt to a track (by id) that was skipped, liked, disliked or played to its end.

        Raises
        ------
        ValueError
            If `what` is not skip, like, dislike or play.
        UnknownTrackError
            If the library does not hold the track.
        """
        self._radio.feedback(self._state.catalogue.position(track), what)

    def played(self, tracks: Sequence[str]) -> None:
        """Continue after tracks (by id, the latest last) that were played already.

        Raises
        ------
        UnknownTrackError
            If the library does not hold one of them.
        """
        self._first = None if tracks else self._first
        self._radio.played([self._state.catalogue.position(track) for track in tracks])

    def take(self, k: int) -> Playlist:
        """Return the next `k` tracks without feedback in between."""
        check_count(k)
        tracks = [self.next() for _ in range(k)]
        about = {"user": self.user, "window": self.window, **self._dials.chance}
        return Playlist("radio", tracks, about, self.said)
