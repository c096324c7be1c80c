"""The tables of `library.db` for connections to media servers.

They are part of the same schema; see `segue.library.schema` for its conventions and format.
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

connections = Table(
    "connections",
    schema,
    Column("row", Int64, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("source", Text, nullable=False),  # the dataset of its listens, without "import:"
    Column("paths", Text, nullable=False),  # JSON: pairs of a folder on the server and a local one
    Column("writes", Boolean, nullable=False),  # whether playlists are written to the server
    Column("created", Float, nullable=False),
)

connection_accounts = Table(
    "connection_accounts",
    schema,
    Column("row", Int64, primary_key=True),
    Column("connection", Int64, ForeignKey("connections.row", ondelete="CASCADE")),
    Column("user", String, nullable=False),  # the name on the server
    Column("listener", String, nullable=False),
    Column("first_listener", String, nullable=False),  # named by fingerprints, also after a join
    Column("credentials", Text, nullable=False),  # JSON, as they are: the server asks for them
    Column("synced", Float),  # the start of the last complete pass
    Column("read_all", Float),  # the start of the last one that read every track
    Column("error", Text),  # the reason why the last pass failed
    UniqueConstraint("connection", "user"),
)

connection_items = Table(
    "connection_items",
    schema,
    Column(
        "connection", Int64, ForeignKey("connections.row", ondelete="CASCADE"), primary_key=True
    ),
    Column("item", String, primary_key=True),  # the id of a track on the server
    Column("track", Int64, ForeignKey("tracks.row")),  # NULL where the library lacks it
    Index("connection_items_by_track", "track"),
)

connection_counts = Table(
    "connection_counts",
    schema,
    Column(
        "account",
        ForeignKey("connection_accounts.row", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("item", String, primary_key=True),
    Column("plays", Float, nullable=False),  # as the server stated them last
    Column("skips", Float, nullable=False),
    Column("rating", Float),
    Column("last_played", Float),
    Column("dated", Int64, nullable=False),  # plays that are listens with a time
    Column("total_at", Float),  # the time of the other plays
    Column("occurrence", Int64, nullable=False),  # among tracks of the same names
)
"""What a server stated of the tracks that a listener played or rated."""

connection_playlists = Table(
    "connection_playlists",
    schema,
    Column(
        "account",
        ForeignKey("connection_accounts.row", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("remote", String, primary_key=True),  # the id of the list on the server
    Column("playlist", String, nullable=False),  # the id of the list here, or of a daily list
    Column("from_server", Boolean, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # of the tracks that were copied last
)
