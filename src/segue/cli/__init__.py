"""Command line: parse arguments, call the pipeline, print results.

Commands import heavy modules when they run, so that ``segue --help`` is fast.
"""

from typing import Annotated

import typer

from segue.cli.connect import connect, sync
from segue.cli.demo import demo
from segue.cli.doctor import doctor
from segue.cli.encoders import encoders
from segue.cli.error_reporting import report_errors
from segue.cli.evaluate import evaluate
from segue.cli.export import export
from segue.cli.import_listens import import_listens
from segue.cli.library import library
from segue.cli.library_schedules import schedules
from segue.cli.missing import missing
from segue.cli.models import models
from segue.cli.mpd import mpd
from segue.cli.playlist import playlist
from segue.cli.preprocess import preprocess
from segue.cli.recommend import recommend, similar
from segue.cli.search import search
from segue.cli.serve import serve
from segue.cli.tag import tag
from segue.cli.train import train
from segue.cli.user import user
from segue.cli.user_folders import folders
from segue.cli.user_rules import forget, never_play, rules
from segue.cli.user_services import forward

app = typer.Typer(
    name="segue",
    help="Self-hosted music recommender: analyze a library, learn from plays, recommend and"
    " explain.",
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
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    """Handle the options before a command."""


for command in (
    preprocess,
    train,
    recommend,
    similar,
    search,
    missing,
    evaluate,
    demo,
    serve,
    doctor,
):
    app.command()(report_errors(command))
app.add_typer(playlist, name="playlist")
app.add_typer(export, name="export")
app.command("import")(report_errors(import_listens))
app.add_typer(connect, name="connect")
app.command()(report_errors(sync))
library.command("schedules")(report_errors(schedules))
app.add_typer(library, name="library")
app.add_typer(encoders, name="encoders")
app.add_typer(models, name="models")
app.add_typer(tag, name="tag")
app.add_typer(mpd, name="mpd")
user.command("folders")(report_errors(folders))
user.command("forget")(report_errors(forget))
user.command("forward")(report_errors(forward))
user.command("never-play")(report_errors(never_play))
user.command("rules")(report_errors(rules))
app.add_typer(user, name="user")


def main() -> None:
    """Run the command line."""
    app()
