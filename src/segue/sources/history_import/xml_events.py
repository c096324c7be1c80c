"""Read an XML file as a stream of its elements, with limits on depth, text and entities.

Nothing is fetched. Declared entities are refused: a few of them can fill the memory. A file that is
not well-formed to its end is an issue; the elements before are kept.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from xml.parsers import expat

from segue.sources.history_import.import_row import ImportIssue
from segue.sources.history_import.json_values import truncation_issue
from segue.sources.tables.decoding import Stream

_BLOCK_BYTES = 1 << 16
_MAX_DEPTH = 64
_MAX_TEXT = 1 << 16


class XmlElement(NamedTuple):
    """An element at its end (`is_start` false, with its text) or at its start (without)."""

    is_start: bool
    depth: int
    name: str
    text: str
    attributes: Mapping[str, str]


class _RefusedXmlError(Exception):
    """The file is made to fill the memory."""


def read_elements(stream: Stream) -> Iterator[XmlElement | ImportIssue]:
    """Yield the start and end of every element; the root has depth 1."""
    collector = _Collector()
    try:
        while block := stream.read(_BLOCK_BYTES):
            collector.parser.Parse(block, False)
            yield from collector.taken()
        collector.parser.Parse(b"", True)
    except (expat.ExpatError, _RefusedXmlError, LookupError, ValueError) as error:
        yield from collector.taken()
        yield truncation_issue("", error)
        return
    yield from collector.taken()


class _Collector:
    """The elements that the parser has met since they were taken last."""

    def __init__(self) -> None:
        self.parser: Any = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._add_text
        self.parser.EntityDeclHandler = self._refuse_entity
        self._found: list[XmlElement] = []
        self._open: list[tuple[str, Mapping[str, str]]] = []
        self._text: list[str] = []
        self._n_letters = 0

    def taken(self) -> list[XmlElement]:
        """Return what was found since the last call."""
        found, self._found = self._found, []
        return found

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._open.append((name, attributes))
        if len(self._open) > _MAX_DEPTH:
            raise _RefusedXmlError("its elements are nested too deeply")
        self._text, self._n_letters = [], 0
        self._found.append(XmlElement(True, len(self._open), name, "", attributes))

    def _end(self, name: str) -> None:
        _, attributes = self._open.pop()
        text = "".join(self._text)
        self._text, self._n_letters = [], 0
        self._found.append(XmlElement(False, len(self._open) + 1, name, text, attributes))

    def _add_text(self, text: str) -> None:
        self._n_letters += len(text)
        if self._n_letters <= _MAX_TEXT:
            self._text.append(text)

    def _refuse_entity(self, *_: object) -> None:
        raise _RefusedXmlError("it declares entities")
