"""`segue library schedules`: show and change the jobs that a server starts by itself."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table
from segue.errors import ContradictionError

if TYPE_CHECKING:
    from datetime import tzinfo


def schedules(
    name: Annotated[
        str | None, typer.Argument(help="Schedule to change; without it, all are listed.")
    ] = None,
    times: Annotated[
        str | None,
        typer.Option(help="'every day at 3:30', 'every 6 hours', or a cron expression."),
    ] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Run by itself or not.")] = None,
    watch: Annotated[
        bool | None, typer.Option("--watch/--no-watch", help="Also run when music files change.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, max=100, help="Number of backups to keep.")
    ] = None,
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """List the jobs that a server starts by itself, or change one."""
    from segue.library import Library
    from segue.pipeline.schedules.edit_schedules import change_schedule, schedule_document
    from segue.pipeline.schedules.scheduler import Scheduler

    scheduler = Scheduler(Library(library, create=False))
    changes = {"times": times, "enabled": on, "watch": watch}
    if name is not None:
        arguments = None if keep is None else {"keep": keep}
        if any(value is not None for value in (*changes.values(), keep)):
            change_schedule(scheduler, name, **changes, arguments=arguments)  # type: ignore[arg-type]
        shown = [scheduler.find(name)]
    elif any(value is not None for value in (*changes.values(), keep)):
        raise ContradictionError("Name the schedule to change, for example backup.")
    else:
        shown = scheduler.schedules()
    documents = [schedule_document(scheduler, one) for one in shown]
    if json:
        print_json({"time_zone": str(scheduler.zone), "schedules": documents})
        return
    rows = [
        (
            one["name"],
            one["words"] + (", and when files change" if one["watch"] else ""),
            _local(one["next_run"], scheduler.zone) or "off",
            _local(one["last_run"], scheduler.zone),
            _result(one),
        )
        for one in documents
    ]
    columns = ("schedule", "times", "next run", "last run", "result")
    print_table(f"Schedules ({scheduler.zone})", columns, rows)


def _result(document: dict[str, Any]) -> str:
    state = str(document["last_state"] or "")
    if not document["failures"]:
        return state
    return f"failed {document['failures']}x: {document['last_error'] or ''}"


def _local(seconds: float | None, zone: "tzinfo") -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, zone):%Y-%m-%d %H:%M}"
