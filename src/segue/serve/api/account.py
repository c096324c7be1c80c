"""`/me/account` and `/me/keys`: what somebody with an account can change of it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline import accounts
from segue.pipeline import sessions as kept
from segue.serve import dependencies as deps
from segue.serve.held import Held
from segue.serve.problems import ProblemError
from segue.serve.responses import answer
from segue.serve.schemas import StrictModel, problems
from segue.serve.security.encoded_paths import unquoted

router = APIRouter(prefix="/me", tags=["account"])

Password = Annotated[str, Field(min_length=1, max_length=accounts.LONGEST_PASSWORD)]


class AccountResponse(BaseModel):
    """An account, without anything secret."""

    name: str
    admin: bool
    shares_taste: bool = Field(description="Whether others may make a blend with its listener.")


class AccountUpdateRequest(StrictModel):
    """What to change; a new password needs the one before."""

    shares_taste: bool | None = None
    password: Password | None = None
    new_password: Password | None = None


def _account(me: deps.Self, holding: Held) -> AccountResponse:
    account = accounts.find_account(holding.library, me.name)
    return AccountResponse(
        name=account.name, admin=account.admin, shares_taste=account.shares_taste
    )


def _owner(me: deps.Self) -> deps.Listener:
    if me.mode != "accounts":
        raise ProblemError("conflict", "This library has no accounts: segue user add makes one.")
    return me


Owner = Annotated[deps.Listener, deps.Depends(_owner)]


@router.get("/account", response_model=AccountResponse, responses=problems("conflict"))
def get_account(me: Owner, holding: deps.Holding) -> Response:
    """Show one's account."""
    return answer(_account(me, holding).model_dump())


@router.patch(
    "/account",
    response_model=AccountResponse,
    responses=problems("conflict", "wrong-password", "too-many"),
)
def change_account(
    wanted: AccountUpdateRequest,
    request: Request,
    me: Owner,
    principal: deps.Anyone,
    holding: deps.Holding,
) -> Response:
    """Change one's account. With a new password, all other sessions of it end."""
    if wanted.new_password is not None:
        address = request.client.host if request.client else None
        accounts.log_in(holding.library, me.name, wanted.password or "", address=address)
        accounts.set_password(
            holding.library,
            me.name,
            wanted.new_password,
            by=me.name,
            address=address,
            keep=principal.token,
        )
    if wanted.shares_taste is not None:
        holding.library.accounts.set_flags(me.name, shares_taste=wanted.shares_taste)
        what = "taste shared" if wanted.shares_taste else "taste no longer shared"
        holding.library.audit.note(what, me.name)
    return answer(_account(me, holding).model_dump())


KeyName = Annotated[str, Field(min_length=1, max_length=200, examples=["my player"])]


class NewKeyRequest(StrictModel):
    """A key to make."""

    name: KeyName


class KeyItem(BaseModel):
    """An API key, by its name."""

    name: str
    created: float = Field(description="Seconds since 1970.")
    used: float | None


class KeyPage(BaseModel):
    """One's API keys."""

    items: list[KeyItem]
    next: None


class NewKeyResponse(BaseModel):
    """A key, shown this once."""

    name: str
    key: str = Field(description="Send it as `Authorization: Bearer KEY`.")


@router.get("/keys", response_model=KeyPage, responses=problems("conflict"))
def list_keys(me: Owner, holding: deps.Holding) -> Response:
    """List one's API keys, by their names."""
    found = kept.list_keys(holding.library, me.name)
    items = [{"name": key.name, "created": key.created, "used": key.used} for key in found]
    return answer({"items": items, "next": None})


@router.post(
    "/keys", status_code=201, response_model=NewKeyResponse, responses=problems("conflict")
)
def make_key(wanted: NewKeyRequest, me: Owner, holding: deps.Holding) -> Response:
    """Make an API key; it is shown this once."""
    key = kept.create_key(holding.library, me.name, wanted.name, by=me.name)
    return answer({"name": wanted.name, "key": key}, status=201)


@router.delete(
    "/keys/{name}",
    status_code=204,
    response_class=Response,
    responses=problems("conflict", "not-found"),
)
def revoke_key(
    name: Annotated[str, Path(max_length=1_000), unquoted], me: Owner, holding: deps.Holding
) -> Response:
    """Take an API key back."""
    if name not in [key.name for key in kept.list_keys(holding.library, me.name)]:
        raise ProblemError("not-found", "There is no key of this name: list them for theirs.")
    kept.revoke_key(holding.library, me.name, name, by=me.name)
    return Response(status_code=204)
