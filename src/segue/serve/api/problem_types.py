"""`/problem-types`: what the kinds of problems are, which answers name as their type."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel

from segue.serve.problems import KINDS, TYPES, ProblemError
from segue.serve.responses import answer
from segue.serve.schemas import problems

router = APIRouter(prefix="/problem-types", tags=["problems"])


class ProblemType(BaseModel):
    """A kind of problem."""

    type: str
    title: str
    status: int


class ProblemTypePage(BaseModel):
    """All kinds of problems."""

    items: list[ProblemType]
    next: None


def _kind(name: str) -> dict[str, object]:
    status, title = KINDS[name]
    return {"type": f"{TYPES}{name}", "title": title, "status": status}


@router.get("", response_model=ProblemTypePage)
async def list_problem_kinds() -> Response:
    """List the kinds of problems that answers can be."""
    return answer({"items": [_kind(name) for name in KINDS], "next": None})


@router.get("/{kind}", response_model=ProblemType, responses=problems("not-found"))
async def get_problem_kind(
    kind: Annotated[str, Path(max_length=100, examples=["unknown-track"])],
) -> Response:
    """Tell what a kind of problem is."""
    if kind not in KINDS:
        raise ProblemError("not-found")
    return answer(_kind(kind))
