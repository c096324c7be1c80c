"""The process that does one job, started by `segue.pipeline.jobs.runner`.

Run as ``python -m segue.pipeline.jobs.job_process LIBRARY ID CLAIM``. It does nothing if the claim
holds no longer. What it has to say stands in the table of jobs: how far it is, what came of it, or
why it failed, in a sentence without paths of this machine. While another program holds the library,
it waits. When it is told to end and nobody cancelled the job (the machine is shut down), the job
waits for the next start.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from segue.errors import LibraryBusyError, SegueError
from segue.library import Job, Library
from segue.pipeline.jobs.job_arguments import dataset_of, hidden, without_paths
from segue.pipeline.jobs.processes import identity
from segue.types import Advance

_TOLD_SECONDS: Final = 0.5
_BUSY_SECONDS: Final = 2.0
_NICE: Final = 10  # listeners who are waiting for an answer come first


def main(directory: str, number: str, claim: str) -> None:
    """Do a job that was claimed, and write down how it ended."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it was ignored before
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    library = Library(directory, create=False)
    claimed = Job(id=int(number), verb="", state="running", claim=claim)
    job = library.jobs.take(claimed, identity(os.getpid()) or str(os.getpid()))
    if job is None:
        return
    with suppress(OSError):
        os.nice(_NICE)
    if job.cancelled is not None:
        library.jobs.finish(job, "cancelled")
        return
    try:
        result = _patiently(library, job)
    except KeyboardInterrupt:
        _ignore_signals()
        _stop(library, job)
    except SegueError as error:
        _ignore_signals()
        library.jobs.finish(job, "failed", error=without_paths(library, str(error)))
    except Exception as error:
        _ignore_signals()
        reason = without_paths(library, f"{type(error).__name__}: {error}")
        sentence = f"segue itself failed ({reason}): please report it."
        library.jobs.finish(job, "failed", error=sentence)
        raise  # into the log
    else:
        _ignore_signals()
        library.jobs.finish(job, "done", result=hidden(library, result))


class Told:
    """Progress that is written to the table, now and then; see `segue.types.Progress`."""

    def __init__(self, library: Library, job: Job) -> None:
        self._library = library
        self._job = job
        self._step = ""
        self._last = 0.0

    def step(self, text: str) -> None:
        """Tell which of several steps comes next."""
        self._step = text.strip()
        self._tell("", 0, 0)

    @contextmanager
    def __call__(self, description: str, total: int) -> Iterator[Advance]:
        """Tell how far `description` is, of `total` steps."""
        done = 0

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            if time.monotonic() - self._last >= _TOLD_SECONDS:
                self._tell(description, done, total)

        self._tell(description, 0, total)
        yield advance
        self._tell(description, done, total)

    def _tell(self, description: str, done: int, total: int) -> None:
        text = ": ".join(filter(None, (self._step, description)))
        text = without_paths(self._library, text)
        self._library.jobs.tell(self._job, text=text, done=done, total=total)
        self._last = time.monotonic()


def _patiently(library: Library, job: Job) -> dict[str, Any]:
    told = Told(library, job)
    while True:
        try:
            return _VERBS[job.verb](library, job.arguments, told)
        except LibraryBusyError:
            told.step("Waits until another program has finished with the library")
            time.sleep(_BUSY_SECONDS)
            told.step("")


def _preprocess(library: Library, given: Mapping[str, Any], told: Told) -> dict[str, Any]:
    from segue.pipeline.preprocess import preprocess

    options = {name: given[name] for name in ("fast", "retry") if name in given}
    return preprocess(library, dataset_of(library, given), progress=told, **options).to_dict()


def _train(library: Library, given: Mapping[str, Any], told: Told) -> dict[str, Any]:
    from segue.pipeline.train import train

    options = {name: value for name, value in given.items() if name != "models"}
    results = []
    for model in given.get("models", ["all"]):
        results += train(library, model, progress=told, **options)
    return {"models": [result.to_dict() for result in results]}


def _evaluate(library: Library, given: Mapping[str, Any], told: Told) -> dict[str, Any]:
    from segue.pipeline.evaluate import evaluate

    return {"report": evaluate(library, progress=told, **given).page.parent.name}


def _demo(library: Library, given: Mapping[str, Any], told: Told) -> dict[str, Any]:
    from segue.pipeline.demo import run_demo

    options = {"n_tracks" if name == "tracks" else name: value for name, value in given.items()}
    music = library.directory / "starter"  # so that library and music stay together
    made = run_demo(music, library.directory, progress=told, step=told.step, **options)
    return {"report": made.page.parent.name, "pretrained": made.pretrained}


def _map(library: Library, given: Mapping[str, Any], told: Told) -> dict[str, Any]:
    from segue.pipeline.recommender.service import RecommenderService
    from segue.pipeline.track_map.train_maps import track_map

    # the same vectors that a server reads, also while models are trained
    service = RecommenderService(library, serve_stale=True)
    try:
        drawn = track_map(service.state(), given["by"], progress=told)
    finally:
        service.close()
    return {"by": drawn.signal, "placed": int(drawn.placed.sum())}


_VERBS: Mapping[str, Callable[[Library, Mapping[str, Any], Told], dict[str, Any]]] = {
    "preprocess": _preprocess,
    "train": _train,
    "evaluate": _evaluate,
    "demo": _demo,
    "map": _map,
}


def _stop(library: Library, job: Job) -> None:
    now = library.jobs.get(job.id)
    if now is not None and now.cancelled is None:
        library.jobs.give_back(job, uncounted=True)
    else:
        library.jobs.finish(job, "cancelled")


def _ignore_signals() -> None:
    """Let nothing come between a job's end and that it is written down."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


if __name__ == "__main__":
    main(*sys.argv[1:])
