"""segue: a music recommender that its users own.

>>> import segue
>>> library = segue.Library("my.segue")                      # doctest: +SKIP
>>> segue.preprocess(library, "data/")                       # doctest: +SKIP
>>> segue.train(library, "cnn")                              # doctest: +SKIP
>>> segue.recommend(library, user="alice", k=10).to_pandas() # doctest: +SKIP

Names are loaded when they are first used, so that `import segue` is cheap.
"""

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segue.engine.dials import Dials
    from segue.engine.exclusions import Exclusions
    from segue.library import Library
    from segue.pipeline.catalogue.search import search
    from segue.pipeline.evaluate import evaluate
    from segue.pipeline.history.import_listens import import_listens
    from segue.pipeline.preprocess import preprocess
    from segue.pipeline.recommender.interests import interests
    from segue.pipeline.recommender.recommend import recommend, similar
    from segue.pipeline.tagging.undo_tags import undo_tags
    from segue.pipeline.tagging.write_tags import write_tags
    from segue.pipeline.train import train

__version__ = "0.1.0"

__all__ = [
    "Dials",
    "Exclusions",
    "Library",
    "__version__",
    "evaluate",
    "import_listens",
    "interests",
    "preprocess",
    "recommend",
    "search",
    "similar",
    "train",
    "undo_tags",
    "write_tags",
]

_MODULES = {
    "Dials": "segue.engine.dials",
    "Exclusions": "segue.engine.exclusions",
    "Library": "segue.library",
    "evaluate": "segue.pipeline.evaluate",
    "import_listens": "segue.pipeline.history.import_listens",
    "interests": "segue.pipeline.recommender.interests",
    "preprocess": "segue.pipeline.preprocess",
    "recommend": "segue.pipeline.recommender.recommend",
    "search": "segue.pipeline.catalogue.search",
    "similar": "segue.pipeline.recommender.recommend",
    "train": "segue.pipeline.train",
    "undo_tags": "segue.pipeline.tagging.undo_tags",
    "write_tags": "segue.pipeline.tagging.write_tags",
}


def _load_sqlite() -> None:
    """Load SQLite bound to its own library.

    TensorFlow exports the functions of another SQLite, which has no full-text search. They would
    take the place of those that the operating system binds later.
    """
    if hasattr(os, "RTLD_DEEPBIND"):
        flags = sys.getdlopenflags()
        sys.setdlopenflags(flags | os.RTLD_NOW | os.RTLD_DEEPBIND)
        try:
            import_module("_sqlite3")
        finally:
            sys.setdlopenflags(flags)


_load_sqlite()


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'segue' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
