"""Collect the problems of rows that are read in batches, with bounded memory."""

from collections.abc import Iterable

from segue.sources.tables.table import MAX_PROBLEMS
from segue.types import Problem


class ProblemCollector:
    """Problems of files that are read in batches: the first of each reason, the others counted."""

    def __init__(self) -> None:
        self._listed: dict[tuple[str, str], list[tuple[int | None, str | None]]] = {}
        self._counts: dict[tuple[str, str], int] = {}

    def add(
        self, source: str, reason: str, row: int | None = None, subject: str | None = None
    ) -> None:
        """Add a problem of a row of the file `source`."""
        self.add_rows(source, reason, [row], [subject])

    def add_rows(
        self,
        source: str,
        reason: str,
        rows: Iterable[int | None],
        subjects: Iterable[str | None] | None = None,
    ) -> None:
        """Add a problem of each of `rows`, with its subject where there are `subjects`."""
        key = (source, reason)
        found = list(rows)
        named = [None] * len(found) if subjects is None else list(subjects)
        if not found:
            return
        listed = self._listed.setdefault(key, [])
        room = MAX_PROBLEMS - len(listed)
        listed += list(zip(found[:room], named[:room], strict=True))
        self._counts[key] = self._counts.get(key, 0) + len(found)

    def problems(self) -> list[Problem]:
        """Return the problems, each reason with the number of rows that are not listed."""
        found: list[Problem] = []
        for (source, reason), listed in self._listed.items():
            found += [
                Problem(source=source, reason=reason, row=row, subject=subject)
                for row, subject in listed
            ]
            n_more = self._counts[source, reason] - len(listed)
            if n_more:
                found.append(Problem(source=source, reason=f"{n_more} more rows: {reason}"))
        return found
