"""The table at the end of `segue train`: every model beside the others and the baselines."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from segue.cli.output import print_table, say

if TYPE_CHECKING:
    from segue.pipeline.training.standings import Standings
    from segue.pipeline.training.trained import Trained


def show_listening(results: Sequence["Trained"], weights: Mapping[str, float]) -> None:
    """Print what was learned from listens, and what every signal is worth."""
    from segue.pipeline.learning.models import LISTENING_MODELS

    learned = [result for result in results if result.model in LISTENING_MODELS]
    rows = [
        (
            result.model,
            result.state,
            *(f"{value:.3f}" for value in list(result.metrics.values())[:1] or [float("nan")]),
            f"{result.seconds:.0f} s" if result.seconds else "",
        )
        for result in learned
        if result.state != "skipped"
    ]
    if rows:
        rows = [tuple(cell.replace("nan", "-") for cell in row) for row in rows]
        columns = ("model", "", "nDCG@20", "time")
        print_table("Learned from listens, judged on those hidden", columns, rows, right=2)
    if weights:
        ordered = sorted(weights.items(), key=lambda part: -part[1])
        say("weights for everyone: " + ", ".join(f"{name} {w:.2f}" for name, w in ordered))


def show_standings(results: Sequence["Trained"], compared: "Standings | None") -> None:
    """Print how every model compares with the others and with the baselines, and what is used."""
    from segue.pipeline.learning.models import LISTENING_MODELS

    results = [result for result in results if result.model not in LISTENING_MODELS]
    if not results:
        return
    done = {result.model: result for result in results}
    rows = []
    for one in compared.models if compared else ():
        result = done.pop(one.name, None)
        figures = [*(one.metrics.get(name) for name in ("accuracy", "f1_macro")), one.precision]
        rows.append(
            (
                one.name.replace("_", " "),
                "baseline" if one.baseline else result.state if result else "",
                *("-" if value is None else f"{value:.3f}" for value in figures),
                one.used_for or "",
                f"{result.seconds:.0f} s" if result else "",
            )
        )
    rows += [(name, result.state, "-", "-", "-", "", "") for name, result in done.items()]
    columns = ("model", "", "accuracy", "macro-F1", "neighbours", "heard for", "time")
    if compared is None:
        print_table("Trained", columns, rows, right=5)
        return
    n, choice = compared.n, compared.choice
    title = f"Trained on {compared.target}" + (f", judged on {n} tracks of valid" if n else "")
    print_table(title, columns, rows, right=5)
    if choice.precision:
        say(
            f"neighbours: the share of the ten nearest, without the artist's own, that are of the"
            f" same {choice.judged_by}; {choice.n} tracks of valid asked."
            if choice.judged_by != "artist"
            else f"neighbours: the share of the ten nearest that are by the same artist;"
            f" {choice.n} tracks of valid asked."
        )
    for signal, model in choice.used.items():
        best = choice.best(signal)
        if best is not None and model is None:
            found, least = choice.precision[best], choice.precision["descriptors"]
            say(
                f"{signal} is not used: of its best encoder's neighbours, {best}'s, {found:.3f} are"
                f" right, and of the descriptors' {least:.3f}. It still compares where it is asked"
                f" for: segue similar --signal {signal}."
            )
