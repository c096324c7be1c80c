"""Write a copy of a dataset in which a random fifth of all listens is the test part.

    python benchmarks/random_split.py lastfm lastfm-random [--share 0.2] [--seed 0]
    python benchmarks/measured.py --table lastfm --data lastfm-random

Published work on social recommendation (SocialLGN and others) splits the pairs of listener and
artist this way, regardless of the listener; segue's own split takes a fifth of each listener's
pairs. Other files of the dataset are linked.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd


def main() -> None:
    """Write the copy."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("copy", type=Path, help="a directory that does not exist")
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.copy.mkdir(parents=True)
    for path in given.dataset.iterdir():
        if path.name != "listens.csv":
            (given.copy / path.name).symlink_to(path.resolve())
    listens = pd.read_csv(given.dataset / "listens.csv")
    held_out = np.random.default_rng(given.seed).random(len(listens)) < given.share
    listens["split"] = np.where(held_out, "test", "train")
    listens.to_csv(given.copy / "listens.csv", index=False)
    print(f"{held_out.sum():,} of {len(listens):,} listens are the test part.")


if __name__ == "__main__":
    main()
