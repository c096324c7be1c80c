"""Answers of the Last.fm API, as JSON or XML.

In XML, ``@attr`` and what stands next to ``#text`` are attributes.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from fastapi import Response

AUTHENTICATION_FAILED: Final = 4
INVALID_PARAMETERS: Final = 6
INVALID_METHOD: Final = 3
INVALID_SESSION: Final = 9
INVALID_SIGNATURE: Final = 13
UNAUTHORIZED_TOKEN: Final = 14
EXPIRED_TOKEN: Final = 15
TRY_AGAIN: Final = 16
TOO_MANY: Final = 29

_STATUS: Final = {TRY_AGAIN: 503, TOO_MANY: 429, INVALID_PARAMETERS: 400, INVALID_METHOD: 400}
_INVALID_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class LastfmError(Exception):
    """A rejected request: the number of the error, and one sentence."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message

    @property
    def status(self) -> int:
        """HTTP status of the response."""
        return _STATUS.get(self.number, 403)


def lastfm_response(document: Mapping[str, Any], *, as_json: bool) -> Response:
    """Return the response of a request."""
    if as_json:
        return _json(document, 200)
    inner = "".join(_element(name, value) for name, value in document.items())
    return _xml(f'<lfm status="ok">{inner}</lfm>', 200)


def lastfm_failure(error: LastfmError, *, as_json: bool) -> Response:
    """Return the response of a rejected request."""
    if as_json:
        return _json({"error": error.number, "message": error.message}, error.status)
    message = f'<error code="{error.number}">{_escaped(error.message)}</error>'
    return _xml(f'<lfm status="failed">{message}</lfm>', error.status)


def _element(name: str, value: Any) -> str:
    """Return the XML of a value: an object, a list of them, or text."""
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if not isinstance(value, Mapping):
        return f"<{name}>{_escaped(str(value))}</{name}>"
    attributes = {**value.get("@attr", {})}
    if "#text" in value:
        attributes |= {key: one for key, one in value.items() if key not in ("#text", "@attr")}
    stated = "".join(f" {key}={quoteattr(str(one))}" for key, one in attributes.items())
    inner = "".join(
        _escaped(str(one)) if key == "#text" else _element(key, one)
        for key, one in value.items()
        if key != "@attr" and key not in attributes
    )
    return f"<{name}{stated}>{inner}</{name}>"


def _escaped(text: str) -> str:
    return escape(_INVALID_XML.sub("", text))


def _json(document: Mapping[str, Any], status: int) -> Response:
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Response(body, status_code=status, media_type="application/json")


def _xml(text: str, status: int) -> Response:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode("utf-8", "replace")
    return Response(body, status_code=status, media_type="text/xml")
