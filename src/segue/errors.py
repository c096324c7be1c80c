"""Every error that segue raises on purpose.

SegueError                      base of all: exit code 1 (2 for wrong usage)
├── DatasetError                a dataset or file cannot be used at all
├── AudioError                  an audio file cannot be decoded or has no signal
│   └── UnreadableAudioError    the system denies access to the file
├── FramesError                 a file of precomputed frames cannot be used
├── LibraryError                the library cannot be opened, read or written
│   ├── LibraryVersionError     the library was written by a newer segue
│   ├── StorageError            the disk or the database refuses: a later try may succeed
│   │   ├── StorageFullError    the disk is full
│   │   └── LibraryBusyError    another program is writing to it
│   ├── DamagedDataError        stored data have changed on the disk
│   ├── EmptyLibraryError       it has no tracks yet
│   ├── UnknownTrackError       the library has no track of this id
│   ├── UnknownListenerError    the library has no such listener
│   ├── UnmatchedListensError   all listens of a listener are of tracks that the library lacks
│   ├── UnknownInterestError    the listener has no such interest
│   └── UnknownJobError         the library has no such job
├── PlaylistError               a playlist cannot be made or saved
│   └── UnknownPlaylistError    the listener has no such saved playlist
├── RuleError                   a rule of a listener cannot be added
│   └── UnknownRuleError        the listener has no such rule
├── AccountError                an account, password, session or key cannot be used
│   ├── UnknownAccountError     there is no such account
│   ├── WrongPasswordError      the name or the password is wrong
│   └── TooManyTriesError       too many wrong passwords: wait before the next try
├── JobError                    a job cannot be started
├── ScheduleError               a schedule cannot be changed as requested
│   └── UnknownScheduleError    there is no such schedule
├── ModelError                  a model cannot be trained, loaded or used
│   ├── ModelNotTrainedError    the command needs a model that is not trained yet
│   ├── NoWeightError           all signals have a weight of 0
│   └── TooLittleDataError      one class only, too few tracks, no labels
├── AddressError                the address of another server is not valid
├── MediaServerError            a media server cannot be reached, or refuses
│   └── UnknownConnectionError  the library has no such connection
├── ContradictionError          two arguments contradict each other: wrong usage
└── MissingExtraError           an optional part is not installed

A message is one sentence that names the value, the rule that it breaks and what to do next.
"""


class SegueError(Exception):
    """Base of all errors that segue raises on purpose."""


class DatasetError(SegueError):
    """A dataset that cannot be used at all. A single bad row is a `Problem` instead."""


class AudioError(SegueError):
    """An audio file that cannot be decoded, or that has no signal."""


class UnreadableAudioError(AudioError):
    """An audio file to which the system denies access; a later try may succeed."""


class FramesError(SegueError):
    """A file of precomputed frames that cannot be used."""


class TagWriteError(SegueError):
    """Tags of a file that cannot be written; the message is the reason, without the file."""


class LibraryError(SegueError):
    """A library that cannot be opened, read or written."""


class LibraryVersionError(LibraryError):
    """A library whose format is newer than this program."""


class StorageError(LibraryError):
    """A disk or database that refuses to read or write: nothing was changed, try again later.

    `retry_seconds` is the time after which another try makes sense.
    """

    retry_seconds = 30


class StorageFullError(StorageError):
    """A disk without free space, or a used-up quota."""


class LibraryBusyError(StorageError):
    """A library that another program is writing to."""

    retry_seconds = 5


class DamagedDataError(LibraryError):
    """Stored data that differ from their checksums."""


class EmptyLibraryError(LibraryError):
    """A library without tracks."""

    def __init__(
        self, message: str = "The library has no tracks yet: run segue preprocess DATASET first."
    ) -> None:
        super().__init__(message)


class UnknownFolderError(SegueError):
    """A folder of the server that is missing, or that may not be shown."""


class UnknownTrackError(LibraryError):
    """A track id that is not in the library."""


class AmbiguousTrackError(UnknownTrackError):
    """A name that several tracks have."""


class UnknownListenerError(LibraryError):
    """A listener who is not in the library."""


class UnmatchedListensError(LibraryError):
    """A listener whose listens are all of tracks that are not in the library."""


class UnknownInterestError(LibraryError):
    """An interest that the listener does not have."""


class UnknownJobError(LibraryError):
    """A job that is not in the library."""


class PlaylistError(SegueError):
    """A playlist that cannot be made or saved."""


class UnknownPlaylistError(PlaylistError):
    """A saved playlist that the listener does not have."""


class RuleError(SegueError):
    """A rule of a listener that cannot be added."""


class UnknownRuleError(RuleError):
    """A rule that the listener does not have."""


class AccountError(SegueError):
    """An account, password, session or key that cannot be used."""


class UnknownAccountError(AccountError):
    """An account that does not exist."""


class WrongPasswordError(AccountError):
    """A login with a wrong name or password; the message does not say which."""


class TooManyTriesError(AccountError):
    """Too many failed logins; `seconds` is the time to wait."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        minutes = -int(-seconds // 60)  # rounded up
        waiting = f"{minutes} minutes" if minutes > 1 else "a minute"
        super().__init__(f"Too many failed logins: try again in {waiting}.")


class JobError(SegueError):
    """A job that cannot be started."""


class ScheduleError(SegueError):
    """A schedule that cannot be changed as requested."""


class UnknownScheduleError(ScheduleError):
    """A schedule that does not exist."""


class ModelError(SegueError):
    """A model that cannot be trained, loaded or used."""


class ModelNotTrainedError(ModelError):
    """A command needs a model that has not been trained yet."""


class NoWeightError(ModelError):
    """All signals have a weight of 0, so tracks cannot be ranked."""


class TooLittleDataError(ModelError):
    """Too few classes, tracks or listens for the request."""


class AddressError(SegueError):
    """An address of another server that is not valid, or contains credentials."""


class MediaServerError(SegueError):
    """A media server that cannot be reached, refuses, or answers what cannot be understood."""


class UnknownConnectionError(MediaServerError):
    """A connection that the library does not have."""


class ContradictionError(SegueError, ValueError):
    """Two arguments that contradict each other."""


class MissingExtraError(SegueError):
    """An optional part of segue that is not installed."""

    def __init__(self, needed_for: str, extra: str) -> None:
        super().__init__(
            f"{needed_for} needs the extra '{extra}': run pip install 'segue[{extra}]'."
        )
