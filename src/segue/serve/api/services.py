"""`/me/services`: accounts of the listener at ListenBrainz, Last.fm and Maloja.

Responses never contain credentials.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from segue.library.service_store import ServiceName
from segue.pipeline.history.service_connections import (
    change_service,
    connect_service,
    disconnect_service,
    service_document,
)
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, problems
from segue.serve.security.quotas import EXPENSIVE
from segue.sources.scrobble_services import CredentialsError, UnavailableError
from segue.sources.scrobble_services.forwarded_listen import RefusedRequestError

router = APIRouter(prefix="/me/services", tags=["services"])

Secret = Annotated[str, Field(min_length=1, max_length=1_000)]
Service = Annotated[ServiceName, Path(description="listenbrainz, lastfm or maloja.")]


class ConnectRequest(StrictModel):
    """Credentials of a service, and what it is used for."""

    service: ServiceName
    token: Secret | None = Field(
        default=None, description="Of ListenBrainz: the user token; of Maloja: an API key."
    )
    username: Secret | None = Field(default=None, description="Of Last.fm.")
    password: Secret | None = Field(default=None, description="Of Last.fm; it is not stored.")
    api_key: Secret | None = Field(default=None, description="Of an API account of Last.fm.")
    api_secret: Secret | None = Field(default=None, description="Of an API account of Last.fm.")
    url: Annotated[str, Field(min_length=1, max_length=1_000)] | None = Field(
        default=None, description="Address of a server of your own; for admin accounts."
    )
    forwards: bool = Field(default=True, description="Whether listens are sent there.")
    fetches: bool = Field(
        default=False, description="Whether weekly playlists of ListenBrainz are fetched."
    )


class ServiceUpdateRequest(StrictModel):
    """What a connected service is used for."""

    forwards: bool | None = None
    fetches: bool | None = None


class ServiceItem(BaseModel):
    """A connected service and its state, without credentials."""

    service: ServiceName
    url: str
    account: str | None = Field(description="Name of the account there.")
    forwards: bool
    fetches: bool
    sent: int = Field(description="Listens that the service has taken.")
    waiting: int = Field(description="Listens that are still to be sent.")
    refused: int = Field(description="Listens that the service refuses; they are not sent again.")
    stopped: bool = Field(description="Whether the service refuses the credentials.")
    error: str | None = Field(description="The last error, null after a success.")
    retry_at: float | None = Field(description="Time of the next try in seconds since 1970.")
    fetched: float | None = Field(description="Last time its playlists were fetched.")


class ServicePage(BaseModel):
    """The connected services of a listener."""

    items: list[ServiceItem]
    next: None


@router.get("", response_model=ServicePage, responses=problems("no-session"))
def list_services(me: deps.Self, app_state: deps.State) -> Response:
    """List the connected services of the current listener."""
    found = app_state.library.services.of(me.name)
    return json_response({"items": [service_document(one) for one in found], "next": None})


@router.post(
    "",
    dependencies=[EXPENSIVE],
    response_model=ServiceItem,
    responses=problems("no-session", "invalid", "conflict", "unavailable"),
)
def connect(body: ConnectRequest, me: deps.Self, app_state: deps.State) -> Response:
    """Connect a service, or connect it again. Its credentials are checked there first."""
    names = ("token", "username", "password", "api_key", "api_secret")
    credentials = {name: getattr(body, name) or "" for name in names}
    try:
        made = connect_service(
            app_state.library,
            me.name,
            body.service,
            credentials,
            url=body.url,
            forwards=body.forwards,
            fetches=body.fetches,
            admin=me.admin,
        )
    except UnavailableError as error:
        raise ProblemError("unavailable", str(error)) from None
    except (CredentialsError, RefusedRequestError) as error:
        raise ProblemError("invalid", str(error)) from None
    return json_response(service_document(made))


@router.patch(
    "/{service}",
    response_model=ServiceItem,
    responses=problems("no-session", "not-found", "invalid"),
)
def change(
    service: Service, body: ServiceUpdateRequest, me: deps.Self, app_state: deps.State
) -> Response:
    """Turn forwarding or weekly playlists on or off."""
    _check_connected(app_state, me.name, service)
    values: dict[str, Any] = body.model_dump()
    made = change_service(app_state.library, me.name, service, **values)
    return json_response(service_document(made))


@router.delete(
    "/{service}",
    status_code=204,
    response_class=Response,
    responses=problems("no-session", "not-found"),
)
def disconnect(service: Service, me: deps.Self, app_state: deps.State) -> Response:
    """Disconnect a service: its credentials, and listens that wait, are deleted."""
    _check_connected(app_state, me.name, service)
    disconnect_service(app_state.library, me.name, service)
    return Response(status_code=204)


def _check_connected(app_state: AppState, name: str, service: ServiceName) -> None:
    if app_state.library.services.get(name, service) is None:
        raise ProblemError("not-found", f"You are not connected with {service}: connect it first.")
