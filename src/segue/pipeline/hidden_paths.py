"""Remove server paths and command lines from messages for remote users."""

import re
from contextlib import suppress
from pathlib import Path

from segue.errors import SegueError
from segue.library import Library

# up to the last matching quote: names can contain apostrophes
_QUOTED = re.compile(r"""(['"])(~?/[^\n]*?)\1(?=[\s.,:;)\]]|$)""")
_BARE = re.compile(r"(?<![\w./:~<])~?/(?:[^\s/'\",;:()]+/)*[^\s/'\",;:()]+/?")

# the last part of a sentence, from the mark before it, that names a command or an option of it
_COMMAND = re.compile(
    r"(?:[:;,]|[.](?=\s)) (?:(?![:;](?:\s|$)|[.](?:\s|$)).)*?"
    r"(?:\bsegue [a-z]+|--[a-z]).*?(?=[.](?:\s|$)|$)"
)


def hide_commands(text: str) -> str:
    """Return a sentence without the part that names a command line of segue.

    >>> hide_commands("The library has no tracks yet: run segue preprocess DATASET first.")
    'The library has no tracks yet.'
    >>> hide_commands("Nothing is trained: tracks are compared by sound. segue train all learns.")
    'Nothing is trained: tracks are compared by sound.'
    >>> hide_commands("No new tracks left: add --include-known to include others.")
    'No new tracks left.'
    >>> hide_commands("The exclusions leave no tracks to recommend: exclude less.")
    'The exclusions leave no tracks to recommend: exclude less.'
    """
    return _COMMAND.sub("", text)


def public_text(error: SegueError, *places: Path) -> str:
    """Return the sentence of an error for remote users, without paths and command lines."""
    return hide_commands(hide_paths(str(error), *places))


def hide_paths(text: str, *places: Path) -> str:
    """Return a sentence with absolute paths reduced to their last component.

    Paths inside one of the `places` keep the part below the place, with the name of the place.
    Elsewhere everything that looks like a path is treated as one.

    >>> hide_paths("The library /srv/my.segue is busy.", Path("/srv/my.segue"))
    'The library my.segue is busy.'
    >>> hide_paths("'/home/anna/My Music/a b.mp3' (or /srv/x/y.wav): and/or.", Path("/l"))
    "'a b.mp3' (or y.wav): and/or."
    >>> hide_paths("'/home/anna's music/a.mp3' is no audio.", Path("/l"))
    "'a.mp3' is no audio."
    """
    for place in sorted(places, key=lambda one: len(str(one)), reverse=True):
        if len(place.parts) > 1:
            text = text.replace(str(place), place.name)
    if text.startswith("/") and "\n" not in text and ": " not in text:
        return Path(text).name
    text = _QUOTED.sub(lambda found: f"{found[1]}{Path(found[2]).name}{found[1]}", text)
    return _BARE.sub(lambda found: Path(found[0]).name, text)


def places_of(library: Library) -> list[Path]:
    """Return the directories of a library and its datasets, whose locations are private."""
    found = [library.directory]
    with suppress(SegueError):  # an unreadable library is reported elsewhere
        found += map(Path, library.jobs.datasets())
    return found
