"""Every error that segue raises on purpose.

SegueError                      told in one sentence, exit code 1 (2 where usage is wrong)
├── DatasetError                what comes in cannot be used at all
├── AudioError                  one audio file cannot be decoded or holds no signal
│   └── UnreadableAudioError    the system does not let it be read: no fault of the file
├── FramesError                 one file of precomputed frames cannot be used
├── LibraryError                what is kept cannot be opened, read or written
│   ├── LibraryVersionError     the library was written by a newer segue
│   ├── LibraryBusyError        another program is writing to it
│   ├── UnknownTrackError       a track id that the library does not hold
│   ├── UnknownListenerError    a listener whom the library does not know
│   └── UnknownJobError         a job that the library does not know
├── PlaylistError               a playlist that cannot be made or kept
│   └── UnknownPlaylistError    a saved playlist that the listener does not have
├── AccountError                an account, password, session or key that cannot be used
│   ├── UnknownAccountError     an account that there is not
│   ├── WrongPasswordError      a log-in that is not right
│   └── TooManyTriesError       so many of those that one has to wait
├── JobError                    a job that cannot be taken on
├── ModelError                  a model cannot be trained, loaded or used
│   ├── ModelNotTrainedError    the verb needs a model that is not there yet
│   ├── NoWeightError           sliders that leave no signal a weight
│   └── TooLittleDataError      one class only, too few tracks, no labels
├── ContradictionError          two things asked for at once exclude each other: wrong usage
└── MissingExtraError           an optional part is not installed

A message names the value, the rule that it breaks and the way out. It is one sentence for people:
nothing in it needs a traceback.
"""


class SegueError(Exception):
    """Base of all errors that segue raises on purpose."""


class DatasetError(SegueError):
    """A dataset that cannot be used at all. A single bad row is a `Problem` instead."""


class AudioError(SegueError):
    """An audio file that cannot be decoded, or that holds no signal."""


class UnreadableAudioError(AudioError):
    """An audio file that the system does not let us read now; it may another time."""


class FramesError(SegueError):
    """A file of precomputed frames that cannot be used."""


class LibraryError(SegueError):
    """A library that cannot be opened, read or written."""


class LibraryVersionError(LibraryError):
    """A library whose format is newer than this program."""


class LibraryBusyError(LibraryError):
    """A library that another program is writing to."""


class UnknownTrackError(LibraryError):
    """A track id that the library does not hold."""


class UnknownListenerError(LibraryError):
    """A listener whom the library does not know."""


class UnknownJobError(LibraryError):
    """A job that the library does not know."""


class PlaylistError(SegueError):
    """A playlist that cannot be made or kept."""


class UnknownPlaylistError(PlaylistError):
    """A saved playlist that the listener does not have."""


class AccountError(SegueError):
    """An account, password, session or key that cannot be used."""


class UnknownAccountError(AccountError):
    """An account that there is not."""


class WrongPasswordError(AccountError):
    """A log-in that is not right; whether the name or the password is wrong is not told."""


class TooManyTriesError(AccountError):
    """Too many log-ins that were not right; `seconds` says how long to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        minutes = -int(-seconds // 60)  # rounded up
        waiting = f"{minutes} minutes" if minutes > 1 else "a minute"
        super().__init__(f"Too many log-ins that were not right: try again in {waiting}.")


class JobError(SegueError):
    """A job that cannot be taken on."""


class ModelError(SegueError):
    """A model that cannot be trained, loaded or used."""


class ModelNotTrainedError(ModelError):
    """A verb that needs a model which has not been trained yet."""


class NoWeightError(ModelError):
    """Sliders that leave no signal a weight, so that nothing ranks."""


class TooLittleDataError(ModelError):
    """Too few classes, tracks or listens for what was asked."""


class ContradictionError(SegueError, ValueError):
    """Two things that were asked for at once and exclude each other."""


class MissingExtraError(SegueError):
    """An optional part of segue that is not installed."""

    def __init__(self, needed_for: str, extra: str) -> None:
        super().__init__(
            f"{needed_for} needs the extra '{extra}': run pip install 'segue[{extra}]'."
        )
