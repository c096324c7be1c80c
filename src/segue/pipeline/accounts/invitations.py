"""Invite a person to make an account: a link that works once, for a week."""

import secrets
import time
from typing import Final

from segue.errors import AccountError
from segue.library import Account, Library
from segue.pipeline.accounts.login import check_name, check_password, hash_password

VALID_SECONDS: Final = 7 * 86_400.0
"""Time for which an invitation can be used."""
_USED: Final = "The invitation was used or has expired: ask for another one."


def invite(
    library: Library, *, name: str | None = None, admin: bool = False, by: str | None = None
) -> str:
    """Make an invitation; return the token of its link, which is not stored.

    Parameters
    ----------
    name
        The only name that the account may have; needed where the listener has a history already.

    Raises
    ------
    AccountError
        If the name is invalid or has an account.
    """
    if name is not None and library.accounts.find(check_name(name)):
        raise AccountError(f"The account {name!r} exists already: invite under another name.")
    token = secrets.token_urlsafe(32)
    expires = time.time() + VALID_SECONDS
    library.invitations.add(token, invited_by=by, name=name, admin=admin, expires=expires)
    detail = ", ".join(filter(None, (name, "admin" if admin else None)))
    library.audit.note("invitation made", by, detail=detail or None)
    return token


def accept_invitation(
    library: Library, token: str, name: str, password: str, *, address: str | None = None
) -> Account:
    """Add the account of an invitation, which cannot be used again.

    Raises
    ------
    AccountError
        If the invitation was used before or has expired, or is for another name; if the name has
        an account or a history; or if name or password is invalid. The invitation is kept, unless
        it was used.
    """
    invitation = library.invitations.find(token)
    if invitation is None:
        raise AccountError(_USED)
    check_name(name)
    taken = AccountError(f"The name {name!r} belongs to another listener: choose another.")
    if invitation.name not in (None, name):
        raise AccountError(f"The invitation is for {invitation.name!r}: use that name.")
    if invitation.name is None and name in library.listeners():
        raise taken
    hashed = hash_password(check_password(password))
    account = Account(name=name, admin=invitation.admin, created=time.time())
    outcome = library.invitations.accept(invitation, account, hashed)
    if outcome == "used":
        raise AccountError(_USED)
    if outcome == "taken":
        raise taken
    library.audit.note("account added", name, address=address, detail="by invitation")
    return account


def revoke_invitation(library: Library, number: int, *, by: str | None = None) -> bool:
    """Revoke an invitation; return whether it was there."""
    revoked = library.invitations.revoke(number)
    if revoked:
        library.audit.note("invitation revoked", by)
    return revoked
