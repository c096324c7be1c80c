"""The library: all state of segue in one directory.

The database is the only mutable store. Features are append-only arrays; models and reports are
directories that are replaced as a whole.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from segue.errors import LibraryError
from segue.library import schema
from segue.library.accounts import AccountStore
from segue.library.annotations import AnnotationStore
from segue.library.audio_files import (
    AudioFile,
    forget_audio_files,
    place_audio_file,
    put_audio_files,
    put_duplicate_pairs,
)
from segue.library.audit import AuditLog
from segue.library.browse_queries import BrowseQueries
from segue.library.connections import ConnectionStore
from segue.library.cover_store import CoverStore
from segue.library.database import Database, open_database
from segue.library.database_backend import Lease
from segue.library.feature_stores import (
    Where,
    compact_in,
    drop_in,
    forget_in,
    move_in,
    stores_in,
)
from segue.library.features import FeatureStore, settings_hash
from segue.library.feedback import FeedbackLog
from segue.library.files import remove_leftovers
from segue.library.folder_access import FolderAccessStore
from segue.library.histories import Histories
from segue.library.identity import (
    change_token,
    compare,
    library_id,
    present_token,
    write_token,
    written_token,
)
from segue.library.import_store import ImportStore
from segue.library.imports import AddedListens, ImportedListen, match_listens, put_arrivals
from segue.library.invitations import InvitationStore
from segue.library.jobs import JobStore
from segue.library.joined_listeners import ListenKey, join_listeners
from segue.library.listener_rules import ListenerRuleStore
from segue.library.location import backend_of
from segue.library.merged_tracks import (
    MAX_PAIRS,
    forget_unmerged,
    merge_tracks,
    note_unmerged,
    unmerged_rows,
)
from segue.library.models import ModelStore
from segue.library.play_log import PlayLog
from segue.library.playback import PlaybackStore
from segue.library.player_store import PlayerStore
from segue.library.playlists import PlaylistStore
from segue.library.queries import LibraryQueries
from segue.library.read_connection import ReadConnection
from segue.library.schedules import ScheduleStore
from segue.library.scrobbler_tokens import ScrobblerTokenStore
from segue.library.service_store import ServiceStore
from segue.library.shared_files import FEATURES, KINDS, REPORTS, shared_files
from segue.library.storage import translate_errors
from segue.library.tag_store import TagStore
from segue.library.user_data import delete_listener, listens_of
from segue.library.writes import (
    FrameBatches,
    check_tracks,
    files_of,
    forget_scan_problems,
    insert_rows,
    mark_missing,
    put_friends,
    put_problems,
    put_tracks,
    refresh_entities,
    replace_listens,
)
from segue.text import plural
from segue.types import FileState, ListenBatches, Problem, Split, Track

if TYPE_CHECKING:
    import pandas as pd


class Library(LibraryQueries):
    """An opened library directory.

    Parameters
    ----------
    directory
        The path of the library; `~` is expanded.
    create
        Make it where it is missing (the default), or refuse to.

    Raises
    ------
    LibraryError
        If it cannot be opened, or is missing and `create` is false.
    LibraryVersionError
        If a newer segue wrote it.

    Examples
    --------
    >>> import tempfile
    >>> library = Library(Path(tempfile.mkdtemp()) / "my.segue")
    >>> len(library.catalogue())
    0
    """

    def __init__(self, directory: str | Path, *, create: bool = True) -> None:
        self.directory = Path(directory).expanduser().absolute()
        backend = backend_of(self.directory)
        if not create and not backend.exists():
            raise LibraryError(
                f"There is no library at {directory}:"
                " make one with segue preprocess DATASET, or name another with --library."
            )
        with translate_errors(self.directory):
            if self.directory.exists() and not self.directory.is_dir():
                raise LibraryError(
                    f"{directory} is a file, not a library: choose another --library."
                )
        super().__init__(open_database(backend), ReadConnection(backend))
        self._backend = backend
        self.files = shared_files(self._database, self.reader, backend.files_url)
        self.models = ModelStore(self.directory / "models", self.files)
        self.feedback = FeedbackLog(self._database, self.reader)
        self.histories = Histories(self._database, self.reader)
        self.plays = PlayLog(self._database)
        self.imports = ImportStore(self._database)
        self.connections = ConnectionStore(self._database)
        self.accounts = AccountStore(self._database, self.reader)
        self.folder_access = FolderAccessStore(self._database)
        self.invitations = InvitationStore(self._database)
        self.audit = AuditLog(self._database)
        self.jobs = JobStore(self._database)
        self.schedules = ScheduleStore(self._database, self.jobs)
        self.playlists = PlaylistStore(self._database, self.reader)
        self.annotations = AnnotationStore(self._database)
        self.playback = PlaybackStore(self._database)
        self.players = PlayerStore(self._database, self.reader)
        self.scrobbler_tokens = ScrobblerTokenStore(self._database)
        self.services = ServiceStore(self._database)
        self.rules = ListenerRuleStore(self._database)
        self.tags = TagStore(self._database)
        self.browse = BrowseQueries(self._database)
        self.covers = CoverStore(self.directory / "covers")
        self._features = self.directory / "features"
        with self._database.connect() as connection:
            self.library_id = library_id(connection)

    @property
    def database(self) -> Database:
        """The database, for other modules of this package."""
        return self._database

    @property
    def reports(self) -> Path:
        """The directory of the reports."""
        self.files.fetch(REPORTS)
        return self.directory / REPORTS

    def __repr__(self) -> str:
        try:
            n = self.counts()
        except (LibraryError, SQLAlchemyError):
            return f"Library({str(self.directory)!r})"
        parts = (
            plural(n["tracks"], "track"),
            plural(n["listens"], "listen"),
            plural(n["listeners"], "listener"),
        )
        return f"Library({str(self.directory)!r}: {', '.join(parts)})"

    def close(self) -> None:
        """Close the database; the next query opens it again."""
        self.reader.close()
        self._database.close()

    # writes --------------------------------------------------------------------------------------

    def add_dataset(
        self,
        name: str,
        *,
        tracks: Sequence[Track],
        listens: "pd.DataFrame | ListenBatches",
        friends: "pd.DataFrame | None" = None,
        problems: Sequence[Problem] = (),
        same_sound: Mapping[str, FileState] | None = None,
        changed: Collection[str] = (),
        missing: Collection[str] = (),
        left_out: Collection[str] = (),
    ) -> None:
        """Add a dataset, in several transactions, so that other programs can write in between.

        If the process is killed, the next call with the same dataset completes it.
        A track with a known id replaces the stored one and keeps its row; if its file has changed,
        the features of the old one are deleted. The listens and problems
        of an earlier reading of the same dataset `name` are replaced.

        Parameters
        ----------
        same_sound
            Tracks with another file, with its state, that sounds the same: features are kept.
        changed
            Tracks whose file has the same path and another sound.
        missing
            Known tracks whose files are gone.
        left_out
            Known tracks whose files must not be used.

        Raises
        ------
        KeyError
            If a listen names a track that is neither given nor stored: nothing is changed.
        """
        import pandas as pd

        kept = same_sound or {}
        new = FrameBatches(listens) if isinstance(listens, pd.DataFrame) else listens
        self._compare_features()  # before a new track gets a row that a store holds already
        with self._database.begin() as connection:
            before = files_of(connection)
            check_tracks(new, {files[0] for files in before.values()}, tracks)
            put_tracks(connection, tracks)
            mark_missing(connection, missing)
            mark_missing(connection, left_out, left_out=True)
            after = files_of(connection)
            note_unmerged(connection, before.keys(), after.keys())
            stale = [
                row
                for row, files in before.items()
                if files[0] not in kept and (after[row] != files or files[0] in changed)
            ]
            forget_audio_files(connection, stale)
            forget_in(self._features, stale)
            rows = {files[0]: row for row, files in before.items()}
            for track in tracks:
                if track.track_id in kept and track.path is not None:
                    state = kept[track.track_id]
                    place_audio_file(connection, rows[track.track_id], track.path, state)
            if friends is not None:
                put_friends(connection, friends)
            forget_scan_problems(connection, [track.track_id for track in tracks])
            put_problems(connection, name, "scan", problems)
            token = change_token(connection)
        with translate_errors(self.directory):
            write_token(self._features, token)
        with self._database.begin() as connection:
            refresh_entities(connection)
        replace_listens(self._database, name, new)

    def merge_tracks(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Merge tracks that are one recording: the row of a missing one, and of one with a file.

        See `segue.library.merged_tracks`. This takes several transactions, so that other programs
        can write in between. Features are moved after the database has changed: if the process is
        killed in between, they are removed by the next writer, and computed again.
        """
        if not pairs:
            return
        self._compare_features()
        for start in range(0, len(pairs), MAX_PAIRS):
            with self._database.begin() as connection:
                moved = merge_tracks(connection, pairs[start : start + MAX_PAIRS])
                token = change_token(connection)
            with translate_errors(self.directory):
                move_in(self._features, moved)
                write_token(self._features, token)
        with self._database.begin() as connection:
            refresh_entities(connection)

    def unmerged(self) -> set[int]:
        """Return the rows of the tracks that were added since `set_merged` was called for them."""
        with self._database.connect() as connection:
            return unmerged_rows(connection)

    def set_merged(self, track_ids: Collection[str]) -> None:
        """Record that some tracks are compared and merged with those that were there before."""
        with self._database.begin() as connection:
            forget_unmerged(connection, track_ids)

    def add_listens(
        self, source: str, arrivals: Sequence[ImportedListen], *, forward: bool = False
    ) -> AddedListens:
        """Add a batch of imported listens that are new, completely or not at all.

        `forward` sends new plays, and totals as opinions, to the services of their listeners.
        """
        with self._database.begin() as connection:
            return put_arrivals(connection, source, arrivals, forward=forward)

    def match_listens(self, found: Mapping[int, int]) -> int:
        """Match unmatched listens with their tracks; return their number.

        `found` gives the row of the track by the row of the reference: see `track_references`.
        """
        with self._database.begin() as connection:
            return match_listens(connection, found)

    def set_problems(
        self, stage: str, problems: Sequence[Problem], *, dataset: str | None = None
    ) -> None:
        """Replace the problems of a stage, of one `dataset` or of the whole library."""
        with self._database.begin() as connection:
            put_problems(connection, dataset, stage, problems)

    def set_audio_files(self, files: Mapping[int, AudioFile]) -> None:
        """Store results of analysis of the files of some tracks, by row, or reasons for failure."""
        with self._database.begin() as connection:
            put_audio_files(connection, files)

    def set_duplicate_pairs(
        self, pairs: Sequence[tuple[int, int, float]], *, among: Collection[int]
    ) -> None:
        """Store pairs of tracks, by row, that are one recording, with their similarity.

        They replace all pairs with one of the tracks `among` which duplicates were looked for.
        """
        with self._database.begin() as connection:
            put_duplicate_pairs(connection, pairs, among)

    def shared_listens(self) -> "pd.DataFrame":
        """Return the listens that models of several listeners may use: see `Sharing`."""
        listens = self.listens()
        withheld = self.reader.sharing().withheld
        return listens[~listens["user_id"].isin(withheld)] if withheld else listens

    def shared_friends(self) -> list[tuple[str, str]]:
        """Return the pairs of friends who both consent to share."""
        refusing = self.reader.sharing().refusing
        return [pair for pair in self.friends() if refusing.isdisjoint(pair)]

    def listens_of(self, user: str) -> Iterator[Mapping[str, Any]]:
        """Yield every listen and opinion of a listener: see `segue.library.user_data`."""
        return listens_of(self._database, user)

    def delete_listener(self, user: str) -> dict[str, int]:
        """Delete a listener with everything they did; return the numbers of rows by table."""
        return delete_listener(self._database, user)

    def join_listeners(self, old: str, new: str, listen_key: ListenKey) -> dict[str, int]:
        """Move everything of a listener to another: see `segue.library.joined_listeners`."""
        return join_listeners(self._database, old, new, listen_key)

    @contextmanager
    def writing(self, verb: str) -> Iterator[None]:
        """Lock the library for `verb` while the context lasts: see `segue.library.lock`.

        Before that, what killed processes left is deleted, and features that do not belong to the
        present state of the database are removed. Files in object storage are published at the end.

        Raises
        ------
        LibraryBusyError
            If another program is writing to it.
        """
        with self._backend.writing(verb):
            with translate_errors(self.directory):
                stores = self._features.glob("[!.]*/")
                reports = self.directory / REPORTS
                for place in (self.directory, self.models.directory, reports, *stores):
                    remove_leftovers(place)
            for kind in KINDS:
                self.files.fetch(kind, complete=True)
            self._compare_features()
            yield
            self.files.publish(*KINDS)

    def _compare_features(self) -> None:
        """Remove features that do not belong to their tracks: see `segue.library.identity`."""
        if not self._features_match():
            with self._database.begin() as connection:
                compare(connection, self._features)
                token = change_token(connection)
            with translate_errors(self.directory):
                write_token(self._features, token)

    def _trusted_features(self) -> Path:
        """Return the directory of the features, whose rows belong to their tracks.

        Raises
        ------
        LibraryError
            If they may not, and cannot be compared now.
        """
        self.files.fetch(FEATURES)
        # a program that writes to the library compares them itself
        if not self._features_match() and not self.being_written():
            with self.writing("comparing features with tracks"):
                pass
        return self._features

    def _features_match(self) -> bool:
        with self._database.connect() as connection:
            return present_token(connection) == written_token(self._features)

    def is_writable(self) -> bool:
        """Return whether this process may write to the library."""
        return self._backend.is_writable()

    def being_written(self) -> bool:
        """Return whether a process, maybe this one, is writing to it: see `writing`."""
        return self.writer() is not None

    def writer(self) -> str | None:
        """Return the verb and process that write to it; None if none does."""
        return self._backend.writer()

    def scheduler_lease(self) -> Lease:
        """Return the right to run the schedules of the library, which one process has at a time."""
        return self._backend.scheduler_lease()

    def copy_database(self, path: Path) -> dict[str, int]:
        """Copy the database into a new SQLite file; return the numbers of some of its rows."""
        return self._backend.copy_database(path)

    def database_bytes(self) -> int:
        """Return about the size of the database."""
        return self._backend.n_bytes()

    # computed state -------------------------------------------------------------------------------

    def features(self, settings: Mapping[str, Any], dtypes: Mapping[str, str]) -> FeatureStore:
        """Return the store of the arrays that are computed with `settings`."""
        directory = self._trusted_features() / settings_hash(settings)
        return FeatureStore(directory, settings=settings, dtypes=dtypes, library_id=self.library_id)

    def stores(self, where: Where) -> list[FeatureStore]:
        """Return the stores whose settings satisfy `where`."""
        return stores_in(self._trusted_features(), where, library_id=self.library_id)

    def drop_features(self, unwanted: Where) -> int:
        """Delete the stores whose settings are `unwanted`; return their size in bytes."""
        return drop_in(self._features, unwanted)

    def compact_features(self) -> int:
        """Free the space of replaced arrays where it is much; return its size in bytes."""
        return compact_in(self._features)

    def set_splits(self, target: str, splits: Mapping[int, Split]) -> None:
        """Store the split of each track for the `target`, by row."""
        rows = [{"target": target, "track": row, "split": part} for row, part in splits.items()]
        with self._database.begin() as connection:
            connection.execute(delete(schema.splits).where(schema.splits.c.target == target))
            insert_rows(connection, schema.splits, rows)

    def record_run(
        self, verb: str, result: Mapping[str, Any], *, fingerprint: str | None = None
    ) -> None:
        """Record that a command has finished, with its result."""
        values = {
            "verb": verb,
            "finished": time.time(),
            "fingerprint": fingerprint,
            "result": json.dumps(result, ensure_ascii=False),
        }
        with self._database.begin() as connection:
            connection.execute(insert(schema.runs).values(values))

    def state(self) -> str:
        """Return a text that changes when a command has finished or a model was replaced.

        It differs between libraries, and between copies of a library that went different ways.
        """
        table = schema.runs
        query = select(table.c.id, table.c.finished).order_by(table.c.id.desc()).limit(1)
        runs = [(record["id"], record["finished"]) for record in self._read(query)]
        facts = {"library": self.library_id, "runs": runs, "models": self.models.state()}
        return settings_hash(facts)
