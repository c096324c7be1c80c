"""`segue demo`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from segue.cli.evaluate import show_document
from segue.cli.options import JsonOption
from segue.cli.output import print_json, print_recommendations, say
from segue.cli.progress import terminal_progress


def demo(
    directory: Annotated[Path, typer.Option(help="Directory for the demo music.")] = Path(
        "starter"
    ),
    library: Annotated[
        Path, typer.Option("--library", "-l", help="Library that the demo creates.")
    ] = Path("demo.segue"),
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    json: JsonOption = False,
) -> None:
    """Run everything on generated demo music: scan, train, evaluate, recommend."""
    from segue.pipeline.demo import run_demo

    def step(text: str) -> None:
        if not json:
            say(text)

    result = run_demo(directory, library, seed=seed, progress=terminal_progress(), step=step)
    if json:
        print_json(result.to_dict())
        return
    say("")
    show_document(result.document)
    say("")
    print_recommendations(f"For {result.recommendations.user}", result.recommendations.to_dict())
    say(
        "",
        f"Report:  {result.page}  (open it in a web browser)",
        f"Music:   {directory / 'audio'}",
        f"Try:     {sys.argv[0]} recommend --library {library}"
        f" --like {result.recommendations.tracks[0].track_id}",
    )
    if result.pretrained:
        say(f"""         {sys.argv[0]} search --library {library} 'sad piano'""")
    say(
        "",
        f"Listen:  {sys.argv[0]} serve --library {library}  (prints the address of the web page)",
    )
