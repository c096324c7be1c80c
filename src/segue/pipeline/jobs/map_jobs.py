"""Maps that take long to make: where one is looked at first, a job makes it, and no more than one.

Any number of processes may be asked for one map at one time. The table of jobs says which of them
asks: the others find its job.
"""

import time
from typing import Final

from segue.library import Job, Library
from segue.pipeline.jobs.runner import ask
from segue.pipeline.recommender.serving_state import ServingState
from segue.pipeline.track_map import train_maps
from segue.pipeline.track_map.places import TrackMap

AGAIN_SECONDS: Final = 60.0
"""After a job has ended without the map that is looked for, until another one is asked for."""


def map_or_job(state: ServingState, signal: str, *, by: str | None = None) -> TrackMap | Job:
    """Return the map by a signal; of a large library that has none yet, the job that makes it.

    A map of up to `track_map.MOST_FOR_ALL` tracks takes seconds and is made at once.

    Parameters
    ----------
    by
        The listener who looks.

    Returns
    -------
    TrackMap or Job
        The job waits or runs, or has ended less than `AGAIN_SECONDS` ago: it has failed, was
        cancelled, or is done with another state of the library than this process has open.

    Raises
    ------
    ModelNotTrainedError, ModelError
        If there is no such signal, or it places no track.
    JobError
        If too many jobs wait.
    """
    if len(state.catalogue) <= train_maps.MOST_FOR_ALL:
        return train_maps.track_map(state, signal)
    library = state.library
    latest = _latest(library, signal)  # before the map: a job that ends between has left it there
    there = train_maps.kept_map(state, signal)
    if there is not None:
        return there
    if latest is not None and (latest.under_way or _just_ended(latest)):
        return latest
    return ask(library, "map", {"by": signal}, by=by, once=True)


def _latest(library: Library, signal: str) -> Job | None:
    wanted = {"by": signal}
    jobs = library.jobs.all()
    return next((job for job in jobs if job.verb == "map" and job.arguments == wanted), None)


def _just_ended(job: Job) -> bool:
    return job.finished is not None and time.time() - job.finished < AGAIN_SECONDS
