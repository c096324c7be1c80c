"""Measure how far lists follow their seeds, for listeners with a history.

    python benchmarks/seeds.py LIBRARY [--pairs 25] [--k 20] [--seed 0]

Draws pairs of a listener and a track of a genre that makes up less than a fifth of the listener's
liked tracks, and prints which share of the first tracks has the genre of the seed: in the tracks
most similar to it ("more like this"), in ``recommend --like`` and a playlist from tracks for the
listener, on the listener's radio from the seed, and on that radio after a live like instead.
"""

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from segue.pipeline.playlists.generate import from_likes
from segue.pipeline.playlists.radio import RADIO_DIALS, RadioSession
from segue.pipeline.recommender.service import RecommenderService
from segue.pipeline.recommender.serving_state import ServingState

FOREIGN = 0.2
KINDS = ("more like this", "recommend --like", "from tracks", "radio", "radio, live like")


def drawn_pairs(state: ServingState, genres: list[str], n: int, seed: int) -> list[tuple[str, int]]:
    """Return pairs of a listener and the position of a seed of a genre that they rarely like."""
    rng = np.random.default_rng(seed)
    sizes = Counter(genres)
    usable = {genre for genre, size in sizes.items() if genre and size >= 30}
    users = [user for user in sorted(state.profiles) if len(state.profiles[user].liked) >= 10]
    found: list[tuple[str, int]] = []
    while users and len(found) < n:
        user = users[len(found) % len(users)]
        profile = state.profiles[user]
        own = Counter(genres[place] for place in profile.liked.tolist())
        foreign = [one for one in usable if own[one] < FOREIGN * len(profile.liked)]
        seeds = [
            place
            for place, genre in enumerate(genres)
            if genre in foreign and place not in set(profile.known.tolist())
        ]
        found.append((user, int(rng.choice(seeds))))
    return found


def lists_of(state: ServingState, user: str, track_id: str, k: int) -> dict[str, list[str]]:
    """Return the ids of the first `k` tracks of each kind of list, without the seed."""
    dials = replace(RADIO_DIALS, seed=1)
    seeded = RadioSession(state, user, like=[track_id], dials=dials)
    seeded.next()  # the seed itself
    live = RadioSession(state, user, dials=dials)
    live.feedback(track_id, "like")
    query = state.query(user, k, like=[track_id])
    return {
        "more like this": [one.track_id for one in state.similar(track_id, k).tracks],
        "recommend --like": [one.track_id for one in state.recommend(query).tracks],
        "from tracks": [
            one.track_id for one in from_likes(state, [track_id], k=k, user=user).tracks
        ],
        "radio": [seeded.next().track_id for _ in range(k)],
        "radio, live like": [live.next().track_id for _ in range(k)],
    }


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--pairs", type=int, default=25)
    parser.add_argument("--k", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    state = RecommenderService.open(given.library).state()
    tracks = state.catalogue.tracks
    genres = [next(iter(track.genres), "") for track in tracks]
    of_id = {track.track_id: genre for track, genre in zip(tracks, genres, strict=True)}
    shares: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for user, place in drawn_pairs(state, genres, given.pairs, given.seed):
        for kind, ids in lists_of(state, user, tracks[place].track_id, given.k).items():
            shares[kind].append(np.mean([of_id[one] == genres[place] for one in ids]))
    base = float(np.mean(shares[KINDS[0]]))
    for kind in KINDS:
        mean = float(np.mean(shares[kind]))
        print(f"{kind:18s} {mean:.2f} of the first {given.k}, {mean / base:.2f} of {KINDS[0]}")


if __name__ == "__main__":
    main()
