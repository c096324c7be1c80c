"""Names of src: no class name twice, and none of the private names of before.

Many old names are ordinary words, so only names of classes, functions and modules are checked.
"""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import segue

PACKAGE = Path(segue.__file__).parent


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


OLD_CLASSES = words(
    """
    Ahead Arrival Asked Asker Before Belief Beliefs Crowd Desk Ear Evidence Failures Followed
    FoundDocument Gatherer Hall Heard HeardDocument Held Inner JudgedSimilarity Kept Latest
    Listed Lists Live MadeDocument Material Moving News Offer Opened OwnHost OwnTracks Past
    PatientConnection Pick PickDocument Processes Profile Pull PullDocument Puller Remark
    Returns Rows Runs Said SharedDocument Sought TakenRows Tally Tidy TrackFacts WholeSegments
    Wish Work
    """
)
OLD_FUNCTIONS = words(
    """
    barred let_go listed settle standing told whose
    """
)
OLD_MODULES = words(
    """
    audio.gathering encoders.pretrained.ears engine.facts engine.groups engine.heard
    engine.makers engine.pulls engine.standing engine.variety evaluation.report.verdict
    evaluation.report.words library.holdings library.intake library.marks library.reader
    library.shelving pipeline.analysing pipeline.import_tally pipeline.judging pipeline.learning
    pipeline.live pipeline.mapping pipeline.opening pipeline.shelves pipeline.training.chances
    pipeline.training.choice pipeline.training.fitting pipeline.training.standings
    pipeline.training.trained serve.answers serve.deps serve.desk serve.documents serve.followed
    serve.held serve.moving serve.news serve.wishes serve.subsonic.children serve.subsonic.shelf
    serve.subsonic.shelves signals.earlier signals.mixed sources.exports sources.starter
    """
)


def definitions() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the modules that define each class and each function."""
    classes, functions = defaultdict(list), defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes[node.name].append(module)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions[node.name].append(module)
    return classes, functions


CLASSES, FUNCTIONS = definitions()


def test_class_names_are_unique():
    assert {name: where for name, where in CLASSES.items() if len(where) > 1} == {}


@pytest.mark.parametrize("name", OLD_CLASSES)
def test_old_class_names_are_gone(name):
    assert CLASSES.get(name, []) == []


@pytest.mark.parametrize("name", OLD_FUNCTIONS)
def test_old_function_names_are_gone(name):
    assert FUNCTIONS.get(name, []) == []


@pytest.mark.parametrize("name", OLD_MODULES)
def test_old_modules_are_gone(name):
    path = PACKAGE.joinpath(*name.split("."))
    assert not path.is_dir()
    assert not path.with_suffix(".py").exists()
