"""The matcher of listens to tracks that all requests of one process share."""

from typing import TYPE_CHECKING

from segue.pipeline.recommender.caching import StaleWhileRevalidate
from segue.serve.app_state import AppState
from segue.sources.history_import.matching import Matcher

if TYPE_CHECKING:
    from segue.library import Catalogue


def track_matcher(app_state: AppState) -> Matcher:
    """Return the track matcher; the previous one while a new one is being built."""
    library = app_state.library
    latest: StaleWhileRevalidate[Catalogue, Matcher] = app_state.memo(
        "matchers",
        "of all catalogues",
        lambda: StaleWhileRevalidate(lambda catalogue: Matcher(library.each_track())),  # noqa: ARG005
    )
    return latest.get(app_state.catalogue())
