"""`/signals`: titles, descriptions and colors of signals."""

from dataclasses import asdict
from typing import Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from segue.serve.responses import etag_json
from segue.signals import SIGNALS

router = APIRouter(prefix="/signals", tags=["signals"])


class SignalColors(BaseModel):
    """The colors of a signal, as CSS values."""

    light: str = Field(description="In a light color scheme.", examples=["#4d56ba"])
    dark: str = Field(description="In a dark color scheme.", examples=["#516ada"])


class SignalItem(BaseModel):
    """A signal: `name` is used in weights and scores, `title` is for people."""

    name: str
    title: str
    description: str
    color: SignalColors


class SignalsResponse(BaseModel):
    """All signals, in the order in which they are shown."""

    items: list[SignalItem]
    next: None


_ITEMS: Final = [asdict(one.info) for one in SIGNALS.values()]


@router.get("", response_model=SignalsResponse)
async def list_signals(request: Request) -> Response:
    """List all signals that recommendations can use, whether or not this library has them."""
    return etag_json(request, (_ITEMS,), lambda: {"items": _ITEMS, "next": None})
