"""`/me/rules`: what segue does not learn from, and never plays, for the current listener."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from segue.library import RuleEffect, RuleKind
from segue.pipeline.filters.rule_values import (
    MAX_LENGTH,
    add_rule,
    end_session,
    hints_of,
    rule_document,
)
from segue.serve import dependencies as deps
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, problems

router = APIRouter(prefix="/me/rules", tags=["listeners"])

Number = Annotated[int, Path(ge=1, le=2**31)]


class NewRuleRequest(StrictModel):
    """A rule to add."""

    effect: RuleEffect = Field(
        description="learn: do not learn from plays that match; play: never play tracks that match."
    )
    kind: RuleKind = Field(
        description="What the rule is about; playlist, hours, session and source only for learn."
    )
    value: str = Field(
        min_length=1,
        max_length=MAX_LENGTH,
        description="A name, track id, folder, playlist id or source; hours of the day with their"
        " time zone; a session as two times, the second .. while it lasts, or now to begin one.",
        examples=["20:00-07:00 Europe/Berlin", "2026-01-05T18:00:00Z/2026-01-05T21:00:00Z"],
    )


class RuleItem(BaseModel):
    """A rule of the listener. Nothing is deleted by it; removing it restores what was before."""

    number: int
    effect: RuleEffect
    kind: RuleKind
    value: str
    text: str = Field(description="The value for people: the title of a track, a playlist's name.")
    created: float = Field(description="Seconds since 1970.")


class RulePage(BaseModel):
    """All rules of the listener, the oldest first."""

    items: list[RuleItem]
    next: None


class AddedRule(BaseModel):
    """A rule that was added, with hints about names that no track has."""

    rule: RuleItem
    hints: list[str]


@router.get("", response_model=RulePage)
def list_rules(me: deps.Self, app_state: deps.State) -> Response:
    """List the rules of the current listener, without those of tracks that are hidden from them."""
    library, catalogue = app_state.library, app_state.catalogue()
    rules = library.rules.of(me.name)
    if catalogue.hidden is not None:
        rules = [one for one in rules if one.kind != "track" or one.value in catalogue.positions]
    items = [rule_document(library, rule) for rule in rules]
    return json_response({"items": items, "next": None})


@router.post(
    "",
    status_code=201,
    response_model=AddedRule,
    responses=problems("unknown-track", "unknown-playlist"),
)
def create_rule(body: NewRuleRequest, me: deps.Self, app_state: deps.State) -> Response:
    """Add a rule, or return the one that is there already. It holds for past plays, too."""
    library = app_state.library
    if body.kind == "track":
        app_state.catalogue().position(body.value)
    rule = add_rule(library, me.name, body.effect, body.kind, body.value)
    state = app_state.state_or_none()
    hints = hints_of(state.snapshot.exclusion_index, rule) if state else []
    return json_response({"rule": rule_document(library, rule), "hints": hints}, status=201)


@router.delete(
    "/{number}", status_code=204, response_class=Response, responses=problems("unknown-rule")
)
def remove_rule(number: Number, me: deps.Self, app_state: deps.State) -> Response:
    """Remove a rule: what it excluded counts again."""
    app_state.library.rules.remove(me.name, number)
    return Response(status_code=204)


@router.post("/{number}/end", response_model=RuleItem, responses=problems("unknown-rule"))
def end_private_session(number: Number, me: deps.Self, app_state: deps.State) -> Response:
    """End a private session now. Its plays stay excluded from learning."""
    rule = end_session(app_state.library, me.name, number)
    return json_response(rule_document(app_state.library, rule))
