"""What the mixture is made of: its components by name, and their settings, stated once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from segue.listening.sequences.attentive import Attentive, AttentiveSettings
from segue.listening.sequences.markov import Markov, MarkovSettings
from segue.listening.sequences.model import NextItemModel
from segue.listening.sequences.popularity import Popularity, PopularitySettings
from segue.listening.sequences.repeats import (
    BaseLevel,
    BaseLevelSettings,
    Replay,
    ReplaySettings,
    Returns,
    ReturnsSettings,
)
from segue.listening.sequences.runs import GroupMarkov, GroupMarkovSettings, Runs, RunsSettings
from segue.listening.sequences.session_knn import SessionKnn, SessionKnnSettings

COMPONENTS: Mapping[str, type[NextItemModel]] = {
    "popularity": Popularity,
    "last": Markov,
    "markov": Markov,
    "sessions": SessionKnn,
    "listeners": SessionKnn,
    "base_level": BaseLevel,
    "returns": Returns,
    "replay": Replay,
    "artist_run": Runs,
    "artist_taste": Runs,
    "album_run": Runs,
    "artist_chain": GroupMarkov,
    "attentive": Attentive,
}
"""What is mixed, by the names of `SequenceSettings`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceSettings:
    """Settings of all components, and of the mixture.

    Parameters
    ----------
    last, markov
        Chains of the last play alone, and of the last few with skips.
    sessions, listeners
        Neighbours of the current session, and of the whole history.
    artist_run, artist_taste
        Staying with the artist of the last plays, and of the last hundred.
    attentive
        None: without it.
    valid : float in (0, 1)
        Share of each sequence, its last plays, on which the mixture is learned.
    most_points : int > 0
        Plays of valid that are learned from at most.
    penalty : float >= 0
        Of the squares of the weights.
    seed : int
    """

    popularity: PopularitySettings = field(default_factory=PopularitySettings)
    last: MarkovSettings = field(
        default_factory=lambda: MarkovSettings(order=1, reach=1, pseudo_count=1.0)
    )
    markov: MarkovSettings = field(default_factory=MarkovSettings)
    sessions: SessionKnnSettings = field(default_factory=SessionKnnSettings)
    listeners: SessionKnnSettings = field(
        default_factory=lambda: SessionKnnSettings(session_length=1000, recent=300, lag_decay=0.99)
    )
    base_level: BaseLevelSettings = field(default_factory=BaseLevelSettings)
    returns: ReturnsSettings = field(default_factory=ReturnsSettings)
    replay: ReplaySettings = field(default_factory=ReplaySettings)
    artist_run: RunsSettings = field(default_factory=lambda: RunsSettings(lag_decay=0.6))
    artist_taste: RunsSettings = field(default_factory=lambda: RunsSettings(lag_decay=0.95))
    album_run: RunsSettings = field(
        default_factory=lambda: RunsSettings(group="album", lag_decay=0.6)
    )
    artist_chain: GroupMarkovSettings = field(default_factory=GroupMarkovSettings)
    attentive: AttentiveSettings | None = field(default_factory=AttentiveSettings)
    valid: float = 0.1
    most_points: int = 5000
    penalty: float = 1e-4
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a valid part of nothing."""
        if not 0 < self.valid < 1:
            raise ValueError(f"valid is {self.valid}: give a share between 0 and 1.")

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "SequenceSettings":
        """Return the settings of plain values, as a saved model keeps them."""
        values = dict(kept)
        for name, model in COMPONENTS.items():
            if values[name] is not None:
                values[name] = model.settings_of(values[name])
        return cls(**values)
