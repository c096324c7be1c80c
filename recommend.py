"""The older interface: ``python recommend.py --user_id ID``; ``segue recommend`` does more."""

import argparse
import sys

from segue.cli import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Recommend tracks from ./my.segue.")
    parser.add_argument("--user_id", required=True)
    known, rest = parser.parse_known_args()
    sys.argv[:] = ["segue", "recommend", "--user", known.user_id, *rest]
    main()
