"""Lyrics: similarity of lyrics by their words.

Words are weighted by TF-IDF (sublinear) and reduced to the main directions (latent semantic
analysis: Deerwester et al., 1990), in which "sea" and "ocean" are close. Vocabulary and directions
are learned on train tracks only.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segue.signals.definition import SignalColor, SignalDefinition, SignalInfo
from segue.signals.vectors import VectorSignal, from_embeddings
from segue.types import Track

NAME = "lyrics"

_DIRECTIONS = 100
_MAX_WORDS = 20_000
_MIN_LYRICS = 3


def lyrics(tracks: Sequence[Track], train: NDArray[np.bool_] | None = None) -> VectorSignal:
    """Return the signal of the lyrics of `tracks`; without vectors if too few have lyrics."""
    texts = [track.lyrics or "" for track in tracks]
    has = np.array([bool(text.strip()) for text in texts])
    learned = has if train is None else has & train
    vectors = np.full((len(tracks), 1), np.nan, np.float32)
    if learned.sum() >= _MIN_LYRICS:
        found = _directions(texts, has, learned)
        vectors = np.full((len(tracks), found.shape[1]), np.nan, np.float32)
        vectors[has] = found
    return from_embeddings(NAME, vectors, train)


def _directions(
    texts: Sequence[str], has: NDArray[np.bool_], learned: NDArray[np.bool_]
) -> NDArray[np.float32]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(
        sublinear_tf=True,
        max_features=_MAX_WORDS,
        strip_accents="unicode",
        dtype=np.float32,
    )
    known = words.fit_transform([texts[place] for place in np.flatnonzero(learned).tolist()])
    n = min(_DIRECTIONS, min(known.shape) - 1)
    every = words.transform([texts[place] for place in np.flatnonzero(has).tolist()])
    if n < 1:
        return np.asarray(every.toarray(), np.float32)
    reduced = TruncatedSVD(n, random_state=0).fit(known)
    return np.asarray(reduced.transform(every), np.float32)


LYRICS = SignalDefinition(
    SignalInfo(
        NAME,
        title="Lyrics",
        description="Lyrics about similar topics",
        color=SignalColor("#372f0d", "#806443"),
    ),
    load=VectorSignal.load,
    from_tracks=lambda given: lyrics(given.tracks, given.train),
)
