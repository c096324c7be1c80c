"""What is kept: the only room that knows files, tables and SQL."""

from segue.library.audio_files import AudioFile, KnownTrack
from segue.library.catalogue import Catalogue
from segue.library.features import FeatureStore, settings_hash
from segue.library.feedback import FEEDBACK_KINDS, Event, FeedbackKind, FeedbackLog, KeptBelief
from segue.library.imports import Added, Arrival
from segue.library.library import Library
from segue.library.models import ModelStore
from segue.library.names import NameIndex
from segue.library.reader import Reader, StoredListener, StoredListens
from segue.library.storage import new_directory, told, write_json
from segue.library.stored_tracks import StoredCatalogue, StoredTracks

__all__ = [
    "FEEDBACK_KINDS",
    "Added",
    "Arrival",
    "AudioFile",
    "Catalogue",
    "Event",
    "FeatureStore",
    "FeedbackKind",
    "FeedbackLog",
    "KeptBelief",
    "KnownTrack",
    "Library",
    "ModelStore",
    "NameIndex",
    "Reader",
    "StoredCatalogue",
    "StoredListener",
    "StoredListens",
    "StoredTracks",
    "new_directory",
    "settings_hash",
    "told",
    "write_json",
]
