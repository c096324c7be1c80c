"""`/connections`: media servers that the library is connected to.

Responses never contain credentials.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from segue.pipeline.connections.connect import (
    ConnectedServer,
    connect,
    connections,
    disconnect,
)
from segue.serve import dependencies as deps
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, problems
from segue.serve.security.quotas import EXPENSIVE
from segue.sources.media_servers import ServerKind

router = APIRouter(prefix="/connections", tags=["connections"])

ConnectionName = Annotated[str, Path(min_length=1, max_length=100, examples=["navidrome"])]
Secret = Annotated[str, Field(min_length=1, max_length=1_000)]


class NewConnection(StrictModel):
    """An account of a media server; `user` and `password` or `token`, as the server demands."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "navidrome",
                    "url": "http://music.home:4533",
                    "user": "anna",
                    "password": "secret",
                }
            ]
        }
    )

    kind: ServerKind
    url: Annotated[str, Field(min_length=1, max_length=1_000)]
    user: Secret | None = Field(default=None, description="Name of the account there.")
    password: Secret | None = None
    token: Secret | None = Field(default=None, description="Token or API key.")
    listener: Annotated[str, Field(min_length=1, max_length=1_000)] | None = Field(
        default=None, description="Listener here; by default the name of the account."
    )
    writes_playlists: bool | None = Field(
        default=None, description="Whether playlists are written there; by default they are."
    )


class ConnectedAccount(BaseModel):
    """An account of a connected server."""

    user: str = Field(description="Name of the account there.")
    listener: str
    synced: float | None = Field(
        description="Start of the last pass that read all there was, in seconds since 1970."
    )
    error: str | None = Field(description="Why the last pass ended early, null if it did not.")


class ConnectionItem(BaseModel):
    """A connected server with its accounts, without credentials."""

    name: str
    kind: ServerKind
    url: str
    writes_playlists: bool
    tracks: int = Field(description="Tracks of the server.")
    matched: int = Field(description="Those of them that are in the library.")
    accounts: list[ConnectedAccount]


class ConnectionPage(BaseModel):
    """All connections."""

    items: list[ConnectionItem]
    next: None


@router.get("", response_model=ConnectionPage)
def list_connections(
    me: deps.Admin,  # noqa: ARG001
    app_state: deps.State,
) -> Response:
    """List the connections to media servers."""
    found = connections(app_state.library)
    return json_response({"items": [_document(one) for one in found], "next": None})


@router.post(
    "",
    dependencies=[EXPENSIVE],
    response_model=ConnectionItem,
    responses=problems("invalid", "conflict"),
)
def add_connection(body: NewConnection, me: deps.Admin, app_state: deps.State) -> Response:
    """Connect an account, or change its credentials. The server is asked for them first."""
    made = connect(
        app_state.library,
        body.kind,
        body.url,
        user=body.user,
        password=body.password,
        token=body.token,
        listener=body.listener,
        writes=body.writes_playlists,
        by=me.name,
    )
    return json_response(_document(made))


@router.delete(
    "/{name}",
    status_code=204,
    response_class=Response,
    responses=problems("unknown-connection"),
)
def remove_connection(name: ConnectionName, me: deps.Admin, app_state: deps.State) -> Response:
    """Remove a connection and its credentials; listens and playlists stay, here and there."""
    disconnect(app_state.library, name, by=me.name)
    return Response(status_code=204)


def _document(one: ConnectedServer) -> dict[str, Any]:
    """Return a connection without its folders on this machine."""
    document = one.to_dict()
    del document["path_map"]
    return document
