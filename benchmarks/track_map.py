"""Measure maps: near neighbors that stay near on the map, compared with principal components.

Run: ``python benchmarks/track_map.py [LIBRARY] [--signal NAME] [--tracks 100000] [--plot FILE]``.
Without a library the vectors are simulated: artists with a dozen tracks each in 24 genres and 128
dimensions. For 500 tracks the ten nearest by cosine are found among all tracks; the result is how
many of them are among the 10 and the 50 nearest on the map and in the first two principal
components. For the landmarks: how many of the 15 near neighbors are the nearest. One thread.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from segue.index import normalise, one_blas_thread
from segue.library import Library
from segue.pipeline.track_map.fidelity import neighbours_kept
from segue.pipeline.track_map.landmarks import near_neighbours
from segue.pipeline.track_map.layout import N_NEIGHBOURS, lay_out, principal_components
from segue.pipeline.training.content import vector_signal

N_GENRES, N_DIMENSIONS, TRACKS_AN_ARTIST, SHOWN = 24, 128, 12, 19


def simulated(n_tracks, rng):
    """Return unit vectors ``[n_tracks, 128]``, and the genre of each."""
    genres = rng.normal(size=(N_GENRES, N_DIMENSIONS))
    ways = rng.normal(size=(N_GENRES, 8, N_DIMENSIONS)) / np.sqrt(8)
    of_artist = rng.choice(N_GENRES, n_tracks // TRACKS_AN_ARTIST, p=rng.dirichlet([2] * N_GENRES))
    own = np.einsum("ak,akd->ad", rng.normal(size=(len(of_artist), 8)), ways[of_artist])
    artist = rng.integers(0, len(of_artist), n_tracks)
    vectors = (genres[of_artist] + 0.9 * own)[artist]
    vectors += 0.35 * rng.normal(size=vectors.shape)
    return normalise((vectors - vectors.mean(axis=0)).astype(np.float32)), of_artist[artist]


def from_library(place, name):
    """Return the vectors of a library's signal, and the first genre of each track as a number."""
    library = Library(place, create=False)
    catalogue = library.catalogue()
    signal = vector_signal(library, catalogue, name)
    rows = np.flatnonzero(signal.has_vector)
    genres = [next(iter(catalogue.tracks[row].genres), "") for row in rows]
    return signal.vectors[rows], np.unique(genres, return_inverse=True)[1]


def plot(laid, flat, genres, file):
    """Draw the map beside the components, the most frequent genres in colours of their own."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rank = np.argsort(np.argsort(-np.bincount(genres)))
    colours = np.minimum(rank[genres], SHOWN)
    size = min(12.0, max(0.4, 4e4 / len(laid)))
    figure, axes = plt.subplots(1, 2, figsize=(18, 9))
    for axis, places, title in zip(axes, (laid, flat), ("map", "components"), strict=True):
        axis.scatter(*places.T, c=colours, s=size, cmap="tab20", linewidths=0)
        axis.set_title(title)
        axis.set_aspect("equal", "datalim")
        axis.axis("off")
    figure.tight_layout()
    figure.savefig(file, dpi=80)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", nargs="?")
    parser.add_argument("--signal", default="knn")
    parser.add_argument("--tracks", type=int, default=100_000)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    if arguments.library:
        vectors, genres = from_library(arguments.library, arguments.signal)
    else:
        vectors, genres = simulated(arguments.tracks, rng)
    n = vectors.shape[0]
    started = time.perf_counter()
    laid = lay_out(vectors)
    seconds = time.perf_counter() - started
    components = principal_components(vectors, 0)
    flat = np.zeros((n, 2))
    flat[:, : min(2, components.shape[1])] = components[:, :2]
    print(f"{n:,} tracks, {vectors.shape[1]} dimensions: laid out in {seconds:.1f} s")
    for name, places in (("map", laid), ("components", flat)):
        kept = ", ".join(
            f"{key} {share:.3f}" for key, share in neighbours_kept(vectors, places).items()
        )
        print(f"  {name:<11} {kept}")
    with one_blas_thread():
        started = time.perf_counter()
        found = near_neighbours(components, N_NEIGHBOURS)
        seconds = time.perf_counter() - started
        asked = rng.choice(n, min(n, 500), replace=False)
        apart = ((components[asked] ** 2).sum(axis=1)[:, None] + (components**2).sum(axis=1)) - (
            2 * components[asked] @ components.T
        )
        apart[np.arange(len(asked)), asked] = np.inf
        wanted = np.argpartition(apart, N_NEIGHBOURS, axis=1)[:, :N_NEIGHBOURS]
    right = np.mean([np.isin(a, found.near[b]).mean() for a, b in zip(wanted, asked, strict=True)])
    print(f"  neighbours by landmarks: {right:.3f} of the nearest, in {seconds:.1f} s")
    if arguments.plot:
        plot(laid, flat, genres, arguments.plot)


if __name__ == "__main__":
    main()
