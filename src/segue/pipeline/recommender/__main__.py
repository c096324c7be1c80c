"""Build the snapshot of a library: ``python -m segue.pipeline.recommender DIRECTORY NUMBER``."""

from segue.pipeline.recommender.build_process import main

if __name__ == "__main__":
    main()
