"""Problems as people read them: one for each file or row, with all its reasons.

A file may be reported by several stages: its tags cannot be read, and its sound cannot be decoded.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from segue.types import Problem

_PATH = re.compile(r"^(['\"])/.*?\1 (?=is |has |was |holds |cannot |takes |could )")
_UNREADABLE_TAGS = "its tags cannot be read"
_UNDECODED = "cannot be decoded"
_EMPTY = "is an empty file"


def one_problem_a_file(problems: Sequence[Problem]) -> list[Problem]:
    """Return problems with those of one file joined; a row of a table is a problem of its own.

    >>> found = one_problem_a_file([
    ...     Problem(source="a/1.mp3", reason="year 'x' is no year", subject="1"),
    ...     Problem(source="1.mp3", reason="'/m/a/1.mp3' is cut short: replace it.", subject="1"),
    ... ])
    >>> [(one.source, one.reason) for one in found]
    [('a/1.mp3', "year 'x' is no year; it is cut short: replace it")]
    """
    found: dict[tuple[str | None, int | None], list[Problem]] = {}
    for problem in problems:
        of_track = problem.row is None and problem.subject is not None
        key = (problem.subject, None) if of_track else (problem.source, problem.row or 0)
        found.setdefault(key, []).append(problem)
    return [_joined(several) for several in found.values()]


def _joined(problems: Sequence[Problem]) -> Problem:
    reasons = list(dict.fromkeys(_PATH.sub("it ", one.reason) for one in problems))
    if any(_UNDECODED in reason or _EMPTY in reason for reason in reasons):
        # a file that is no audio has no tags either
        reasons = [one for one in reasons if not one.startswith(_UNREADABLE_TAGS)]
    text = "; ".join(reason.rstrip(".") for reason in reasons)
    source = max((one.source for one in problems), key=len)
    return replace(problems[0], source=source, reason=text)
