"""Request models for lists: weights, dials, exclusions and playlist recipes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from segue.engine import Dials, Exclusions
from segue.serve.problems import ProblemError
from segue.serve.schemas import ListenerName, StrictModel, TrackIdText

Weights = Annotated[
    dict[Annotated[str, Field(max_length=100)], Annotated[float, Field(ge=0, le=1_000)]],
    Field(
        max_length=100,
        description="Weights of signals that replace the learned ones; a signal that is not named"
        " keeps its learned weight.",
        examples=[{"timbre": 0.6, "popularity": 0.1}],
    ),
]
Daypart = Annotated[
    Literal["morning", "afternoon", "evening", "night"] | None,
    Field(description="The part of the day whose moods the list has; dials of moods go first."),
]
_Strength = Annotated[float | None, Field(ge=0, le=1)]
_Cap = Annotated[int | None, Field(ge=0, le=10_000, description="0 is no cap.")]
_Names = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=1_000)]], Field(max_length=500)
]
_Seconds = Annotated[float | None, Field(ge=0, le=1_000_000)]
_Year = Annotated[int | None, Field(ge=0, le=10_000)]


class DialsRequest(StrictModel):
    """Dials; null is the default of the requested kind of list."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"diversity": 0.3, "popularity": -0.5, "artist_cap": 2}]}
    )

    diversity: _Strength = None
    calibration: _Strength = None
    popularity: Annotated[float | None, Field(ge=-1, le=1)] = None
    energy: Annotated[
        float | None, Field(ge=-1, le=1, description="From calmer to more energetic tracks.")
    ] = None
    valence: Annotated[
        float | None, Field(ge=-1, le=1, description="From sadder to happier tracks.")
    ] = None
    max_known_share: _Strength = None
    seed_share: Annotated[
        float | None,
        Field(
            ge=0, le=1, description="Share of the tracks in `like` against the listener's taste."
        ),
    ] = None
    randomness: _Strength = None
    seed: Annotated[int | None, Field(ge=0, lt=2**31)] = None
    artist_cap: _Cap = None
    album_cap: _Cap = None
    interests: Annotated[
        bool | None, Field(description="Whether the list covers all interests in proportion.")
    ] = None
    versions: Annotated[
        bool | None,
        Field(description="Whether several versions of a song (live, remaster, demo) are allowed."),
    ] = None

    def build(self, default: Dials, weights: dict[str, float] | None = None) -> Dials:
        """Return the dials; those of `default` where the request sets none."""
        values = self.model_dump(exclude_none=True)
        defaults = {one.name: getattr(default, one.name) for one in fields(Dials)}
        return Dials(**{**defaults, **values, "weights": weights or default.weights})


class ExclusionsRequest(StrictModel):
    """Tracks to exclude. A folder is a folder name or a relative path, never an absolute path."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"genres": ["christmas"], "min_duration": 60}]}
    )

    artists: _Names = Field(default_factory=list)
    albums: _Names = Field(default_factory=list)
    genres: _Names = Field(default_factory=list)
    tags: _Names = Field(default_factory=list)
    folders: _Names = Field(default_factory=list)
    min_duration: _Seconds = None
    max_duration: _Seconds = None
    from_year: _Year = None
    to_year: _Year = None
    min_energy: _Strength = None
    max_energy: _Strength = None
    min_valence: _Strength = None
    max_valence: _Strength = None

    def build(self) -> Exclusions | None:
        """Return the exclusions; None if nothing is excluded.

        Raises
        ------
        ProblemError
            If a folder is an absolute path: the API does not reveal which paths exist.
        ValueError
            If a lower limit is above its upper limit, or a name is blank.
        """
        for folder in self.folders:
            if folder.startswith(("/", "~", "\\")):
                raise ProblemError("invalid", "Give a folder name, not a path.")
        return Exclusions(**self.model_dump()) or None


class RuleRequest(StrictModel):
    """A rule of a playlist by rules; members that its field does not use are rejected.

    genre, tag, artist, album: `value`; year, tempo, duration, plays: `low`, `high`; added, played:
    `days`; liked: nothing. `negate` inverts the rule.
    """

    field: Literal[
        "genre",
        "tag",
        "artist",
        "album",
        "year",
        "tempo",
        "duration",
        "plays",
        "added",
        "played",
        "liked",
    ]
    value: Annotated[str | None, Field(min_length=1, max_length=1_000)] = None
    low: Annotated[float | None, Field(ge=0, le=1e9)] = None
    high: Annotated[float | None, Field(ge=0, le=1e9)] = None
    days: Annotated[float | None, Field(gt=0, le=100_000)] = None
    negate: bool | None = None


class RecipeRequest(StrictModel):
    """Recipe of a playlist. Members that its kind does not use are rejected; null is ignored.

    like: `like`, `dislike`, `history`, `k`, dials, exclusions; radio: the same and `window`; path:
    `start`, `end`, `k`, `signal`, exclusions; blend: `users`, `k`, dials, exclusions; mix:
    `interest`, `daypart`, `k`, dials, exclusions; rules: `rules`, `match`, `order`, `k`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"like": ["starter-002"], "k": 20},
                {"start": "starter-002", "end": "starter-003", "k": 12},
            ]
        }
    )

    like: Annotated[list[TrackIdText] | None, Field(max_length=1_000)] = None
    dislike: Annotated[list[TrackIdText] | None, Field(max_length=1_000)] = None
    history: bool | None = None
    users: Annotated[list[ListenerName] | None, Field(max_length=50)] = None
    start: TrackIdText | None = None
    end: TrackIdText | None = None
    signal: Annotated[str | None, Field(max_length=100)] = None
    interest: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    daypart: Daypart = None
    rules: Annotated[list[RuleRequest] | None, Field(max_length=50)] = None
    match: Annotated[
        Literal["all", "any"] | None, Field(description="Whether all rules must hold, or any.")
    ] = None
    order: Literal["added", "played", "plays", "year", "title", "artist", "random"] | None = None
    k: Annotated[int | None, Field(ge=1, le=500)] = None
    window: Annotated[int | None, Field(ge=0, le=1_000)] = None
    weights: Weights | None = None
    dials: DialsRequest | None = None
    exclusions: ExclusionsRequest | None = None

    def document(self) -> dict[str, Any]:
        """Return the recipe in the form that is stored."""
        if self.exclusions is not None:
            with reject_value_errors():
                self.exclusions.build()
        document = self.model_dump(exclude_none=True, exclude_unset=True)
        weights = document.pop("weights", None)
        if weights is not None:
            document.setdefault("dials", {})["weights"] = weights
        return document


@contextmanager
def reject_value_errors() -> Iterator[None]:
    """Turn a `ValueError` of the block into the problem invalid."""
    try:
        yield
    except ValueError as error:
        raise ProblemError("invalid", str(error)) from None
