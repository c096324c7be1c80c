"""Recommendations in words: what each way to recommend goes by, and what the further parts show."""

import math
from collections.abc import Mapping, Sequence

from segue.evaluation.report.details import (
    Comparison,
    Control,
    Details,
    Faithful,
    Figures,
    ListenerGroup,
    NextTrack,
)
from segue.evaluation.report.words import joined, percent, spoken_name, title_of
from segue.evaluation.significance import Difference
from segue.signals import SIGNALS

MEANINGS = {
    "personal": "what a listener gets",
    "global": "everyone's weights",
    "random": "baseline: drawn by lot",
    "item-knn": "baseline: liked by the same",
} | {
    one.name: f"{one.info.description[:1].lower()}{one.info.description[1:]}"
    for one in SIGNALS.values()
}
"""How each way to recommend chooses tracks, in a few words."""

GROUPED = {
    "popularity": "By how mainstream their taste is",
    "history": "By how much is known of them",
}
TARGET_FAITHFUL = 0.95
_GROUP_METRIC, _COLD_METRIC = "ndcg@10", "ndcg@20"


def details_show(details: Details) -> list[str]:
    """Return what the parts beyond the main table show, a sentence or a few each."""
    # of the two blends the one that a listener gets; the section on groups has both
    sentences = comparison_sentences(details, but_not="global")
    sentences += [
        sentence
        for by, groups in details.groups.items()
        if (sentence := group_sentence(by, groups))
    ]
    sentences += [sentence for sentence in (cold_track_sentence(details),) if sentence]
    if details.cold_listeners:
        sentences.append(cold_listener_sentence(details.cold_listeners))
    if details.control:
        sentences.append(control_sentence(details.control))
    if details.faithfulness:
        sentences.append(faithful_sentence(details.faithfulness))
    if details.next_track:
        sentences.append(next_track_sentence(details.next_track))
    return sentences


def comparison_sentences(
    details: Details, metric: str = "ndcg@20", *, but_not: str | None = None
) -> list[str]:
    """Say whether blending pays, and whether personal weights do; nothing of `but_not` itself."""
    chosen = [
        found for found in details.comparisons if found.metric == metric and found.first != but_not
    ]
    return [_compared(found, details.best_single) for found in chosen]


def _compared(found: Comparison, single: str | None) -> str:
    if (found.first, found.second) == ("personal", "global") and found.difference.is_none:
        return (
            "Weights of each listener's own were tried and were of no use on listens kept apart:"
            " all get the same weights, so the personal and the global blend are the same."
        )
    verb = {1: "is better than", 0: "cannot be told apart from", -1: "is worse than"}
    first = _blend(found.first)
    second = (
        f"the best single signal, {spoken_name(found.second)}"
        if found.second == single
        else _blend(found.second)
    )
    return (
        f"{first[:1].upper()}{first[1:]} {verb[found.difference.side]} {second}:"
        f" {title_of(found.metric)} differs by {told(found.difference)}."
    )


def _blend(name: str) -> str:
    return {
        "personal": "the blend with each listener's own weights",
        "global": "the blend with everyone's weights",
    }.get(name, spoken_name(name))


def told(difference: Difference) -> str:
    r"""Return a difference with its interval and p-value.

    Examples
    --------
    >>> told(Difference(0.0123, (0.01, 0.015), 0.0001, 90))
    '+0.0123 (95% interval +0.0100 to +0.0150, p < 0.001)'
    """
    low, high = difference.interval
    return (
        f"{signed(difference.mean)} (95% interval {signed(low)} to {signed(high)},"
        f" {p_value(difference.p)})"
    )


def signed(value: float, digits: int = 4) -> str:
    r"""Return a number with its sign, a real minus.

    Examples
    --------
    >>> signed(0.5, 2), signed(-0.5, 2) == "\u22120.50", signed(float("nan"))
    ('+0.50', True, 'not known')
    """
    if not math.isfinite(value):
        return "not known"
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "\u2212")


def p_value(p: float) -> str:
    """Return a p-value as texts have it.

    Examples
    --------
    >>> p_value(0.0001), p_value(0.034), p_value(0.5)
    ('p < 0.001', 'p = 0.034', 'p = 0.50')
    """
    if not math.isfinite(p):
        return "p not known"
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def group_sentence(by: str, groups: Sequence[ListenerGroup]) -> str:
    """Say for which listeners lists are better, and for which own weights help; empty for one."""
    if len(groups) < 2:
        return ""
    figures = ", ".join(
        f"{found.figures.models['personal'][_GROUP_METRIC]:.3f} for {_spoken(found)}"
        for found in groups
    )
    title = f"Listeners {GROUPED[by][:1].lower()}{GROUPED[by][1:]}"
    told = f"{title}: {title_of(_GROUP_METRIC)} is {figures}."
    if all(found.gains[_GROUP_METRIC].is_none for found in groups):
        return told + _over_single(groups)
    helped = [_spoken(found) for found in groups if found.gains[_GROUP_METRIC].side > 0]
    harmed = [_spoken(found) for found in groups if found.gains[_GROUP_METRIC].side < 0]
    gains = f"Own weights help {joined(helped)}" if helped else "Own weights help no group"
    gains += f" and harm {joined(harmed)}." if harmed else ", and harm none."
    return f"{told} {gains}{_over_single(groups)}"


def _over_single(groups: Sequence[ListenerGroup]) -> str:
    sides = {
        side: [_spoken(one) for one in groups if one.over_single[_GROUP_METRIC].side == side]
        for side in (1, -1)
        if all(one.over_single for one in groups)
    }
    told = [
        f"{word} the best single signal for {joined(sides[side])}"
        for side, word in ((1, "better than"), (-1, "worse than"))
        if sides.get(side)
    ]
    return f" The blend is {joined(told)}." if told else ""


def _spoken(group: ListenerGroup) -> str:
    return f"\u201c{group.name}\u201d"


def cold_track_sentence(details: Details) -> str:
    """Say what finds tracks that nobody played; empty where it was not measured."""
    cold = details.cold_tracks
    if cold is None:
        return ""
    models = cold.figures.models
    singles = {name: own[_COLD_METRIC] for name, own in models.items() if name != "random"}
    if not singles:
        return f"Nothing has anything to say of the {cold.n_tracks:,} cold tracks."
    best = max(singles, key=lambda name: singles[name])
    sentence = (
        f"Among {cold.n_tracks:,} tracks whose listens were all taken away, {_cold_name(best)}"
        f" finds most ({title_of(_COLD_METRIC)} {singles[best]:.3f}; at random"
        f" {models['random'][_COLD_METRIC]:.3f})."
    )
    if "collaborative" in cold.ratios:
        ratio, (low, high) = cold.ratios["collaborative"]
        sentence += (
            f" Content mapped to listening (collaborative) finds {ratio:.2f} times as much as"
            f" likeness of tags (95% interval {low:.2f} to {high:.2f})."
        )
    return sentence


def _cold_name(name: str) -> str:
    return "the blend" if name == "global" else spoken_name(name)


def cold_listener_sentence(found: Mapping[int, Figures]) -> str:
    """Say how good lists are for somebody who only picked a few tracks, by how many they picked."""
    fewest = found[min(found)]
    rivals = [name for name in fewest.models if name not in {"global", "random", "popularity"}]
    best = max(rivals, key=lambda name: fewest.models[name][_COLD_METRIC], default=None)
    named = {"global": "the blend has"}
    named |= {best: f"the best single signal, {spoken_name(best)}, has"} if best else {}
    named |= {"popularity": "popularity has"} if "popularity" in fewest.models else {}

    def values(figures: Figures) -> dict[str, str]:
        own = figures.models
        return {name: f"{own.get(name, {}).get(_COLD_METRIC, math.nan):.3f}" for name in named}

    first = values(fewest)
    told = [f"{words} {first[name]}" for name, words in named.items()]
    told[0] = f"the blend has {title_of(_COLD_METRIC)} {first['global']}"
    more = [
        f"; with {picks} picks {joined(values(figures).values())}"
        for picks, figures in sorted(found.items())[1:]
    ]
    return (
        f"For {fewest.n:,} new listeners who picked {min(found)} tracks, {joined(told)}"
        f"{''.join(more)}."
    )


def control_sentence(control: Control) -> str:
    """Say whether content that belongs to other tracks is worth nothing, as it must be."""
    failed = [spoken_name(name) for name, fell in control.fell.items() if not fell]
    if failed:
        return (
            f"The control failed: with content exchanged between tracks, {joined(failed)} is still"
            " better than chance, so something other than content decides there."
        )
    chance = next(iter(control.chance.intervals.values()))[_COLD_METRIC][1]
    real = control.real.intervals
    good = [spoken_name(name) for name in control.fell if real[name][_COLD_METRIC][0] > chance]
    if not good:
        return "No content is better than chance as it is, so the control says nothing."
    return (
        f"The control holds: with content exchanged between tracks at random, {joined(good)}"
        f" {'falls' if len(good) == 1 else 'fall'} to chance, so it is the content that finds"
        " tracks."
    )


def faithful_sentence(found: Faithful) -> str:
    """Say whether the reasons that are given are the reasons."""
    if not math.isfinite(found.share):
        return (
            f"None of {found.n_tracks:,} recommended tracks owes its place to one signal alone, so"
            " no reason is named."
        )
    enough = "as it should" if found.share >= TARGET_FAITHFUL else "less often than it should"
    return (
        f"Of {found.n_tracks:,} recommended tracks, {percent(found.named)} name the signal they owe"
        f" their place to; without it, {_exact(found.share)} of those fall, {enough} (the aim is"
        f" {percent(TARGET_FAITHFUL)})."
    )


def _exact(share: float) -> str:
    """Return a share in per cent that never rounds up to all."""
    return f"{math.floor(1000 * share) / 10:g}%"


def next_track_sentence(found: NextTrack) -> str:
    """Say how well the next play is told, beside the best baseline."""
    parts = []
    for metric in ("hit_rate@20", "new_hit_rate@20"):
        name, difference = found.ahead[metric]
        ours = found.figures.models[found.model][metric]
        theirs = found.figures.models[name][metric]
        side = {1: "better than", 0: "not told apart from", -1: "worse than"}[difference.side]
        who = "the next track" if metric == "hit_rate@20" else "the next new track"
        parts.append(
            f"{who} is among the first 20 in {percent(ours)} of cases, {side} the best baseline"
            f" ({name}, {percent(theirs)})"
        )
    told_both = "; ".join(parts)
    return f"{told_both[:1].upper()}{told_both[1:]}."


def group_title(group: ListenerGroup, by: str) -> str:
    """Return what a group's row says beneath its name."""
    n = f"{group.figures.n:,} listeners"
    if by == "popularity":
        return f"{n}, {100 * group.low:.1f}\u2013{100 * group.high:.1f}%"
    return f"{n}, {group.low:.0f}\u2013{group.high:.0f} likes"
