"""Values of all checks for the people of one library."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from scipy.stats import spearmanr

from segue.engine import Recommendation

from . import api
from .behavior import DAY, END, EPISODE
from .checks import COMMON, checks_of
from .libraries import PersonaLibrary
from .reasons import TrueReasons
from .simulate import Simulated
from .taste import Floats
from .world import GENRES, Numbers

LIST, CAPPED, N_SEEDS, PLAYED = 20, 10, 3, 5
NAN = float("nan")
Values = dict[str, float]


def measure_persona(opened: PersonaLibrary, seed: int) -> Values:
    """Return the value of each check that concerns a persona: the worst of its people.

    NaN is a check that failed since there was nothing to measure. Where only some of the people
    have skips in their exports, the rank of opinions is that of these people, as its threshold is.
    """
    found = [PersonMeasures(opened, one, seed).all() for one in opened.people]
    with_skips = [not one.person.scrobbles_only for one in opened.people]
    if any(with_skips):
        for values, has_skips in zip(found, with_skips, strict=True):
            if not has_skips:
                values.pop("opinion rank", None)
    names = list(dict.fromkeys(name for values in found for name in values))
    return {
        name: _worst(name, [values[name] for values in found if name in values]) for name in names
    }


def _worst(name: str, values: Sequence[float]) -> float:
    if any(np.isnan(values)):
        return NAN
    return min(values) if checks_of(name).at_least else max(values)


def opinions(opened: PersonaLibrary, one: Simulated) -> Floats:
    """Return segue's opinion of each track, ``[n_tracks]``; 0 where it has none."""
    service, world = opened.service, opened.world
    profile = api.profile(service, one.person.name)
    values = np.zeros(len(world))
    if profile is None:
        return values
    by_position = dict(zip(profile.positions.tolist(), profile.weights.tolist(), strict=True))
    for track in one.judged.tolist():
        values[track] = by_position.get(api.position(service, world.track_id(track)), 0.0)
    return values


def opinion_measures(opened: PersonaLibrary, one: Simulated) -> Values:
    """Return the rank correlation of opinions with affinities, and the disliked favorites."""
    given, judged, favorites = opinions(opened, one), one.judged, one.favorites
    rank = NAN  # all opinions are the same
    if np.ptp(given[judged]) > 0:
        rank = float(spearmanr(given[judged], one.taste.affinity[judged]).statistic)
    return {
        "opinion rank": rank,
        "disliked favorites": float((given[favorites] < 0).sum()),
    }


class PersonMeasures:
    """Measures lists and radios of one person."""

    def __init__(self, opened: PersonaLibrary, one: Simulated, seed: int) -> None:
        self.opened, self.one, self.world = opened, one, opened.world
        self.service, self.name = opened.service, one.person.name
        self.rng = np.random.default_rng([seed, 7])
        self.liked = np.isin(self.world.genre, [GENRES.index(genre) for genre in one.person.likes])
        self.start: int | None = None
        if one.person.format == "none":
            liked = np.flatnonzero(self.liked).tolist()
            studio = [track for track in liked if not self.world.version[track]]
            self.start = int(self.rng.choice(studio))
            track_id = self.world.track_id(self.start)
            api.say(self.service, self.name, "like", track_id, END - DAY)

    def all(self) -> Values:
        """Return all values; feedback of the last ones changes the library."""
        first = self._stop_learning() if "not learned" in self.opened.persona.extra else {}
        found = api.recommended(self.service, self.name, LIST)
        self.list = self._tracks(found.tracks)
        self.radio = self._tracks(api.radio(self.service, self.name, LIST, 1))
        values = {
            "liked genres": float(self.liked[self.list].mean()) if len(self.list) else NAN,
            "radio genres": float(self.liked[self.radio].mean()),
            **self._disliked_artists(),
            **self._seeds(),
            "novelty": self._novelty(),
            "versions": float(len(self.list) - len(np.unique(self.world.song[self.list]))),
            "artist cap": float(max(self._largest(self.list), self._largest(self.radio))),
            "true reasons": TrueReasons(self.opened, self.one, self.start).share(found.tracks),
            **(opinion_measures(self.opened, self.one) if len(self.one.judged) > 20 else {}),
        }
        for name in self.opened.persona.extra:
            values[name] = first[name] if name in first else self._extra(name)()
        values |= self._another_day()
        values |= self._hated_song()
        return {
            name: values[name] for name in (*COMMON, *self.opened.persona.extra) if name in values
        }

    def _tracks(self, found: Sequence[Recommendation]) -> Numbers:
        return np.array([self.world.track(one.track_id) for one in found], np.int64)

    def _share(self, tracks: Numbers, *genres: str) -> float:
        if not len(tracks):
            return NAN
        return float(np.isin(tracks, self.world.of_genre(*genres)).mean())

    def _largest(self, tracks: Numbers) -> int:
        counts = Counter(self.world.artist[tracks[:CAPPED]].tolist())
        return max(counts.values(), default=0)

    def _disliked_artists(self) -> Values:
        disliked = self.one.shown_disliked
        if not len(disliked):
            return {}
        both = np.concatenate([self.list, self.radio])
        return {"disliked artists": float(np.isin(self.world.artist[both], disliked).sum())}

    def _novelty(self) -> float:
        songs = self.world.song[self.one.heard]
        return (
            float(1 - np.isin(self.world.song[self.list], songs).mean()) if len(self.list) else NAN
        )

    # seeds ---------------------------------------------------------------------------------------

    def _seeds(self) -> Values:
        by_list, by_radio, first = [], [], []
        for seed in self._drawn_seeds():
            track_id, genre = self.world.track_id(seed), GENRES[self.world.genre[seed]]
            alike = np.array(
                [self.world.track(one) for one in api.similar_ids(self.service, track_id, LIST)]
            )
            most = max(self._share(alike, genre), 1 / LIST)
            listed = api.recommended(self.service, self.name, LIST, (track_id,)).tracks
            by_list.append(min(self._share(self._tracks(listed), genre) / most, 1))
            played = self._tracks(api.radio(self.service, self.name, LIST + 1, 1, (track_id,)))
            first.append(float(played[0] == seed))
            others = played[played != seed][:LIST]
            by_radio.append(min(self._share(others, genre) / most, 1))
        return {
            "seed list": float(np.mean(by_list)),
            "seed radio": float(np.mean(by_radio)),
            "seed first": float(np.mean(first)),
        }

    def _drawn_seeds(self) -> list[int]:
        """Return a track of a liked genre, and of genres that the person does not play."""
        person, guests = self.one.person, self.one.guest_genres
        used = {GENRES.index(name) for name in (*person.likes, *person.dislikes)} | guests
        others = [genre for genre in range(len(GENRES)) if genre not in used]
        genres = [GENRES.index(str(self.rng.choice(person.likes)))]
        genres += self.rng.choice(others, N_SEEDS - 1, replace=False).tolist()
        seeds = []
        for genre in genres:
            tracks = np.flatnonzero(self.world.genre == genre)
            tracks = tracks[~np.isin(self.world.artist[tracks], self.one.taste.disliked_artists)]
            seeds.append(int(self.rng.choice(tracks)))
        return seeds

    # another day ---------------------------------------------------------------------------------

    def _another_day(self) -> Values:
        """Play the first tracks of today's list, and ask again tomorrow."""
        for place, track in enumerate(self.list[:PLAYED].tolist()):
            length = float(self.world.durations[track])
            at = END + 600 * place
            api.play(self.service, self.name, self.world.track_id(track), at, length)
        tomorrow = self._tracks(api.recommended(self.service, self.name, LIST).tracks)
        radio = self._tracks(api.radio(self.service, self.name, LIST, 2))
        return {
            "next day": float(1 - np.isin(tomorrow, self.list).mean()) if len(tomorrow) else NAN,
            "next radio": float(1 - np.isin(radio, self.radio).mean()),
        }

    def _hated_song(self) -> Values:
        """Dislike the track that was played most."""
        if not self.one.n_met.any():
            return {}
        track = int(self.one.n_met.argmax())
        track_id = self.world.track_id(track)
        api.say(self.service, self.name, "dislike", track_id, END + DAY)
        profile = api.profile(self.service, self.name)
        if profile is None:
            return {"hated song": NAN}
        own = profile.weights[profile.positions == api.position(self.service, track_id)]
        radio = self._tracks(api.radio(self.service, self.name, LIST, 3))
        return {"hated song": float(bool((own < 0).all()) and len(own) > 0 and track not in radio)}

    # checks of single personas -------------------------------------------------------------------

    def _extra(self, name: str) -> Callable[[], float]:
        both = np.concatenate([self.list, self.radio])
        service = self.opened.service
        return {
            "both tastes": self._both_tastes,
            "season": lambda: self._share(both, "holiday"),
            "private": lambda: self._share(both, "latin"),
            "podcasts": lambda: float(api.n_unmatched(service.library)),
            "new taste": lambda: self._share(self.list, "techno"),
            "never played": self._never_played,
            "dated history": self._dated_history,
            "one strength": self._one_strength,
        }[name]

    def _share_of_plays(self, *genres: str) -> float:
        tracks = np.array([one.track for one in self.one.exported if one.track != EPISODE])
        return self._share(tracks, *genres)

    def _over_plays(self, *genres: str) -> float:
        return self._share(self.list, *genres) / max(self._share_of_plays(*genres), 1e-9)

    def _both_tastes(self) -> float:
        parts = [part.genres for part in self.one.person.parts if not part.guest]
        return min(self._over_plays(*genres) for genres in parts)

    def _stop_learning(self) -> Values:
        """Measure the list with children's music, then tell segue not to learn from it.

        All other checks of this person are of the lists after that, if segue can do it.
        """
        genre = "children's music"
        self.list = self._tracks(api.recommended(self.service, self.name, LIST).tracks)
        values = {"children": self._over_plays(genre), "not learned": NAN}
        if api.stop_learning_from_genre(self.service.library, self.name, genre):
            listed = self._tracks(api.recommended(self.service, self.name, LIST).tracks)
            values["not learned"] = self._share(listed, genre)
        return values

    def _never_played(self) -> float:
        profile = api.profile(self.service, self.name)
        if profile is None:
            return NAN
        tracks = {one.track for one in self.one.streams if one.track != EPISODE}
        heard = {api.position(self.service, self.world.track_id(track)) for track in tracks}
        return float(len(set(profile.known.tolist()) - heard))

    def _dated_history(self) -> float:
        profile = api.profile(self.service, self.name)
        dated = [
            one
            for one in self.one.streams
            if one.track != EPISODE
            and one.start >= END - 120 * DAY
            and one.seconds >= 0.5 * self.world.durations[one.track]
        ]
        return 0.0 if profile is None else min(len(profile.history) / min(len(dated), 1_000), 1.0)

    def _one_strength(self) -> float:
        assert self.start is not None  # noqa: S101
        by_option = api.recommended(self.service, None, LIST, (self.world.track_id(self.start),))
        return float(np.isin(self._tracks(by_option.tracks), self.list).mean())
