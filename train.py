"""The older interface: ``python train.py --model cnn``; ``segue train`` does more."""

import argparse
import sys

from segue.cli import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Train a model on ./my.segue.")
    parser.add_argument("--model", required=True, choices=["cnn", "rnn", "knn"])
    known, rest = parser.parse_known_args()
    sys.argv[:] = ["segue", "train", known.model, *rest]
    main()
