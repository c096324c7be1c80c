"""The command line: reads arguments, calls the pipeline, prints.

Heavy parts are imported by the verb that needs them, so that ``segue --help`` answers at once.
"""

from typing import Annotated

import typer

from segue.cli.demo import demo
from segue.cli.encoders import encoders
from segue.cli.error_reporting import told
from segue.cli.evaluate import evaluate
from segue.cli.export import export
from segue.cli.import_listens import import_listens
from segue.cli.library import library
from segue.cli.models import models
from segue.cli.playlist import playlist
from segue.cli.preprocess import preprocess
from segue.cli.recommend import recommend, similar
from segue.cli.search import search
from segue.cli.serve import serve
from segue.cli.train import train
from segue.cli.user import user

app = typer.Typer(
    name="segue",
    help="A music recommender that you own: it listens, learns, explains and measures itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
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


for verb in (preprocess, train, recommend, similar, search, evaluate, demo, serve):
    app.command()(told(verb))
app.add_typer(playlist, name="playlist")
app.add_typer(export, name="export")
app.command("import")(told(import_listens))
app.add_typer(library, name="library")
app.add_typer(encoders, name="encoders")
app.add_typer(models, name="models")
app.add_typer(user, name="user")


def main() -> None:
    """Run the command line."""
    app()
