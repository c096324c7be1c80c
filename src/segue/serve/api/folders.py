"""`/folders`: browse the folders of the server in which an administrator looks for music."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from segue.pipeline.catalogue.music_folders import default_roots, list_folders
from segue.serve import dependencies as deps
from segue.serve.problems import ProblemError
from segue.serve.responses import json_response
from segue.serve.schemas import problems

router = APIRouter(tags=["library"])


class FolderItem(BaseModel):
    """A folder of the server."""

    path: str = Field(examples=["/music/Jazz"])
    name: str
    n_audio: int = Field(description="Audio files in the folder and below it.")
    more: bool = Field(description="Whether there are more files than were counted.")


class FolderResponse(BaseModel):
    """The folders inside a folder."""

    here: FolderItem | None = Field(description="The folder; null for the list of roots.")
    parent: str | None = Field(description="Path of the folder above; null for a root.")
    folders: list[FolderItem]
    truncated: bool = Field(description="Whether the folder has more folders than are listed.")


@router.get(
    "/folders",
    response_model=FolderResponse,
    responses=problems("forbidden", "unknown-folder"),
)
def browse_folders(
    me: deps.Admin,
    app_state: deps.State,
    path: Annotated[str | None, Query(max_length=4_096, examples=["/music"])] = None,
) -> Response:
    """List folders of the server, to choose one to scan. Links and hidden folders are left out."""
    settings = app_state.settings
    if not (me.mode == "accounts" or not settings.exposed):
        raise ProblemError("forbidden", "Only an admin account may browse folders.")
    roots = [Path(root) for root in settings.music_roots] or default_roots()
    return json_response(asdict(list_folders(roots, path)))
