"""Find the scores that the demo data may use: where they are, and which are free.

The compositions are all in the public domain (the youngest collection was printed in 1907). Their
encodings come with the package music21, "with the permission of the encoders", but "may have other
restrictions: please see the licenses embedded in individual compositions or directories". So the
text of every score is read, and one rule decides: **a score is used only where neither it nor its
directory reserves rights or asks for terms** (`is_free`). Decisions of 2026, music21 10.5:

used
    Bach chorales without a notice (about 35; compare below), Monteverdi's madrigals of books 3
    and 4, trecento songs and masses (where "Copyright ©" stands with no holder, it is the empty
    template of an engraving program), string quartets of Haydn, Mozart, Beethoven and Schumann,
    Ryan's Mammoth Collection (1883) and O'Neill's Music of Ireland (1903) in ABC, whose encoders
    are credited in the column `encoder`.
left out
    - Palestrina's masses, all 1,318: "Rights to all derivative electronic formats reserved. Refer
      to licensing agreement for further details" (Copyright 2000, John Miller).
    - Bach in Humdrum: "Rights to all derivative electronic formats reserved" (Copyright 1994,
      Center for Computer Assisted Research in the Humanities).
    - Bach chorales with "PDF © 2004 Margaret Greentree - used by permission", about 360: the
      permission was given to music21, and its scope is not stated.
    - Monteverdi's book 5: scanned from an edition marked "© UT ORPHEUS EDIZIONI 2003".
    - The Essen folk song collection: `essenFolksong/license.txt` allows non-commercial use and
      calls its own legal status unclear.
    - Aird's Airs and `miscFolk`: one encoder's work of 2000 to 2009 that says who made it but not
      on what terms.
    - Josquin (GNU GPL) and the CC BY-SA scores are free, but too few for a genre.

Only titles and the names of composers and encoders are copied from music21 into a dataset.

Conventions: paths are relative to music21's corpus directory, with forward slashes. Nothing here
imports music21.
"""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from segue.errors import MissingExtraError

# Plain text in lower case, not one pattern: a string quartet is two megabytes of XML.
_NOTICES = (
    "©", "(c) ", "copyright", "rights to", "reserved", "license", "licence", "licensing",
    "commercial", "orpheus",
)  # fmt: skip
_EMPTY_TEMPLATE = re.compile(r"copyright ©\s*<")


@dataclass(frozen=True, slots=True)
class Score:
    """One composition: a file, and the number of a tune where the file holds many."""

    path: str
    tune: int | None = None


def package_directory(package: str) -> Path:
    """Return the directory of an installed package without importing it.

    Raises
    ------
    MissingExtraError
        It is not installed; the extra `demo` installs it.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingExtraError("The starter library", "demo")
    return Path(spec.origin).parent


def is_free(text: str) -> bool:
    """Return whether the text of a score neither reserves rights nor asks for terms.

    The empty notice of an engraving program names no holder and reserves nothing.

    >>> is_free("<rights>Copyright © </rights><part/>")
    True
    >>> is_free("<rights>© UT ORPHEUS 2003</rights><part/>")
    False
    """
    text = _EMPTY_TEMPLATE.sub("<", text.lower())
    return not any(notice in text for notice in _NOTICES)


def read_score(corpus: Path, score: Score) -> str:
    """Return the MusicXML or ABC text of a score; of a file with many tunes, that of one."""
    path = corpus / score.path
    if path.suffix == ".mxl":
        with zipfile.ZipFile(path) as archive:
            inside = [
                name
                for name in archive.namelist()
                if name.endswith((".xml", ".musicxml")) and not name.startswith("META-INF")
            ]
            content = archive.read(inside[0])
    else:
        content = path.read_bytes()
    text = _decode(content)
    if score.tune is None:
        return text
    return next(tune for number, tune in _tunes(text) if number == score.tune)


def find_scores(corpus: Path, genre: str) -> list[Score]:
    """Return the free scores of a genre, in a fixed order."""
    return sorted(_FINDERS[genre](corpus), key=lambda score: (score.path, score.tune or 0))


def abc_field(text: str, field: str) -> str | None:
    """Return the first value of an ABC header field, such as `T` for the title, or None."""
    match = re.search(rf"^{field}:[ \t]*(.+?)[ \t\r]*$", text, re.M)
    return match.group(1) if match else None


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")  # the older ABC files


def _tunes(text: str) -> Iterator[tuple[int, str]]:
    """Split an ABC file into its tunes and their numbers."""
    for tune in re.split(r"^(?=X:)", text, flags=re.M):
        if match := re.match(r"X:\s*(\d+)", tune):
            yield int(match.group(1)), tune


def _free_files(corpus: Path, paths: Iterator[Path]) -> Iterator[tuple[Score, str]]:
    for path in paths:
        score = Score(path.relative_to(corpus).as_posix())
        text = read_score(corpus, score)
        if is_free(text):
            yield score, text


def _n_parts(text: str) -> int:
    return len(re.findall(r"<score-part\b", text))


def _chorales(corpus: Path) -> Iterator[Score]:
    for score, text in _free_files(corpus, (corpus / "bach").glob("*.mxl")):
        if 4 <= _n_parts(text) <= 5:  # more are settings with independent instruments
            yield score


def _madrigals(corpus: Path) -> Iterator[Score]:
    paths = (corpus / "monteverdi").glob("madrigal.*.mxl")
    for score, _ in _free_files(corpus, (path for path in paths if "_old" not in path.name)):
        yield score


def _trecento(corpus: Path) -> Iterator[Score]:
    paths = (corpus / "trecento").glob("*.xml")
    for score, _ in _free_files(corpus, (path for path in paths if "_bak" not in path.name)):
        yield score


def _quartets(corpus: Path) -> Iterator[Score]:
    for composer in ("haydn", "mozart", "beethoven", "schumann_robert"):
        for score, text in _free_files(corpus, (corpus / composer).glob("*/movement*.mxl")):
            if _n_parts(text) == 4:
                yield score


def _dances(corpus: Path, rhythms: set[str], metres: set[str]) -> Iterator[Score]:
    for score, text in _free_files(corpus, (corpus / "ryansMammoth").glob("*.abc")):
        rhythm = (abc_field(text, "R") or "").lower()
        if rhythm in rhythms and abc_field(text, "M") in metres:
            yield score


def _irish(corpus: Path, *, carolan: bool) -> Iterator[Score]:
    """Find O'Neill's airs (numbers 1 to 625), or Turlough O'Carolan's tunes (626 to 700)."""
    numbers = range(626, 701) if carolan else range(1, 626)
    for path in sorted((corpus / "oneills1850").glob("0[0-6]*.abc")):
        for number, tune in _tunes(_decode(path.read_bytes())):
            by_carolan = "carolan" in (abc_field(tune, "C") or "").lower()
            if number in numbers and by_carolan == carolan and is_free(tune):
                yield Score(path.relative_to(corpus).as_posix(), number)


_FINDERS: dict[str, Callable[[Path], Iterator[Score]]] = {
    "Chorale": _chorales,
    "Madrigal": _madrigals,
    "Trecento": _trecento,
    "String Quartet": _quartets,
    "Reel": lambda corpus: _dances(corpus, {"reel"}, {"2/4", "C|"}),
    "Jig": lambda corpus: _dances(corpus, {"jig"}, {"6/8"}),
    "Hornpipe": lambda corpus: _dances(corpus, {"hornpipe"}, {"2/4", "C|"}),
    "Strathspey": lambda corpus: _dances(corpus, {"strathspey", "highland fling"}, {"C", "C|"}),
    "Irish Air": lambda corpus: _irish(corpus, carolan=False),
    "Harp Tune": lambda corpus: _irish(corpus, carolan=True),
}
