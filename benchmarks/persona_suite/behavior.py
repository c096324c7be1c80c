"""Histories drawn from true affinities: sessions, choices, skips and other ends of plays.

Rules, all with numbers of `parameters`: affinity decides what a person returns to and how likely
they skip; mood, background listening, playlists made by others, interrupted sessions and technical
ends add behavior that says nothing about affinity. Nothing here depends on segue.
"""

from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from . import parameters as p
from .people import Part, Person
from .taste import Floats, Taste
from .world import Numbers, World

END = datetime(2025, 6, 15, tzinfo=UTC).timestamp()
"""The time at which histories end, so that runs on different days are the same."""
DAY = 86_400
EPISODE = -1
MIN_CHOICE = 10


class Stream(NamedTuple):
    """One play: start in seconds since 1970, track (or `EPISODE`), and how it went."""

    start: float
    track: int
    seconds: float
    ended_by: str
    next_button: bool
    offline: bool
    private: bool
    started_by: str


class Choices:
    """Tracks that a person returns to in one part of their listening, with weights."""

    def __init__(self, affinity: Floats, tracks: Numbers, size: int, rng: np.random.Generator):
        odds = affinity[tracks] * p.CHOICE_SLOPE + rng.normal(0, p.CHOICE_NOISE, len(tracks))
        weights = np.exp(odds)
        n = min(size, max(int(len(tracks) * 0.6), 1))
        self._rng = rng
        self._affinity = affinity
        first = rng.choice(len(tracks), n, replace=False, p=weights / weights.sum())
        self.tracks = tracks[first].tolist()
        self._weights = weights[first].tolist()
        self._known = set(self.tracks)
        self._recent: list[int] = []
        self._sums = np.cumsum(self._weights)

    def add(self, track: int) -> None:
        """Add a track that the person found."""
        if track in self._known:
            return
        noise = self._rng.normal(0, p.CHOICE_NOISE)
        self._known.add(track)
        self.tracks.append(track)
        self._weights.append(float(np.exp(self._affinity[track] * p.CHOICE_SLOPE + noise)))
        self._sums = np.cumsum(self._weights)

    def draw(self) -> int:
        """Return a track: a recent one again, or any by its weight."""
        if len(self._recent) > 5 and self._rng.random() < p.REPEAT:
            longest = min(len(self._recent), p.REPEAT_WITHIN)
            # the inverse of the distribution function of 1 / lag on [1, longest]
            lag = int(longest ** self._rng.random())
            track = self._recent[-max(lag, 1)]
            if self._rng.random() < (1 + self._affinity[track]) / 2:
                return track
        place = int(np.searchsorted(self._sums, self._rng.random() * self._sums[-1]))
        track = int(self.tracks[min(place, len(self.tracks) - 1)])
        self._recent.append(track)
        return track


class Simulator:
    """Draws the history of one person."""

    def __init__(self, world: World, person: Person, taste: Taste, rng: np.random.Generator):
        self.world, self.person, self.taste, self.rng = world, person, taste, rng
        self.streams: list[Stream] = []
        self._met = (rng.random(len(world.albums)) >= p.UNMET)[world.album]
        self._guest = rng.normal(0.3, 0.4, len(world)).clip(-1, 1)
        self._parts = [(part, *self._prepare(part)) for part in person.parts]
        order = np.lexsort((np.arange(len(world)), world.album))
        starts = np.searchsorted(world.album[order], np.arange(len(world.albums) + 1))
        self._albums = [order[first:end] for first, end in pairwise(starts.tolist())]

    def _affinity(self, part: Part) -> Floats:
        return self._guest if part.guest else self.taste.affinity

    def _prepare(self, part: Part) -> tuple[Choices, Numbers, Floats]:
        """Return own tracks, a playlist of others, and the sums of chances to meet any track."""
        world, rng = self.world, self.rng
        tracks = world.of_genre(*(part.genres or self.person.likes))
        if self._met[tracks].sum() < MIN_CHOICE:  # only in a small library
            self._met[tracks] = True
        tracks = tracks[self._met[tracks]]
        affinity = self._affinity(part)
        liked = tracks[~np.isin(world.artist[tracks], self.taste.disliked_artists)]
        choices = Choices(affinity, liked if len(liked) else tracks, part.collection, rng)
        near = world.popularity * np.where(np.isin(np.arange(len(world)), tracks), 8.0, 1.0)
        near[~self._met] = 0
        size = min(p.PLAYLIST, len(tracks) // 2)
        playlist = rng.choice(len(world), size, replace=False, p=near / near.sum())
        hated = np.flatnonzero(np.isin(world.artist, self.taste.disliked_artists))
        hated = np.intersect1d(hated, tracks)
        met = rng.choice(hated, len(hated) // 2, replace=False)  # the other half stays unknown
        near[np.setdiff1d(hated, met)] = 0
        playlist = np.union1d(np.setdiff1d(playlist, hated), met)
        return choices, playlist, np.cumsum(near)

    def run(self) -> list[Stream]:
        """Return the plays in order of time."""
        week, pause = 1.0, 0
        for day in range(self.person.n_days, 0, -1):
            if day % 7 == 0:
                week = float(self.rng.lognormal(-(p.WEEK_SPREAD**2) / 2, p.WEEK_SPREAD))
            if self.rng.random() < p.PAUSES:
                pause = int(self.rng.integers(*p.PAUSE_DAYS))
            pause -= 1
            gap = self.person.gap
            if pause > 0 or (gap and gap[0] <= day < gap[1]):
                continue
            for _ in range(self.rng.poisson(self.person.per_day * week)):
                self._session(day)
        self.streams.sort()
        return self.streams

    def _session(self, day: int) -> None:
        rng = self.rng
        open_parts = [one for one in self._parts if _is_on(one[0], day)]
        shares = np.array([one[0].share for one in open_parts])
        if not len(shares) or (len(open_parts) < len(self._parts) and rng.random() > shares.sum()):
            return
        part, choices, playlist, near = open_parts[rng.choice(len(shares), p=shares / shares.sum())]
        hours = np.array(p.HOURS, float)
        if part.hours:
            hours = np.isin(np.arange(24), part.hours).astype(float)
        hour = rng.choice(24, p=hours / hours.sum()) + rng.random()
        time = END - day * DAY + hour * 3_600
        if self.person.podcasts and rng.random() < p.EPISODES:
            self._episode(time)
            return
        n = max(int(rng.lognormal(np.log(p.SESSION_TRACKS[0]), p.SESSION_TRACKS[1])), 1)
        kind = str(rng.choice(list(part.mix), p=list(part.mix.values())))
        tracks = self._tracks(kind, n, choices, playlist, near)
        odds = float(np.log(self.person.skip_rate / (1 - self.person.skip_rate)))
        odds += p.RESTLESS_ODDS * (rng.random() < p.RESTLESS) + p.BACKGROUND_ODDS * part.background
        offline = bool(rng.random() < p.OFFLINE)
        left_off = rng.random() < p.LEFT_OFF
        started_by = "clickrow"
        for place, track in enumerate(tracks):
            last = left_off and place == len(tracks) - 1
            seconds, ended_by, button = self._end(track, part, odds, last=last)
            self.streams.append(
                Stream(time, track, seconds, ended_by, button, offline, part.private, started_by)
            )
            time += seconds + rng.exponential(2) + (ended_by not in {"trackdone", "fwdbtn"}) * 60
            started_by = ended_by if ended_by in {"trackdone", "fwdbtn"} else "playbtn"
            heard = seconds > 0.5 * self.world.durations[track]
            if kind == "explore" and heard and self.taste.affinity[track] > p.ADOPTED:
                choices.add(track)

    def _tracks(
        self, kind: str, n: int, choices: Choices, playlist: Numbers, near: Floats
    ) -> list[int]:
        rng = self.rng
        if kind == "album":
            return [int(one) for one in self._albums[self.world.album[choices.draw()]]]
        if kind == "binge":
            return [choices.draw()] * int(rng.integers(*p.BINGE_REPEATS))
        if kind == "explore":
            by_chance = np.searchsorted(near, rng.random(n) * near[-1])
            known = rng.choice(playlist, n)
            met = np.where(rng.random(n) < p.EXPLORING, by_chance, known)
            return [int(one) for one in met]
        return [choices.draw() for _ in range(n)]

    def _end(self, track: int, part: Part, odds: float, *, last: bool) -> tuple[float, str, bool]:
        """Return the seconds that a track plays, why it ends, and whether "next" was pressed."""
        rng, length = self.rng, float(self.world.durations[track])
        chance = rng.random()
        for reason, share in p.TECHNICAL.items():
            chance -= share
            if chance < 0:
                part_played = 0.0 if reason == "trackerror" else rng.random() ** 2
                return length * part_played, reason, False
        if last:
            return length * rng.uniform(0.05, 0.95), str(rng.choice(p.LEFT_REASONS)), False
        affinity = self._affinity(part)[track]
        if rng.random() < 1 / (1 + np.exp(p.SKIP_SLOPE * affinity - odds)):
            return self._skipped_after(length), "fwdbtn", True
        if self.person.never_finishes:
            return length * rng.uniform(*p.MIXED_OUT), "fwdbtn", True
        if rng.random() < p.OUTRO:
            return length * rng.uniform(0.85, 0.99), "fwdbtn", True
        return length, "trackdone", False

    def _skipped_after(self, length: float) -> float:
        """Return the seconds after which a skip comes."""
        at, before, share_before = self.rng.random(), 0.0, 0.0
        for seconds, share in p.SKIPPED_BY:
            if at < share:
                within = before + (seconds - before) * (at - share_before) / (share - share_before)
                return min(within, p.LATEST_SKIP * length)
            before, share_before = seconds, share
        return float(self.rng.uniform(min(before, 0.5 * length), p.LATEST_SKIP * length))

    def _episode(self, time: float) -> None:
        seconds = float(self.rng.uniform(600, 3_600))
        self.streams.append(
            Stream(time, EPISODE, seconds, "endplay", False, False, False, "clickrow")
        )


def _is_on(part: Part, day: int) -> bool:
    """Return whether a part of listening takes place `day` days before the end."""
    if part.days and not part.days[0] <= day < part.days[1]:
        return False
    return not part.season or part.season[0] <= day % 365 < part.season[1]
