"""What is kept: the only room that knows files, tables and SQL."""

from segue.library.accounts import Account, ApiKey, Session
from segue.library.audio_files import AudioFile, KnownTrack
from segue.library.audit import Entry, TryLimits
from segue.library.catalogue import Catalogue
from segue.library.features import FeatureStore, settings_hash
from segue.library.feedback import FEEDBACK_KINDS, Event, FeedbackKind, FeedbackLog
from segue.library.histories import Heard, Histories
from segue.library.imports import Added, Arrival
from segue.library.library import Library
from segue.library.models import MAP_PREFIX, ModelStore
from segue.library.playlists import (
    PLAYLIST_KINDS,
    PlaylistKind,
    SavedPlaylist,
    unknown_tracks,
)
from segue.library.reports import report_metrics, report_names, report_page
from segue.library.storage import new_directory, told, write_json

__all__ = [
    "FEEDBACK_KINDS",
    "MAP_PREFIX",
    "PLAYLIST_KINDS",
    "Account",
    "Added",
    "ApiKey",
    "Arrival",
    "AudioFile",
    "Catalogue",
    "Entry",
    "Event",
    "FeatureStore",
    "FeedbackKind",
    "FeedbackLog",
    "Heard",
    "Histories",
    "KnownTrack",
    "Library",
    "ModelStore",
    "PlaylistKind",
    "SavedPlaylist",
    "Session",
    "TryLimits",
    "new_directory",
    "report_metrics",
    "report_names",
    "report_page",
    "settings_hash",
    "told",
    "unknown_tracks",
    "write_json",
]
