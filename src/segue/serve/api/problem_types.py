"""`/problem-types`: explain the problem types that error responses name."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from segue.serve.problems import KINDS, TYPES, ProblemError
from segue.serve.responses import json_response
from segue.serve.schemas import problems

router = APIRouter(prefix="/problem-types", tags=["problems"])


class ProblemType(BaseModel):
    """A problem type."""

    type: str
    title: str
    status: int


class ProblemTypePage(BaseModel):
    """All problem types."""

    items: list[ProblemType]
    next: None


def _kind(name: str) -> dict[str, object]:
    status, title = KINDS[name]
    return {"type": f"{TYPES}{name}", "title": title, "status": status}


@router.get("", response_model=ProblemTypePage)
async def list_problem_types() -> Response:
    """List all problem types."""
    return json_response({"items": [_kind(name) for name in KINDS], "next": None})


@router.get("/{kind}", response_model=ProblemType, responses=problems("not-found"))
async def get_problem_type(
    kind: Annotated[str, Path(max_length=100, examples=["unknown-track"])],
) -> Response:
    """Show one problem type."""
    if kind not in KINDS:
        raise ProblemError("not-found")
    return json_response(_kind(kind))
