"""Report audio files that hold several tracks: segue reads one track a file.

A CUE sheet is a text of commands: ``FILE "name" WAVE`` followed by ``TRACK 01 AUDIO``, ``TITLE``,
``INDEX 01 mm:ss:ff``. It lies next to its audio file, or in a tag of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from segue.sources.tables.decoding import read_text

CUE_SUFFIX = ".cue"
SEVERAL = "it holds several tracks"
"""Beginning of the reason of such a file."""
_MAX_BYTES = 1_000_000
_FILE = re.compile(r'FILE\s+(?:"(?P<quoted>[^"]*)"|(?P<plain>.+?))\s+\S+\s*', re.IGNORECASE)
_TRACK = re.compile(r"TRACK\s+[0-9]+\s+AUDIO\s*", re.IGNORECASE)


def tracks_by_file(text: str) -> dict[str, int]:
    r"""Return the number of audio tracks of each file that a CUE sheet names.

    >>> tracks_by_file('FILE "a.wav" WAVE\n TRACK 01 AUDIO\n TRACK 02 AUDIO')
    {'a.wav': 2}
    """
    counts: dict[str, int] = {}
    name = ""
    for line in map(str.strip, text.splitlines()):
        if (file := _FILE.fullmatch(line)) is not None:
            name = file["quoted"] if file["quoted"] is not None else file["plain"]
        elif _TRACK.fullmatch(line):
            counts[name] = counts.get(name, 0) + 1
    return counts


def not_split(n_tracks: int, sheet: str) -> str:
    """Return the reason why a file with several tracks is one track in the library."""
    return (
        f"{SEVERAL} ({n_tracks} in {sheet}) and is used as one: split it into one file for each"
        " track"
    )


def unsplit_files(sheets: Iterable[Path], files: Sequence[Path]) -> dict[Path, str]:
    """Return the files that hold several tracks according to CUE sheets, with the reason."""
    by_folder: dict[Path, list[Path]] = {}
    for path in files:
        by_folder.setdefault(path.parent, []).append(path)
    found: dict[Path, str] = {}
    for sheet in sheets:
        neighbors = {path.name.casefold(): path for path in by_folder.get(sheet.parent, [])}
        for name, n_tracks in tracks_by_file(_text(sheet)).items():
            named = _named(name, sheet, neighbors) if n_tracks > 1 else None
            if named is not None:
                found.setdefault(named, not_split(n_tracks, sheet.name))
    return found


def _named(name: str, sheet: Path, neighbors: Mapping[str, Path]) -> Path | None:
    """Return the file that a sheet names; rippers convert it to another format afterwards."""
    base = name.replace("\\", "/").rpartition("/")[2].casefold()
    if base in neighbors:
        return neighbors[base]
    stems = {base.rpartition(".")[0] or base, sheet.stem.casefold()}
    same = [path for path in neighbors.values() if path.stem.casefold() in stems]
    return same[0] if len(same) == 1 else None


def _text(path: Path) -> str:
    """Return the text of a CUE sheet; a file that cannot be read names nothing."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return ""
        return read_text(path)[0].decode("utf-8")
    except OSError:
        return ""
