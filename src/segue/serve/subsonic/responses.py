"""Write responses: the same document as XML, JSON or JSONP.

A document is plain data. In XML its simple members are attributes (elements inside of `_INFO`),
members that are documents are elements, lists are repeated elements, and the member `value` is the
text of its element. Members that are None are omitted.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import Response

from segue import __version__

VERSION: Final = "1.16.1"
XML_SPACE: Final = "http://subsonic.org/restapi"

Document = Mapping[str, Any]

GENERIC, MISSING, OLD_CLIENT, OLD_SERVER = 0, 10, 20, 30
WRONG_PASSWORD, NO_TOKENS, UNSUPPORTED_AUTHENTICATION, CONFLICTING, WRONG_KEY = 40, 41, 42, 43, 44
FORBIDDEN, NOT_FOUND = 50, 70

_CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*", re.ASCII)
_MAX_CALLBACK_LENGTH = 100
_INFO = ("artistInfo", "artistInfo2", "albumInfo")
"""Documents whose simple members are elements in XML."""
# characters that XML 1.0 cannot express
_INVALID_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)


@dataclass
class SubsonicError(Exception):
    """A failed call: the code of the protocol, and one sentence.

    The HTTP `status` of a failed call is 200, since players take any other one for a dead server.
    Only what the disk or the database refuses has another: scrobblers send it again.
    """

    code: int
    message: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    """Format of a response."""

    kind: str = "xml"
    callback: str | None = None


def response_format(kind: str | None, callback: str | None) -> ResponseFormat:
    """Return the response format of a call: ``xml``, ``json``, or ``jsonp`` with a `callback`.

    Raises
    ------
    SubsonicError
        If there is no such format, or the callback is missing or not a name.
    """
    if kind in (None, "", "xml", "json"):
        return ResponseFormat(kind or "xml")
    if kind != "jsonp":
        raise SubsonicError(GENERIC, "Unknown format: f must be xml, json or jsonp.")
    if not callback:
        raise SubsonicError(MISSING, "Required parameter is missing: callback.")
    if len(callback) > _MAX_CALLBACK_LENGTH or not _CALLBACK.fullmatch(callback):
        raise SubsonicError(GENERIC, "callback must be the name of a function.")
    return ResponseFormat("jsonp", callback)


def succeeded(document: Document, form: ResponseFormat) -> Response:
    """Return the response of a successful call."""
    return _written({"status": "ok", **_HEAD, **document}, form)


def failed(error: SubsonicError, form: ResponseFormat) -> Response:
    """Return the response of a failed call."""
    problem = {"code": error.code, "message": error.message}
    response = _written({"status": "failed", **_HEAD, "error": problem}, form)
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


_HEAD: Final = {
    "version": VERSION,
    "type": "segue",
    "serverVersion": __version__,
    "openSubsonic": True,
}


def _written(document: Document, form: ResponseFormat) -> Response:
    if form.kind == "xml":
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n{to_xml(document)}'
        return Response(text.encode("utf-8", "replace"), media_type="text/xml; charset=utf-8")
    # ASCII only: U+2028 and U+2029 are valid in JSON but ended lines in older JavaScript
    text = json.dumps({"subsonic-response": _without_none(document)}, ensure_ascii=True)
    if form.kind == "jsonp":
        return Response(f"{form.callback}({text});", media_type="application/javascript")
    return Response(text, media_type="application/json")


def to_xml(document: Document) -> str:
    """Return a document as one element.

    >>> to_xml({"genre": [{"songCount": 2, "value": "R&B"}]}).partition("restapi")[2]
    '"><genre songCount="2">R&amp;B</genre></subsonic-response>'
    """
    parts: list[str] = []
    _element("subsonic-response", {"xmlns": XML_SPACE, **document}, parts)
    return "".join(parts)


def _element(name: str, value: Any, parts: list[str]) -> None:
    if not isinstance(value, Mapping):
        parts.append(f"<{name}>{_text(value)}</{name}>")
        return
    inside: list[str] = []
    parts.append(f"<{name}")
    for key, member in value.items():
        if isinstance(member, Mapping):
            _element(key, member, inside)
        elif isinstance(member, list | tuple):
            for one in member:
                _element(key, one, inside)
        elif key == "value":
            inside.append(_text(member))
        elif name in _INFO and member is not None:
            _element(key, member, inside)
        elif member is not None:
            parts.append(f' {key}="{_text(member)}"')
    parts += [">", *inside, f"</{name}>"] if inside else ["/>"]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _INVALID_XML.sub("\ufffd", str(value)).translate(_ESCAPES)


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(one) for key, one in value.items() if one is not None}
    return [_without_none(one) for one in value] if isinstance(value, list | tuple) else value


def moment(seconds: float | None) -> str | None:
    """Return a time in the format of the protocol; None for None.

    >>> moment(0.0), moment(None)
    ('1970-01-01T00:00:00.000Z', None)
    """
    if seconds is None:
        return None
    at = datetime.fromtimestamp(min(max(seconds, 0.0), 253_402_300_799.0), UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
