"""`segue models`: list the trained models and show their model cards."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from segue.cli.error_reporting import report_errors
from segue.cli.options import DEFAULT_LIBRARY, JsonOption, LibraryOption
from segue.cli.output import print_json, print_table, say, with_interval
from segue.text import plural

models = typer.Typer(
    help="Show trained models: data, metrics, settings and limits of use.",
    no_args_is_help=True,
)
_SHOWN = ("accuracy", "f1_macro")
_SHOWN_OF_TAGS = ("roc_auc_macro", "average_precision_macro")
_SHOWN_OF_LISTS = "ndcg@20"
_LISTED = (*_SHOWN, _SHOWN_OF_LISTS)
_WIDTH = 100


@models.command("list")
@report_errors
def list_models(library: LibraryOption = DEFAULT_LIBRARY, json: JsonOption = False) -> None:
    """List the trained models with their validation metrics."""
    from segue.library import Library
    from segue.pipeline.training.cards import model_rows

    found = model_rows(Library(library, create=False))
    if json:
        print_json({"models": found})
        return
    if not found:
        say("No models yet: run segue train all.")
        return
    rows = []
    for model in found:
        if "problem" in model:
            continue
        metrics = model["metrics"] or {}
        figures = [f"{metrics[name]:.3f}" if name in metrics else "-" for name in _LISTED]
        learned = str((model["tracks"] or {}).get("train", ""))
        seconds = "-" if model["seconds"] is None else f"{model['seconds']:.0f} s"
        rows.append((model["name"], model["target"] or "", learned, *figures, seconds))
    columns = ("model", "target", "train tracks", "accuracy", "macro-F1", "nDCG@20", "training")
    title = (
        f"{plural(len(found), 'model')}, with validation metrics; details: segue models show NAME"
    )
    print_table(title, columns, rows, right=5)
    say(*(model["problem"] for model in found if "problem" in model))


@models.command()
@report_errors
def show(
    name: Annotated[str, typer.Argument(help="Name of the model, from segue models list.")],
    library: LibraryOption = DEFAULT_LIBRARY,
    json: JsonOption = False,
) -> None:
    """Show a model card."""
    from segue.library import Library
    from segue.pipeline.training.cards import model_card

    card = model_card(Library(library, create=False), name).to_dict()
    if json:
        print_json(card)
        return
    heading = f"{card['name']}: classifies {card['target']}" if card["target"] else card["name"]
    say(heading, "=" * len(heading), "")
    _facts(card)
    if card["judged"]:
        say("")
        _figures(card["judged"])
    if card["hubs"]:
        say("")
        _hubs(card["hubs"])
    say("", "Do not use for")
    for sentence in card["not_for"]:
        _paragraph("- ", sentence)


def _facts(card: Mapping[str, Any]) -> None:
    tracks = ", ".join(f"{n:,} {split}" for split, n in card["tracks"].items())
    classes = ", ".join(f"{name} ({n})" for name, n in card["classes"].items())
    settings = ", ".join(f"{key} {_value(value)}" for key, value in card["settings"].items())
    made = ", ".join(f"{name} {version}" for name, version in card["versions"].items())
    left_out = f"; ignored, because they have only one track: {len(card['left_out'])}"
    facts = {
        "Dataset": card["dataset"],
        "Input": card["input"],
        "Tracks": tracks,
        "Classes": f"{classes} train tracks{left_out if card['left_out'] else ''}"
        if classes
        else None
        if card["kind"] in ("collaborative", "sequence")
        else "none",
        "Metrics": _figure_of_lists(card["metrics"]),
        "Split": card["split_rule"],
        "Settings": settings,
        "Seed": card["seed"],
        "Training": None if card["seconds"] is None else f"{card['seconds']:.0f} s",
        "Made with": made,
        "Data": card["data"],
    }
    for name, fact in facts.items():
        if fact not in (None, ""):
            _paragraph(f"{name:<11}", str(fact))


def _figure_of_lists(metrics: Mapping[str, float | None]) -> str | None:
    value = metrics.get(_SHOWN_OF_LISTS)
    if value is None:
        return None
    return (
        f"nDCG@20 {value:.3f}, slightly optimistic: the same listens were used to choose settings"
    )


_PARTS = {"folds": "new artists, by cross-validation"}


def _figures(judged: Sequence[Mapping[str, Any]]) -> None:
    tags = judged[0]["majority"] is None
    shown = _SHOWN_OF_TAGS if tags else _SHOWN
    rows = [
        (
            f"{_PARTS.get(found['split'], found['split'])} ({plural(found['n'], 'track')})",
            *(
                with_interval(found["metrics"].get(name), found["intervals"].get(name))
                for name in shown
            ),
            "0.500" if tags else f"{found['majority_accuracy']:.3f}",
        )
        for found in judged
    ]
    columns = (
        ("", "macro ROC AUC", "macro average precision", "ROC AUC of chance")
        if tags
        else ("", "accuracy", "macro-F1", "accuracy of largest class")
    )
    print_table("Quality, with 95 % intervals over artists", columns, rows, right=3)


def _hubs(hubs: Mapping[str, Any]) -> None:
    rows = [
        (
            method.replace("_", " ") + (" (used)" if method == hubs["used"] else ""),
            f"{figures['precision@10']:.3f}",
            f"{figures['hub_skewness@10']:.2f}",
            f"{figures['largest_hub@10']:.0f}",
            f"{figures['never_retrieved@10']:.1%}",
        )
        for method, figures in hubs["figures"].items()
    ]
    part = "all tracks" if hubs["split"] == "all" else plural(hubs["n"], f"{hubs['split']} track")
    title = f"Neighbors with the same {hubs['judged_by']}, for {part}"
    columns = ("compared by", "precision@10", "hub skewness", "largest hub", "in no list")
    print_table(title, columns, rows, right=4)


def _value(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _paragraph(head: str, text: str) -> None:
    """Print `text` after `head`, wrapped and indented."""
    from textwrap import wrap

    lines = wrap(text, _WIDTH - len(head), break_long_words=False, break_on_hyphens=False)
    say(*(f"{head if not i else ' ' * len(head)}{line}" for i, line in enumerate(lines)))
