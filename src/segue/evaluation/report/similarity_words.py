"""Similar tracks in words: how metrics and methods are called, what the figures show and do not."""

from segue.evaluation.report.similarity import HubsTaken, SimilarityReport
from segue.evaluation.report.words import FEW, joined, percent, spoken_name

CUT = 10
"""The length of the lists that are told of."""

HUBS = (f"hub_skewness@{CUT}", f"largest_hub@{CUT}", f"never_retrieved@{CUT}")
COSINE, MUTUAL_PROXIMITY = "cosine", "mutual_proximity"


def method_name(method: str) -> str:
    """Return how a way to compare is called in a sentence.

    Examples
    --------
    >>> method_name("mutual_proximity")
    'mutual proximity'
    """
    return method.replace("_", " ")


def heads(target: str | None) -> dict[str, str]:
    """Return the metrics of a table of neighbours with how they are headed.

    Examples
    --------
    >>> heads("genre")["precision@10"]
    'Same genre, other artist'
    """
    kind = target or "class"
    named = {
        "precision": f"Same {kind}, other artist",
        "precision_unfiltered": f"Same {kind}, any artist",
        "artist_precision": "Same artist",
        "album_precision": "Same album",
        "album_precision_filtered": "Same album, other artist",
    }
    return {f"{name}@{CUT}": head for name, head in named.items()}


def similarity_shows(found: SimilarityReport, confidence: float) -> list[str]:
    """Return what the figures on neighbours show, a sentence or a few each."""
    best = found.everything or found.judged
    values, bounds = best.models.get(found.model, {}), best.intervals.get(found.model, {})
    sentences = []
    metric = next((name for name in heads(found.target) if name in values), None)
    if metric is not None:
        head = heads(found.target)[metric].lower().replace(", ", " by ", 1)
        by_chance = best.models.get("random", {}).get(metric)
        told = f"; by chance it would be {by_chance * CUT:.1f}" if by_chance is not None else ""
        low, high = (CUT * bound for bound in bounds.get(metric, (values[metric],) * 2))
        sentences.append(
            f"Of the {CUT} tracks nearest to a track by {spoken_name(found.model)},"
            f" {CUT * values[metric]:.1f} on average are of the {head}"
            f" ({percent(confidence)} interval {low:.1f} to {high:.1f};"
            f" {best.n[metric]} tracks asked){told}."
        )
    return sentences + _learned_sentences(found) + _hub_sentences(found)


def similarity_caveats(found: SimilarityReport) -> list[str]:
    """Return what the figures on neighbours do not show."""
    caveats = []
    n = max(found.judged.n.values(), default=0)
    if found.everything and n < FEW:
        caveats.append(
            f"{joined(map(spoken_name, found.learned))} learned labels, so only the"
            f" {n} tracks of the {found.judged.split} part are asked about there: few, so every"
            " figure is rough."
        )
    caveats.append(
        "Neighbours of one kind are neighbours that a label says are of one kind: tracks may sound"
        " alike across labels, and whether people find them alike was not asked."
    )
    return caveats


def _learned_sentences(found: SimilarityReport) -> list[str]:
    """Compare what learned labels with the space that is told first, on the same tracks."""
    metric, part = f"precision@{CUT}", found.judged
    sentences = []
    for name in found.learned:
        difference = part.differences.get(name, {}).get(metric)
        if name == found.model or difference is None:
            continue
        own, other = (CUT * part.models[each][metric] for each in (name, found.model))
        low, high = sorted(-CUT * bound for bound in difference)
        side = "more than" if low > 0 else "fewer than" if high < 0 else "not told apart from"
        sentences.append(
            f"By {spoken_name(name)} it is {own:.1f} of {CUT} on the {part.n[metric]} tracks of the"
            f" {part.split} part, {side} the {other:.1f} by {spoken_name(found.model)} on the same."
        )
    return sentences


def _hub_sentences(found: SimilarityReport) -> list[str]:
    """Say for which models hubs are taken away, what that does, and for which it is not done."""
    used = [name for name, each in found.hubs.items() if each.used == MUTUAL_PROXIMITY]
    used.sort(key=lambda name: name != found.model)  # of several, the one told of is told at length
    without = [name for name, each in found.hubs.items() if each.used == COSINE]
    sentences = [
        f"Hubs are taken away for {spoken_name(name)}, by mutual proximity: "
        + _hub_change(found.hubs[name])
        for name in used[:1]
    ]
    if used[1:]:
        sentences.append(
            f"So they are for {joined(map(spoken_name, used[1:]))}, as the table on hubs has it."
        )
    if without:
        sentences.append(
            f"Hubs stay as they are for {joined(map(spoken_name, without))}: taking them away did"
            " not help on the tracks that decide it."
        )
    return sentences


def _hub_change(found: HubsTaken) -> str:
    before, after = found.methods[COSINE], found.methods[MUTUAL_PROXIMITY]
    skewness, largest, never = HUBS
    even = round(after[skewness], 1) + 0.0  # never -0.0
    sentence = (
        f"skewness goes from {before[skewness]:.1f} to {even:.1f}, the largest hub from"
        f" {before[largest]:.0f} to {after[largest]:.0f} lists, and tracks in no list from"
        f" {100 * before[never]:.1f}% to {100 * after[never]:.1f}%"
    )
    metric = f"precision@{CUT}"
    if metric not in before:
        return sentence + "."
    told = f"; precision goes from {before[metric]:.3f} to {after[metric]:.3f}"
    if found.difference and found.difference[0] <= 0 <= found.difference[1]:
        told += ", which cannot be told apart from no change"
    return sentence + told + "."
