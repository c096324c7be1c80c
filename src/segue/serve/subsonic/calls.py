"""Parse a call: its parameters from the query and a posted form, and its principal."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from segue.serve.app_state import AppState
from segue.serve.security.sessions import Principal
from segue.serve.subsonic.responses import GENERIC, MISSING, SubsonicError

Parameters = Mapping[str, Sequence[str]]

MAX_FIELDS: Final = 20_000
"""Largest number of parameters of a call; a playlist has one for each song."""
_FORM = "application/x-www-form-urlencoded"
_MAX_LENGTH = 4_000
_MAX_DIGITS = 18
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


def parameters_of(request: Request, body: bytes) -> Parameters:
    """Return the parameters of a call: first those of the query, then those of a form.

    Raises
    ------
    SubsonicError
        If there are too many parameters.
    """
    found: dict[str, list[str]] = {}
    texts = [request.scope.get("query_string", b"")]
    if request.headers.get("content-type", "").partition(";")[0].strip().casefold() == _FORM:
        texts.append(body)
    for text in texts:
        try:
            pairs = parse_qsl(
                text.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS
            )
        except ValueError:
            raise SubsonicError(GENERIC, f"More than {MAX_FIELDS:,} parameters.") from None
        for name, value in pairs:
            found.setdefault(name, []).append(value)
    return found


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method."""

    parameters: Parameters
    app_state: AppState
    request: Request
    principal: Principal

    @property
    def me(self) -> str:
        """Name of the listener."""
        return self.principal.listener or ""

    @property
    def client(self) -> str:
        """Name of the player."""
        return (self.text("c") or "")[:200]

    def texts(self, name: str) -> list[str]:
        """Return all values of a parameter, in order.

        Raises
        ------
        SubsonicError
            If one is longer than anything that is meant.
        """
        found = list(self.parameters.get(name, ()))
        if any(len(one) > _MAX_LENGTH for one in found):
            raise SubsonicError(GENERIC, f"{name} is too long.")
        return found

    def text(self, name: str) -> str | None:
        """Return the first value of a parameter; None if it is missing or empty."""
        return next(iter(self.texts(name)), None) or None

    def wanted(self, name: str) -> str:
        """Return the value of a required parameter.

        Raises
        ------
        SubsonicError
            If it is missing.
        """
        found = self.text(name)
        if found is None:
            raise missing(name)
        return found

    def number(self, name: str, default: int, least: int = 0, most: int = 2**31) -> int:
        """Return a whole number, limited to the allowed range.

        Raises
        ------
        SubsonicError
            If it is none.
        """
        found = self.text(name)
        return default if found is None else min(max(whole_number(name, found), least), most)

    def real(self, name: str, default: float, least: float, most: float) -> float:
        """Return a number, limited to the allowed range.

        Raises
        ------
        SubsonicError
            If it is none.
        """
        found = self.text(name)
        try:
            value = default if found is None else float(found[:40])
        except ValueError:
            value = math.nan
        if math.isnan(value):
            raise SubsonicError(GENERIC, f"{name} is not a number.")
        return min(max(value, least), most)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean parameter.

        Raises
        ------
        SubsonicError
            If it is neither.
        """
        found = (self.text(name) or "").casefold()
        if not found:
            return default
        if found not in _TRUE + _FALSE:
            raise SubsonicError(GENERIC, f"{name} must be true or false.")
        return found in _TRUE


def missing(name: str) -> SubsonicError:
    """Return the error for a missing parameter."""
    return SubsonicError(MISSING, f"Required parameter is missing: {name}.")


def whole_number(name: str, text: str) -> int:
    """Return a text as a whole number.

    Raises
    ------
    SubsonicError
        If it is none.
    """
    digits = text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS):
        raise SubsonicError(GENERIC, f"{name} is not a whole number.")
    return int(text)
