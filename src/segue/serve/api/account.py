"""`/me/account` and `/me/keys`: change the own account and manage API keys."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline.accounts import login
from segue.pipeline.accounts import sessions as kept
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, problems
from segue.serve.security.encoded_paths import unquoted
from segue.serve.security.proxies import client_address

router = APIRouter(prefix="/me", tags=["account"])

Password = Annotated[str, Field(min_length=1, max_length=login.MAX_PASSWORD_LENGTH)]


class AccountResponse(BaseModel):
    """An account, without its secrets."""

    name: str
    admin: bool
    shares_taste: bool = Field(
        description="Whether the taste is shared: in blends, with friends, in small libraries."
    )


class AccountUpdateRequest(StrictModel):
    """Changes of an account; a new password requires the current one."""

    shares_taste: bool | None = None
    password: Password | None = None
    new_password: Password | None = None


def _account(me: deps.Self, app_state: AppState) -> AccountResponse:
    account = login.find_account(app_state.library, me.name)
    return AccountResponse(
        name=account.name, admin=account.admin, shares_taste=account.shares_taste
    )


def _owner(me: deps.Self) -> deps.CurrentListener:
    if me.mode != "accounts":
        raise ProblemError(
            "conflict", "This library has no accounts: its administrator can add one."
        )
    return me


Owner = Annotated[deps.CurrentListener, deps.Depends(_owner)]


@router.get("/account", response_model=AccountResponse, responses=problems("conflict"))
def get_account(me: Owner, app_state: deps.State) -> Response:
    """Show the account of the current listener."""
    return json_response(_account(me, app_state).model_dump())


@router.patch(
    "/account",
    response_model=AccountResponse,
    responses=problems("conflict", "wrong-password", "too-many"),
)
def change_account(
    body: AccountUpdateRequest,
    request: Request,
    me: Owner,
    principal: deps.Anyone,
    app_state: deps.State,
) -> Response:
    """Change the account of the current listener. A new password ends its other sessions."""
    if body.new_password is not None:
        address = client_address(request)
        login.log_in(app_state.library, me.name, body.password or "", address=address)
        login.set_password(
            app_state.library,
            me.name,
            body.new_password,
            by=me.name,
            address=address,
            keep=principal.token,
        )
    if body.shares_taste is not None:
        app_state.library.accounts.set_flags(me.name, shares_taste=body.shares_taste)
        what = "taste shared" if body.shares_taste else "taste no longer shared"
        app_state.library.audit.note(what, me.name)
    return json_response(_account(me, app_state).model_dump())


KeyName = Annotated[str, Field(min_length=1, max_length=200, examples=["my player"])]


class NewKeyRequest(StrictModel):
    """Name of a new API key."""

    name: KeyName


class KeyItem(BaseModel):
    """An API key, without its secret."""

    name: str
    created: float = Field(description="Seconds since 1970.")
    used: float | None


class KeyPage(BaseModel):
    """The API keys of an account."""

    items: list[KeyItem]
    next: None


class NewKeyResponse(BaseModel):
    """A new API key; the key is only shown in this response."""

    name: str
    key: str = Field(description="Send it as `Authorization: Bearer KEY`.")


@router.get("/keys", response_model=KeyPage, responses=problems("conflict"))
def list_keys(me: Owner, app_state: deps.State) -> Response:
    """List the API keys of the current listener."""
    found = kept.list_keys(app_state.library, me.name)
    items = [{"name": key.name, "created": key.created, "used": key.used} for key in found]
    return json_response({"items": items, "next": None})


@router.post(
    "/keys", status_code=201, response_model=NewKeyResponse, responses=problems("conflict")
)
def create_key(body: NewKeyRequest, me: Owner, app_state: deps.State) -> Response:
    """Create an API key. The key is only shown in this response."""
    key = kept.create_key(app_state.library, me.name, body.name, by=me.name)
    return json_response({"name": body.name, "key": key}, status=201)


@router.delete(
    "/keys/{name}",
    status_code=204,
    response_class=Response,
    responses=problems("conflict", "not-found"),
)
def revoke_key(
    name: Annotated[str, Path(max_length=1_000), unquoted], me: Owner, app_state: deps.State
) -> Response:
    """Revoke an API key."""
    if name not in [key.name for key in kept.list_keys(app_state.library, me.name)]:
        raise ProblemError(
            "not-found", "There is no API key of this name: list the keys for their names."
        )
    kept.revoke_key(app_state.library, me.name, name, by=me.name)
    return Response(status_code=204)
