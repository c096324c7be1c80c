"""Measure the structure of the source: modules, imports, wording, and the path of a request.

Run: ``python benchmarks/structure.py [--root CHECKOUT] [--list] [--no-paths]``. It measures the
checkout that it lies in, or another one (``--root``), also an older one. ``--list`` lists the
counted items. The paths are those of segue's own functions: they run in a fresh process under
`sys.setprofile`, on a library of twelve tracks; worker processes are included.

Conventions: an import of a name that a package passes on from one of its modules counts as an
import of that module. Layers are the longest chain of imports. Phrases are counted in docstrings,
comments, string literals with a space in them, names of tests, and the page's files.
"""

import argparse
import ast
import csv
import io
import os
import re
import subprocess
import sys
import tempfile
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

Graph = dict[str, set[str]]

SMALL_MODULE_LINES = 100
HEADLESS = re.compile(
    r"\W*(what|which|who|whom|whose|how|why|where|when|by (what|which)|from (where|what)|of what"
    r"|to (what|whom)|in what|(one|those|they|he) (that|who))\b",
    re.IGNORECASE,
)
PHRASES = (
    "told",
    "heard",
    "whoever",
    "whatever",
    "anew",
    "beside",
    "besides",
    "at hand",
    "somebody",
    "nobody",
    "stands",
    "lets go",
    "of whom",
    "whereupon",
    "what is",
    "what comes",
    "what it",
    "that which",
    "for want of",
    "goes by",
    "held against",
)
N_TRACKS = 12
RATE = 22_050

# installed by Python itself (as sitecustomize) in the measured process and in its workers
TRACER = """
import os, sys, threading
_SOURCE, _OUT = os.environ["SEGUE_TRACE_SOURCE"], os.environ["SEGUE_TRACE_OUT"]
phase = os.environ.get("SEGUE_TRACE_PHASE")
_seen, _local = set(), threading.local()

def _profile(frame, event, argument):
    if phase is None or event not in ("call", "return"):
        return
    code = frame.f_code
    if not code.co_filename.startswith(_SOURCE) or not code.co_flags & 1:
        return
    depth = getattr(_local, "depth", 0) + (1 if event == "call" else -1)
    _local.depth = depth
    if event == "return":
        return
    key = (phase, code)
    if key not in _seen or depth > _local.__dict__.get(phase, 0):
        _seen.add(key)
        _local.__dict__[phase] = max(depth, _local.__dict__.get(phase, 0))
        with open(f"{_OUT}/{phase}.{os.getpid()}.tsv", "a") as stream:
            stream.write(f"{code.co_filename}\\t{code.co_qualname}\\t{depth}\\n")

threading.setprofile(_profile)
sys.setprofile(_profile)
"""


# --- imports ---


def module_name(path: Path, source: Path) -> str:
    """Return the dotted name of a module file below `source`."""
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Modules:
    """The parsed modules of a package directory, and which of them imports which."""

    def __init__(self, package: Path) -> None:
        self.paths = {module_name(path, package.parent): path for path in package.rglob("*.py")}
        self.texts = {name: path.read_text("utf-8") for name, path in self.paths.items()}
        self.trees = {name: ast.parse(text) for name, text in self.texts.items()}
        self.packages = {name for name, path in self.paths.items() if path.stem == "__init__"}
        self.imports: Graph = {name: self._imports(name) for name in self.paths}

    def n_lines(self, name: str) -> int:
        """Return the number of lines of a module."""
        return self.texts[name].count("\n")

    def importers(self) -> Graph:
        """Return which modules import each one, without the package that only passes it on."""
        found: Graph = defaultdict(set)
        for name, imported in self.imports.items():
            for other in imported:
                if not (name in self.packages and other.startswith(name + ".")):
                    found[other].add(name)
        return found

    def _imports(self, name: str) -> set[str]:
        found = set()
        for node in ast.walk(self.trees[name]):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names if alias.name in self.paths}
            elif isinstance(node, ast.ImportFrom) and node.module in self.paths:
                found |= {self._defining(node.module, alias.name) for alias in node.names}
        return found - {name}

    def _defining(self, module: str, name: str) -> str:
        """Return the module in which a name is defined that is imported from another one."""
        while True:
            if f"{module}.{name}" in self.paths:
                return f"{module}.{name}"
            for node in self.trees[module].body if module in self.packages else ():
                if isinstance(node, ast.ImportFrom) and node.module in self.paths:
                    given = {alias.asname or alias.name: alias.name for alias in node.names}
                    if name in given and node.module != module:
                        module, name = node.module, given[name]
                        break
            else:
                return module


def grouped(imports: Graph, prefix: str) -> Graph:
    """Return the imports between the direct children (packages or modules) of a package."""
    depth = prefix.count(".") + 2
    graph: Graph = {}
    for name, imported in imports.items():
        if not name.startswith(prefix + "."):
            continue
        child = ".".join(name.split(".")[:depth])
        others = {".".join(one.split(".")[:depth]) for one in imported if one.startswith(prefix)}
        graph.setdefault(child, set()).update(others - {child, prefix})
    return graph


def n_edges(graph: Graph) -> int:
    """Return the number of edges of a graph."""
    return sum(len(others) for others in graph.values())


def n_layers(graph: Graph) -> int:
    """Return the number of nodes on the longest chain of a graph; 0 if it has a cycle."""
    heights: dict[str, int] = {}
    try:
        for node in TopologicalSorter(graph).static_order():
            heights[node] = 1 + max((heights[one] for one in graph.get(node, ())), default=0)
    except CycleError:
        return 0
    return max(heights.values(), default=0)


def cycles(graph: Graph) -> list[list[str]]:
    """Return the groups of nodes that reach each other."""
    reached = {node: _reachable(graph, node) for node in graph}
    found = {
        tuple(sorted(other for other in reached[node] if node in reached.get(other, ())))
        for node in graph
    }
    return [list(group) for group in sorted(found) if group]


def _reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    pending = list(graph[start])
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending += graph.get(node, ())
    return seen


# --- wording ---


def class_names(modules: Modules) -> dict[str, list[str]]:
    """Return the class names that several modules define, with those modules."""
    found = defaultdict(list)
    for name, tree in modules.trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(name)
    return {name: sorted(where) for name, where in found.items() if len(where) > 1}


def headers(files: Iterable[Path]) -> dict[Path, str]:
    """Return the first line of the docstring of each Python file."""
    found = {}
    for path in files:
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        found[path] = text.split("\n", 1)[0]
    return found


def texts(path: Path) -> Iterator[str]:
    """Yield the comments, docstrings, sentences and test names of a Python file."""
    source = path.read_text("utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.value
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name.startswith("test_"):
            yield node.name.replace("_", " ")


def phrase_counts(files: Iterable[Path]) -> Counter[str]:
    """Return how often each phrase of the old style occurs in some files."""
    counts: Counter[str] = Counter()
    for path in files:
        parts = texts(path) if path.suffix == ".py" else [path.read_text("utf-8")]
        text = "\n".join(" ".join(part.lower().split()) for part in parts)
        for phrase in PHRASES:
            counts[phrase] += len(re.findall(rf"\b{phrase}\b", text))
    return counts


# --- paths of a request ---


def write_dataset(directory: Path) -> None:
    """Write a dataset of short tones with listens of three users, and one more listen."""
    import numpy as np
    import soundfile

    rng = np.random.default_rng(0)
    time = np.arange(2 * RATE) / RATE
    (directory / "audio").mkdir(parents=True)
    rows = []
    for i in range(N_TRACKS):
        wave = 0.2 * np.sin(2 * np.pi * rng.uniform(150, 3_000) * time)
        noise = 0.01 * rng.normal(size=len(time))
        soundfile.write(directory / f"audio/{i}.wav", wave + noise, RATE)
        genre = "low" if i % 2 else "high"
        rows.append((f"t{i:02}", f"audio/{i}.wav", f"Piece {i}", f"Band {i % 4}", genre))
    listens = [
        (user, f"t{i:02}", 1_000 + 10 * n)
        for user, first in (("anna", 0), ("ben", 1), ("carl", 2))
        for n, i in enumerate(range(first, 10, 3))
    ]
    _write_csv(directory / "metadata.csv", "track_id path title artist genre", rows)
    _write_csv(directory / "listens.csv", "user_id track_id timestamp", listens)
    one = [("anna", "Band 3", "Piece 7", 1_700_000_000)]
    _write_csv(directory.parent / "history.csv", "user artist track timestamp", one)


def _write_csv(path: Path, header: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header.split(), *rows])


@contextmanager
def traced(phase: str) -> Iterator[None]:
    """Record the functions entered in this process and in processes it starts."""
    import sitecustomize  # the tracer

    os.environ["SEGUE_TRACE_PHASE"] = sitecustomize.phase = phase
    try:
        yield
    finally:
        sitecustomize.phase = None
        del os.environ["SEGUE_TRACE_PHASE"]


def scenario(place: Path) -> None:
    """Preprocess, import and recommend on a small library, each under the tracer."""
    import warnings

    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

    import segue
    from segue.serve.app import make_app

    data, extra = place / "data", place / "more"
    write_dataset(data)
    (extra / "audio").mkdir(parents=True)
    (data / "audio/0.wav").rename(extra / "audio/0.wav")
    path = place / "my.segue"
    library = segue.Library(path)
    segue.preprocess(library, data, workers=1)
    with traced("preprocess of one file"):
        segue.preprocess(library, extra, workers=1)
    with traced("import of one listen"):
        done = segue.import_listens(library, [place / "history.csv"])
    if done.new != 1:
        raise RuntimeError(f"the listen was not imported: {done}")
    segue.train(library, "knn")
    library.close()
    with TestClient(make_app(path), base_url="http://127.0.0.1:8765/") as client:
        for user, phase in (("anna", None), ("ben", "GET recommend")):
            answer = client.post("/api/v1/session", json={"listener": user})
            if answer.status_code == 422:
                answer = client.post("/api/v1/session", json={"user": user})
            answer.raise_for_status()
            if phase is None:
                answer = client.get("/api/v1/recommend")
            else:
                with traced(phase):
                    answer = client.get("/api/v1/recommend")
            if not answer.raise_for_status().json()["tracks"]:
                raise RuntimeError("no track was recommended")


def traced_paths(root: Path) -> dict[str, tuple[int, int, int]]:
    """Return for each phase the number of functions and files entered, and the deepest call."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "tracer").mkdir()
        (place / "out").mkdir()
        (place / "tracer" / "sitecustomize.py").write_text(TRACER)
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(place / "tracer"), str(root / "src")]),
            "SEGUE_TRACE_SOURCE": str(root / "src" / "segue"),
            "SEGUE_TRACE_OUT": str(place / "out"),
            "SEGUE_SANDBOX": "off",  # the tracer writes files in worker processes
            "XDG_DATA_HOME": str(place / "user-data"),
        }
        command = [sys.executable, __file__, "--scenario", str(place)]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        entered: dict[str, set[tuple[str, str]]] = defaultdict(set)
        deepest: Counter[str] = Counter()
        for path in (place / "out").glob("*.tsv"):
            phase = path.name.split(".")[0]
            for line in path.read_text().splitlines():
                file, function, depth = line.split("\t")
                deepest[phase] = max(deepest[phase], int(depth))
                if not function.rsplit(".", 1)[-1].startswith("<"):  # lambdas, comprehensions
                    entered[phase].add((file, function))
    return {
        phase: (len(found), len({file for file, _ in found}), deepest[phase])
        for phase, found in sorted(entered.items())
    }


# --- printing ---


def show(name: str, figure: object) -> None:
    """Print one figure with its name."""
    print(f"{name:<58}{figure:>10}")


def show_structure(modules: Modules, named: bool) -> None:
    """Print the figures of modules and imports."""
    importers = modules.importers()
    top = grouped(modules.imports, "segue")
    rooms = {name for name in top if name in modules.packages}
    between = {name: found & rooms for name, found in top.items() if name in rooms}
    show("packages (directories with __init__.py)", len(modules.packages))
    show("modules", len(modules.paths))
    show("lines of Python in src", sum(map(modules.n_lines, modules.paths)))
    show("top-level packages", len(rooms))
    show("import edges between top-level packages", n_edges(between))
    show("layers of top-level packages", n_layers(between))
    inside = grouped(modules.imports, "segue.pipeline")
    show("packages and modules directly in pipeline", len(inside))
    show("import edges between them", n_edges(inside))
    show("layers of them", n_layers(inside))
    show("import edges between all modules", n_edges(modules.imports))
    # the package itself imports public names on first use
    circles = cycles({name: others - {"segue"} for name, others in modules.imports.items()})
    show("import cycles", len(circles))
    single = [
        f"{name} ({modules.n_lines(name)}, only {next(iter(importers[name]))})"
        for name in sorted(modules.paths)
        if name not in modules.packages
        and modules.n_lines(name) < SMALL_MODULE_LINES
        and len(importers[name]) == 1
    ]
    show(f"modules under {SMALL_MODULE_LINES} lines with a single importer", len(single))
    if named:
        print(*(f"  cycle: {', '.join(one)}" for one in circles), sep="\n")
        print(*(f"  {one}" for one in single), sep="\n")


def show_wording(modules: Modules, root: Path, named: bool) -> None:
    """Print the figures of names and phrases."""
    repeated = class_names(modules)
    show("class names defined in several modules", len(repeated))
    if named:
        print(
            *(f"  {name}: {', '.join(where)}" for name, where in sorted(repeated.items())), sep="\n"
        )
    tests = sorted((root / "tests").rglob("*.py"))
    for where, files in (("src", modules.paths.values()), ("tests", tests)):
        first = headers(files)
        headless = {path: line for path, line in first.items() if HEADLESS.match(line)}
        show(f"headless module headers in {where} (of {len(first)})", len(headless))
        if named:
            print(
                *(f"  {path.relative_to(root)}: {line}" for path, line in headless.items()),
                sep="\n",
            )
    static = root / "src" / "segue" / "serve" / "static"
    page = [path for kind in ("js", "html", "css") for path in sorted(static.rglob(f"*.{kind}"))]
    documents = [*root.glob("*.md"), *sorted((root / "docs").rglob("*.md"))]
    documents = [path for path in documents if path.name != "CHANGELOG.md"]
    counts = [phrase_counts(files) for files in (modules.paths.values(), tests, page, documents)]
    print(f"\n{'phrases of the old style':<28}{'src':>10}{'tests':>10}{'page':>10}{'docs':>10}")
    for phrase in PHRASES:
        print(f"{phrase:<28}" + "".join(f"{one[phrase]:>10}" for one in counts))
    print(f"{'all':<28}" + "".join(f"{one.total():>10}" for one in counts))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--list", action="store_true", help="list the counted items")
    parser.add_argument("--no-paths", action="store_true", help="run nothing, only read the source")
    parser.add_argument("--scenario", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.scenario:
        scenario(options.scenario)
        return
    root = options.root.resolve()
    modules = Modules(root / "src" / "segue")
    show_structure(modules, options.list)
    show_wording(modules, root, options.list)
    if not options.no_paths:
        print(f"\n{'functions of segue entered':<28}{'functions':>10}{'files':>10}{'depth':>10}")
        for phase, (functions, files, depth) in traced_paths(root).items():
            print(f"{phase:<28}{functions:>10}{files:>10}{depth:>10}")


if __name__ == "__main__":
    main()
