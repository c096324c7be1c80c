"""The command line: reads arguments, calls the pipeline, prints.

Heavy parts are imported by the verb that needs them, so that ``segue --help`` answers at once.
"""

import os
import sys
from typing import Annotated

import typer

from segue.cli.demo import demo
from segue.cli.evaluate import evaluate
from segue.cli.library import library
from segue.cli.preprocess import preprocess
from segue.cli.recommend import recommend, similar
from segue.cli.train import train

app = typer.Typer(
    name="segue",
    help="A music recommender that you own: it listens, learns, explains and measures itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        from segue import __version__

        typer.echo(f"segue {__version__}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and stop.",
        ),
    ] = False,
) -> None:
    """Answer --version; a verb follows otherwise."""


for verb in (preprocess, train, recommend, similar, evaluate, demo):
    app.command()(verb)
app.add_typer(library, name="library")


def main() -> None:
    """Run the command line; every error that segue foresees is one sentence and exit code 1."""
    from segue.errors import SegueError

    try:
        app()
    except SegueError as error:
        sys.stderr.write(f"segue: {error}\n")
        sys.exit(1)
    except ValueError as error:
        # the pipeline refuses an argument: wrong usage
        if os.environ.get("SEGUE_TRACEBACK"):
            raise
        sys.stderr.write(f"segue: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("\nsegue: stopped; what was done is kept, run it again to go on.\n")
        sys.exit(130)
    except BrokenPipeError:
        # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
