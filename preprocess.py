"""The older interface: ``python preprocess.py`` takes in ./data; ``segue preprocess`` does more."""

import sys

from segue.cli import main

if __name__ == "__main__":
    sys.argv[:] = ["segue", "preprocess", "data", *sys.argv[1:]]
    main()
