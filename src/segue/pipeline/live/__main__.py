"""Prepares a library: ``python -m segue.pipeline.live DIRECTORY NUMBER``."""

from segue.pipeline.live.preparing import main

if __name__ == "__main__":
    main()
