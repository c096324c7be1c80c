"""ListenBrainz API for players and scrobblers, below ``/1``.

Limits and errors are those of ListenBrainz (listenbrainz.readthedocs.io): a JSON document with
`code` and `error`. `segue.serve.problems` writes errors of the middleware the same way.
"""

from fastapi import APIRouter

from segue.serve.problems import LISTENBRAINZ
from segue.serve.scrobbling import (
    listenbrainz_feedback,
    listenbrainz_history,
    listenbrainz_lists,
    listenbrainz_submission,
)

router = APIRouter(prefix=LISTENBRAINZ, include_in_schema=False)
for part in (
    listenbrainz_submission,
    listenbrainz_history,
    listenbrainz_feedback,
    listenbrainz_lists,
):
    router.include_router(part.router)
