"""Stages of jobs: every text that a job reports has a code."""

import ast
import re
from pathlib import Path

import pytest

import segue
from segue.pipeline.jobs.stages import STAGES, stage_of

SOURCE = Path(segue.__file__).parent
OTHER = (
    "library/backup.py",
    "library/table_copies.py",
    "pipeline/connections/",
    "pipeline/experiments/large_histories.py",
    "pipeline/history/",
    "pipeline/tagging/",
)
"""What reports progress outside of jobs."""


def reported() -> list[str]:
    """Return the texts of all calls of `progress`, with "x" for each value in them."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if name.startswith(("cli/", *OTHER)):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                called = ast.unparse(node.func)
                text = ast.unparse(node.args[0])
                if re.search(r"(^|[._])progress$", called) and text[:1] in "f'\"":
                    found.append(re.sub(r"{[^}]*}", "x", ast.literal_eval(text.lstrip("f"))))
    return found


def test_texts_of_progress_in_jobs_have_a_stage():
    texts = reported()
    assert len(texts) > 15
    assert [text for text in texts if stage_of(text).stage is None] == []


@pytest.mark.parametrize("code", STAGES)
def test_stage_is_found_behind_a_step(code):
    text = STAGES[code].format(name="a: b")
    assert stage_of(text) == stage_of(f"3/6  Analyzing: {text}")
    assert stage_of(text) == (code, "a: b" if "{name}" in STAGES[code] else None)
