"""Queries over a whole library: tracks, listens, listeners, problems, counts.

`segue.library.read_connection` reads single tracks and listeners while other processes write.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select

from segue.library import schema
from segue.library.audio_files import AudioFile, KnownTrack, audio_files, known_tracks
from segue.library.catalogue import ANALYZED, Catalogue, from_record
from segue.library.database import Database
from segue.library.entity_rows import catalogue_ids
from segue.library.imports import track_references
from segue.library.listens_table import listens_table
from segue.library.problem_rows import one_problem_a_file
from segue.library.read_connection import ReadConnection
from segue.library.writes import FILE_STAGES
from segue.types import Problem, Split, Track, TrackReference

if TYPE_CHECKING:
    import pandas as pd


class LibraryQueries:
    """Reads one library's database."""

    def __init__(self, database: Database, reader: ReadConnection) -> None:
        self._database = database
        self.reader = reader

    def catalogue(self) -> Catalogue:
        """Return all tracks, in the order of their rows."""
        files = schema.audio_files
        analyzed = [files.c[name].label(f"analyzed_{name}") for name in ANALYZED]
        query = select(schema.tracks, *analyzed).join_from(schema.tracks, files, isouter=True)
        records = self._read(query.order_by(schema.tracks.c.row))
        rows = np.array([record["row"] for record in records], np.int64)
        with self._database.connect() as connection:
            ids = catalogue_ids(connection, rows)
        return Catalogue([from_record(record) for record in records], rows, ids, self.reader)

    def known_tracks(self) -> dict[str, KnownTrack]:
        """Return every track by its id as its dataset states it, with its audio file."""
        with self._database.connect() as connection:
            return known_tracks(connection)

    def track_ids(self) -> dict[str, str]:
        """Return the id of each track by every id that it has or had."""
        tracks, former = schema.tracks, schema.former_ids
        query = select(former.c.track_id.label("old"), tracks.c.track_id).join_from(former, tracks)
        found = {record["old"]: record["track_id"] for record in self._read(query)}
        present = self._read(select(tracks.c.track_id))
        return found | {record["track_id"]: record["track_id"] for record in present}

    def each_track(self) -> Iterator[tuple[int, Track]]:
        """Yield every track with its row, with few of them in memory at a time."""
        query = select(schema.tracks).order_by(schema.tracks.c.row)
        with self._database.connect() as connection:
            streamed = connection.execution_options(yield_per=1_000).execute(query)
            for record in streamed.mappings():
                yield record["row"], from_record(dict(record))

    def track_references(
        self, *, after: int = 0, most: int = 10_000
    ) -> list[tuple[int, TrackReference]]:
        """Return up to `most` tracks that unmatched listens name, with rows `after` one."""
        with self._database.connect() as connection:
            return track_references(connection, after, most)

    def reference_of_key(self, key: bytes) -> tuple[int, TrackReference] | None:
        """Return the row of a track that unmatched listens name, and its names, by its key."""
        table = schema.track_references
        columns = (table.c.row, *(table.c[name] for name in TrackReference._fields))
        with self._database.connect() as connection:
            found = connection.execute(select(*columns).where(table.c.key == key)).first()
        return None if found is None else (found[0], TrackReference(*found[1:]))

    def unmatched_listens_of(self, user: str) -> tuple[int, TrackReference | None]:
        """Return how many listens of a listener have no track, and one track that is lacking.

        (0, None) if any listen of the listener has a track, or there are no listens.
        """
        unmatched, references = schema.unmatched_listens, schema.track_references
        row = select(schema.users.c.row).where(schema.users.c.user_id == user).scalar_subquery()
        own = unmatched.c.user == row
        matched = select(schema.listens.c.user).where(schema.listens.c.user == row).limit(1)
        latest = select(func.max(unmatched.c.id)).where(own).scalar_subquery()
        example = (
            select(*(references.c[name] for name in TrackReference._fields))
            .join(unmatched, unmatched.c.reference == references.c.row)
            .where(unmatched.c.id == latest)
        )
        with self._database.connect() as connection:
            n = connection.scalar(select(func.count()).select_from(unmatched).where(own)) or 0
            if not n or connection.execute(matched).first() is not None:
                return 0, None
            found = connection.execute(example).one()
        return n, TrackReference(*found)

    def audio_files(self) -> dict[int, AudioFile]:
        """Return the audio files of tracks, by row."""
        with self._database.connect() as connection:
            return audio_files(connection)

    def duplicate_pairs(self) -> list[tuple[int, int]]:
        """Return the pairs of tracks, by row, that are one recording.

        Pairs of the same fingerprint are stored. Copies, which have the same digest, are those of
        now: each is paired with the first that is not missing.
        """
        table, files, tracks = schema.duplicate_pairs, schema.audio_files, schema.tracks
        found = {(record["one"], record["other"]) for record in self._read(select(table))}
        several = select(files.c.digest).where(files.c.digest != "").group_by(files.c.digest)
        several = several.having(func.count() > 1)
        query = select(files.c.digest, files.c.track).join(tracks)
        query = query.where(files.c.digest.in_(several))
        first: dict[str, int] = {}
        for record in self._read(query.order_by(tracks.c.missing.is_(True), files.c.track)):
            row = record["track"]
            one = first.setdefault(record["digest"], row)
            if one != row:
                found.add((min(one, row), max(one, row)))
        return sorted(found)

    def listens(self) -> "pd.DataFrame":
        """Return all listens that are not private, as `segue.library.listens_table` says."""
        with self._database.connect() as connection:
            return listens_table(connection)

    def any_listens(self) -> bool:
        """Return whether there are listens."""
        return bool(self._read(select(schema.listens.c.id).limit(1)))

    def n_listens(self, user: str) -> int:
        """Return the number of listens and opinions of a listener."""
        table, users = schema.listens, schema.users
        query = select(func.count().label("n")).select_from(table.join(users))
        return int(self._read(query.where(users.c.user_id == user))[0]["n"])

    def n_plays(self, user: str | None = None) -> int:
        """Return the number of listens of all listeners or of one, without opinions."""
        table = schema.listens
        unrated = table.c.plays.is_(None) & table.c.rating.is_(None)
        is_play = (table.c.plays > 0) | table.c.ms_played.is_not(None) | unrated
        query = select(func.count().label("n")).where(is_play)
        if user is not None:
            query = query.select_from(table.join(schema.users))
            query = query.where(schema.users.c.user_id == user)
        return int(self._read(query)[0]["n"])

    def listeners(self) -> list[str]:
        """Return the ids of all listeners, in the order in which they were added."""
        query = select(schema.users.c.user_id).order_by(schema.users.c.row)
        return [record["user_id"] for record in self._read(query)]

    def friends(self) -> list[tuple[str, str]]:
        """Return the pairs of friends."""
        one, other = schema.users.alias(), schema.users.alias()
        query = (
            select(one.c.user_id.label("one"), other.c.user_id.label("other"))
            .join_from(schema.friends, one, schema.friends.c.user == one.c.row)
            .join(other, schema.friends.c.friend == other.c.row)
        )
        return [(record["one"], record["other"]) for record in self._read(query)]

    def problems(self, *, stage: str | None = None) -> list[Problem]:
        """Return all problems, or those of one stage, one for each file or row.

        Those of a folder that is not there now are left out: it may be on a drive.
        """
        is_gone = cache(lambda dataset: Path(dataset).is_absolute() and not Path(dataset).is_dir())
        query = select(schema.problems).order_by(schema.problems.c.id)
        if stage is not None:
            query = query.where(schema.problems.c.stage == stage)
        imported: list[Problem] = []
        of_files: list[Problem] = []
        for record in self._read(query):
            if record["stage"] == "scan" and is_gone(record["dataset"]):
                continue
            problem = Problem(
                source=record["source"],
                reason=record["reason"],
                row=record["line"],
                subject=record["subject"],
            )
            (of_files if record["stage"] in FILE_STAGES else imported).append(problem)
        return one_problem_a_file(of_files) + imported

    def counts(self) -> dict[str, int]:
        """Return how many tracks, listeners, listens and problems there are.

        `unmatched` counts imported listens without a track in the library; `missing` tracks whose
        file is gone, `left_out` those whose file must not be used.
        """
        names = {"tracks": "tracks", "listeners": "users", "listens": "listens"}
        names |= {"unmatched": "unmatched_listens"}
        with self._database.connect() as connection:
            queries = {
                word: select(func.count()).select_from(schema.schema.tables[table])
                for word, table in names.items()
            }
            tracks = schema.tracks
            missing = select(func.count()).select_from(tracks).where(tracks.c.missing)
            queries["left_out"] = missing.where(tracks.c.left_out)
            queries["missing"] = missing.where(tracks.c.left_out.is_not(True))
            counted = {word: connection.scalar(query) or 0 for word, query in queries.items()}
        return {**counted, "problems": len(self.problems())}

    def analyzed(self) -> dict[str, int]:
        """Return the numbers of tracks that are `analyzed`, `failed` and `playable`."""
        failed, tracks = schema.audio_files.c.failed, schema.tracks
        everything = select(func.count().label("n"), func.count(failed).label("failed"))
        (record,) = self._read(everything.select_from(schema.audio_files))
        there = tracks.c.path.is_not(None) & tracks.c.missing.is_not(True)
        (audio,) = self._read(select(func.count().label("playable")).where(there))
        return {"analyzed": record["n"] - record["failed"], "failed": record["failed"], **audio}

    def splits(self, target: str) -> dict[int, Split]:
        """Return the split of each track for the `target`, by row."""
        table = schema.splits
        records = self._read(select(table.c.track, table.c.split).where(table.c.target == target))
        return {record["track"]: record["split"] for record in records}

    def last_run(self, verb: str) -> dict[str, Any] | None:
        """Return the last finished run of a command: `finished`, `fingerprint`, `result`."""
        table = schema.runs
        query = select(table).where(table.c.verb == verb).order_by(table.c.id.desc()).limit(1)
        records = self._read(query)
        return {**records[0], "result": json.loads(records[0]["result"])} if records else None

    def _read(self, query: Any) -> list[dict[str, Any]]:
        with self._database.connect() as connection:
            return [dict(record) for record in connection.execute(query).mappings()]
