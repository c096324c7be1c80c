"""The library: the only package that reads and writes the database and files of segue."""

from segue.library.accounts import Account, ApiKey, Session
from segue.library.annotations import AnnotationKind, AnnotationRecord
from segue.library.audio_files import AudioFile, KnownTrack
from segue.library.audit import AuditEntry, TryLimits
from segue.library.backup import BackupResult, RestoreResult, back_up, back_up_database, restore
from segue.library.browse_queries import AlbumRow, ArtistRow, BrowseTrack, PlayCounts
from segue.library.catalogue import Catalogue, with_row, with_stated
from segue.library.checks import Damage, find_damage
from segue.library.connections import ItemCounts, PlaylistLink, ServerAccount, ServerConnection
from segue.library.database_address import DatabaseAddress, database_address
from segue.library.entity_rows import public_id
from segue.library.features import FeatureStore, settings_hash
from segue.library.feedback import FEEDBACK_KINDS, Event, FeedbackKind, FeedbackLog, StoredPosterior
from segue.library.files import (
    damaged_files,
    make_directory,
    new_directory,
    open_private,
    remove_leftovers,
    write_json,
)
from segue.library.folder_access import FolderAccess
from segue.library.histories import Histories, ListenRecord, Opinion
from segue.library.imports import AddedListens, ImportedListen
from segue.library.invitations import Invitation
from segue.library.jobs import Job, JobState
from segue.library.library import Library
from segue.library.library_copies import LibraryCopy, copy_library
from segue.library.listener_rules import (
    LISTEN_KINDS,
    RULE_EFFECTS,
    TRACK_KINDS,
    ListenerRule,
    RuleEffect,
    RuleKind,
)
from segue.library.location import backend_of, library_exists
from segue.library.lock import SCAN
from segue.library.models import MAP_PREFIX, ModelStore
from segue.library.names import NameIndex
from segue.library.playback import Playback
from segue.library.player_store import Bookmark, InternetRadioStation, PlayQueue
from segue.library.playlists import (
    PLAYLIST_KINDS,
    PlaylistKind,
    SavedPlaylist,
    unknown_tracks,
)
from segue.library.problem_rows import one_problem_a_file
from segue.library.read_connection import ReadConnection, StoredListener, StoredListens
from segue.library.reports import report_metrics, report_names, report_page, write_report
from segue.library.schedules import RunState, Schedule
from segue.library.storage import translate_errors
from segue.library.stored_tracks import StoredCatalogue, StoredTracks
from segue.library.tag_store import TagBackup
from segue.library.visible_tracks import VisibleCatalogue, hidden_digest

__all__ = [
    "FEEDBACK_KINDS",
    "LISTEN_KINDS",
    "MAP_PREFIX",
    "PLAYLIST_KINDS",
    "RULE_EFFECTS",
    "SCAN",
    "TRACK_KINDS",
    "Account",
    "AddedListens",
    "AlbumRow",
    "AnnotationKind",
    "AnnotationRecord",
    "ApiKey",
    "ArtistRow",
    "AudioFile",
    "AuditEntry",
    "BackupResult",
    "Bookmark",
    "BrowseTrack",
    "Catalogue",
    "Damage",
    "DatabaseAddress",
    "Event",
    "FeatureStore",
    "FeedbackKind",
    "FeedbackLog",
    "FolderAccess",
    "Histories",
    "ImportedListen",
    "InternetRadioStation",
    "Invitation",
    "ItemCounts",
    "Job",
    "JobState",
    "KnownTrack",
    "Library",
    "LibraryCopy",
    "ListenRecord",
    "ListenerRule",
    "ModelStore",
    "NameIndex",
    "Opinion",
    "PlayCounts",
    "PlayQueue",
    "Playback",
    "PlaylistKind",
    "PlaylistLink",
    "ReadConnection",
    "RestoreResult",
    "RuleEffect",
    "RuleKind",
    "RunState",
    "SavedPlaylist",
    "Schedule",
    "ServerAccount",
    "ServerConnection",
    "Session",
    "StoredCatalogue",
    "StoredListener",
    "StoredListens",
    "StoredPosterior",
    "StoredTracks",
    "TagBackup",
    "TryLimits",
    "VisibleCatalogue",
    "back_up",
    "back_up_database",
    "backend_of",
    "copy_library",
    "damaged_files",
    "database_address",
    "find_damage",
    "hidden_digest",
    "library_exists",
    "make_directory",
    "new_directory",
    "one_problem_a_file",
    "open_private",
    "public_id",
    "remove_leftovers",
    "report_metrics",
    "report_names",
    "report_page",
    "restore",
    "settings_hash",
    "translate_errors",
    "unknown_tracks",
    "with_row",
    "with_stated",
    "write_json",
    "write_report",
]
