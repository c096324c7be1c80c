"""Build HTTP responses: JSON bodies, entity tags, and cursors of paged lists."""

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request, Response

from segue.serve.problems import ProblemError

REVALIDATE: Final = "private, no-cache"


def json_response(
    document: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON response of plain data, without validating it against a model."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(
        text.encode("utf-8", "replace"),
        status_code=status,
        media_type="application/json",
        headers=dict(headers or {}),
    )


def attachment(stem: str, suffix: str) -> dict[str, str]:
    """Return the header of a download that names its file (RFC 6266).

    Old clients read the plain name, in which all but printable ASCII is replaced.

    >>> attachment('Sü"n/day', ".m3u8")["Content-Disposition"].split("; ")
    ['attachment', 'filename="S__n_day.m3u8"', "filename*=UTF-8''S%C3%BC%22n_day.m3u8"]
    """
    safe = "".join("_" if each in "/\\" else each for each in stem).strip(".") or "download"
    name = f"{safe}{suffix}"
    plain = "".join(each if _is_plain(each) else "_" for each in name)
    quoted = quote(name, safe="", errors="replace")
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quoted}"}


def _is_plain(character: str) -> bool:
    """Return whether all clients read a character in a quoted file name as it is."""
    return character.isascii() and character.isprintable() and character not in '"\\%;'


def etag_json(request: Request, parts: Sequence[object], make: Callable[[], Any]) -> Response:
    """Return a JSON response of what `make` returns, or 304 if the client has it already.

    `parts` are the values that the response depends on besides its address.
    """
    return etag_response(request, parts, lambda: json_response(make()))


def etag_response(
    request: Request, parts: Sequence[object], make: Callable[[], Response]
) -> Response:
    """Return the response that `make` returns, or 304 if the client has it already."""
    text = "\x1f".join(map(str, (*parts, request.url.path, request.url.query)))
    etag = f'W/"{blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": REVALIDATE, "Vary": "Cookie, Authorization"}
    if client_has(request, etag):
        return Response(status_code=304, headers=headers)
    response = make()
    response.headers.update(headers)
    return response


def client_has(request: Request, etag: str) -> bool:
    """Return whether the client sent this entity tag in If-None-Match; the comparison is weak."""
    wanted = request.headers.get("if-none-match", "")
    given = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
    return "*" in given or etag.removeprefix("W/") in given


def to_cursor(*place: float | int | str | None) -> str:
    """Return the cursor of a position in a list.

    >>> from_cursor(to_cursor(12.5, 7), (float, int))
    [12.5, 7]
    """
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def from_cursor(text: str, kinds: Sequence[type]) -> list[Any]:
    """Return the position in a list that a cursor encodes, as values of these types.

    Raises
    ------
    ProblemError
        If the text is not a cursor of this list.
    """
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        return [_part(kind, value) for kind, value in zip(kinds, place, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        raise ProblemError(
            "invalid", "cursor is not from this list: start again without a cursor."
        ) from None


def _part(kind: type, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError(value)
    if kind is int and not (isinstance(value, int) and abs(value) < 2**62):
        raise ValueError(value)
    if kind is float and not math.isfinite(float(value)):
        raise ValueError(value)
    return kind(value)


def finite(document: Any) -> Any:
    """Return a document with null instead of numbers that JSON cannot express."""
    if isinstance(document, float):
        return document if math.isfinite(document) else None
    if isinstance(document, dict):
        return {name: finite(value) for name, value in document.items()}
    return [finite(value) for value in document] if isinstance(document, list) else document
