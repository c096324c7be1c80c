"""Import rules: package order (DESIGN.md), no cycles, and no heavy imports at start."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import segue

PACKAGE = Path(segue.__file__).parent

# each room may import itself, the rooms named here, and the ground floor
FLOORS = {
    "cli": {"serve", "pipeline", "library", "sources", "evaluation", "engine", "signals", "audio"},
    "serve": {"pipeline", "library", "sources", "engine", "signals", "audio"},
    "pipeline": {
        "evaluation",
        "engine",
        "signals",
        "listening",
        "encoders",
        "index",
        "sources",
        "audio",
        "library",
        "demo_data",
    },
    "evaluation": {"engine", "signals"},
    "engine": {"signals", "index"},
    "signals": {"listening", "encoders", "index"},
    "listening": {"encoders", "index"},
    "encoders": set(),
    "index": set(),
    "sources": set(),
    "audio": set(),
    "library": set(),
    "demo_data": set(),
}
GROUND = {
    "artist_names",
    "catalogue_ids",
    "errors",
    "listens",
    "ratings",
    "task_runner",
    "text",
    "types",
}
# packages and modules of the pipeline: each imports only those before it
PIPELINE = (
    "hidden_paths",
    "arguments",
    "arrays",
    "repeated_task",
    "reports",
    "analysis",
    "filters",
    "training",
    "recommender",
    "experiments",
    "history",
    "accounts",
    "catalogue",
    "playlists",
    "track_map",
    "pretrained",
    "encoder_choice",
    "preprocess",
    "connections",
    "train",
    "evaluate",
    "tagging",
    "maintenance",
    "demo",
    "jobs",
    "schedules",
)
KERAS = {"keras", "tensorflow", "tf2onnx"}


def imports(path: Path) -> set[str]:
    """Return every module that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def named(path: Path) -> str:
    """Return the name by which a file is imported."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_known_by(path: Path, modules: set[str]) -> set[str]:
    """Return those of some modules that a file imports, or of which it imports a name."""
    found = imports(path)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names
            if names <= modules:
                found.discard(str(node.module))
    return found & modules


def test_every_room_is_on_the_plan():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert rooms == set(FLOORS)


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downwards(path):
    parts = path.relative_to(PACKAGE).parts
    if len(parts) == 1 and parts[0] in ("__init__.py", "__main__.py"):
        return
    room = parts[0] if len(parts) > 1 else None
    allowed = (FLOORS[room] | {room} if room else set()) | GROUND
    known = {name.split(".")[1] for name in imports(path) if name.startswith("segue.")}
    assert known <= allowed, f"{path.name} imports {known - allowed}"


def test_every_part_of_the_pipeline_is_in_the_order():
    parts = {path.stem for path in (PACKAGE / "pipeline").iterdir() if path.name[0] != "_"}
    assert parts == set(PIPELINE)


@pytest.mark.parametrize("part", PIPELINE)
def test_pipeline_imports_run_downwards(part):
    allowed = set(PIPELINE[: PIPELINE.index(part) + 1])
    directory = PACKAGE / "pipeline" / part
    paths = directory.rglob("*.py") if directory.is_dir() else [directory.with_suffix(".py")]
    for path in paths:
        modules = [name for name in imports(path) if name.startswith("segue.pipeline.")]
        known = {name.split(".")[2] for name in modules}
        assert known <= allowed, f"{path.name} imports {known - allowed}"


def test_no_two_modules_know_each_other():
    """Not by a detour either, nor for their types; segue itself names what is public."""
    modules = {named(path) for path in files()} - {"segue"}
    graph = {named(path): modules_known_by(path, modules) - {named(path)} for path in files()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which tells the circle


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_their_rooms_know_keras_and_sql(path):
    room = path.relative_to(PACKAGE).parts[0]
    roots = {name.split(".")[0] for name in imports(path)}
    if room != "encoders":
        assert not roots & KERAS
    if room != "library":
        assert "sqlalchemy" not in roots
        # databases of other programs are opened read-only: see the module's header
        if path.relative_to(PACKAGE) != Path("sources", "history_import", "sqlite_files.py"):
            assert "sqlite3" not in roots
    # results of worker processes are read with a list of allowed classes: see the module's header
    if path.relative_to(PACKAGE) != Path("pipeline", "analysis", "results.py"):
        assert "pickle" not in roots
    assert "librosa" not in roots


def modules_loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_import_segue_loads_nothing_heavy():
    heavy = {"numpy", "pandas", "scipy", "sklearn", "sqlalchemy", "tensorflow", "keras", "rich"}
    assert not modules_loaded_by("import segue") & heavy


def test_help_loads_neither_tensorflow_nor_the_pipeline():
    code = "import sys; sys.argv = ['segue']\nimport segue.cli"
    heavy = {"numpy", "pandas", "scipy", "sklearn", "sqlalchemy", "tensorflow", "keras", "librosa"}
    assert not modules_loaded_by(code) & heavy


def test_verbs_other_than_train_never_load_tensorflow():
    code = (
        "import segue.pipeline.preprocess, segue.pipeline.recommender.recommend,"
        " segue.pipeline.evaluate, segue.pipeline.train, segue.pipeline.catalogue.search,"
        " segue.pipeline.pretrained"
    )
    assert not modules_loaded_by(code) & KERAS


def test_recommending_never_loads_what_trains_and_reports():
    heavy = {"pandas", "sklearn", "matplotlib", "seaborn", "onnxruntime", "librosa"} | KERAS
    assert not modules_loaded_by("import segue.pipeline.recommender.recommend") & heavy


def test_public_names_are_what_all_says():
    for name in segue.__all__:
        assert getattr(segue, name) is not None
    assert set(dir(segue)) == set(segue.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        segue.nonsense  # noqa: B018


def test_no_module_is_called_utils():
    names = {path.stem for path in files()}
    assert not names & {"utils", "helpers", "common", "misc"}
