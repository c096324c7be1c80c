"""Decide whether there is enough new music or history to train models again.

A training is useful when the library has enough to learn from (`MIN_ANALYZED` analyzed tracks or
`MIN_LISTENS` listens), and was never trained or has grown by `GROWTH` since. While music is being
scanned, or models are being trained, it is not: the end of that job decides again.
"""

from typing import Any, Final

from segue.library import Library
from segue.pipeline.training.training_result import training_counts

MIN_ANALYZED: Final = 20
MIN_LISTENS: Final = 50
GROWTH: Final = 0.2
SCANS: Final = ("preprocess", "rescan", "demo")
"""Kinds of jobs that add music."""


def training_is_useful(library: Library) -> bool:
    """Return whether models should be trained now."""
    if any(job.verb in (*SCANS, "train") for job in library.jobs.under_way()):
        return False
    return is_useful(training_counts(library), last_training_counts(library))


def last_training_counts(library: Library) -> dict[str, int] | None:
    """Return the counts at the last training of all models; None if there was none."""
    last: dict[str, Any] | None = library.last_run("train")
    if last is None:
        return None
    # an earlier version did not store them: only a user starts the next training
    return last["result"].get("counts") or training_counts(library)


def is_useful(now: dict[str, int], before: dict[str, int] | None) -> bool:
    """Return whether training is useful, by the counts now and at the last training.

    >>> is_useful({"analyzed": 24, "listens": 0}, None)
    True
    >>> is_useful({"analyzed": 24, "listens": 5}, {"analyzed": 24, "listens": 0})
    False
    >>> is_useful({"analyzed": 24, "listens": 60}, {"analyzed": 24, "listens": 0})
    True
    """
    enough = {"analyzed": MIN_ANALYZED, "listens": MIN_LISTENS}
    before = before or {}
    return any(
        now[name] >= minimum and now[name] >= (1 + GROWTH) * max(before.get(name, 0), 1)
        for name, minimum in enough.items()
    )
