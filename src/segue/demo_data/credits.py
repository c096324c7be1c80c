"""Read the title, composer and encoder of a score.

If the title of a score is missing or is an artifact of scanning (most MusicXML of the corpus), the
name comes from its file name or from the analysis next to it. None means unknown.
"""

import html
import re
import string
from dataclasses import dataclass
from pathlib import Path

from segue.demo_data.scores import Score, abc_field
from segue.demo_data.styles import Style

_COMPOSERS = {
    "bach": "Johann Sebastian Bach",
    "monteverdi": "Claudio Monteverdi",
    "haydn": "Joseph Haydn",
    "mozart": "Wolfgang Amadeus Mozart",
    "beethoven": "Ludwig van Beethoven",
    "schumann_robert": "Robert Schumann",
}
_TRECENTO_COMPOSERS = {
    "Jacopo": "Jacopo da Bologna",
    "Giovanni": "Giovanni da Firenze",
    "Piero": "Piero da Firenze",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    """The title, composer and encoder of a composition."""

    title: str
    composer: str | None
    encoder: str | None


def read_credits(corpus: Path, score: Score, style: Style, text: str) -> Credits:
    """Read the credits of a score from its text, its path and the files next to it."""
    path = Path(score.path)
    folder = path.parts[0]
    if path.suffix == ".abc":
        title = tune_title(abc_field(text, "T") or path.stem)
        composer = "Turlough O'Carolan" if style.genre == "Harp Tune" else "Traditional"
        return Credits(title=title, composer=composer, encoder=_encoder(abc_field(text, "Z")))
    if folder == "bach":
        return Credits(
            title=f"Chorale BWV {path.stem.removeprefix('bwv')}",
            composer=_COMPOSERS[folder],
            encoder=None,
        )
    if folder == "monteverdi":
        title = _madrigal_title(corpus / score.path)
        return Credits(title=title, composer=_COMPOSERS[folder], encoder=None)
    if folder == "trecento":
        found = re.search(r"<encoder>(.*?)<", text)
        return Credits(
            title=_trecento_title(path.stem),
            composer=_trecento_composer(path.stem, text),
            encoder=found.group(1) if found and " " in found.group(1) else None,
        )
    return Credits(
        title=f"String Quartet {_opus(path.parts[1])}: movement {path.stem[-1]}",
        composer=_COMPOSERS[folder],
        encoder=None,
    )


def tune_title(title: str) -> str:
    """Return the title of an ABC tune in usual capitals.

    >>> tune_title("CALE SMITH'S PASTIME -- REEL")
    "Cale Smith's Pastime"
    >>> tune_title("The Boys of Bluehill")
    'The Boys of Bluehill'
    """
    title = re.sub(r"\s+--?\s.*$", "", title).strip(" .")
    return string.capwords(title) if title.isupper() else title[:1].upper() + title[1:]


def _encoder(credit: str | None) -> str | None:
    """Return the name of a person in the transcription note of an ABC file, without addresses."""
    words = re.sub(r"\S*[@:]\S*", " ", credit or "")
    names = re.findall(r"(?:[A-Z][\w'.]*\s?){2,}", words)
    return names[-1].strip(" .") if names and " " in names[-1].strip() else None


def _madrigal_title(path: Path) -> str:
    """Return the title of a madrigal from the harmonic analysis next to its score."""
    analysis = path.with_suffix(".rntxt")
    if analysis.is_file():
        found = re.search(r"^Title:\s*(.+?)\s*$", analysis.read_text("utf-8", "replace"), re.M)
        if found:
            return found.group(1)
    return f"Madrigal {path.stem.removeprefix('madrigal.')}"


def _trecento_title(stem: str) -> str:
    """Return the title in a file name; titles inside the files often belong to another piece.

    >>> _trecento_title("PMFC_06-Jacopo-01-Aquila-Altera")
    'Aquila Altera'
    >>> _trecento_title("PMFC_12_10a-Credo PMFC12.10a")
    'Credo 12.10a'
    """
    name = re.sub(r"^PMFC_\d+[-_]?", "", stem)
    name = re.sub(r"^(?:Jacopo|Giovanni|Piero)[-_]", "", name)
    name = re.sub(r"^\d+[ab]?[-_]", "", name)
    name = re.sub(r"^Fava_", "", name).replace("PMFC", "")
    return " ".join(re.sub(r"[-_]+", " ", name).split())


def _trecento_composer(stem: str, text: str) -> str | None:
    found = re.search(r'<creator type="composer">\s*(.*?)\s*<', text)
    if found and found.group(1):
        composer = html.unescape(found.group(1))
        return "Anonymous" if composer.lower().startswith("anonymous") else composer
    return next((full for short, full in _TRECENTO_COMPOSERS.items() if short in stem), None)


def _opus(folder: str) -> str:
    """Return the name of a folder as an opus.

    >>> _opus("opus18no1"), _opus("k155")
    ('Op. 18 No. 1', 'K. 155')
    """
    if found := re.fullmatch(r"opus(\d+)no(\d+)", folder):
        return f"Op. {found.group(1)} No. {found.group(2)}"
    return f"K. {folder.removeprefix('k')}"
