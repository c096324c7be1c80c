"""Measure the cost of encoders: CPU seconds per track, start-up, memory, and ONNX against Keras.

Run: ``python benchmarks/encoders.py FOLDER_OR_FILES... [--library my.segue]``.
Measured are the installed pretrained encoders (``segue encoders add``) on the files, and the
trained encoders of `--library` on its windows. Every measurement is a process with one thread;
times are CPU seconds of the tracks after the first.

Memory is that of a ``segue preprocess`` of the files into a new library (analysis and embeddings,
with `--workers`): the peak of all its processes together on Linux, with shared memory counted once.
Trained encoders are compared with their ``model.keras``.

``python benchmarks/encoders.py --library my.segue --by COLUMN`` prints how good the neighbors are
in each space that learned no labels: embeddings, combinations of blocks, descriptors.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SUFFIXES = {".flac", ".m4a", ".mp3", ".ogg", ".opus", ".wav"}
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL")}
MAX_MB = 600


def timed_pretrained(name: str, files: list[str]) -> dict[str, float]:
    """Time the embedding of files by one pretrained encoder, and its loading."""
    from segue.audio.patches import patches_of_file
    from segue.encoders.pretrained import installed_encoders, open_pretrained
    from segue.pipeline.analysis.pretrained_task import MAX_PATCHES

    started = time.perf_counter()
    encoder = open_pretrained(installed_encoders()[name])
    ready = time.perf_counter() - started
    decoding, encoding, n_patches = [], [], []
    for file in files:
        start = time.process_time()
        patches = patches_of_file(Path(file), MAX_PATCHES)
        between = time.process_time()
        for patch in patches:
            encoder.run(patch[np.newaxis])
        encoding.append(time.process_time() - between)
        decoding.append(between - start)
        n_patches.append(len(patches))
    return {
        "start-up": ready,
        "patches": float(np.mean(n_patches[1:])),
        "decode and spectrogram": float(np.mean(decoding[1:])),
        "encode": float(np.mean(encoding[1:])),
    }


def timed_trained(name: str, library: str, n_tracks: int) -> dict[str, float]:
    """Time a trained encoder of a library on its windows."""
    from segue.encoders import Encoder
    from segue.library import Library
    from segue.pipeline.analysis.inputs import INPUTS, open_store

    opened = Library(library, create=False)
    chosen = INPUTS[opened.models.manifest(name)["input"]]
    started = time.perf_counter()
    encoder = Encoder.load(opened.models.path(name), threads=1)
    ready = time.perf_counter() - started
    store = open_store(opened, chosen.windows)
    encoding = []
    for row in store.rows().tolist()[:n_tracks]:
        frames = store.read(chosen.frames[name], row)
        start = time.process_time()
        encoder.encode(frames)
        encoding.append(time.process_time() - start)
    return {"start-up": ready, "encode": float(np.mean(encoding[1:]))}


def compared_trained(name: str, library: str) -> dict[str, float]:
    """Compare the graph of a trained encoder with its ``model.keras``, on windows."""
    import keras

    from segue.encoders import Encoder
    from segue.encoders.crops import even_crops
    from segue.library import Library
    from segue.pipeline.analysis.inputs import INPUTS, open_store

    opened = Library(library, create=False)
    chosen = INPUTS[opened.models.manifest(name)["input"]]
    directory = opened.models.path(name)
    encoder = Encoder.load(directory)
    store = open_store(opened, chosen.windows)
    crops = np.concatenate(
        [
            even_crops(store.read(chosen.frames[name], row), encoder.window, 2)
            for row in store.rows().tolist()[:16]
        ]
    )
    theirs = keras.models.load_model(directory / "model.keras").predict_on_batch(crops)
    differences = [
        float(np.abs(a - b).max()) for a, b in zip(encoder.run(crops), theirs, strict=True)
    ]
    return dict(zip(("embedding", "probabilities"), differences, strict=True))


def print_neighbors(library: str, target: str) -> None:
    """Print the precision of neighbors by other artists in each space, and paired differences."""
    from segue.evaluation import bootstrap_interval, paired_difference
    from segue.library import Library
    from segue.pipeline.analysis.duplicates import recordings
    from segue.pipeline.training import neighbours
    from segue.pipeline.training.labels import target_values
    from segue.pipeline.training.spaces import spaces

    opened = Library(library, create=False)
    catalogue = opened.catalogue()
    found = [space for space in spaces(opened, catalogue) if not space.learned]
    usable = np.logical_and.reduce([space.has_vector for space in found])
    values = target_values(catalogue.tracks, target)
    compared = neighbours.compared_tracks(catalogue, recordings(opened, catalogue), usable, values)
    queries = np.arange(len(compared.places))
    expected = neighbours.expected_precisions(compared, queries)
    queries = queries[np.isfinite(expected["precision@10"])]
    expected = neighbours.expected_precisions(compared, queries)
    artists = compared.artists[queries]
    relevant = compared.kinds["target"][queries, None] == compared.kinds["target"]
    n_relevant = (relevant & compared.allowed(queries, filtered=True)).sum(axis=1)
    ceiling = np.minimum(n_relevant, 10).mean() / 10
    print(f"Neighbors of the same {target} by other artists, {len(queries)} tracks;")
    print(f"precision@10 can reach {ceiling:.3f}. Differences are from the embedding of musicnn.")
    measured_spaces = {}
    for space in found:
        lists = neighbours.neighbor_lists(compared, space.vectors[compared.places])
        measured_spaces[space.name] = neighbours.precisions(compared, lists, queries, expected)
    for name, figures in measured_spaces.items():
        cells = []
        for metric in ("precision@1", "precision@10"):
            low, high = bootstrap_interval(figures[metric], groups=artists, seed=0)
            cells.append(f"{metric} {figures[metric].mean():.3f} [{low:.3f}, {high:.3f}]")
        base = measured_spaces.get("musicnn", figures)["precision@10"]
        low, high = paired_difference(figures["precision@10"], base, groups=artists, seed=0)
        mean = (figures["precision@10"] - base).mean()
        cells.append(f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]")
        print(f"  {name:32}{'  '.join(cells)}")


def peak_memory(files: list[str], workers: int) -> tuple[float, float]:
    """Return the peak MB of a run, all its processes together, and its seconds."""
    with tempfile.TemporaryDirectory() as directory:
        music = Path(directory) / "music"
        music.mkdir()
        for file in files:
            (music / Path(file).name).symlink_to(Path(file).resolve())
        code = (
            "import sys; from pathlib import Path\n"
            "from segue.pipeline.preprocess import preprocess\n"
            "print(preprocess(Path(sys.argv[1]), sys.argv[2], workers=int(sys.argv[3])).embedded)"
        )
        started = time.monotonic()
        running = subprocess.Popen(
            [sys.executable, "-c", code, f"{directory}/my.segue", music, str(workers)],
            stdout=subprocess.PIPE,
            text=True,
        )
        most = 0.0
        while running.poll() is None:
            most = max(most, sum(resident(pid) for pid in family(running.pid)))
            time.sleep(0.02)
        if running.returncode or running.communicate()[0].strip() == "0":
            sys.exit("The encode run failed: are pretrained encoders installed? segue encoders add")
        return most, time.monotonic() - started


def family(pid: int) -> list[int]:
    """Return a process and its children."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        children = []
    return [pid, *(member for child in children for member in family(int(child)))]


def resident(pid: int) -> float:
    """Return the present memory in MB of a process, with its share of shared memory."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1_024 / 1e6


def measured(work: list[object]) -> dict[str, float] | str:
    """Call one of the functions above in a process; return the reason if it fails."""
    done = subprocess.run(
        [sys.executable, __file__, "--work", json.dumps(work)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **ONE_THREAD, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    if done.returncode == 0:
        return dict(json.loads(done.stdout.splitlines()[-1]))
    return (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def show(name: str, found: dict[str, float] | str, form: str) -> None:
    """Print one line."""
    values = (
        found if isinstance(found, str) else ", ".join(f"{k} {v:{form}}" for k, v in found.items())
    )
    print(f"  {name:12} {values}")


def choose(arguments: list[Path], n_tracks: int) -> list[str]:
    """Return the given files, and those of folders, evenly spread over their names."""
    files: list[Path] = []
    for argument in arguments:
        if argument.is_file():
            files.append(argument)
            continue
        found = sorted(path for path in argument.rglob("*") if path.suffix in SUFFIXES)
        files += found[:: max(len(found) // n_tracks, 1)][:n_tracks]
    return [str(file) for file in files]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--tracks", type=int, default=20)
    parser.add_argument("--library", help="Library whose trained encoders are measured, too.")
    parser.add_argument("--by", help="Column: only compare the neighbors of the library by it.")
    parser.add_argument("--workers", type=int, default=1, help="Number of workers of the run.")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        function, *rest = json.loads(arguments.work)
        print(json.dumps(globals()[function](*rest)))
        return
    if arguments.by:
        print_neighbors(arguments.library, arguments.by)
        return
    from segue.encoders.pretrained import installed_encoders

    files = choose(arguments.files, arguments.tracks)
    if len(files) < 2:
        parser.error("name a folder with music, or at least two files")
    names = list(installed_encoders())
    library, trained = arguments.library, []
    if library:
        trained = sorted(path.parent.name for path in Path(library).glob("models/*/encoder.json"))
    print(f"CPU seconds per track ({len(files)} files), and seconds to load an encoder:")
    for name in names:
        show(name, measured(["timed_pretrained", name, files]), ".3f")
    for name in trained:
        show(name, measured(["timed_trained", name, library, len(files)]), ".4f")
    most, seconds = peak_memory(files, arguments.workers)
    verdict = "under" if most < MAX_MB else "OVER"
    print(f"Peak memory of a run: {most:.0f} MB, {verdict} {MAX_MB}; {seconds:.0f} s.")
    if trained:
        print("Largest difference of ONNX from Keras:")
    for name in trained:
        show(name, measured(["compared_trained", name, library]), ".1e")


if __name__ == "__main__":
    main()
