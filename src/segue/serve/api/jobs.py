"""`/jobs`: start, follow and cancel long-running work, which outlives the server."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from segue.pipeline.jobs import runner
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.serve import dependencies as deps
from segue.serve.responses import from_cursor, json_response, to_cursor
from segue.serve.schemas import StrictModel, problems

router = APIRouter(prefix="/jobs", tags=["jobs"])
JobId = Annotated[int, Path(ge=1, lt=2**62, examples=[1])]


class JobRequest(StrictModel):
    """A job to start: a command and its arguments."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"verb": "train", "arguments": {"models": ["knn"]}}]}
    )

    verb: Annotated[str, Field(max_length=100, json_schema_extra={"enum": list(JOB_KINDS)})]
    arguments: dict[Annotated[str, Field(max_length=100)], Any] = Field(
        default_factory=dict,
        max_length=20,
        description="By kind. "
        + "; ".join(f"{name}: {', '.join(kind.takes)}" for name, kind in JOB_KINDS.items()),
    )


class JobResponse(BaseModel):
    """A job, with `done` of `total` steps of `text`."""

    id: int
    verb: str
    arguments: dict[str, Any]
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    asked_by: str | None
    asked: float = Field(description="Seconds since 1970.")
    started: float | None
    finished: float | None
    cancelled: bool
    starts: int
    done: int
    total: int
    text: str
    stage: str | None = Field(
        description="Code of the stage in `text`: see segue.pipeline.jobs.stages.",
        examples=["tags"],
    )
    stage_name: str | None = Field(description="Name in the text, as of a model.")
    remaining_seconds: float | None = Field(
        description="Estimated time until the present stage ends; null if it is not known."
    )
    reason: str | None = Field(
        description="Why the server started the job by itself; null if somebody asked for it.",
        examples=["new-music"],
    )
    result: dict[str, Any] | None
    error: str | None


class JobPage(BaseModel):
    """A page of jobs, the latest first."""

    items: list[JobResponse]
    next: str | None


@router.get("", response_model=JobPage)
def list_jobs(
    me: deps.Admin,  # noqa: ARG001
    app_state: deps.State,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """List jobs, the latest first."""
    (before,) = from_cursor(cursor, (int,)) if cursor else (None,)
    found = app_state.library.jobs.all(before=before, most=limit + 1)
    part = found[:limit]
    return json_response(
        {
            "items": [runner.job_document(app_state.library, job) for job in part],
            "next": to_cursor(part[-1].id) if len(found) > limit else None,
        }
    )


@router.post("", status_code=202, response_model=JobResponse, responses=problems("conflict"))
def start_job(body: JobRequest, me: deps.Admin, app_state: deps.State) -> Response:
    """Start a job. It continues if the server stops."""
    may_name_paths = me.mode == "accounts" or not app_state.settings.exposed
    job = runner.start_job(
        app_state.library, body.verb, body.arguments, by=me.name, admin=may_name_paths
    )
    headers = {"Location": f"/api/v1/jobs/{job.id}"}
    return json_response(runner.job_document(app_state.library, job), status=202, headers=headers)


@router.get("/{job}", response_model=JobResponse, responses=problems("unknown-job"))
def get_job(
    job: JobId,
    me: deps.Admin,  # noqa: ARG001
    app_state: deps.State,
) -> Response:
    """Show the progress of a job."""
    return json_response(
        runner.job_document(app_state.library, runner.find_job(app_state.library, job))
    )


@router.post(
    "/{job}/restart",
    status_code=202,
    response_model=JobResponse,
    responses=problems("unknown-job"),
)
def restart_job(job: JobId, me: deps.Admin, app_state: deps.State) -> Response:
    """Start a job again with the same arguments. A scan continues where it stopped."""
    again = runner.start_again(app_state.library, job, by=me.name)
    headers = {"Location": f"/api/v1/jobs/{again.id}"}
    document = runner.job_document(app_state.library, again)
    return json_response(document, status=202, headers=headers)


@router.delete("/{job}", response_model=JobResponse, responses=problems("unknown-job"))
def cancel_job(job: JobId, me: deps.Admin, app_state: deps.State) -> Response:
    """Cancel a job. Work that is done is kept."""
    return json_response(
        runner.job_document(app_state.library, runner.cancel(app_state.library, job, by=me.name))
    )
