"""Measure how long a search takes while it is typed, letter by letter.

Run: ``python benchmarks/search_names.py LIBRARY [--queries 200]``. LIBRARY may be simulated
(``benchmarks/simulated.py``). Names of tracks, artists and albums are typed letter by letter, once
as written and once with an error in each word of five letters or more; each beginning is searched
as the page does it, without HTTP. Printed are quantiles of the time, and how often the item is
among the first six artists or albums, or the first 40 tracks, after the last letter.
"""

import argparse
import time

import numpy as np

from segue.library import Library
from segue.pipeline.catalogue.search import search_names_and_words
from segue.pipeline.recommender.service import RecommenderService

K = 40


def misspelled(name: str, rng: np.random.Generator) -> str:
    """Return a name with two letters exchanged in each word of at least five letters."""
    words = []
    for word in name.split():
        if len(word) >= 5:
            place = int(rng.integers(1, len(word) - 2))
            exchanged = word[place + 1] + word[place]
            words.append(word[:place] + exchanged + word[place + 2 :])
        else:
            words.append(word)
    return " ".join(words)


def main() -> None:
    """Print the times and the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--queries", type=int, default=200)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    snapshot = RecommenderService.open(Library(arguments.library, create=False)).snapshot()
    names = snapshot.search
    started = time.perf_counter()
    search_names_and_words(snapshot, "a", K)
    print(f"{len(snapshot.catalogue)} tracks, first search {time.perf_counter() - started:.2f} s")
    for wrong in (False, True):
        times, found = [], []
        for number in range(arguments.queries):
            kind = ("artist", "album", "track")[number % 3]
            if kind == "track":
                place = int(rng.integers(len(snapshot.catalogue)))
                text, wanted = snapshot.catalogue.tracks[place].title or "", place
            elif kind == "artist":
                place = int(rng.integers(len(names.artist_ids)))
                text, wanted = names.artist_names[place], names.artist_ids[place]
            else:
                place = int(rng.integers(max(len(names.album_ids), 1)))
                if not names.album_ids:
                    continue
                text, wanted = names.album_titles[place], names.album_ids[place]
            typed = misspelled(text, rng) if wrong else text
            for length in range(1, len(typed) + 1):
                started = time.perf_counter()
                result = search_names_and_words(snapshot, typed[:length], K)
                times.append(1e3 * (time.perf_counter() - started))
            shown = {
                "artist": [one.id for one in result.artists],
                "album": [one.id for one in result.albums],
                "track": [position for position, _, _ in result.tracks],
            }[kind]
            found.append(wanted in shown)
        quantiles = ", ".join(f"p{q} {np.percentile(times, q):.1f} ms" for q in (50, 95, 99))
        state = "with errors" if wrong else "as written"
        print(f"{state}: {len(times)} letters, {quantiles}; found {np.mean(found):.0%}")


if __name__ == "__main__":
    main()
