"""Measure how often the nearest track has the same class: pretrained encoders and descriptors.

Run: ``python benchmarks/nearest.py LIBRARY [--by COLUMN]``. For every track the nearest by cosine,
of vectors centered over the library (encoders) or standardized (descriptors), is found three times:
among all others, among those of other artists (where both are known), and among those of another
artist and another album. Tracks count if a track of the same class is left to be found. Brackets
are 95 % bootstrap intervals that resample whole artists.
"""

import argparse

import numpy as np

from segue.evaluation import classification_intervals
from segue.library import Library
from segue.pipeline.analysis.embeddings import embeddings
from segue.pipeline.analysis.inputs import summaries
from segue.pipeline.analysis.pretrained_embeddings import encoders_with_embeddings
from segue.pipeline.training.labels import artist_groups, target_values


def nearest_class(vectors, labels, apart):
    """Return the class of each track's nearest neighbor, and a mask of the tracks counted."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(lengths, 1e-9)
    similarity = np.where(apart, unit @ unit.T, -np.inf)
    counted = (apart & (labels[:, None] == labels[None, :])).any(axis=1)
    return labels[similarity.argmax(axis=1)], counted


def same(ids):
    """Return which pairs have the same known id, ``[n, n]``."""
    return (ids[:, None] == ids[None, :]) & (ids >= 0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--by", default="genre")
    arguments = parser.parse_args()
    library = Library(arguments.library, create=False)
    catalogue = library.catalogue()
    values = target_values(catalogue.tracks, arguments.by)
    summary, groups, _ = summaries(library, catalogue)
    kept = np.array([value is not None for value in values]) & ~np.isnan(summary).all(axis=1)
    spaces = {
        name: embeddings(library, catalogue, name) for name in encoders_with_embeddings(library)
    }
    for vectors in spaces.values():
        kept &= ~np.isnan(vectors).any(axis=1)
    places = np.flatnonzero(kept)
    spaces = {name: v[places] - v[places].mean(axis=0) for name, v in spaces.items()}
    filled = np.nan_to_num((summary - np.nanmean(summary, axis=0))[places])
    scaled = np.clip(filled / np.maximum(filled.std(axis=0), 1e-9), -5, 5)
    spaces["mfcc"] = scaled[:, [name == "mfcc" for name in groups]]
    spaces["all descriptors"] = scaled
    names, labels = np.unique([values[place] for place in places], return_inverse=True)
    other = ~np.eye(len(places), dtype=bool)
    artist, album = same(catalogue.ids.artist[places]), same(catalogue.ids.album[places])
    filters = {
        "all": other,
        "other artists": other & ~artist,
        "and other albums": other & ~artist & ~album,
    }
    drawn = np.unique(artist_groups(catalogue), return_inverse=True)[1][places]
    print(f"Nearest of the same {arguments.by}: {len(places)} tracks, {len(names)} classes")
    for name, vectors in spaces.items():
        cells = []
        for title, apart in filters.items():
            found, counted = nearest_class(vectors, labels, apart)
            truth, predicted = labels[counted], found[counted]
            bounds, _ = classification_intervals(
                truth, predicted, len(names), groups=drawn[counted], seed=0
            )
            low, high = bounds["accuracy"]
            right = float((truth == predicted).mean())
            cells.append(f"{title} ({counted.sum()}): {right:.3f} [{low:.3f}, {high:.3f}]")
        print(f"  {name:16}{'  '.join(cells)}")


if __name__ == "__main__":
    main()
