"""`/schedules`: jobs that start by themselves, their times and how they ended."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from segue.pipeline.jobs import runner
from segue.pipeline.schedules.edit_schedules import change_schedule, schedule_document
from segue.serve import dependencies as deps
from segue.serve.api.jobs import JobResponse
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, problems

router = APIRouter(prefix="/schedules", tags=["schedules"])
ScheduleName = Annotated[str, Path(min_length=1, max_length=100, examples=["backup"])]


class ScheduleResponse(BaseModel):
    """A schedule. Times are seconds since 1970."""

    name: str = Field(description="Kind of its jobs.")
    enabled: bool
    runs: bool = Field(description="Whether this server runs it; see segue serve --no-schedule.")
    cron: str = Field(
        description="Cron expression, in the time zone of the server.", examples=["30 2 * * 0"]
    )
    words: str = Field(description="The expression in English.", examples=["At 02:30 on Sunday"])
    watch: bool | None = Field(
        description="Whether changed files start the job, too; null if they cannot."
    )
    arguments: dict[str, Any] = Field(description="Arguments of its jobs.")
    next_run: float | None = Field(description="Null if the schedule is off.")
    last_run: float | None
    last_job: int | None
    last_state: Literal["done", "failed", "cancelled", "not-needed"] | None = Field(
        description="How the last run ended; null while it has not. A run that is not needed, since"
        " nothing is new, starts no job."
    )
    last_error: str | None
    failures: int = Field(description="Number of failed jobs since the last one that did not fail.")
    waits: bool = Field(description="Whether runs are left out because of failures.")


class SchedulePage(BaseModel):
    """All schedules."""

    items: list[ScheduleResponse]
    next: str | None
    time_zone: str = Field(
        description="Time zone of the server.", examples=["Europe/Berlin", "UTC"]
    )


class ScheduleChange(StrictModel):
    """Changes of a schedule; null changes nothing."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"times": "every day at 3:30"}, {"enabled": False}]}
    )

    times: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=100,
            description="A cron expression, or plain English: every day at 3:30, every monday at"
            " 3:30, every month on day 1 at 4:00, every 6 hours.",
        ),
    ] = None
    enabled: bool | None = None
    watch: bool | None = None
    arguments: Annotated[
        dict[Annotated[str, Field(max_length=100)], int | bool] | None, Field(max_length=20)
    ] = None


@router.get("", response_model=SchedulePage)
def list_schedules(
    me: deps.Admin,  # noqa: ARG001
    app_state: deps.State,
) -> Response:
    """List the schedules."""
    scheduler = app_state.scheduler
    items = [schedule_document(scheduler, each) for each in scheduler.schedules()]
    return json_response({"items": items, "next": None, "time_zone": str(scheduler.zone)})


@router.patch(
    "/{name}", response_model=ScheduleResponse, responses=problems("unknown-schedule", "invalid")
)
def edit_schedule(
    name: ScheduleName, body: ScheduleChange, me: deps.Admin, app_state: deps.State
) -> Response:
    """Change a schedule. Failures of its last jobs are forgotten."""
    changed = change_schedule(
        app_state.scheduler,
        name,
        times=body.times,
        enabled=body.enabled,
        watch=body.watch,
        arguments=body.arguments,
        by=me.name,
    )
    return json_response(schedule_document(app_state.scheduler, changed))


@router.post(
    "/{name}/runs",
    status_code=202,
    response_model=JobResponse,
    responses=problems("unknown-schedule", "invalid"),
)
def run_schedule(name: ScheduleName, me: deps.Admin, app_state: deps.State) -> Response:
    """Start the job of a schedule now, also if the schedule is off."""
    job = app_state.scheduler.run_now(name, by=me.name)
    headers = {"Location": f"/api/v1/jobs/{job.id}"}
    return json_response(runner.job_document(app_state.library, job), status=202, headers=headers)
