"""``python -m segue`` is the command line, too."""

from segue.cli import main

if __name__ == "__main__":
    main()
