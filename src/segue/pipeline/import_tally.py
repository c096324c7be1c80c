"""What an import counts of one file, and tells of it.

Of problems of one kind the first hundred of a file are kept one by one, the rest as their number.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segue.sources.history_import import Remark
from segue.types import Problem

LISTED = 100
"""Problems of one kind in one file, and listeners of one; of problems, more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """What one file came to.

    `read` listens could be used, `left_out` says how many could not, by the reason. Of those read,
    `new` were added, `changed` were totals that say something else now, and `known` were there
    already; `matched` counts them by what their track was found, `waiting` those whose track is not
    in the library. `undated` say no time that can be.
    """

    file: str
    format: str
    users: Sequence[str]
    read: int
    new: int
    changed: int
    known: int
    matched: Mapping[str, int]
    waiting: int
    left_out: Mapping[str, int]
    undated: int
    problems: int


@dataclass(slots=True)
class Tally:
    """What is counted of one file, called `source`, and the first of its problems."""

    source: str
    users: dict[str, None] = field(default_factory=dict)
    read: int = 0
    new: int = 0
    changed: int = 0
    matched: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    undated: int = 0
    problems: list[Problem] = field(default_factory=list)
    _left_out: Counter[str] = field(default_factory=Counter)
    _told: Counter[str] = field(default_factory=Counter)

    def remark(self, remark: Remark) -> None:
        """Count what could not be used, and keep it as a problem unless it was to be expected."""
        if remark.left_out:
            self._left_out[remark.reason] += remark.left_out
        if remark.expected:
            return
        self._told[remark.reason] += 1
        if self._told[remark.reason] <= LISTED:
            self._problem(
                remark.reason + (": left out" if remark.left_out else ""),
                remark.row,
                remark.subject,
            )

    def told(self, file: str, kind: str) -> ImportedFile:
        """Return what the file came to, when it has ended."""
        for reason, count in self._told.items():
            if count > LISTED:
                self._problem(f"{count - LISTED:,} more: {reason}")
        if self.undated:
            self._problem(
                f"{self.undated:,} listens have a time before 1990, in the future, or that"
                " cannot be read: they are kept, and when they were is unknown"
            )
        return ImportedFile(
            file=file,
            format=kind,
            users=sorted(self.users),
            read=self.read,
            new=self.new,
            changed=self.changed,
            known=self.read - self.new - self.changed,
            matched=dict(sorted(self.matched.items())),
            waiting=self.waiting,
            left_out=dict(self._left_out),
            undated=self.undated,
            problems=len(self.problems),
        )

    def _problem(self, reason: str, row: int | None = None, subject: str | None = None) -> None:
        self.problems.append(Problem(source=self.source, reason=reason, row=row, subject=subject))
