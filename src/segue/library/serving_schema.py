"""The tables of `library.db` that serving needs: accounts, sessions, playlists, jobs, players.

They are part of the one schema; see `segue.library.schema` for its conventions and its format.
Secrets that are only compared (passwords, tokens, keys) are kept as hashes and digests.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from segue.library.schema import schema

accounts = Table(
    "accounts",
    schema,
    Column("row", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),  # the listener's id
    Column("hash", Text, nullable=False),  # of the password, by argon2
    Column("admin", Boolean, nullable=False),
    Column("shares_taste", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    Column(
        "player_password", Text
    ),  # as it is: see segue.pipeline.accounts.player_passwords for why
)

sessions = Table(
    "sessions",
    schema,
    Column("token", LargeBinary, primary_key=True),  # a digest of it
    Column("account", Integer, ForeignKey("accounts.row", ondelete="CASCADE")),
    Column("listener", Text),  # who was picked where there are no accounts
    Column("csrf", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("used", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Index("sessions_by_account", "account"),
)

api_keys = Table(
    "api_keys",
    schema,
    Column("row", Integer, primary_key=True),
    Column("key", LargeBinary, nullable=False, unique=True),  # a digest of it
    Column("account", Integer, ForeignKey("accounts.row", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("used", Float),
    UniqueConstraint("account", "name"),
)

audit = Table(
    "audit",
    schema,
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("what", String, nullable=False),
    Column("who", Text),
    Column("address", Text),
    Column("detail", Text),
    sqlite_autoincrement=True,  # what was deleted for its age leaves its number unused
)

login_attempts = Table(
    "login_attempts",
    schema,
    Column("number", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("name", LargeBinary, nullable=False),  # a digest: people type passwords there too
    Column("address", Text),
    Index("login_attempts_by_name", "name"),
    Index("login_attempts_by_address", "address"),
)
"""Failed log-ins, and log-ins that are being checked."""

playlists = Table(
    "playlists",
    schema,
    Column("row", Integer, primary_key=True),
    Column("id", String, nullable=False, unique=True),  # random: what others could not guess
    Column("owner", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("recipe", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("changed", Float, nullable=False),
    Index("playlists_by_owner", "owner"),
    sqlite_autoincrement=True,  # pages go on after a row that was deleted
)

playlist_tracks = Table(
    "playlist_tracks",
    schema,
    Column("playlist", Integer, ForeignKey("playlists.row", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("track", Integer, ForeignKey("tracks.row"), nullable=False),
)

jobs = Table(
    "jobs",
    schema,
    Column("id", Integer, primary_key=True),
    Column("verb", String, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("asked_by", Text),
    Column("asked", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("cancelled", Float),  # when somebody asked for its end
    Column("starts", Integer, nullable=False),
    Column("claim", String),  # random: who starts it, and the process that does it, know it
    Column("runner", Text),  # the process that starts it, and when that started
    Column("process", Text),  # the process that does it, likewise, once it is there
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("result", Text),
    Column("error", Text),
    Index("jobs_by_state", "state"),
    sqlite_autoincrement=True,  # an id is never another job's
)

annotations = Table(
    "annotations",
    schema,
    Column("owner", String, primary_key=True),
    Column("kind", String, primary_key=True),  # song, album or artist
    Column("item", String, primary_key=True),  # its id
    Column("starred", Float),
    Column("rating", Integer),
    Column("opinion", String),  # what star and rating of a song came to as feedback
)
"""Stars and ratings that music players set."""

playback = Table(
    "playback",
    schema,
    Column("owner", String, primary_key=True),
    Column("client", String, primary_key=True),
    Column("session", String, nullable=False),  # random: by it, what is counted counts once
    Column("version", Integer, nullable=False),  # of the row: who changes it has seen the last one
    Column("track_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("position", Float, nullable=False),  # seconds
    Column("rate", Float, nullable=False),
    Column("begun", Float, nullable=False),
    Column("at", Float, nullable=False),  # when the last report came
    Column("ignored", Boolean, nullable=False),
)
"""What each player of a listener plays, as it was last reported."""
