"""The tables of `library.db` for serving: accounts, sessions, playlists, jobs, players.

They are part of the same schema; see `segue.library.schema` for its conventions and format. Secrets
that are only compared (passwords, tokens, keys) are stored as hashes and digests.
"""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from segue.library.schema import Int64, schema

accounts = Table(
    "accounts",
    schema,
    Column("row", Int64, primary_key=True),
    Column("name", String, nullable=False, unique=True),  # the listener's id
    Column("hash", Text, nullable=False),  # of the password, by argon2
    Column("admin", Boolean, nullable=False),
    Column("shares_taste", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    Column(
        "player_password", Text
    ),  # as it is: see segue.pipeline.accounts.player_passwords for why
)

account_folders = Table(
    "account_folders",
    schema,
    Column("row", Int64, primary_key=True),
    Column("account", Int64, ForeignKey("accounts.row", ondelete="CASCADE"), nullable=False),
    Column("effect", String, nullable=False),  # "show": only these folders; "hide": not these
    Column("folder", Text, nullable=False),
    UniqueConstraint("account", "effect", "folder"),
    sqlite_autoincrement=True,  # rows only grow: see `ReadConnection.folders_version`
)
"""Folders of music that an account may see; an account without rows sees everything."""

sessions = Table(
    "sessions",
    schema,
    Column("token", LargeBinary, primary_key=True),  # a digest of it
    Column("account", Int64, ForeignKey("accounts.row", ondelete="CASCADE")),
    Column("listener", Text),  # the chosen listener where there are no accounts
    Column("csrf", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("used", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Index("sessions_by_account", "account"),
)

api_keys = Table(
    "api_keys",
    schema,
    Column("row", Int64, primary_key=True),
    Column("key", LargeBinary, nullable=False, unique=True),  # a digest of it
    Column("account", Int64, ForeignKey("accounts.row", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("created", Float, nullable=False),
    Column("used", Float),
    UniqueConstraint("account", "name"),
)

invitations = Table(
    "invitations",
    schema,
    Column("row", Int64, primary_key=True),
    Column("token", LargeBinary, nullable=False, unique=True),  # a digest of it
    Column("invited_by", Text),
    Column("name", Text),  # the only name that the account may have; any where it is null
    Column("admin", Boolean, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    sqlite_autoincrement=True,  # a revoked number is not that of another invitation
)
"""Links with which a person makes an account; a row is deleted when it was used."""

audit = Table(
    "audit",
    schema,
    Column("number", Int64, primary_key=True),
    Column("at", Float, nullable=False),
    Column("what", String, nullable=False),
    Column("who", Text),
    Column("address", Text),
    Column("detail", Text),
    sqlite_autoincrement=True,  # numbers of deleted entries are not reused
)

login_attempts = Table(
    "login_attempts",
    schema,
    Column("number", Int64, primary_key=True),
    Column("at", Float, nullable=False),
    Column("name", LargeBinary, nullable=False),  # a digest: people type passwords into that field
    Column("address", Text),
    Index("login_attempts_by_name", "name"),
    Index("login_attempts_by_address", "address"),
)
"""Failed log-ins, and log-ins that are being checked."""

playlists = Table(
    "playlists",
    schema,
    Column("row", Int64, primary_key=True),
    Column("id", String, nullable=False, unique=True),  # random, so that it cannot be guessed
    Column("owner", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("recipe", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("changed", Float, nullable=False),
    Column("keeps_current", Boolean),  # made again by itself; null means no
    Column("edited", Boolean),  # tracks were changed by hand since they were made; null means no
    Index("playlists_by_owner", "owner"),
    sqlite_autoincrement=True,  # pages continue after a deleted row
)

playlist_tracks = Table(
    "playlist_tracks",
    schema,
    Column("playlist", Int64, ForeignKey("playlists.row", ondelete="CASCADE"), primary_key=True),
    Column("place", Int64, primary_key=True),
    Column("track", Int64, ForeignKey("tracks.row"), nullable=False),
)

jobs = Table(
    "jobs",
    schema,
    Column("id", Int64, primary_key=True),
    Column("verb", String, nullable=False),
    Column("arguments", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("asked_by", Text),
    Column("asked", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("cancelled", Float),  # the time of the request to stop
    Column("starts", Int64, nullable=False),
    Column("claim", String),  # random: known to the processes that start and run it
    Column("runner", Text),  # the process that starts it, with its time of start
    Column("process", Text),  # the process that runs it, likewise
    Column("done", Int64, nullable=False),
    Column("total", Int64, nullable=False),
    Column("text", Text, nullable=False),
    Column("rate", Float),  # steps per second, over the last minute
    Column("reason", String),  # of a job that nobody asked for
    Column("result", Text),
    Column("error", Text),
    Index("jobs_by_state", "state"),
    sqlite_autoincrement=True,  # ids are never reused
)

schedules = Table(
    "schedules",
    schema,
    Column("name", String, primary_key=True),  # the kind of its jobs
    Column("version", Int64, nullable=False),  # of the row; a writer must have read the last one
    Column("cron", String, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("watch", Boolean),  # whether changed files start it; null where they cannot
    Column("arguments", Text, nullable=False),
    Column("next_run", Float, nullable=False),
    Column("last_run", Float),
    Column("last_job", Int64),
    Column("last_state", String),  # null while that job has not ended
    Column("last_error", Text),
    Column("failures", Int64, nullable=False),  # of the last jobs, one after the other
)
"""Jobs that run by themselves. A run and its job are written in one transaction."""

annotations = Table(
    "annotations",
    schema,
    Column("owner", String, primary_key=True),
    Column("kind", String, primary_key=True),  # song, album or artist
    Column("item", String, primary_key=True),  # its id
    Column("starred", Float),
    Column("rating", Int64),
    Column("opinion", String),  # the feedback that star and rating of a song resulted in
)
"""Stars and ratings that music players set."""

playback = Table(
    "playback",
    schema,
    Column("owner", String, primary_key=True),
    Column("client", String, primary_key=True),
    Column("session", String, nullable=False),  # random, so that each playback is counted once
    Column("version", Int64, nullable=False),  # of the row; a writer must have read the last one
    Column("track_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("position", Float, nullable=False),  # seconds
    Column("rate", Float, nullable=False),
    Column("begun", Float, nullable=False),
    Column("at", Float, nullable=False),  # the time of the last report
    Column("ignored", Boolean, nullable=False),
)
"""The last report of each player of a listener."""

play_queues = Table(
    "play_queues",
    schema,
    Column("owner", String, primary_key=True),
    Column("track_ids", Text, nullable=False),  # a JSON list, in order; an id may come twice
    Column("place", Int64),  # of the current track in the list, NULL for an empty list
    Column("position_ms", Int64, nullable=False),  # in the current track
    Column("changed", Float, nullable=False),
    Column("changed_by", Text, nullable=False),  # name of the player
)
"""The play queue of each listener, which players save and continue."""

bookmarks = Table(
    "bookmarks",
    schema,
    Column("owner", String, primary_key=True),
    Column("track_id", String, primary_key=True),
    Column("position_ms", Int64, nullable=False),
    Column("comment", Text),
    Column("created", Float, nullable=False),
    Column("changed", Float, nullable=False),
)
"""Positions in tracks that listeners marked with a player."""

radio_stations = Table(
    "radio_stations",
    schema,
    Column("row", Int64, primary_key=True),
    Column("name", Text, nullable=False),
    Column("stream_url", Text, nullable=False),
    Column("home_page_url", Text),
    sqlite_autoincrement=True,  # players keep ids: they are never reused
)
"""Internet radio stations, the same for all listeners."""

latest_imports = Table(
    "latest_imports",
    schema,
    Column("owner", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("at", Float, nullable=False),
)
"""Times up to which programs have imported listens by the API of ListenBrainz."""

scrobbler_tokens = Table(
    "scrobbler_tokens",
    schema,
    Column("row", Int64, primary_key=True),
    Column("token", LargeBinary, nullable=False, unique=True),  # a digest
    Column("api_key", Text, nullable=False),  # of the program that asked for it
    Column("owner", String),  # who approved it
    Column("expires", Float, nullable=False),
    sqlite_autoincrement=True,
)
"""Tokens for which programs get a session of the Last.fm API, once a listener has approved them."""

service_connections = Table(
    "service_connections",
    schema,
    Column("owner", String, primary_key=True),
    Column("service", String, primary_key=True),  # listenbrainz, lastfm or maloja
    Column("url", Text, nullable=False),
    Column("account", Text),  # the name of the owner there
    Column("secret", Text, nullable=False),  # JSON: tokens and keys, as they are
    Column("forwards", Boolean, nullable=False),  # whether listens are sent there
    Column("fetches", Boolean, nullable=False),  # whether its weekly playlists are fetched
    Column("created", Float, nullable=False),
    Column("sent", Int64, nullable=False),  # the number of listens that it has taken
    Column("failures", Int64, nullable=False),  # since the last success
    Column("retry_at", Float, nullable=False),
    Column("error", Text),
    Column("stopped", Boolean, nullable=False),  # it refuses the credentials
    Column("fetched", Float),  # the last time its playlists were fetched
)
"""Accounts of listeners at other services."""

forward_queue = Table(
    "forward_queue",
    schema,
    Column("number", Int64, primary_key=True),
    Column("owner", String, nullable=False),
    Column("service", String, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),  # of the listen
    Column("at", Float, nullable=False),  # the time of the listen
    Column("listen", Text, nullable=False),  # JSON: see segue.library.service_store
    Column("state", String, nullable=False),  # waiting, unsure or refused
    Column("claim", String),  # of the process that sends it
    Column("claimed", Float),
    Column("error", Text),  # why the service refused it
    UniqueConstraint("owner", "service", "fingerprint"),
    Index("forward_queue_by_owner", "owner", "service", "state"),
    sqlite_autoincrement=True,
)
"""Listens that are sent to other services; those that were taken are deleted."""

service_playlists = Table(
    "service_playlists",
    schema,
    Column("owner", String, primary_key=True),
    Column("service", String, primary_key=True),
    Column("name", String, primary_key=True),  # weekly-jams, weekly-exploration
    Column("playlist", String, nullable=False),  # the id of the saved playlist
    Column("remote", String, nullable=False),  # the id of the list that it was made of
    Column("missing", Int64, nullable=False),  # tracks that the library lacks
    Column("changed", Float, nullable=False),
)
"""Saved playlists that follow lists of other services."""
