"""Files of the web page: compressed, in few requests, and cached by browsers for good.

All files are also served under ``/assets/VERSION/``, where the version is a digest of all of them,
so that a browser never needs to ask for a file again, and modules that import each other by
relative addresses are of one version. `index.html` names a style sheet that joins all others, the
modules that the entry point imports, so that they load in parallel (``modulepreload``), and the
tables of texts, of which the browser loads that of its language. A bundle of all modules
(``python tools/bundle_page.py`` writes it, also for a wheel) is used in their place if it belongs
to these modules.
"""

import gzip
import json
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from html import escape
from pathlib import Path, PurePosixPath
from typing import Final

_STYLE_SHEET: Final = "page.css"
_BUNDLE: Final = "bundle"
_MANIFEST: Final = f"{_BUNDLE}/manifest.json"
_SOURCES: Final = ("js/", "locales/", "css/", "index.html")
_IMPORT = re.compile(r"""(?:^|;)(?:import|export)\b[^"'`;()]*["'](\.[^"']+)["']""", re.M)
_LINKED = re.compile(r'\s*<link rel="stylesheet" href="(css/[^"]+)" />')
_ENTRY: Final = "js/app.js"
_FIRST_SCRIPT: Final = "js/before-paint.js"
_TABLES: Final = "locales/"
_ENTRY_TAG = re.compile(r'<script type="module" src="js/app\.js"></script>')
_MIN_COMPRESSED: Final = 500
_TEXT: Final = ("text/", "application/json", "application/manifest+json", "image/svg+xml")
_TYPES: Final[Mapping[str, str]] = {
    ".js": "text/javascript",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".css": "text/css",
    ".html": "text/html",
}


@dataclass(frozen=True)
class Asset:
    """A file of the page."""

    data: bytes
    media_type: str

    @property
    def is_document(self) -> bool:
        """Whether it is the page itself, which names all other files."""
        return self.media_type.startswith("text/html")

    @cached_property
    def etag(self) -> str:
        """The entity tag of the content."""
        return f'"{blake2b(self.data, digest_size=12).hexdigest()}"'

    @cached_property
    def compressed(self) -> bytes | None:
        """The content compressed with gzip; None if that saves nothing."""
        if not self.media_type.startswith(_TEXT) or len(self.data) < _MIN_COMPRESSED:
            return None
        return gzip.compress(self.data, 9, mtime=0)


class PageAssets:
    """All files of the page by their address, without a leading slash."""

    def __init__(self, directory: Path) -> None:
        files = {
            path.relative_to(directory).as_posix(): path.read_bytes()
            for path in sorted(directory.rglob("*"))
            if path.is_file()
        }
        bundle, self._bundled = _bundle_of(files)
        files = {name: data for name, data in files.items() if not name.startswith(_BUNDLE)}
        index = files.pop("index.html").decode()
        files[_STYLE_SHEET] = b"\n".join(files[name] for name in style_sheets(index))
        files |= bundle
        self.version = _digest({**files, "index.html": index.encode()})
        self.files: Mapping[str, Asset] = {
            name: Asset(data, media_type_of(name)) for name, data in files.items()
        }
        self.index = Asset(self._index(index, files).encode(), "text/html; charset=utf-8")

    def find(self, path: str) -> tuple[Asset, bool] | None:
        """Return the file at an address, and whether it never changes; None if there is none."""
        if path in ("", "index.html"):
            return self.index, False
        parts = path.split("/", 2)
        if parts[0] == "assets" and len(parts) == 3:
            found = self.files.get(parts[2])
            return None if found is None else (found, parts[1] == self.version)
        found = self.files.get(path)
        return None if found is None else (found, False)

    def _index(self, text: str, files: Mapping[str, bytes]) -> str:
        entry = self._bundled.get(_ENTRY, _ENTRY)
        tables = {
            PurePosixPath(name).stem: self._address(name)
            for name in files
            if name.startswith(_TABLES)
        }
        links = [f'<link rel="stylesheet" href="{self._address(_STYLE_SHEET)}" />']
        links += [
            f'<link rel="modulepreload" fetchpriority="low" href="{self._address(name)}" />'
            for name in imported_by(entry, files)
            if name != entry
        ]
        script = f'<script type="module" fetchpriority="low" src="{self._address(entry)}"></script>'
        text = _ENTRY_TAG.sub("\n    ".join([*links, script]), _LINKED.sub("", text))
        first = f'src="{self._address(_FIRST_SCRIPT)}" data-tables="{escape(json.dumps(tables))}"'
        return text.replace(f'src="{_FIRST_SCRIPT}"', first)

    def _address(self, name: str) -> str:
        """Return the address of a file, or of that which replaces it in the bundle."""
        return f"assets/{self.version}/{self._bundled.get(name, name)}"


def media_type_of(name: str) -> str:
    """Return the media type of a file of the page by its name.

    >>> media_type_of("js/app.js"), media_type_of("icon.png")
    ('text/javascript', 'image/png')
    """
    suffix = PurePosixPath(name).suffix
    return _TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")


def imported_by(name: str, files: Mapping[str, bytes]) -> list[str]:
    """Return a module and all modules that it imports statically, each once, breadth first.

    >>> files = {"a.js": b'import { b } from "./c/b.js";', "c/b.js": b'export * from "../d.js";',
    ...          "d.js": b'import("./late.js");', "late.js": b""}
    >>> imported_by("a.js", files)
    ['a.js', 'c/b.js', 'd.js']
    """
    found = [name]
    for one in found:
        found += [each for each in _imports(one, files.get(one, b"")) if each not in found]
    return found


def _imports(name: str, source: bytes) -> Iterator[str]:
    seen = set()
    for target in _IMPORT.findall(source.decode()):
        parts: list[str] = list(PurePosixPath(name).parent.parts)
        for part in target.split("/"):
            if part == "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        path = "/".join(parts)
        if path not in seen:
            seen.add(path)
            yield path


def _bundle_of(files: Mapping[str, bytes]) -> tuple[dict[str, bytes], Mapping[str, str]]:
    """Return the files of the bundle, and what each replaces; none if other files made it."""
    manifest = json.loads(files.get(_MANIFEST, b"{}"))
    if manifest.get("sources") != sources_digest(files):
        return {}, {}
    made = {name: data for name, data in files.items() if name.startswith(f"{_BUNDLE}/")}
    del made[_MANIFEST]
    return made, {name: f"{_BUNDLE}/{file}" for name, file in manifest["files"].items()}


def style_sheets(index: str) -> list[str]:
    """Return the style sheets that `index.html` names, in its order."""
    return _LINKED.findall(index)


def sources_digest(files: Mapping[str, bytes]) -> str:
    """Return the digest of all files that a bundle is made of, which says whether it is current."""
    return _digest({name: data for name, data in files.items() if name.startswith(_SOURCES)})


def _digest(files: Mapping[str, bytes]) -> str:
    digest = blake2b(digest_size=8)
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name] + b"\0")
    return digest.hexdigest()
