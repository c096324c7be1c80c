"""Ask ListenBrainz for artists that are similar to others: data of what people play together.

It runs only when a caller asks for it. Sent are the MusicBrainz ids of artists, nothing else.

The answer is a list of objects with `artist_mbid`, `name` and `score`, a count without an upper
end; some versions wrap it in objects with a list `data`. Scores are divided by the largest of each
answer, so that they lie between 0 and 1.

Source: labs.api.listenbrainz.org/similar-artists (dataset hoster of MetaBrainz); used by
github.com/metabrainz/troi-recommendation-playground.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from segue.errors import DatasetError
from segue.sources.web_requests import NoAnswerError, WebClient, checked_url

URL: Final = "https://labs.api.listenbrainz.org/similar-artists/json"
ALGORITHM: Final = (
    "session_based_days_7500_session_300_contribution_5_threshold_10_limit_100_filter_True_skip_30"
)
TIMEOUT_SECONDS: Final = 10.0
_MAX_NAME_LENGTH = 1_000


class SimilarArtist(NamedTuple):
    """An artist that is similar to another, with a score from 0 to 1."""

    mbid: str
    name: str
    score: float


def similar_artists(
    mbid: str, *, url: str = URL, algorithm: str = ALGORITHM, timeout: float = TIMEOUT_SECONDS
) -> list[SimilarArtist]:
    """Return the artists that are similar to one, the most similar first.

    Parameters
    ----------
    mbid
        The MusicBrainz id of the artist.
    url
        The address of the service: https, or http for one of your own.
    timeout
        Seconds without an answer until the service counts as gone.

    Raises
    ------
    AddressError
        The address is not valid.
    DatasetError
        The service cannot be reached, or its answer is not understood.
    """
    query = {"artist_mbids": mbid, "algorithm": algorithm}
    try:
        with WebClient(timeout_seconds=timeout, follow_redirects=True) as client:
            answer = client.request("GET", checked_url(url), parameters=query)
        reason = f"status {answer.status}" if answer.status >= 400 else None
    except NoAnswerError as error:
        reason = str(error)
    if reason is not None:
        raise DatasetError(
            f"{url} gave no answer ({reason}): try again later, or leave out --similar-artists."
        )
    try:
        found = answer.document()  # an answer that is too long was cut, and is no JSON
    except ValueError:
        raise DatasetError(
            f"{url} gave an answer that is not understood: check --similar-artists-url."
        ) from None
    return _ranked(_records(found), mbid)


def _records(value: Any) -> Iterator[dict[str, Any]]:
    for one in value if isinstance(value, list) else []:
        if isinstance(one, dict) and isinstance(one.get("data"), list):
            yield from (each for each in one["data"] if isinstance(each, dict))
        elif isinstance(one, dict):
            yield one


def _ranked(records: Iterator[dict[str, Any]], mbid: str) -> list[SimilarArtist]:
    best: dict[str, SimilarArtist] = {}
    for record in records:
        one, name, score = (record.get(key) for key in ("artist_mbid", "name", "score"))
        if not isinstance(one, str) or not isinstance(name, str) or one == mbid:
            continue
        if not isinstance(score, int | float) or not name or score <= 0:
            continue
        if one not in best or best[one].score < score:
            best[one] = SimilarArtist(one, name[:_MAX_NAME_LENGTH], float(score))
    highest = max((one.score for one in best.values()), default=1.0)
    scaled = [one._replace(score=one.score / highest) for one in best.values()]
    return sorted(scaled, key=lambda one: (-one.score, one.name))
