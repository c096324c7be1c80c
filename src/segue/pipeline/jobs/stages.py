"""Codes of the stages of jobs, from the texts that report progress, for texts in other languages.

A text may begin with the step of several, as in "3/6  Analyzing: Reading tags"; the stage is its
end.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

STAGES: Final[Mapping[str, str]] = {
    "audio": "Analyzing audio",
    "dataset": "Reading the dataset {name}",
    "descriptors": "Computing new descriptors",
    "dial-candidates": "Preparing candidates for dials",
    "dials": "Evaluating dials",
    "download": "Downloading {name}",
    "duplicates": "Comparing recordings",
    "earlier-listens": "Training on earlier listens",
    "earlier-sessions": "Training on earlier sessions",
    "embed": "Embedding with {name}",
    "encode": "Encoding with {name}",
    "explanations": "Testing explanations",
    "files": "Comparing files",
    "frames": "Reading frames",
    "genres": "Reading genres",
    "keys": "Finding keys by notes",
    "lists": "Preparing recommendations",
    "map": "Laying out the map by {name}",
    "networks": "Rebuilding the networks",
    "new-listeners": "Training without the new listeners",
    "new-tracks": "Training without the new tracks",
    "next-track": "Evaluating the next track",
    "on-listens": "Training on listens: {name}",
    "sessions": "Evaluating sessions",
    "similar": "Evaluating similar tracks",
    "songs": "Reading songs",
    "starter": "Rendering the starter library",
    "tags": "Reading tags",
    "training": "Training {name}",  # after the more exact ones
    "waiting": "Waiting for another program that is using the library",
}
"""Text of each stage by its code; `name` is that of a model, a file or a signal."""

_PATTERN: Final = re.compile(
    "(?:^|: )(?:"
    + "|".join(
        f"(?P<stage{place}>{re.escape(text).replace(re.escape('{name}'), f'(?P<name{place}>.+)')})"
        for place, text in enumerate(STAGES.values())
    )
    + ")$"
)


class Stage(NamedTuple):
    """A stage of a job: its code, and the name in its text; both None for an unknown text."""

    stage: str | None
    stage_name: str | None


def stage_of(text: str) -> Stage:
    """Return the stage that a text of progress is of.

    >>> stage_of("3/6  Analyzing: descriptors: Reading tags"), stage_of("Counting sheep")
    (Stage(stage='tags', stage_name=None), Stage(stage=None, stage_name=None))
    >>> stage_of("Training on listens: ease")
    Stage(stage='on-listens', stage_name='ease')
    """
    found = _PATTERN.search(text)
    if found is None:
        return Stage(None, None)
    for place, code in enumerate(STAGES):
        if found[f"stage{place}"]:
            named = "{name}" in STAGES[code]
            return Stage(code, found[f"name{place}"] if named else None)
    raise AssertionError(text)
