"""`segue encoders`: pretrained ears, which serve all libraries."""

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.error_reporting import told
from segue.cli.options import JsonOption
from segue.cli.output import print_json, print_table, say
from segue.cli.progress import terminal_progress

encoders = typer.Typer(
    help="Pretrained ears: add, list or remove them; segue preprocess hears with those there are.",
    no_args_is_help=True,
)

PackageArgument = Annotated[str, typer.Argument(help="Where they come from: musicnn.")]


@encoders.command()
@told
def add(
    package: PackageArgument = "musicnn",
    wheel: Annotated[
        Path | None,
        typer.Option(help="The wheel as a file, on a machine without a network."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Install again what is there.")] = False,
    json: JsonOption = False,
) -> None:
    """Download a package of pretrained networks, check it, and convert it for use without Keras."""
    from segue.pipeline.pretrained import add_encoders, list_encoders

    added = add_encoders(package, wheel=wheel, force=force, progress=terminal_progress())
    listed = list_encoders()
    if json:
        print_json({"added": added, "encoders": [ear.to_dict() for ear in listed]})
        return
    names = ", ".join(ear.name for ear in listed)
    say(
        f"{'Added' if added else 'Already there'}: {names}.",
        "segue preprocess DATASET hears with them what they have not heard.",
    )


@encoders.command("list")
@told
def show(json: JsonOption = False) -> None:
    """List the pretrained ears, their tags, and which of them are installed."""
    from segue.pipeline.pretrained import list_encoders

    listed = list_encoders()
    if json:
        print_json({"encoders": [ear.to_dict() for ear in listed]})
        return
    rows = [
        (
            ear.name,
            f"{ear.package} {ear.version} ({ear.licence})",
            ear.about,
            "installed" if ear.directory else "-",
            str(ear.embedding_size),
        )
        for ear in listed
    ]
    print_table("Pretrained ears", ("name", "from", "hears", "", "embedding"), rows, right=1)
    place = next((ear.directory for ear in listed if ear.directory), None)
    say(f"They lie in {Path(place).parent}." if place else "segue encoders add gets them.")


@encoders.command()
@told
def remove(package: PackageArgument = "musicnn", json: JsonOption = False) -> None:
    """Remove what was added; what the ears have heard stays in the libraries."""
    from segue.pipeline.pretrained import remove_encoders

    remove_encoders(package)
    if json:
        print_json({"removed": package})
        return
    say(f"Removed the encoders of {package}.")
