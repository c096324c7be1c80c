"""Components of the mixture by name, and their settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.listening.sequences.attentive import Attentive, AttentiveSettings
from segue.listening.sequences.group_repeats import (
    ArtistAlbumRepeats,
    ArtistAlbumRepeatsSettings,
    GroupMarkov,
    GroupMarkovSettings,
)
from segue.listening.sequences.markov import Markov, MarkovSettings
from segue.listening.sequences.model import NextItemModel
from segue.listening.sequences.popularity import Popularity, PopularitySettings
from segue.listening.sequences.repeats import (
    BaseLevel,
    BaseLevelSettings,
    RepeatConsumption,
    RepeatConsumptionSettings,
    Replay,
    ReplaySettings,
)
from segue.listening.sequences.session_knn import SessionKnn, SessionKnnSettings

COMPONENTS: Mapping[str, type[NextItemModel]] = {
    "popularity": Popularity,
    "last": Markov,
    "markov": Markov,
    "sessions": SessionKnn,
    "listeners": SessionKnn,
    "base_level": BaseLevel,
    "returns": RepeatConsumption,
    "replay": Replay,
    "artist_run": ArtistAlbumRepeats,
    "artist_taste": ArtistAlbumRepeats,
    "album_run": ArtistAlbumRepeats,
    "artist_chain": GroupMarkov,
    "attentive": Attentive,
}
"""Model class of each component; names are those of `SequenceSettings`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceSettings:
    """Settings of all components, and of the mixture.

    Parameters
    ----------
    last, markov
        Markov chains of the last play, and of the last ten with skips.
    sessions, listeners
        Nearest neighbors of the current session, and of the whole history.
    artist_run, artist_taste
        Repeats of the artists of the last plays, and of the last hundred.
    attentive
        None leaves it out.
    valid : float in (0, 1)
        Share of each sequence, its last plays, from which the weights of the mixture are learned.
    most_points : int > 0
        Maximum number of validation plays to learn from.
    penalty : float >= 0
        Factor of the squared weights in the loss.
    seed : int
    """

    popularity: PopularitySettings = field(default_factory=PopularitySettings)
    last: MarkovSettings = field(
        default_factory=lambda: MarkovSettings(order=1, reach=1, pseudo_count=1.0)
    )
    markov: MarkovSettings = field(default_factory=MarkovSettings)
    sessions: SessionKnnSettings = field(default_factory=SessionKnnSettings)
    listeners: SessionKnnSettings = field(
        default_factory=lambda: SessionKnnSettings(
            session_length=1000, recent=300, lag_decay=0.99, by_session=False
        )
    )
    base_level: BaseLevelSettings = field(default_factory=BaseLevelSettings)
    returns: RepeatConsumptionSettings = field(default_factory=RepeatConsumptionSettings)
    replay: ReplaySettings = field(default_factory=ReplaySettings)
    artist_run: ArtistAlbumRepeatsSettings = field(
        default_factory=lambda: ArtistAlbumRepeatsSettings(lag_decay=0.6)
    )
    artist_taste: ArtistAlbumRepeatsSettings = field(
        default_factory=lambda: ArtistAlbumRepeatsSettings(lag_decay=0.95)
    )
    album_run: ArtistAlbumRepeatsSettings = field(
        default_factory=lambda: ArtistAlbumRepeatsSettings(group="album", lag_decay=0.6)
    )
    artist_chain: GroupMarkovSettings = field(default_factory=GroupMarkovSettings)
    attentive: AttentiveSettings | None = field(default_factory=AttentiveSettings)
    valid: float = 0.1
    most_points: int = 5000
    penalty: float = 1e-4
    seed: int = 0

    def __post_init__(self) -> None:
        """Check ranges."""
        if not 0 < self.valid < 1:
            raise ValueError(f"valid is {self.valid}: give a share between 0 and 1.")

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "SequenceSettings":
        """Return the settings from the plain values of a saved model."""
        values = dict(kept)
        for name, model in COMPONENTS.items():
            if values[name] is not None:
                values[name] = model.settings_of(values[name])
        return cls(**values)
