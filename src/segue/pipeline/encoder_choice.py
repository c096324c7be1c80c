"""The choice of a library: whether `preprocess` uses pretrained encoders, and installs them.

A choice is remembered in the library. Without one, encoders that are installed are used, and a
terminal offers them once.
"""

from contextlib import closing
from typing import Final, Literal, cast, get_args

from segue.encoders.pretrained import LICENCE, PACKAGE, installed_encoders
from segue.errors import SegueError
from segue.library import Library, library_exists
from segue.pipeline.arguments import LibraryArgument, as_path
from segue.pipeline.pretrained import add_encoders
from segue.types import Progress, no_progress

EncoderChoice = Literal["musicnn", "none"]
ENCODER_CHOICES: Final[tuple[EncoderChoice, ...]] = get_args(EncoderChoice)

OFFER: Final = (
    f"segue can use the pretrained encoders of {PACKAGE}, which hear genres, moods and instruments:"
    " similar tracks get better, and moods and search words are known without tags.\n"
    f"They are a download of 29 MB ({LICENCE} license, 9 MB installed) for all your libraries, and"
    " the analysis takes about a second more for each track.\n"
    "Add them now?"
)
"""The question that `segue preprocess` asks once on a terminal."""

_VERB: Final = "encoder choice"
_DECLINED: Final = "declined"


def read_choice(library: Library) -> EncoderChoice | None:
    """Return the remembered choice; None if none was made, or the offer was declined."""
    found = (library.last_run(_VERB) or {"result": {}})["result"].get("encoder")
    return cast("EncoderChoice", found) if found in ENCODER_CHOICES else None


def remember_choice(library: Library, choice: EncoderChoice | None) -> None:
    """Remember a choice, or that the offer was declined (None)."""
    last = library.last_run(_VERB)
    name = choice or _DECLINED
    if last is None or last["result"].get("encoder") != name:
        library.record_run(_VERB, {"encoder": name})


def should_offer(library: LibraryArgument) -> bool:
    """Return whether the encoders are not installed, and the library was never asked about them."""
    if installed_encoders():
        return False
    if not isinstance(library, Library):
        directory = as_path(library, "library").expanduser()
        if not library_exists(directory):
            return True
        try:
            with closing(Library(directory)) as opened:
                return opened.last_run(_VERB) is None
        except SegueError:
            return False  # preprocess reports it
    return library.last_run(_VERB) is None


def apply_choice(choice: EncoderChoice | None, *, progress: Progress = no_progress) -> None:
    """Install the encoders if they are chosen.

    Raises
    ------
    ValueError
        If there is no such choice.
    ModelError
        If they cannot be installed.
    """
    if choice is not None and choice not in ENCODER_CHOICES:
        raise ValueError(f"encoder is {choice!r}: choose {' or '.join(ENCODER_CHOICES)}.")
    if choice == PACKAGE:
        add_encoders(progress=progress)
