"""Count the results of an import, and keep its problems.

Of the issues with one reason, the first hundred of a file become problems, and one more counts the
rest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from segue.sources.history_import import ImportIssue
from segue.text import plural
from segue.types import Problem

MAX_LISTED = 100
"""Problems with one reason in one file, and users of one file; more problems are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """The result of importing one file.

    `read` rows could be used; `left_out` counts those that could not, by the reason. Of those read,
    `new` were added, `changed` were totals with other values than before or listens without
    the session that is known now, and `known` were there
    already. `doubled` are listens that another service recorded, too, and that were not added;
    `replaced` are listens of other services that gave way to those of this file. `matched`
    counts the rows by what identified their track, `unmatched` those whose track is not in the
    library. `undated` rows have no plausible time. `joined` are names of joined listeners for which
    rows came, with the name that got them.
    """

    file: str
    format: str
    users: Sequence[str]
    read: int
    new: int
    changed: int
    known: int
    doubled: int
    replaced: int
    matched: Mapping[str, int]
    unmatched: int
    left_out: Mapping[str, int]
    undated: int
    problems: int
    joined: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class ImportSummary:
    """The counts of one file, called `source`, and the first of its problems."""

    source: str
    users: dict[str, None] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    read: int = 0
    new: int = 0
    changed: int = 0
    doubled: int = 0
    replaced: int = 0
    matched: Counter[str] = field(default_factory=Counter)
    unmatched: int = 0
    undated: int = 0
    problems: list[Problem] = field(default_factory=list)
    _left_out: Counter[str] = field(default_factory=Counter)
    _reasons: Counter[str] = field(default_factory=Counter)

    def add_user(self, user: str) -> None:
        """Remember one of the first `MAX_LISTED` users."""
        if len(self.users) < MAX_LISTED:
            self.users[user] = None

    def add_issue(self, issue: ImportIssue) -> None:
        """Count an issue; it is a problem unless it was expected."""
        if issue.left_out:
            self._left_out[issue.reason] += issue.left_out
        if issue.expected:
            return
        self._reasons[issue.reason] += 1
        if self._reasons[issue.reason] <= MAX_LISTED:
            self._add_problem(
                issue.reason + (": left out" if issue.left_out else ""), issue.row, issue.subject
            )

    def finish(self, file: str, kind: str) -> ImportedFile:
        """Add the problems that count others; return the result of the file."""
        for reason, count in self._reasons.items():
            if count > MAX_LISTED:
                self._add_problem(f"{count - MAX_LISTED:,} more: {reason}")
        if self.undated:
            self._add_problem(
                plural(self.undated, "listen has", "listens have")
                + " a time before 1990, in the future, or that cannot be read: kept without a time"
            )
        return ImportedFile(
            file=file,
            format=kind,
            users=sorted(self.users),
            read=self.read,
            new=self.new,
            changed=self.changed,
            known=max(0, self.read - self.new - self.changed - self.doubled),
            doubled=self.doubled,
            replaced=self.replaced,
            matched=dict(sorted(self.matched.items())),
            unmatched=self.unmatched,
            left_out=dict(self._left_out),
            undated=self.undated,
            problems=len(self.problems),
            joined=dict(sorted(self.joined.items())),
        )

    def _add_problem(self, reason: str, row: int | None = None, subject: str | None = None) -> None:
        self.problems.append(Problem(source=self.source, reason=reason, row=row, subject=subject))
