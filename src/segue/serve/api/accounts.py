"""`/accounts` and `/invitations`: manage accounts, and make an own one by invitation."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from segue.library import FolderAccess
from segue.pipeline.accounts import folders, login
from segue.pipeline.accounts.invitations import accept_invitation, invite, revoke_invitation
from segue.pipeline.accounts.sessions import open_session
from segue.serve import dependencies as deps
from segue.serve.api.account import Password
from segue.serve.api.session import SessionResponse, session_document
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, problems
from segue.serve.security import sessions
from segue.serve.security.encoded_paths import unquoted
from segue.serve.security.proxies import client_address

router = APIRouter(tags=["accounts"])

AccountName = Annotated[str, Path(max_length=1_000), unquoted]
_PROBLEMS: Final = problems("conflict", "forbidden")
Folders = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=folders.MAX_LENGTH)]],
    Field(max_length=folders.MAX_FOLDERS),
]


class AccountItem(BaseModel):
    """An account, as an administrator sees it."""

    name: str
    admin: bool
    created: float = Field(description="Seconds since 1970.")
    only_folders: list[str] = Field(description="The only folders that it sees; empty for all.")
    hidden_folders: list[str] = Field(description="Folders that it does not see.")
    n_hidden: int | None = Field(
        description="Number of tracks that it does not see; null if that is not known yet."
    )


class AccountPage(BaseModel):
    """All accounts, by name."""

    items: list[AccountItem]
    next: None


class AccountChangeRequest(StrictModel):
    """Changes of another account; a new password ends all of its sessions."""

    admin: bool | None = None
    new_password: Password | None = None
    only_folders: Folders | None = Field(
        default=None,
        description="The only folders that it sees, by path or name; [] for all.",
        examples=[["/music/Children"]],
    )
    hidden_folders: Folders | None = Field(
        default=None, description="Folders that it does not see.", examples=[["Audiobooks"]]
    )


class InvitationRequest(StrictModel):
    """A new invitation."""

    name: str | None = Field(
        default=None,
        min_length=1,
        max_length=login.MAX_NAME_LENGTH,
        description="Only name of the account; needed for a listener with a history.",
    )
    admin: bool = False


class NewInvitationResponse(BaseModel):
    """A new invitation; the token is only shown in this response."""

    token: str = Field(description="For the link `#/join?token=TOKEN` of the page; it works once.")


class InvitationItem(BaseModel):
    """An invitation that was not used yet."""

    number: int
    name: str | None
    admin: bool
    invited_by: str | None
    expires: float = Field(description="Seconds since 1970.")


class InvitationPage(BaseModel):
    """The invitations that can still be used."""

    items: list[InvitationItem]
    next: None


class AcceptRequest(StrictModel):
    """The token of an invitation, and the name and password of the new account."""

    token: str = Field(min_length=1, max_length=200)
    name: str = Field(min_length=1, max_length=login.MAX_NAME_LENGTH)
    password: Password


async def _account_admin(me: deps.Admin) -> deps.CurrentListener:
    if me.mode != "accounts":
        raise ProblemError(
            "conflict", "This library has no accounts: its administrator can add the first one."
        )
    return me


AccountAdmin = Annotated[deps.CurrentListener, deps.Depends(_account_admin)]


@router.get("/accounts", response_model=AccountPage, responses=_PROBLEMS)
def list_accounts(
    me: AccountAdmin,  # noqa: ARG001
    app_state: deps.State,
) -> Response:
    """List all accounts."""
    access = app_state.library.folder_access.all()
    items = [
        {
            "name": one.name,
            "admin": one.admin,
            "created": one.created,
            **_folders(app_state, access.get(one.name, FolderAccess())),
        }
        for one in app_state.library.accounts.all()
    ]
    return json_response({"items": items, "next": None})


def _folders(app_state: AppState, access: FolderAccess) -> dict[str, Any]:
    state = app_state.whole.state_or_none()
    n_hidden: int | None = 0
    if access:
        n_hidden = None if state is None else int(state.profiles.rules.hidden_by(access).sum())
    return {
        "only_folders": list(access.only),
        "hidden_folders": list(access.hidden),
        "n_hidden": n_hidden,
    }


@router.patch(
    "/accounts/{name}",
    status_code=204,
    response_class=Response,
    responses=problems("conflict", "forbidden", "unknown-listener"),
)
def change_other_account(
    name: AccountName, body: AccountChangeRequest, me: AccountAdmin, app_state: deps.State
) -> Response:
    """Set the password or the folders of an account, or whether it is an admin."""
    library = app_state.library
    login.find_account(library, name)
    if name == me.name:
        raise ProblemError("conflict", "Change your own account in the settings of the page.")
    if body.new_password is not None:
        login.set_password(library, name, body.new_password, by=me.name)
    if body.admin is not None:
        library.accounts.set_flags(name, admin=body.admin)
        what = "admin" if body.admin else "no longer admin"
        library.audit.note("account changed", me.name, detail=f"{name}: {what}")
    if body.only_folders is not None or body.hidden_folders is not None:
        before = library.folder_access.of(name)
        folders.set_folders(
            library,
            name,
            only=before.only if body.only_folders is None else body.only_folders,
            hidden=before.hidden if body.hidden_folders is None else body.hidden_folders,
            by=me.name,
        )
    return Response(status_code=204)


@router.delete(
    "/accounts/{name}",
    status_code=204,
    response_class=Response,
    responses=problems("conflict", "forbidden", "unknown-listener"),
)
def delete_account(name: AccountName, me: AccountAdmin, app_state: deps.State) -> Response:
    """Delete an account with its sessions and keys; its listening history is kept."""
    if name == me.name:
        raise ProblemError("conflict", "Another administrator must delete this account.")
    login.remove_account(app_state.library, name, by=me.name)
    return Response(status_code=204)


@router.get("/invitations", response_model=InvitationPage, responses=_PROBLEMS)
def list_invitations(
    me: AccountAdmin,  # noqa: ARG001
    app_state: deps.State,
) -> Response:
    """List the invitations that were not used yet."""
    items = [
        {
            "number": one.number,
            "name": one.name,
            "admin": one.admin,
            "invited_by": one.invited_by,
            "expires": one.expires,
        }
        for one in app_state.library.invitations.all()
    ]
    return json_response({"items": items, "next": None})


@router.post(
    "/invitations",
    status_code=201,
    response_model=NewInvitationResponse,
    responses=problems("conflict", "forbidden", "invalid"),
)
def create_invitation(body: InvitationRequest, me: AccountAdmin, app_state: deps.State) -> Response:
    """Make an invitation, which creates one account within a week."""
    token = invite(app_state.library, name=body.name, admin=body.admin, by=me.name)
    return json_response({"token": token}, status=201)


@router.delete(
    "/invitations/{number}",
    status_code=204,
    response_class=Response,
    responses=problems("conflict", "forbidden", "not-found"),
)
def delete_invitation(number: int, me: AccountAdmin, app_state: deps.State) -> Response:
    """Revoke an invitation."""
    if not 0 <= number < 2**62 or not revoke_invitation(app_state.library, number, by=me.name):
        raise ProblemError("not-found", "There is no such invitation: it was used or has expired.")
    return Response(status_code=204)


@router.post(
    "/invitations/accept",
    status_code=201,
    response_model=SessionResponse,
    responses=problems("invalid"),
    openapi_extra=deps.FOR_ANYONE,
)
def accept(body: AcceptRequest, request: Request, app_state: deps.WholeState) -> Response:
    """Make the account of an invitation, and log in."""
    address = client_address(request)
    library = app_state.library
    account = accept_invitation(library, body.token, body.name, body.password, address=address)
    token, _ = open_session(library, account=account.name)
    library.histories.welcome(account.name)
    principal = sessions.by_session(app_state, token)
    response = json_response(session_document(app_state, principal), status=201)
    sessions.set_cookie(response, token, app_state.settings)
    return response
