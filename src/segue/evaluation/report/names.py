"""Names of models, metrics, groups and dials as the report shows them."""

from segue.signals import SIGNALS

BASELINES = {
    "popularity": "popularity, the tracks that most listeners like",
    "random": "tracks drawn at random",
    "item-knn": "item-kNN, the tracks that the same listeners like",
}
"""Baselines of recommended lists, as sentences name them."""

GROUP_TITLES = {
    "popularity": "By mainstream taste",
    "history": "By number of likes",
}

_MODELS = {
    "cnn": "CNN",
    "rnn": "RNN",
    "transformer": "transformer",
    "knn": "kNN",
    "ensemble": "ensemble",
    "descriptors_logistic_regression": "descriptors + logistic regression",
    "logistic_regression": "descriptors + logistic regression",
    "item-knn": "item-kNN",
    "majority": "majority class",
    "tag_frequency": "tag frequency",
    "descriptors": "all descriptors",
    "log_mel": "log-mel",
    "mfcc": "MFCC",
    "rms": "RMS",
    "track": "loudness, tempo, key",
}
_METRICS = {
    "ndcg": "nDCG",
    "map": "MAP",
    "f1_macro": "F1, macro",
    "mrr": "MRR",
    "r_precision": "R-precision",
    "clicks": "Clicks (fewer is better)",
    "new_mrr": "New only: MRR",
    "new_hit_rate": "New only: hit rate",
    "roc_auc_macro": "ROC AUC, macro",
}


def meanings() -> dict[str, str]:
    """Return how each way to recommend chooses tracks, in a few words."""
    signals = {one.name: lower_first(one.info.description) for one in SIGNALS.values()}
    return signals | {
        "personal": "what a listener gets",
        "global": "the same weights for everyone",
        "popularity": "baseline: liked by most listeners",
        "random": "baseline: drawn at random",
        "item-knn": "baseline: liked by the same listeners",
    }


def spoken_name(name: str) -> str:
    """Return the name of a model, signal or dial within a sentence.

    Examples
    --------
    >>> spoken_name("cnn"), spoken_name("spectral_contrast")
    ('CNN', 'spectral contrast')
    """
    return _MODELS.get(name, name.replace("_", " "))


def display_name(name: str) -> str:
    """Return the name of a model, signal or dial in a title or table.

    Examples
    --------
    >>> display_name("cnn"), display_name("spectral_contrast"), display_name("knn")
    ('CNN', 'Spectral contrast', 'kNN')
    """
    spoken = spoken_name(name)
    return spoken if spoken == "kNN" else upper_first(spoken)


def title_of(metric: str) -> str:
    """Return a metric as the page writes it.

    Examples
    --------
    >>> title_of("ndcg@10"), title_of("recall_macro"), title_of("hit_rate@5")
    ('nDCG@10', 'Recall, macro', 'Hit rate@5')
    """
    name, at, k = metric.partition("@")
    plain = name.removesuffix("_macro").replace("_", " ").capitalize()
    plain += ", macro" if name.endswith("_macro") else ""
    return _METRICS.get(name, plain) + at + k


def setting_title(value: float | None) -> str:
    r"""Return a setting of a dial.

    Examples
    --------
    >>> setting_title(0.4), setting_title(None), setting_title(-0.3) == "\u22120.3"
    ('0.4', 'off', True)
    """
    return "off" if value in (None, 0) else f"{value:g}".replace("-", "\u2212")


def upper_first(text: str) -> str:
    """Return a text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Return a text with its first letter in lower case."""
    return text[:1].lower() + text[1:]
