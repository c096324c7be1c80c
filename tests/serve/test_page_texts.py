"""Test that the page has a text for whatever the server names by a key."""

import json
from importlib.resources import files
from typing import get_args

import pytest

from segue.engine.reasons import WORDS
from segue.library import PLAYLIST_KINDS
from segue.pipeline.jobs.job_kinds import JOB_KINDS
from segue.pipeline.jobs.stages import STAGES
from segue.pipeline.playlists.smart import FIELDS, ORDERS
from segue.sources.media_servers import ServerKind

LOCALES = files("segue.serve") / "static" / "locales"


@pytest.fixture(params=["en", "de", "es"])
def keys(request):
    """Keys of the texts of one language, without plural forms."""
    table = json.loads((LOCALES / f"{request.param}.json").read_text(encoding="utf-8"))
    return {key.removesuffix(".one").removesuffix(".other") for key in table}


def test_kinds_of_reasons_have_texts(keys):
    assert {f"reason.{kind}" for kind in WORDS} <= keys


def test_stages_of_jobs_have_texts(keys):
    assert {f"job.stage.{stage}" for stage in STAGES} <= keys


def test_kinds_of_playlists_have_texts(keys):
    assert {f"playlists.kind.{kind}" for kind in PLAYLIST_KINDS} <= keys


def test_fields_and_orders_of_rules_have_texts(keys):
    assert {f"rule.form.{field}" for field in FIELDS} <= keys
    assert {f"rule.order.{order}" for order in ORDERS} <= keys


def test_kinds_of_jobs_and_schedules_have_texts(keys):
    assert {f"job.{name}" for name in JOB_KINDS} <= keys
    scheduled = [name for name, kind in JOB_KINDS.items() if kind.schedule is not None]
    assert {f"schedule.name.{name}" for name in scheduled} <= keys


def test_kinds_of_media_servers_are_offered():
    static = files("segue.serve") / "static"
    script = (static / "js" / "elements" / "server-connections.js").read_text("utf-8")
    assert all(f"\n  {kind}: {{" in script for kind in get_args(ServerKind))
