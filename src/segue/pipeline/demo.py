"""`demo`: the main job end to end on the starter library; finished steps are not repeated."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segue.demo_data import make_starter
from segue.engine import Recommendations
from segue.errors import ModelError
from segue.evaluation import current_document
from segue.library import Library, settings_hash
from segue.pipeline.analysis.pretrained_embeddings import encoders_with_embeddings
from segue.pipeline.evaluate import evaluate
from segue.pipeline.preprocess import preprocess
from segue.pipeline.pretrained import add_encoders
from segue.pipeline.recommender.recommend import recommend
from segue.pipeline.train import MODELS, train
from segue.types import Progress, no_progress


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Results of the demo: the evaluation, its report page, and recommendations for a listener.

    `pretrained` is True if a pretrained encoder was available.
    """

    document: dict[str, Any]
    page: Path
    recommendations: Recommendations
    pretrained: bool

    def to_dict(self) -> dict[str, Any]:
        """Return the document of ``segue demo --json``."""
        return {
            "report": str(self.page),
            "evaluation": self.document,
            "recommendations": self.recommendations.to_dict(),
        }


def run_demo(
    directory: Path,
    library_directory: Path,
    *,
    seed: int = 0,
    n_tracks: int = 200,
    seconds: float = 20.0,
    progress: Progress = no_progress,
    step: Callable[[str], None] = lambda text: None,  # noqa: ARG005
) -> DemoResult:
    """Render the starter library, add pretrained encoders, preprocess, train, evaluate, recommend.

    Without a network the demo continues without pretrained encoders.

    Parameters
    ----------
    directory, library_directory
        Directories of the music and of the library.
    step
        Called with one sentence before each step.

    Raises
    ------
    MissingExtraError
        If the extras `demo` or `train` are not installed.
    """
    step("1/6  Rendering public-domain scores to audio")
    dataset = make_starter(
        directory, n_tracks=n_tracks, seconds=seconds, seed=seed, progress=progress
    )
    library = Library(library_directory)
    step("2/6  Adding pretrained encoders for all your libraries (29 MB, once)")
    try:
        add_encoders(progress=progress)
    except ModelError as error:
        step(f"     Skipped: {error}")
    step("3/6  Analyzing: descriptors and embeddings of every track")
    preprocess(library, dataset, progress=progress)
    step("4/6  Training: CNN, RNN, transformer, nearest neighbors, ensemble, listening models")
    for model in MODELS:
        train(library, model, seed=seed, progress=progress)
    step("5/6  Evaluating on held-out tracks and listens")
    document, page = _evaluate_once(library, seed, progress)
    step("6/6  Recommending")
    listener = library.listeners()[0]
    picks = recommend(library, listener)
    return DemoResult(document, page, picks, pretrained=bool(encoders_with_embeddings(library)))


def _evaluate_once(library: Library, seed: int, progress: Progress) -> tuple[dict[str, Any], Path]:
    """Evaluate, or return the last evaluation of the same models and listens."""
    fingerprint = settings_hash(
        {
            "models": {name: library.models.manifest(name)["fingerprint"] for name in MODELS},
            "counts": library.counts(),
            "seed": seed,
        }
    )
    last = library.last_run("demo")
    if last and last["fingerprint"] == fingerprint and Path(last["result"]["page"]).is_file():
        return current_document(last["result"]["document"]), Path(last["result"]["page"])
    found = evaluate(library, seed=seed, progress=progress)
    document = found.report.to_document()
    library.record_run(
        "demo", {"document": document, "page": str(found.page)}, fingerprint=fingerprint
    )
    return document, found.page
