"""Response models shared by several resources, and the problems every route can answer with."""

from collections.abc import Mapping
from math import isnan
from typing import Annotated, Any, Final, Literal, Optional

from pydantic import BaseModel, ConfigDict, Field

from segue.library import Opinion
from segue.pipeline.analysis.moods import TrackMoods
from segue.pipeline.catalogue.track_credits import TrackCredits
from segue.pipeline.catalogue.track_gain import track_gain
from segue.serve.problems import KINDS, MEDIA_TYPE, TYPES
from segue.types import Track

_MAX_TAGS = 10
_EXTRA_MEMBERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "in-progress": {
        "job": {
            "id": 7,
            "state": "running",
            "done": 1_475,
            "total": 3_900,
            "text": "Laying out the map by timbre",
            "stage": "map",
            "stage_name": "timbre",
        }
    }
}
"""Example values of the members that a problem type adds."""


class StrictModel(BaseModel):
    """Base of request models: unknown members and values of other types are rejected."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class ProblemDetails(BaseModel):
    """Problem details, RFC 9457."""

    type: str = Field(description="Problem type: relative reference to its explanation.")
    title: str = Field(description="What this type of problem means.")
    status: int
    detail: str = Field(description="What happened, and what to do about it.")
    instance: str = Field(description="Path of the request.")
    errors: list["InvalidField"] | None = Field(
        default=None, description="Invalid fields of the request."
    )
    job: Optional["JobProgress"] = Field(
        default=None, description="Running job that the request must wait for."
    )


class JobProgress(BaseModel):
    """Progress of a job: `done` of `total` steps of `text`."""

    id: int
    state: Literal["waiting", "running", "done"]
    done: int
    total: int
    text: str
    stage: str | None
    stage_name: str | None


class InvalidField(BaseModel):
    """A field of the request that is invalid."""

    where: str
    message: str


class ArtistLink(BaseModel):
    """An artist of a track, by its id."""

    id: str
    name: str


class TrackItem(BaseModel):
    """A track; null means unknown."""

    track_id: str
    title: str | None
    artist: str | None = Field(description="Name to show; may join several artists.")
    artists: list[ArtistLink] = Field(description="All artists, main ones first.")
    album: str | None
    album_id: str | None
    year: int | None
    genres: list[str]
    tags: list[str] = Field(description="The ten tags with the largest weights.")
    duration: float | None = Field(description="Duration in seconds.")
    tempo: float | None = Field(description="Tempo in beats per minute.")
    key: str | None
    energy: float | None = Field(description="From 0, calm, to 1, energetic.")
    valence: float | None = Field(description="From 0, sad, to 1, happy.")
    moods: list[str] = Field(
        description="Of calm, energetic, sad, happy, relaxed and aggressive, those that are sure."
    )
    cover: str = Field(description="Id of the cover, for `/covers/{id}`; that of the album.")
    playable: bool = Field(description="Whether the track has audio.")
    gain_db: float | None = Field(
        description="Gain for equal loudness (ReplayGain 2.0), never above full scale."
    )
    opinion: Literal["like", "dislike"] | None = Field(
        description="Opinion of the listener who sends the request."
    )

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "track_id": "starter-002",
                    "title": "Flogging",
                    "artist": "James Scott Skinner",
                    "artists": [{"id": "ar-10a7c5ede50e7c1bc8e6", "name": "James Scott Skinner"}],
                    "album": None,
                    "album_id": None,
                    "year": 1890,
                    "genres": ["reel"],
                    "tags": ["fiddle", "dance"],
                    "duration": 20.0,
                    "tempo": 112.0,
                    "key": "A major",
                    "energy": 0.41,
                    "valence": 0.77,
                    "moods": ["happy"],
                    "cover": "starter-002",
                    "playable": True,
                    "gain_db": -3.2,
                    "opinion": "like",
                }
            ]
        }
    )


def track_item(
    track: Track,
    position: int,
    credited: TrackCredits,
    opinion: Opinion | None = None,
    moods: TrackMoods | None = None,
) -> dict[str, Any]:
    """Return the `TrackItem` of the track at a position, with its moods if they are known."""
    tags = sorted(track.tags, key=lambda tag: (-track.tags[tag], tag))[:_MAX_TAGS]
    return {
        "track_id": track.track_id,
        "title": track.title,
        "artist": track.artist,
        "artists": [one._asdict() for one in credited.artists(position)],
        "album": track.album,
        "album_id": credited.album_id(position),
        "year": track.year,
        "genres": list(track.genres),
        "tags": tags,
        "duration": track.duration,
        "tempo": track.tempo,
        "key": track.key,
        "energy": None if moods is None else _rounded(moods.energy[position]),
        "valence": None if moods is None else _rounded(moods.valence[position]),
        "moods": [] if moods is None else list(moods.words(position)),
        "cover": credited.album_id(position) or track.track_id,
        "playable": track.path is not None and not track.missing,
        "gain_db": track_gain(track),
        "opinion": opinion.kind if opinion else None,
    }


def _rounded(value: float) -> float | None:
    return None if isnan(value) else round(float(value), 3)


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
    """Return the OpenAPI responses for these problem types, by status."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        status, title = KINDS[kind]
        example = {
            "type": f"{TYPES}{kind}",
            "title": title,
            "status": status,
            "detail": title,
            "instance": "/api/v1",
            **_EXTRA_MEMBERS.get(kind, {}),
        }
        one = found.setdefault(status, {"description": title, "content": {}})
        one["description"] = title if one["description"] == title else "One of several problems."
        content = one["content"].setdefault(
            MEDIA_TYPE, {"schema": {"$ref": "#/components/schemas/ProblemDetails"}, "examples": {}}
        )
        content["examples"][kind] = {"value": example}
    return found


COMMON_PROBLEMS: Final[Mapping[int | str, dict[str, Any]]] = problems(
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
    "busy",
    "storage-full",
)
"""Problems that every route can answer with."""
