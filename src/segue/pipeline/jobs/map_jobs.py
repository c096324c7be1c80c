"""Make maps of large libraries by a job, one for all requests.

Several processes may be asked for the same map at the same time. The table of jobs decides which of
them adds the job; the others find it.
"""

import time
from typing import Final

from segue.library import Job, Library
from segue.pipeline.jobs.runner import start_job
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.track_map import train_maps
from segue.pipeline.track_map.places import TrackMap

RETRY_SECONDS: Final = 60.0
"""Time after a job without a usable map before another one is started."""


def map_or_job(state: ServingState, signal: str, *, by: str | None = None) -> TrackMap | Job:
    """Return the map by a signal, or the job that makes it for a large library.

    A map of up to `track_map.MAX_FOR_ALL` tracks takes seconds and is made at once.

    Parameters
    ----------
    by
        The listener who requests the map.

    Returns
    -------
    TrackMap or Job
        The job waits or runs, or ended less than `RETRY_SECONDS` ago: it failed, was cancelled, or
        made the map for another state of the library than this process has open.

    Raises
    ------
    ModelNotTrainedError, ModelError
        If there is no such signal, or it places no track.
    JobError
        If too many jobs wait.
    """
    if len(state.catalogue) <= train_maps.MAX_FOR_ALL:
        return train_maps.track_map(state, signal)
    library = state.library
    latest = _latest(library, signal)  # before the map, or a job that ends now is missed
    there = train_maps.kept_map(state, signal)
    if there is not None:
        return there
    if latest is not None and (latest.under_way or _just_ended(latest)):
        return latest
    return start_job(library, "map", {"by": signal}, by=by, once=True)


def _latest(library: Library, signal: str) -> Job | None:
    wanted = {"by": signal}
    jobs = library.jobs.all()
    return next((job for job in jobs if job.verb == "map" and job.arguments == wanted), None)


def _just_ended(job: Job) -> bool:
    return job.finished is not None and time.time() - job.finished < RETRY_SECONDS
