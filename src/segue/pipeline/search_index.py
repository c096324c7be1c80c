"""What a search looks into, prepared once for a catalogue: then a query takes milliseconds.

Given genres and tags are kept each once with the tracks that have them. Titles, albums and artists
are one text a kind, a line a track, so that looking for words in all of them is one scan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.library import Catalogue, Library
from segue.pipeline.analysing.duplicates import recordings
from segue.pipeline.analysing.ears import heard_by, predicted_tags
from segue.pipeline.search_words import is_part, plain, tags_for

GIVEN: Final = 1.0
GIVEN_PART: Final = 0.9
NAMED: Final = 0.8
NAMES: Final = ("title", "album", "artist")
_LEAST_CHANCE: Final = 1e-6

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Term:
    """What one term is worth to every track ``[n_tracks]``, and the levels of tags it asks for."""

    term: str
    worth: Scores
    tags: Mapping[str, Scores]

    @property
    def known(self) -> bool:
        """Whether any track has to do with it."""
        return bool((self.worth > 0).any())


@dataclass(frozen=True)
class SearchIndex:
    """A catalogue, prepared to be searched.

    `given` are the positions of tracks by the plain name of a genre or tag; `lines` the names of
    tracks; `levels` the standardised log-odds of predicted tags ``[n_tracks]``, NaN if unheard;
    `missing` the positions of tracks that never come, `groups` those that are one recording.
    """

    catalogue: Catalogue
    given: Mapping[str, NDArray[np.int64]]
    lines: Mapping[str, str]
    levels: Mapping[str, Scores]
    missing: NDArray[np.int64]
    groups: Sequence[Sequence[int]]
    _ranks: dict[tuple[str, ...], Scores] = field(default_factory=dict)

    @classmethod
    def of(cls, library: Library, catalogue: Catalogue) -> "SearchIndex":
        """Prepare a catalogue of a library."""
        given: dict[str, list[int]] = {}
        lines: dict[str, list[str]] = {kind: [] for kind in NAMES}
        for position, track in enumerate(catalogue.tracks):
            for name in {plain(name) for name in (*track.genres, *track.tags)}:
                given.setdefault(name, []).append(position)
            for kind in NAMES:
                name = getattr(track, kind)
                if name:
                    lines[kind].append(f" {plain(name)} \t{position}\n")
        missing = [place for place, track in enumerate(catalogue.tracks) if track.missing]
        return cls(
            catalogue,
            {name: np.array(positions, np.int64) for name, positions in given.items()},
            {kind: "".join(texts) for kind, texts in lines.items()},
            levels_of(library, catalogue),
            np.array(missing, np.int64),
            recordings(library, catalogue),
        )

    def weigh(self, term: str) -> Term:
        """Return what a term is worth to every track."""
        worth = np.zeros(len(self.catalogue), np.float32)
        for kind in NAMES:
            worth[list(_lines_with(self.lines[kind], f" {term} "))] = NAMED
        for name, positions in self.given.items():
            if is_part(term, name):
                worth[positions] = np.maximum(worth[positions], GIVEN_PART)
        if term in self.given:
            worth[self.given[term]] = GIVEN
        tags = tuple(tags_for(term, self.levels))
        if tags:
            worth = np.maximum(worth, self._predicted(tags))
        return Term(term, worth, {tag: self.levels[tag] for tag in tags})

    def _predicted(self, tags: tuple[str, ...]) -> Scores:
        from scipy.special import ndtr

        if tags not in self._ranks:
            level = mean_of([self.levels[tag] for tag in tags])
            self._ranks[tags] = np.nan_to_num(ndtr(level), nan=0.0).astype(np.float32)
        return self._ranks[tags]


def _lines_with(text: str, part: str) -> Iterator[int]:
    r"""Give the positions of the tracks in whose lines a part is.

    >>> list(_lines_with(" so what \t0\n so so \t12\n", " so "))
    [0, 12]
    """
    place = text.find(part)
    while place >= 0:
        end = text.index("\n", place)
        yield int(text[text.rindex("\t", place, end) + 1 : end])
        place = text.find(part, end)


def levels_of(library: Library, catalogue: Catalogue) -> dict[str, Scores]:
    """Return for each predicted tag its standardised log-odds ``[n_tracks]``, NaN if unheard."""
    by_tag: dict[str, list[Scores]] = {}
    for ear in heard_by(library):
        tags, chances = predicted_tags(library, catalogue, ear)
        heard = ~np.isnan(chances).any(axis=1)
        if not heard.any():
            continue
        clipped = np.clip(chances, _LEAST_CHANCE, 1 - _LEAST_CHANCE)
        odds = np.log(clipped) - np.log1p(-clipped)
        spread = odds[heard].std(axis=0)
        spread[spread < 1e-6] = np.inf  # all tracks alike: nothing to tell
        odds = (odds - odds[heard].mean(axis=0)) / spread
        for column, tag in enumerate(tags):
            by_tag.setdefault(tag, []).append(odds[:, column])
    return {tag: mean_of(columns) for tag, columns in by_tag.items()}


def mean_of(columns: Sequence[Scores]) -> Scores:
    """Average what there is; NaN where there is nothing."""
    stacked = np.stack(columns)
    there = ~np.isnan(stacked)
    total = np.where(there, stacked, 0).sum(axis=0)
    mean: Scores = np.where(there.any(axis=0), total / np.maximum(there.sum(axis=0), 1), np.nan)
    return mean
