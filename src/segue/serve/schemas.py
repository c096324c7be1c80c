"""The documents that several resources speak of, and what all of them can answer with."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Optional

from pydantic import BaseModel, ConfigDict, Field

from segue.library import Opinion
from segue.serve.problems import KINDS, MEDIA_TYPE, TYPES
from segue.types import Track

_MOST_TAGS = 10
_ADDED: Final[Mapping[str, Mapping[str, Any]]] = {
    "in-progress": {
        "job": {
            "id": 7,
            "state": "running",
            "done": 1_475,
            "total": 3_900,
            "text": "Laying out the map by timbre",
        }
    }
}
"""Examples of what a kind of problem adds."""


class StrictModel(BaseModel):
    """A part of a request: other names and types are refused, so that none is passed over."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class ProblemDetails(BaseModel):
    """Problem details, RFC 9457."""

    type: str = Field(description="Kind, a relative reference to its explanation.")
    title: str = Field(description="What this kind of problem is.")
    status: int
    detail: str = Field(description="What happened this time, and the way out.")
    instance: str = Field(description="Path of the request.")
    errors: list["InvalidField"] | None = Field(
        default=None, description="Of a request that is not as it must be: each part."
    )
    job: Optional["JobProgress"] = Field(
        default=None, description="Of what is being made: the job that makes it, and how far it is."
    )


class JobProgress(BaseModel):
    """A job, as whoever waits for what it makes may see it: `done` of `total` steps of `text`."""

    id: int
    state: Literal["waiting", "running", "done"]
    done: int
    total: int
    text: str


class InvalidField(BaseModel):
    """A part of a request that is not as it must be."""

    where: str
    message: str


class TrackItem(BaseModel):
    """A track, as far as it is known: null is unknown."""

    track_id: str
    title: str | None
    artist: str | None
    album: str | None
    year: int | None
    genres: list[str]
    tags: list[str] = Field(description="The ten strongest.")
    duration: float | None = Field(description="Seconds.")
    tempo: float | None = Field(description="Beats per minute.")
    key: str | None
    playable: bool = Field(description="Whether there is audio to hear.")
    opinion: Literal["like", "dislike"] | None = Field(
        description="What the listener who asks said of it."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "track_id": "starter-002",
                    "title": "Flogging",
                    "artist": "James Scott Skinner",
                    "album": None,
                    "year": 1890,
                    "genres": ["reel"],
                    "tags": ["fiddle", "dance"],
                    "duration": 20.0,
                    "tempo": 112.0,
                    "key": "A major",
                    "playable": True,
                    "opinion": "like",
                }
            ]
        }
    )


def track_item(track: Track, opinion: Opinion | None = None) -> dict[str, Any]:
    """Return the `TrackItem` of a track."""
    tags = sorted(track.tags, key=lambda tag: (-track.tags[tag], tag))[:_MOST_TAGS]
    return {
        "track_id": track.track_id,
        "title": track.title,
        "artist": track.artist,
        "album": track.album,
        "year": track.year,
        "genres": list(track.genres),
        "tags": tags,
        "duration": track.duration,
        "tempo": track.tempo,
        "key": track.key,
        "playable": track.path is not None and not track.missing,
        "opinion": opinion.kind if opinion else None,
    }


ListenerName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^\S(.*\S)?$",
        description="Name of a listener.",
        examples=["anna"],
    ),
]
TrackIdText = Annotated[str, Field(min_length=1, max_length=4_000, examples=["starter-002"])]


def problems(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Return the answers with problems of these kinds, as OpenAPI describes them."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        status, title = KINDS[kind]
        example = {
            "type": f"{TYPES}{kind}",
            "title": title,
            "status": status,
            "detail": title,
            "instance": "/api/v1",
            **_ADDED.get(kind, {}),
        }
        one = found.setdefault(status, {"description": title, "content": {}})
        one["description"] = title if one["description"] == title else "Several kinds of problem."
        content = one["content"].setdefault(
            MEDIA_TYPE, {"schema": {"$ref": "#/components/schemas/ProblemDetails"}, "examples": {}}
        )
        content["examples"][kind] = {"value": example}
    return found


ALWAYS: Final[Mapping[int | str, dict[str, Any]]] = problems(
    "bad-request",
    "no-session",
    "csrf",
    "foreign-origin",
    "forbidden",
    "too-slow",
    "too-large",
    "foreign-host",
    "invalid",
    "internal",
    "unavailable",
)
"""What every route can answer with."""
