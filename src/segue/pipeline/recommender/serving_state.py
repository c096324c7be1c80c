"""One state of a library from which recommendations are served: a snapshot and its listeners.

A state is never changed to another snapshot: a request goes on with the state that it began with.
Profiles and weights of listeners in it are current with all feedback.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from segue.engine import (
    CatalogueArrays,
    Dials,
    Exclusions,
    ExplainedHistory,
    Explainer,
    Recommendation,
    Recommendations,
    RerankResult,
    explain,
    profile_from_seeds,
    rerank_list,
    with_seeds,
)
from segue.engine.interests import interest_profile
from segue.engine.reasons import worded
from segue.engine.recommendations import Reason
from segue.engine.varied_tracks import varied_tracks
from segue.errors import ContradictionError, LibraryError, UnknownListenerError
from segue.library import Library, StoredCatalogue, settings_hash
from segue.pipeline.recommender.cached_engine import CachedEngine
from segue.pipeline.recommender.caching import ResultCache, VersionedCache
from segue.pipeline.recommender.empty_lists import (
    check_matched,
    empty_reason,
    unmatched_only,
    untrained_hints,
)
from segue.pipeline.recommender.listener_interests import ListenerInterests
from segue.pipeline.recommender.listener_profiles import ListenerProfiles
from segue.pipeline.recommender.prefetch import Prefetcher
from segue.pipeline.recommender.query import CacheKey, RecommendationQuery, Seeds, cache_key
from segue.pipeline.recommender.similar_tracks import similar_tracks
from segue.pipeline.recommender.snapshot import Snapshot
from segue.pipeline.recommender.weight_posteriors import Impressions, WeightPosteriors
from segue.signals import UserProfile, VectorSignal
from segue.text import plural

_MAX_RESULTS_BYTES: Final = 16_000_000
_MAX_HISTORIES_BYTES: Final = 40_000_000


@dataclass(frozen=True, slots=True)
class ServingState:
    """A snapshot opened for recommendations."""

    library: Library
    snapshot: Snapshot
    profiles: ListenerProfiles
    posteriors: WeightPosteriors
    engine: CachedEngine
    explainer: Explainer
    prefetcher: Prefetcher
    interests: ListenerInterests
    untrained: Sequence[str]
    _results: ResultCache[Impressions | None]
    _histories: VersionedCache[ExplainedHistory]

    @classmethod
    def of(
        cls, library: Library, snapshot: Snapshot, posteriors: WeightPosteriors | None = None
    ) -> Self:
        """Open a snapshot of a library, with the `posteriors` of another state of it if given."""
        if posteriors is None:
            posteriors = WeightPosteriors(library.reader, snapshot.weights, snapshot.engine)
        engine = CachedEngine(
            snapshot.signals,
            posteriors.weights,
            snapshot.recordings,
            snapshot.missing,
            posteriors=posteriors,
        )
        catalogue = snapshot.catalogue
        explainer = Explainer(
            engine,
            catalogue.tracks,
            snapshot.facts,
            snapshot.vocabulary.words,
            prefetch=catalogue.read_ahead,
        )
        profiles = ListenerProfiles(library, snapshot)
        profiles.follow()
        return cls(
            library,
            snapshot,
            profiles,
            posteriors,
            engine,
            explainer,
            Prefetcher(engine.has_scores),
            ListenerInterests(snapshot.facts, snapshot.vocabulary.words, catalogue),
            untrained_hints(library),
            ResultCache(_MAX_RESULTS_BYTES),
            VersionedCache(_MAX_HISTORIES_BYTES),
        )

    @property
    def catalogue(self) -> StoredCatalogue:
        """All tracks, read from the library when they are needed."""
        return self.snapshot.catalogue

    @property
    def facts(self) -> CatalogueArrays:
        """What re-ranking knows of the tracks."""
        return self.snapshot.facts

    @property
    def version(self) -> str:
        """A text that changes whenever tracks, models or anybody's feedback do."""
        # a digest: the number itself would tell how much others do
        rules = self.profiles.rules.version
        more = {"rules": rules} if rules else {}
        return settings_hash({"state": self.snapshot.state, "number": self.profiles.number, **more})

    # what a request names ------------------------------------------------------------------------

    def listener(
        self, user: str | None, like: Sequence[str] = (), dislike: Sequence[str] = ()
    ) -> UserProfile:
        """Return the profile of a listener, with tracks that they like and dislike besides, by id.

        Raises
        ------
        UnknownListenerError, UnknownTrackError
            If the library does not know the listener or a track.
        UnmatchedListensError
            If all listens of the listener are of tracks that the library lacks.
        ContradictionError
            If a track is both liked and disliked.
        """
        query = self.query(user, like=like, dislike=dislike)
        self.check_matched(query)
        return query.profile

    def check_matched(self, query: RecommendationQuery) -> None:
        """Check that a list of a listener has something to start from.

        Raises
        ------
        UnmatchedListensError
            If all listens of the listener are of tracks that the library lacks.
        """
        user = query.profile.user
        if user is not None and not query.has_history and not query.seeds.like:
            check_matched(self.library, user)

    def query(
        self,
        user: str | None,
        k: int = 10,
        *,
        like: Sequence[str] = (),
        dislike: Sequence[str] = (),
        dials: Dials | None = None,
        exclusions: Exclusions | None = None,
        interest: str | None = None,
        rules_of: str | None = None,
    ) -> RecommendationQuery:
        """Resolve a request for `k` tracks; raises what `listener` raises.

        With an `interest`, by its number or name, the tracks suit this interest of the listener.
        `rules_of` is the listener whose tracks that are never played are left out, by default
        `user`.

        Raises
        ------
        ContradictionError
            Also if an interest is given without a listener, or with liked or disliked tracks.
        UnknownInterestError
            If the listener has no such interest.
        """
        seeds = Seeds(*([self.catalogue.id_of(one) for one in names] for names in (like, dislike)))
        dials = dials or Dials()
        profile, key, has_history = self._resolved(user, seeds, dials)
        whole = profile if has_history else None
        if interest is not None:
            profile, key = self._of_interest(profile, interest, seeds)
        return RecommendationQuery(
            profile,
            key or cache_key(profile),
            k,
            dials,
            exclusions,
            seeds,
            has_history=has_history,
            whole=whole,
            rules_of=rules_of or user,
        )

    def _of_interest(
        self, profile: UserProfile, interest: str, seeds: Seeds
    ) -> tuple[UserProfile, CacheKey]:
        """Return the profile of one interest of a listener, and its cache key."""
        if profile.user is None or seeds:
            raise ContradictionError(
                "An interest belongs to a listener: name a listener, and no liked or disliked"
                " tracks."
            )
        found = self.interests.of(profile)
        number = found.number(interest)
        own = interest_profile(profile, found.interests[number])
        return own, CacheKey((profile.user, number), cache_key(own).version)

    def _resolved(
        self, user: str | None, seeds: Seeds, dials: Dials
    ) -> tuple[UserProfile, CacheKey | None, bool]:
        """Return a profile, its cache key where it is known, and whether there is a history."""
        both = [track_id for track_id in seeds.like if track_id in set(seeds.dislike)]
        if both:
            raise ContradictionError(
                f"{both[0]!r} is both liked and disliked: choose one of the two."
            )
        liked = [self.catalogue.position(track_id) for track_id in seeds.like]
        disliked = [self.catalogue.position(track_id) for track_id in seeds.dislike]
        known = None if user is None else self.profiles.resolve(user)
        if known is not None:
            profile, key = known
            if not seeds:
                return profile, key, True
            return with_seeds(profile, liked, disliked, dials.seed_share), None, True
        if user is not None and not liked:
            check_listener(self.library, user)
        profile = profile_from_seeds(liked, disliked)
        return replace(profile, user=user, silent=self.profiles.silent(user)), None, False

    def space(self, name: str) -> VectorSignal:
        """Return a signal that compares tracks, whether the engine uses it or not.

        Raises
        ------
        ModelNotTrainedError, ModelError
            If its model is not trained yet, or there is no such signal.
        """
        for signal in self.engine.signals:
            if signal.name == name and isinstance(signal, VectorSignal):
                return signal
        from segue.pipeline.training.content import vector_signal  # imports what trains models

        return vector_signal(self.library, self.catalogue, name)

    def excluded(self, exclusions: Exclusions | None, *listeners: str | None) -> NDArray[np.bool_]:
        """Return which tracks must not be recommended to some listeners, ``[n_tracks]``.

        Those are the exclusions of a request, what rules of the listeners say is never played, and
        what is hidden from them.
        """
        found = self.snapshot.exclusion_index.mask(exclusions or Exclusions())
        if self.catalogue.hidden is not None:
            found |= self.catalogue.hidden
        for listener in listeners:
            never = None if listener is None else self.profiles.rules.never_played(listener)
            if never is not None:
                found |= never
        return found

    def unwanted(
        self, exclusions: Exclusions | None = None, user: str | None = None
    ) -> NDArray[np.bool_]:
        """Return `excluded` with the tracks that a listener dislikes, ``[n_tracks]``."""
        found = self.excluded(exclusions, user)
        known = None if user is None else self.profiles.resolve(user)
        if known is not None:
            found[known[0].disliked] = True
        return found

    def hints(self, profile: UserProfile, dials: Dials, exclusions: Exclusions | None) -> list[str]:
        """Return sentences about missing models, and dials and exclusions without effect."""
        hints = [*self.untrained]
        hints += self.snapshot.exclusion_index.hints(exclusions) if exclusions else []
        if dials.popularity and not self.facts.listeners.any():
            hints.append("the library has no listens, so the popularity dial has no effect.")
        for name, dial, values in (
            ("energy", dials.energy, self.facts.energy),
            ("valence", dials.valence, self.facts.valence),
        ):
            if dial and np.isnan(values).all():
                hints.append(f"no track has a known {name}, so the {name} dial has no effect.")
        for kind, cap, ids in (
            ("artist", dials.artist_cap, self.facts.ids.artists),
            ("album", dials.album_cap, self.facts.ids.album),
        ):
            if cap and not (ids >= 0).any():
                hints.append(f"no track has a known {kind}, so the {kind} cap has no effect.")
        if dials.calibration and not self.facts.taste(profile).any():
            hints.append(
                "the liked tracks have no known genres or tags, so the genre mix has no effect."
            )
        return hints

    # answers -------------------------------------------------------------------------------------

    def is_scored(self, query: RecommendationQuery) -> bool:
        """Return whether a query can be answered without asking the signals."""
        return not self.engine.signals or self.engine.has_scored(query)

    def score(self, queries: Sequence[RecommendationQuery]) -> None:
        """Score the listeners of several queries together, before `recommend` answers each."""
        if self.engine.signals:
            self.engine.score(queries)

    def recommend(self, query: RecommendationQuery) -> Recommendations:
        """Return the list for a query, from the cache where nothing that it depends on changed.

        Raises
        ------
        ModelError
            If the dials weigh a signal that does not exist.
        """
        user = query.profile.user
        if user is not None and not query.seeds:
            self.prefetcher.note_request(user)
        weights = self.engine.listener_weights(query.profile)
        key = query.result_key(weights, self.profiles.rules.version)
        cached = self._results.get(key)
        if cached is None:
            found = self._make(query)
            offered = None if user is None else self.posteriors.impressions(user)
            self._results.put(key, found, offered)
            return found
        found, offered = cached
        if user is not None and offered is not None:
            self.posteriors.restore(user, offered)  # this list is the latest one again
        return found

    def _make(self, query: RecommendationQuery) -> Recommendations:
        profile, dials = query.profile, query.dials
        of_another = query.rules_of is not None and query.rules_of != profile.user
        exclude = self.unwanted if of_another else self.excluded
        excluded = exclude(query.exclusions, query.rules_of)
        seeds = (*query.seeds.like, *query.seeds.dislike)
        excluded[[self.catalogue.position(track_id) for track_id in seeds]] = True
        if query.whole is not None:  # what is liked for another interest is not of this one
            excluded[np.setdiff1d(query.whole.liked, profile.liked)] = True
        weights: Mapping[str, float] = {}
        picks: Sequence[Recommendation] = []
        hints = self.hints(profile, dials, query.exclusions)
        if self.engine.signals:
            weights, picks, more = self._scored(query, excluded)
            hints += more
        if profile.user is not None and not query.has_history:
            unmatched = unmatched_only(self.library, profile.user)
            hints += [unmatched] if unmatched else []
        if profile.user is not None and not query.seeds.like:
            if not query.has_history:
                # below zero a track only has less of what others like
                picks = [pick for pick in picks if pick.score > 0]
            if not query.has_history or not picks:
                picks = [*picks, *self._varied(query, excluded, picks)]
        if not picks:
            hints.append(self._empty_reason(query))
        return Recommendations(profile.user, weights, picks, hints=hints, chance=dials.chance)

    def _scored(
        self, query: RecommendationQuery, excluded: NDArray[np.bool_]
    ) -> tuple[Mapping[str, float], Sequence[Recommendation], list[str]]:
        """Return the weights, the tracks that signals choose, and hints."""
        profile, dials = query.profile, query.dials
        rows = self.engine.rows_by_key(profile, query.key)
        tastes = None if query.whole is None else self.interests.of(query.whole)
        # a list of one interest, or of seeds, covers no others
        covering = tastes is not None and not query.seeds.like and query.whole is profile
        found = rerank_list(
            self.engine,
            profile,
            query.k,
            dials,
            self.facts,
            excluded=excluded,
            rows=rows,
            interests=tastes.interests if tastes is not None and covering else None,
        )
        history = self._histories.get(*query.key)
        if history is None:
            history = self.explainer.history(profile)
            self._histories.put(*query.key, history, history.n_bytes)
        weights, picks = self.explainer.picks(found, profile, dials, history)
        if tastes is not None:
            names = self.interests.named(tastes, picks)
            picks = [replace(pick, interest=name) for pick, name in zip(picks, names, strict=True)]
        return weights, picks, _fewer_hints(found, query.k, dials)

    def _varied(
        self,
        query: RecommendationQuery,
        excluded: NDArray[np.bool_],
        picks: Sequence[Recommendation],
    ) -> list[Recommendation]:
        """Return tracks of many artists and genres that fill a list without scores."""
        profile = query.profile
        met = excluded.copy()
        met[profile.known] = True
        met[profile.disliked] = True
        met[[self.catalogue.position(pick.track_id) for pick in picks]] = True
        barred = self.engine.all_excluded(self.facts.with_versions(met))
        found: list[Recommendation] = []
        for position in varied_tracks(self.facts, ~barred, user=profile.user).tolist():
            if len(picks) + len(found) >= query.k:
                break
            if barred[position]:
                continue
            own = np.zeros(len(barred), bool)
            own[position] = True
            barred |= self.facts.with_versions(self.engine.files_of(own))
            found.append(self._unscored(position, len(picks) + len(found) + 1))
        return found

    def _unscored(self, position: int, rank: int) -> Recommendation:
        track = self.catalogue.tracks[position]
        genre = next(iter(track.genres), None)
        reason = Reason("start", "", {"genre": genre}) if genre else Reason("start-any", "")
        return Recommendation(
            rank=rank,
            track_id=track.track_id,
            title=track.title,
            artist=track.artist,
            score=0.0,
            why={},
            reason=worded(reason),
            reason_about=reason,
        )

    def _empty_reason(self, query: RecommendationQuery) -> str:
        named = (*query.seeds.like, *query.seeds.dislike)
        return empty_reason(
            self.engine,
            known=query.profile.known,
            named=np.array([self.catalogue.position(track_id) for track_id in named], np.int64),
            excluded=self.excluded(query.exclusions, query.rules_of),
            dials=query.dials,
            has_history=query.has_history or bool(query.seeds.like),
        )

    def similar(
        self,
        track: str,
        k: int = 10,
        *,
        signal: str | None = None,
        versions: bool = False,
        user: str | None = None,
    ) -> Recommendations:
        """Return the tracks most similar to `track`; see `segue.similar`.

        Tracks that the listener `user` dislikes, or that are never played for them, are left out.
        """
        if k < 1:
            raise ValueError(f"k is {k}: ask for at least 1 track.")
        position = self.catalogue.position(track)
        names = [one.name for one in self.engine.signals] if signal is None else [signal]
        space = None if signal is None else self.space(signal)
        ranked = similar_tracks(
            self.engine,
            self.facts,
            position,
            k,
            space,
            versions=versions,
            excluded=self.unwanted(None, user),
        )
        if not len(ranked.positions):
            by = f"the signal '{signal}'" if signal else "any signal"
            raise LibraryError(
                f"The track {track!r} cannot be compared by {by}: see segue library problems for"
                " the"
                " reason."
            )
        weights, picks = explain(ranked, names, self.catalogue.tracks)
        return Recommendations(None, weights, picks, seed=track, hints=self.untrained)


def _fewer_hints(found: RerankResult, k: int, dials: Dials) -> list[str]:
    """Return a sentence where caps, and not the library, make a list shorter than requested."""
    n_found, n_left = len(found.ranked.positions), len(found.pool.positions)
    if n_found >= min(k, n_left):
        return []
    caps = {"artist cap": dials.artist_cap, "album cap": dials.album_cap}
    named = [f"{name} of {cap}" for name, cap in caps.items() if cap]
    if 0 < dials.max_known_share < 1:
        named.append(f"share of {dials.max_known_share:g} for known tracks")
    if not named:
        reason = "the others are copies or other versions of these songs"
        return [f"only {n_found} of {plural(k, 'track')}: {reason}."]
    limits = "limits allow" if len(named) > 1 else "limit allows"
    return [f"only {n_found} of {plural(k, 'track')}: the {limits} no more ({', '.join(named)})."]


def check_listener(library: Library, user: str) -> None:
    """Raise `UnknownListenerError`, which names similar ones, if there is no such listener."""
    listeners = library.listeners()
    if user in listeners:
        return
    if not listeners:
        raise UnknownListenerError(
            f"The library has no listener {user!r}, because it has no listens yet: name tracks with"
            " --like, or import listens with segue import."
        )
    near = [name for name in listeners if user.casefold() in name.casefold()][:3] or listeners[:3]
    raise UnknownListenerError(
        f"The library has no listener {user!r}: it has {len(listeners):,}, for example"
        f" {', '.join(map(repr, near))}."
    )
