"""`/models` and `/reports`: what was learned, and how good it was found to be."""

from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from segue.library import report_names, report_page
from segue.pipeline.hidden_paths import hide_paths
from segue.pipeline.reports import report_document
from segue.pipeline.training.cards import model_card, model_rows
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.responses import etag_json, etag_response, finite, from_cursor, to_cursor
from segue.serve.schemas import problems
from segue.serve.security.headers import REPORT_POLICY
from segue.serve.security.proxies import external_path
from segue.types import Split

router = APIRouter(tags=["quality"])
ModelName = Annotated[str, Path(max_length=200, examples=["cnn"])]
ReportId = Annotated[str, Path(max_length=200, examples=["20251201-120000-000000"])]


class ModelSummary(BaseModel):
    """A trained model."""

    model_config = ConfigDict(extra="allow")

    name: str
    kind: str | None = None
    target: str | None = None
    metrics: dict[str, Any] | None = Field(
        default=None, description="Metrics on the validation split."
    )
    problem: str | None = Field(default=None, description="Why the manifest cannot be read.")


class ModelPage(BaseModel):
    """A page of models."""

    items: list[ModelSummary]
    next: str | None


@router.get("/models", response_model=ModelPage)
def list_models(request: Request, principal: deps.Visitor, app_state: deps.State) -> Response:
    """List the trained models, with their metrics on the validation split."""
    state = app_state.library.state()
    return etag_json(
        request,
        (state, principal.mode),
        lambda: {
            "items": without_paths(finite(model_rows(app_state.library)), app_state),
            "next": None,
        },
    )


class ModelCardResponse(BaseModel):
    """Model card: training data, quality, and what not to use the model for."""

    model_config = ConfigDict(extra="allow")

    name: str
    kind: str
    not_for: list[str]


@router.get(
    "/models/{name}",
    response_model=ModelCardResponse,
    responses=problems("not-found", "not-trained", "forbidden"),
)
def get_model(
    name: ModelName, request: Request, principal: deps.Visitor, app_state: deps.State
) -> Response:
    """Show a model card."""
    if name not in app_state.library.models.names():
        raise ProblemError("not-found", "There is no trained model of this name.")
    _check_sees_all(app_state)
    return etag_json(
        request,
        (app_state.library.state(), principal.mode),
        lambda: without_paths(finite(model_card(app_state.library, name).to_dict()), app_state),
    )


class ReportSummary(BaseModel):
    """A report; its id is the time at which it was written."""

    id: str


class ReportPage(BaseModel):
    """A page of reports, latest first."""

    items: list[ReportSummary]
    next: str | None


@router.get("/reports", response_model=ReportPage)
def list_reports(
    request: Request,
    principal: deps.Visitor,
    app_state: deps.State,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """List the reports, latest first."""
    (before,) = from_cursor(cursor, (str,)) if cursor else (None,)
    names = [
        one for one in report_names(app_state.library.reports) if before is None or one < before
    ]
    part = names[:limit]
    place = to_cursor(part[-1]) if len(names) > limit else None
    return etag_json(
        request,
        (principal.mode, *names),
        lambda: {"items": [{"id": one} for one in part], "next": place},
    )


Metrics = dict[str, float | None]
Intervals = dict[str, tuple[float | None, float | None]]


class EvaluationItem(BaseModel):
    """The result of one task: metrics of the evaluated model, and of those it is compared with."""

    model_config = ConfigDict(extra="allow")

    task: Literal["classification", "tagging", "recommendation", "similarity", "sessions"]
    model: str = Field(description="The evaluated model, one of `models`.")
    target: str | None = Field(description="Column of the labels; null without labels.")
    split: Split | Literal["all"]
    n: int = Field(description="Number of evaluated listeners, tracks or plays.")
    metrics: Metrics
    intervals: Intervals = Field(description="95 % intervals of `metrics`.")
    models: dict[str, Metrics] = Field(description="Metrics of all models and baselines.")
    model_intervals: dict[str, Intervals]
    differences: dict[str, Intervals] = Field(
        description="Intervals of the paired difference: `model` minus each other one."
    )
    baselines: list[str]


class ReportResponse(EvaluationItem):
    """A report, as `segue evaluate --json` prints it: the main result and the others."""

    subject: str = Field(description="What was evaluated: a model, similarity, all, ...")
    other_results: list[EvaluationItem]
    notes: list[str] = Field(description="Parts that could not be measured, with the reason.")
    measured: dict[str, Any] = Field(description="Data set, seed, split and versions.")
    report: str = Field(description="Where the page of the report is.")


@router.get(
    "/reports/{report_id}",
    response_model=ReportResponse,
    responses=problems("not-found", "forbidden"),
)
def get_report(
    report_id: ReportId, request: Request, principal: deps.Visitor, app_state: deps.State
) -> Response:
    """Show the metrics of a report."""
    _check(app_state, report_id)

    def make() -> dict[str, Any]:
        stored = finite(report_document(app_state.library, report_id))
        document: dict[str, Any] = without_paths(stored, app_state)
        return document | {"report": external_path(request.scope, f"{request.url.path}/page")}

    return etag_json(request, (principal.mode,), make)


@router.get(
    "/reports/{report_id}/page",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": {}}}, **problems("not-found", "forbidden")},
)
def get_report_page(
    report_id: ReportId, request: Request, principal: deps.Visitor, app_state: deps.State
) -> Response:
    """Return a report as an HTML page without scripts."""
    _check(app_state, report_id)
    return etag_response(
        request,
        (principal.mode,),
        lambda: HTMLResponse(
            report_page(app_state.library.reports, report_id),
            headers={"Content-Security-Policy": REPORT_POLICY},
        ),
    )


def _check(app_state: AppState, report_id: str) -> None:
    if report_id not in report_names(app_state.library.reports):
        raise ProblemError("not-found", "There is no report of this name.")
    _check_sees_all(app_state)


def _check_sees_all(app_state: AppState) -> None:
    """Raise a problem for accounts that may see some folders only: the texts name all genres."""
    if app_state is not app_state.whole:
        raise ProblemError(
            "forbidden",
            "This describes all music of the library, and your account sees some folders of it.",
        )


def without_paths(document: Any, app_state: AppState) -> Any:
    """Return a document without paths of the server in its texts."""
    return _without_paths(document, app_state.places())


def _without_paths(document: Any, places: Sequence[FilePath]) -> Any:
    if isinstance(document, str):
        return hide_paths(document, *places)
    if isinstance(document, dict):
        return {name: _without_paths(value, places) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [_without_paths(value, places) for value in document]
    return document
