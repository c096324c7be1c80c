"""Decide whether models are trained after a job or an import, without a request.

A training starts when the library has enough to learn from (`MIN_ANALYZED` analyzed tracks or
`MIN_LISTENS` listens), and was never trained or has grown by `GROWTH` since. While music is being
scanned, or models are being trained, nothing starts: the end of that job decides again.
"""

from typing import Any, Final, Literal

from segue.library import Job, Library
from segue.pipeline.jobs.runner import start_job
from segue.pipeline.training.training_result import training_counts

Reason = Literal["new-music", "new-history"]

MIN_ANALYZED: Final = 20
MIN_LISTENS: Final = 50
GROWTH: Final = 0.2
_BLOCKING: Final = ("preprocess", "train", "demo")


def train_if_useful(library: Library, reason: Reason) -> Job | None:
    """Start a job that trains all models where that is useful; return it.

    Parameters
    ----------
    reason
        What has ended: a scan or an import.
    """
    if any(job.verb in _BLOCKING for job in library.jobs.under_way()):
        return None
    if not is_useful(training_counts(library), last_training_counts(library)):
        return None
    return start_job(library, "train", once=True, reason=reason)


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
