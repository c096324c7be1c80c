"""Convert paths to URIs (RFC 3986 and 8089) and back.

Conventions
-----------
- A path has ``/`` between its parts; a relative path is a relative reference, an absolute one
  ``file:///...``. Bytes that are not UTF-8 are percent-encoded as they are.
- A location with a scheme of two letters or more is an address; ``C:/Music`` is a Windows path.
"""

import re
from urllib.parse import quote, unquote, urlsplit

_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")
_DRIVE = re.compile(r"/?[a-zA-Z][:|][\\/]")
_BYTES = "surrogateescape"


def is_address(location: str) -> bool:
    """Return whether a location is an address with a scheme, not a path."""
    return bool(_ADDRESS.match(location)) and not _DRIVE.match(location)


def to_uri(location: str) -> str:
    """Return a location as a URI reference; in an address only impossible characters are quoted.

    >>> to_uri("Björk/1: Jóga?.mp3"), to_uri("/music/a b.mp3")
    ('Bj%C3%B6rk/1%3A%20J%C3%B3ga%3F.mp3', 'file:///music/a%20b.mp3')
    """
    if is_address(location):
        return quote(location, safe="!#$%&'()*+,/:;=?@[]~", errors=_BYTES)
    quoted = quote(location, errors=_BYTES)
    if _DRIVE.match(location):
        return f"file:///{location[0]}:{quote(location[2:].replace(chr(92), '/'), errors=_BYTES)}"
    if location.startswith("//"):  # two slashes would begin the name of a host
        return f"file:///%2F{quoted[2:]}" if quoted[2:] else "file:////"
    return f"file://{quoted}" if location.startswith("/") else quoted


def from_uri(uri: str) -> str:
    """Return the path of a URI reference, or the address that it is.

    >>> from_uri("file:///C:/My%20Music/a.mp3"), from_uri("a%20b.mp3"), from_uri("http://x/a%20b")
    ('C:/My Music/a.mp3', 'a b.mp3', 'http://x/a%20b')
    """
    if uri[:5].lower() != "file:":
        return uri if is_address(uri) or _DRIVE.match(uri) else unquote(uri, errors=_BYTES)
    try:
        path = urlsplit(uri.replace("#", "%23").replace("?", "%3F")).path
    except ValueError:  # brackets in what should be a host
        path = uri[5:]
    path = unquote(path, errors=_BYTES)
    return path[1:] if _DRIVE.match(path) and path.startswith("/") else path
