"""The tables of `library.db`.

Lists and maps (genres, tags, metadata, settings) are JSON text, which SQLite and PostgreSQL read
alike; no query looks inside them. Listens refer to listeners and tracks by row number, which keeps
48 million of them small.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

FORMAT_VERSION = 13
"""The format of the database; `segue.library.migrations` upgrades earlier ones.

1  the first
2  audio files, missing tracks, recordings in several files
3  the time after which the analysis of a file was given up; excluded tracks
4  imported listens with fingerprints; listens without a track
5  feedback, accounts, playlists, jobs
6  artists and albums with ids; standard names of tables
7  an id of the library; checksums of models and reports; listeners who withhold listens
8  ratings in [-1, 1]; listens that ended by themselves, were recommended, or are private; rules of
   listeners
9  former ids of tracks; versions of the tag reader; tags that files had before segue wrote to them
10 sessions of listens
11 speed and reasons of jobs
12 connections to media servers; invitations; what players save; details of files; scrobble
   services and what is forwarded to them; schedules of jobs
13 folders that accounts may see; playlists that are kept current
"""

schema = MetaData()

Int64 = BigInteger().with_variant(Integer, "sqlite")
"""Whole numbers of 64 bits on every database: SQLite numbers its rows by keys named INTEGER."""

meta = Table(
    "meta",
    schema,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

artists = Table(
    "artists",
    schema,
    Column("row", Int64, primary_key=True),
    Column("artist_id", String, nullable=False, unique=True),  # for players; never changes
    Column("key", Text, nullable=False, unique=True),  # see `segue.library.entities`
    Column("name", Text),
    Column("musicbrainz_id", Text),
)

albums = Table(
    "albums",
    schema,
    Column("row", Int64, primary_key=True),
    Column("album_id", String, nullable=False, unique=True),  # for players; never changes
    Column("key", Text, nullable=False, unique=True),  # see `segue.library.entities`
    Column("title", Text),
    Column("artist", Int64, ForeignKey("artists.row")),
    Column("musicbrainz_id", Text),
)

tracks = Table(
    "tracks",
    schema,
    Column("row", Int64, primary_key=True),
    Column("track_id", String, nullable=False, unique=True),
    Column("title", Text),
    Column("artist", Text),
    Column("artists", Text),  # NULL in what format 5 wrote and where `artist` is the only one
    Column("album", Text),
    Column("album_row", Int64, ForeignKey("albums.row")),
    Column("year", Int64),
    Column("genres", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("tempo", Float),
    Column("duration", Float),
    Column("lyrics", Text),
    Column("split", String),
    Column("path", Text),
    Column("features", Text),
    Column("metadata", Text, nullable=False),
    Column("missing", Boolean),  # NULL in what format 1 wrote
    Column("left_out", Boolean),  # its file must not be used; NULL in what format 2 wrote
    Column("tag_reader", Int64),  # version that read the tags of its file; NULL for tables
    Column("details", Text),  # of its file, for players; NULL in what format 11 wrote
)

former_ids = Table(
    "former_ids",
    schema,
    Column("track_id", String, primary_key=True),
    Column("track", Int64, ForeignKey("tracks.row"), nullable=False),
)
"""Ids of tracks that became part of another track: the same recording in another file."""

track_artists = Table(
    "track_artists",
    schema,
    Column("track", Int64, ForeignKey("tracks.row"), primary_key=True),
    Column("position", Int64, primary_key=True),  # main artists first
    Column("artist", Int64, ForeignKey("artists.row"), nullable=False),
    Column("role", String, nullable=False),
    Index("track_artists_by_artist", "artist"),
)

audio_files = Table(
    "audio_files",
    schema,
    Column("track", Int64, ForeignKey("tracks.row"), primary_key=True),
    Column("path", Text, nullable=False),
    Column("size", Int64, nullable=False),
    Column("mtime_ns", Int64, nullable=False),
    Column("digest", Text),
    Column("failed", Text),  # the reason why analysis failed
    Column("failed_with", Text),  # the version of segue that failed
    Column("failed_after", Float),  # the time limit in seconds, if it took too long
    Column("incomplete", Text),  # the reason why the file seems to be cut short
    Column("fast", Boolean, nullable=False),
    Column("duration", Float),
    Column("tempo", Float),
    Column("tempo_confidence", Float),
    Column("key", Text),
    Column("key_confidence", Float),
    Column("loudness", Float),
)

tag_backups = Table(
    "tag_backups",
    schema,
    Column("id", Int64, primary_key=True),
    Column("batch", Int64, nullable=False),  # one for each time that tags were written
    Column("track", Int64, ForeignKey("tracks.row"), nullable=False),
    Column("path", Text, nullable=False),
    Column("written", Float, nullable=False),
    Column("before", Text, nullable=False),  # JSON: see `segue.sources.file_tags.writing`
    Column("after", Text, nullable=False),
    Column("undone", Boolean, nullable=False),
    Index("tag_backups_by_track", "track"),
)
"""Tags of files before and after segue wrote to them."""

duplicate_pairs = Table(
    "duplicate_pairs",
    schema,
    Column("one", Int64, ForeignKey("tracks.row"), primary_key=True),
    Column("other", Int64, ForeignKey("tracks.row"), primary_key=True),
    Column("similarity", Float, nullable=False),
)

users = Table(
    "users",
    schema,
    Column("row", Int64, primary_key=True),
    Column("user_id", String, nullable=False, unique=True),
    Column("withholds", Boolean),  # had an account that did not share; NULL in what format 6 wrote
)

listens = Table(
    "listens",
    schema,
    Column("id", Int64, primary_key=True),
    Column("user", Int64, ForeignKey("users.row"), nullable=False),
    Column("track", Int64, ForeignKey("tracks.row"), nullable=False),
    Column("timestamp", Float),
    Column("position", Float),
    Column("session_id", String),  # NULL in what format 9 wrote
    Column("plays", Float),
    Column("ms_played", Float),
    Column("rating", Float),
    Column("skipped", Boolean),
    Column("completed", Boolean),  # the three are NULL in what format 7 wrote
    Column("recommended", Boolean),
    Column("private", Boolean),
    Column("split", String),
    Column("dataset", Text, nullable=False),
    Column("fingerprint", LargeBinary),  # of imported listens; NULL for those of datasets
    Index("listens_by_user", "user"),
    Index(
        "listens_by_fingerprint",
        "fingerprint",
        unique=True,
        sqlite_where=text("fingerprint IS NOT NULL"),
        postgresql_where=text("fingerprint IS NOT NULL"),
    ),
)

track_references = Table(
    "track_references",
    schema,
    Column("row", Int64, primary_key=True),
    Column("key", LargeBinary, nullable=False, unique=True),  # a digest of the columns below
    Column("track_id", Text),
    Column("recording", Text),
    Column("isrc", Text),
    Column("artist", Text),
    Column("title", Text),
    Column("album", Text),
)
"""Tracks that imported listens name and the library lacks, each once."""

unmatched_listens = Table(
    "unmatched_listens",
    schema,
    Column("id", Int64, primary_key=True),
    Column("user", Int64, ForeignKey("users.row"), nullable=False),
    Column("reference", Int64, ForeignKey("track_references.row"), nullable=False),
    Column("timestamp", Float),
    Column("position", Float),
    Column("session_id", String),  # NULL in what format 9 wrote
    Column("plays", Float),
    Column("ms_played", Float),
    Column("rating", Float),
    Column("skipped", Boolean),
    Column("completed", Boolean),  # the three are NULL in what format 7 wrote
    Column("recommended", Boolean),
    Column("private", Boolean),
    Column("split", String),
    Column("dataset", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False, unique=True),
    Index("unmatched_listens_by_reference", "reference"),
)
"""Listens to those tracks; they move to `listens` when their track is in the library."""

feedback = Table(
    "feedback",
    schema,
    Column("number", Int64, primary_key=True),
    Column("user", Int64, ForeignKey("users.row"), nullable=False),
    Column("track", Int64, ForeignKey("tracks.row"), nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("ms_played", Float),
    Column("recommended", Boolean),  # NULL in what format 7 wrote
    Column("key", LargeBinary, nullable=False, unique=True),  # digest of listener and key
    sqlite_autoincrement=True,  # numbers are never reused: other processes follow the log by them
)

weight_posteriors = Table(
    "weight_posteriors",
    schema,
    Column("user", Int64, ForeignKey("users.row"), primary_key=True),
    Column("signals", String, nullable=False),  # fingerprint of the weights they started from
    Column("mean", LargeBinary, nullable=False),
    Column("precision", LargeBinary, nullable=False),
)
"""Weights of each listener, updated by feedback since weights were learned last."""

listener_rules = Table(
    "listener_rules",
    schema,
    Column("row", Int64, primary_key=True),
    Column("user", Int64, ForeignKey("users.row"), nullable=False),
    Column("effect", String, nullable=False),  # "learn": do not learn from; "play": never play
    Column("kind", String, nullable=False),
    Column("value", Text, nullable=False),
    Column("created", Float, nullable=False),
    UniqueConstraint("user", "effect", "kind", "value"),
)
"""What a listener does not want segue to learn from, and what it must never play."""

friends = Table(
    "friends",
    schema,
    Column("user", Int64, ForeignKey("users.row"), primary_key=True),
    Column("friend", Int64, ForeignKey("users.row"), primary_key=True),
)

problems = Table(
    "problems",
    schema,
    Column("id", Int64, primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("stage", String, nullable=False),
    Column("source", Text, nullable=False),
    Column("line", Int64),
    Column("subject", Text),
    Column("reason", Text, nullable=False),
)

splits = Table(
    "splits",
    schema,
    Column("target", String, nullable=False),
    Column("track", Int64, ForeignKey("tracks.row"), nullable=False),
    Column("split", String, nullable=False),
    UniqueConstraint("target", "track"),
)

runs = Table(
    "runs",
    schema,
    Column("id", Int64, primary_key=True),
    Column("verb", String, nullable=False),
    Column("finished", Float, nullable=False),
    Column("fingerprint", String),
    Column("result", Text, nullable=False),
)
